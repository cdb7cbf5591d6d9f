/* Inside the service: the sides of a conflict. Live versions with equal values are one side. They are numbered in the same order at
 * every site: latest clock first, so that 1 is the one shown meanwhile. */
#ifndef STAFET_NODE_SERVICE_CONFLICT_SIDE_H
#define STAFET_NODE_SERVICE_CONFLICT_SIDE_H

#include "store/record.h"

struct side {
    struct bytes value;
    const struct version **versions; /* latest first */
    size_t versions_n;
};
struct sides {
    struct side *list; /* at least two */
    size_t n, shown;   /* `shown` is an index */
    const struct version *live; /* all versions, in version order */
    size_t live_n;
};

/* In the arena. ERR_NOT_FOUND: the field has no versions. */
MUST_USE enum err sides_load(struct store *, const struct conflict *, struct arena *, struct sides *ret_sides);
/* By number from 1, or by the name of a site, or the beginning of it, that wrote one side. ERR_NOT_FOUND, ERR_AMBIGUOUS. */
MUST_USE enum err sides_find(struct store *, const struct sides *, const char *name, size_t *ret_index);

#endif
