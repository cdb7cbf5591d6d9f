#include "memory.h"

#include "sometimes.h"
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);

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

void *__wrap_malloc(size_t size) {
    return memory_fails(MEMORY_PRODUCT) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    return memory_fails(MEMORY_PRODUCT) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return memory_fails(MEMORY_PRODUCT) ? NULL : __real_realloc(old, size);
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
    free(held);
}
