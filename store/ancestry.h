/* Which version several others descend from: a walk along the names that versions replaced. Pure.
 */
#ifndef STAFET_STORE_ANCESTRY_H
#define STAFET_STORE_ANCESTRY_H

#include "proto/arena.h"
#include "proto/id.h"

struct ancestor {
    struct version_name name;
    uint64_t clock;
    bool live;
    const struct version_name *replaces;
    size_t replaces_n;
};

/* The newest (highest clock, then highest version) of the versions that every live one replaced,
 * directly or through others. `all` is in version order. ERR_NOT_FOUND: they have none in common
 * here; ERR_MEMORY. */
MUST_USE enum err ancestry_base(const struct ancestor *all, size_t n, struct arena *,
                                size_t *ret_index);

#endif
