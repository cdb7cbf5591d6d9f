/* A sorted array of pointers to things that begin with their key. Small, cache-friendly and walked
 * in the order in which PROTOCOL.md wants hashes made. It does not own the things. */
#ifndef STAFET_NODE_ENGINE_SORTED_H
#define STAFET_NODE_ENGINE_SORTED_H

#include "proto/err.h"
#include <stdbool.h>
#include <stddef.h>

/* Initialise with its key's size in bytes: {.key_size = 32}. */
struct sorted {
    void **list;
    size_t n, capacity, key_size;
};

void sorted_done(struct sorted *);
/* Where `key` is, or would be. */
size_t sorted_place(const struct sorted *, const void *key, bool *ret_found);
/* NULL when there is none. */
void *sorted_find(const struct sorted *, const void *key);
/* `thing` must not be there yet. ERR_MEMORY. */
MUST_USE enum err sorted_add(struct sorted *, void *thing);
/* Does nothing when it isn't there. */
void sorted_remove(struct sorted *, const void *key);

#endif
