/* Inside the service: where a node listens and what others are told, from --listen and --advertise. */
#ifndef STAFET_NODE_ADDRESSES_H
#define STAFET_NODE_ADDRESSES_H

#include "node_config/config.h"
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
/* How HOME/config and the roster stand to each other: {"listen", "bound", "wanted", "endpoints", "state"} of cli/JSON.md, and whether the
 * roster does not say yet what it shall. Reads the config into `config`. */
MUST_USE enum err addresses_stand(struct service *, struct reply *, struct config *, json_t **ret_form, bool *ret_waiting);

#endif
