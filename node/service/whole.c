#include "whole.h"

#include <jansson.h>
#include <stdbool.h>

static uint64_t spoilt_n;
static enum err error;
static bool is_watched;
static json_malloc_t below; /* whoever gives the memory: malloc, unless a test has put something before it */

static void *take(size_t size) {
    void *memory = below(size);
    if (memory == NULL)
        whole_spoil(ERR_MEMORY);
    return memory;
}

void whole_watch(void) {
    json_free_t give_back;
    if (is_watched)
        return;
    json_get_alloc_funcs(&below, &give_back);
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
