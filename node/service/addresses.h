/* Inside the service: where a node listens and what others are told, from --listen and --advertise. */
#ifndef STAFET_NODE_ADDRESSES_H
#define STAFET_NODE_ADDRESSES_H

#include "proto/limits.h"
#include "service.h"

struct addresses {
    const char *listen; /* NULL: only dials out */
    const char *list[ENDPOINTS_MAX];
    size_t n;
};
/* Checks both; without --advertise others are told the address listened on, if it names a host; one that doesn't needs --advertise. Texts are borrowed from `args`. */
MUST_USE enum err addresses_read(const json_t *args, struct reply *, struct addresses *ret_endpoints);
/* Writes them into the home's config, so that `node run` listens there. */
MUST_USE enum err addresses_remember(const struct addresses *, const char *home, struct reply *);
json_t *addresses_form(const struct addresses *);

#endif
