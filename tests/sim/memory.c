#include "memory.h"

#include "heap.h"
#include "proto/poison.h"
#include "sometimes.h"
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *given);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t n, size_t size);
void __wrap_free(void *given);
char *__wrap_strdup(const char *text);

static struct {
    int64_t fuse;
    unsigned after;
} of[MEMORY_N] = {{.fuse = -1}, {.fuse = -1}, {.fuse = -1}};
static unsigned paused;

void memory_set_fuse(enum memory_of whose, int64_t calls, unsigned then) {
    of[whose].fuse = calls;
    of[whose].after = then;
}

void memory_pause(void) {
    paused++;
}

void memory_resume(void) {
    paused--;
}

bool memory_is_paused(void) {
    return paused > 0;
}

bool memory_fails(enum memory_of whose) {
    static const enum sometimes sites[] = {[MEMORY_PRODUCT] = SOMETIMES_memory_ran_out,
                                           [MEMORY_SQLITE] = SOMETIMES_memory_ran_out_in_sqlite,
                                           [MEMORY_JANSSON] = SOMETIMES_memory_ran_out_in_jansson};
    if (of[whose].fuse < 0 || paused > 0)
        return false;
    if (of[whose].fuse > 0) {
        of[whose].fuse--;
        return false;
    }
    if (of[whose].after == 0)
        of[whose].fuse = -1;
    else
        of[whose].after--;
    sometimes(sites[whose]);
    return true;
}

/* Before each block of the product's: how large it is, and whose. */
struct block {
    alignas(max_align_t) size_t size; /* without this */
    unsigned owner;
    enum memory_of whose;
};

static struct block *block_of(void *given) {
    struct block *block = (struct block *)given - 1;
    UNPOISON(block, sizeof *block);
    return block;
}

static void *give(struct block *block, size_t size, unsigned owner, enum memory_of whose) {
    if (block == NULL)
        return NULL;
    *block = (struct block){.size = size, .owner = owner, .whose = whose};
    heap_take(owner, whose, size);
    POISON(block, sizeof *block);
    return block + 1;
}

static struct block *with_room_for(struct block *old, size_t size) {
    return size > SIZE_MAX - sizeof *old ? NULL : __real_realloc(old, sizeof *old + size);
}

static void *take(size_t size, enum memory_of whose) {
    return memory_fails(whose) ? NULL : give(with_room_for(NULL, size), size, heap_owner(), whose);
}

void *memory_take_for_jansson(size_t size) {
    return take(size, MEMORY_JANSSON);
}

void *__wrap_malloc(size_t size) {
    return take(size, MEMORY_PRODUCT);
}

void *__wrap_calloc(size_t n, size_t size) {
    if (memory_fails(MEMORY_PRODUCT) || (size > 0 && n > (SIZE_MAX - sizeof(struct block)) / size))
        return NULL;
    return give(__real_calloc(1, sizeof(struct block) + n * size), n * size, heap_owner(),
                MEMORY_PRODUCT);
}

void *__wrap_realloc(void *old, size_t size) {
    if (old == NULL)
        return __wrap_malloc(size);
    if (memory_fails(MEMORY_PRODUCT))
        return NULL;
    struct block *block = block_of(old), was = *block;
    struct block *made = with_room_for(block, size);
    if (made == NULL) {
        POISON(block, sizeof *block);
        return NULL;
    }
    heap_give(was.owner, was.whose, was.size);
    return give(made, size, was.owner, was.whose);
}

void *__wrap_reallocarray(void *old, size_t n, size_t size) {
    return size > 0 && n > SIZE_MAX / size ? NULL : __wrap_realloc(old, n * size);
}

void __wrap_free(void *given) {
    if (given == NULL)
        return;
    struct block *block = block_of(given);
    heap_give(block->owner, block->whose, block->size);
    __real_free(block);
}

char *__wrap_strdup(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = __wrap_malloc(size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

void *hold(void *old, size_t size) {
    void *made = __real_realloc(old, size > 0 ? size : 1);
    if (made == NULL)
        abort();
    return made;
}

void *hold_zero(size_t size) {
    void *made = hold(NULL, size);
    memset(made, 0, size);
    return made;
}

void hold_free(void *held) {
    __real_free(held);
}
