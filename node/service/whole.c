#include "whole.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint64_t spoilt_n;
static enum err error;
static bool is_watched;
static json_malloc_t below; /* whoever gives the memory: malloc, unless a test has put something before it */

static json_free_t give_back_below;

/* What is read lies in a buffer that is doubled when it is full. If it can't be, this is it: the character is not left out, and by the
 * next one reading has been stopped. */
static struct {
    void *memory;
    size_t size;
    bool is_used;
} reserve;
enum { BUFFER_LEAST = 64 };

static void *take(size_t size) {
    void *memory = below(size);
    if (memory != NULL)
        return memory;
    whole_spoil(ERR_MEMORY);
    if (reserve.is_used || size > reserve.size)
        return NULL;
    reserve.is_used = true;
    return reserve.memory;
}

static void give_back(void *memory) {
    if (memory != reserve.memory)
        give_back_below(memory);
}

void whole_watch(void) {
    if (is_watched)
        return;
    json_get_alloc_funcs(&below, &give_back_below);
    json_set_alloc_funcs(take, give_back);
    is_watched = true;
}

void whole_spoil(enum err e) {
    spoilt_n++;
    error = e;
}

uint64_t whole_spoilt_n(void) {
    return spoilt_n;
}

enum err whole_error(void) {
    return error;
}

struct reading {
    struct bytes rest;
    uint64_t spoilt_before;
};

/* One byte at a time, so that nothing is read after memory has run out. */
static size_t next_byte(void *buffer, size_t size, void *context) {
    struct reading *reading = context;
    if (size == 0 || reading->rest.size == 0 || spoilt_n != reading->spoilt_before)
        return 0;
    memcpy(buffer, reading->rest.data++, 1);
    reading->rest.size--;
    return 1;
}

enum err whole_load(struct bytes text, size_t flags, json_error_t *ret_where, json_t **ret_json) {
    struct reading reading = {text, spoilt_n};
    if (text.size > SIZE_MAX / 4)
        return ERR_LIMIT;
    reserve.size = 2 * text.size + BUFFER_LEAST;
    reserve.is_used = false;
    if ((reserve.memory = malloc(reserve.size)) == NULL) {
        reserve.size = 0;
        return ERR_MEMORY;
    }
    json_t *json = json_load_callback(next_byte, &reading, flags, ret_where);
    bool is_spoilt = spoilt_n != reading.spoilt_before;
    if (is_spoilt)
        json_decref(json);
    free(reserve.memory);
    reserve.memory = NULL;
    reserve.size = 0;
    if (is_spoilt)
        return ERR_MEMORY;
    if (json != NULL)
        *ret_json = json;
    return json != NULL ? OK : ERR_FORMAT;
}
