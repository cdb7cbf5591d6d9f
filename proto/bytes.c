#include "bytes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { CAPACITY_MIN = 64 };

struct bytes bytes_of_text(const char *text) {
    return (struct bytes){(const uint8_t *)text, strlen(text)};
}

int bytes_equal(struct bytes a, struct bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int bytes_compare(struct bytes a, struct bytes b) {
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    if (order == 0 && a.size != b.size)
        order = a.size < b.size ? -1 : 1;
    return order;
}

void buffer_done(struct buffer *b) {
    if (b == NULL)
        return;
    free(b->data);
    *b = (struct buffer){0};
}

void buffer_wipe(struct buffer *b) {
    if (b == NULL)
        return;
    if (b->data != NULL)
        sodium_memzero(b->data, b->capacity);
    buffer_done(b);
}

void buffer_clear(struct buffer *b) {
    b->size = 0;
}

/* Not realloc: it may leave a copy of a secret behind in freed memory. */
static enum err grow(struct buffer *b, size_t size_min) {
    size_t capacity = b->capacity < CAPACITY_MIN ? CAPACITY_MIN : b->capacity;
    while (capacity < size_min) {
        if (capacity > SIZE_MAX / 2)
            return ERR_MEMORY;
        capacity *= 2;
    }
    uint8_t *data = malloc(capacity);
    if (data == NULL)
        return ERR_MEMORY;
    if (b->data != NULL) {
        memcpy(data, b->data, b->size);
        sodium_memzero(b->data, b->capacity); /* what buffer_clear has forgotten stands there */
    }
    free(b->data);
    b->data = data;
    b->capacity = capacity;
    return OK;
}

enum err buffer_extend(struct buffer *b, size_t size, uint8_t **ret_start) {
    if (size > SIZE_MAX - b->size)
        return ERR_MEMORY;
    if (b->data == NULL || b->size + size > b->capacity) {
        enum err err = grow(b, b->size + size);
        if (err != OK)
            return err;
    }
    *ret_start = b->data + b->size;
    b->size += size;
    return OK;
}

enum err buffer_append(struct buffer *b, const void *data, size_t size) {
    uint8_t *start;
    enum err err = buffer_extend(b, size, &start);
    if (err == OK && size > 0)
        memcpy(start, data, size);
    return err;
}

struct bytes buffer_view(const struct buffer *b) {
    return (struct bytes){b->data, b->size};
}
