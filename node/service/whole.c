#include "whole.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

static uint64_t spoilt_n;
static enum err error;
static bool is_watched;

static void *take(size_t size) {
    void *memory = malloc(size);
    if (memory == NULL)
        whole_spoil(ERR_MEMORY);
    return memory;
}

void whole_watch(void) {
    if (!is_watched)
        json_set_alloc_funcs(take, free);
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
