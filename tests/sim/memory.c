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

static int64_t fuse = -1;
static unsigned after, paused;

void memory_set_fuse(int64_t calls, unsigned then) {
    fuse = calls;
    after = then;
}

void memory_pause(void) {
    paused++;
}

void memory_resume(void) {
    paused--;
}

static int fails(void) {
    if (fuse < 0 || paused > 0)
        return 0;
    if (fuse > 0) {
        fuse--;
        return 0;
    }
    if (after == 0)
        fuse = -1;
    else
        after--;
    sometimes(SOMETIMES_memory_ran_out);
    return 1;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size) {
    return fails() ? NULL : __real_realloc(old, size);
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
