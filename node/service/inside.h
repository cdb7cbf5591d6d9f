/* Inside the service: what `struct service` is. */
#ifndef STAFET_NODE_INSIDE_H
#define STAFET_NODE_INSIDE_H

#include "service.h"

struct scan; /* scan.h */

struct service {
    struct home *home;
    struct surroundings surroundings;
    struct store *store; /* NULL: no replica yet */
    struct scan *scan;   /* NULL until the first search */
};

#endif
