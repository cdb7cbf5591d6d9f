/* Inside the service: where a node listens and what others are told, from --listen and --advertise. */
#ifndef STAFET_NODE_ENDPOINTS_H
#define STAFET_NODE_ENDPOINTS_H

#include "proto/limits.h"
#include "service.h"

struct endpoints {
    const char *listen; /* NULL: only dials out */
    const char *list[ENDPOINTS_MAX];
    size_t n;
};
/* Checks both; without --advertise others are told the address listened on, if it names a host. Texts are borrowed from `args`. */
MUST_USE enum err endpoints_read(const json_t *args, struct reply *, struct endpoints *ret_endpoints);
/* Writes them into the home's config, so that `node run` listens there. */
MUST_USE enum err endpoints_remember(const struct endpoints *, const char *home, struct reply *);
json_t *endpoints_form(const struct endpoints *);

#endif
