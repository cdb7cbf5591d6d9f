/* The asking side of a node's control socket (node/control.h says what goes over it). Blocking; for
 * the CLI. */
#ifndef STAFET_NODE_CLIENT_H
#define STAFET_NODE_CLIENT_H

#include "service/service.h"

struct client;

/* Connects to HOME/control. ERR_NOT_FOUND: no node serves this home; ERR_DENIED; ERR_IO. */
MUST_USE enum err client_open(const char *home, struct client **ret_client);
void client_close(struct client *);

/* Calls a verb and waits for its end; `progress` (may be NULL) is called with each piece of
 * progress, borrowed. What the verb answered, error or document, is in `reply` (which reply_init
 * has prepared), just as service_call leaves it, and its error is returned. ERR_CLOSED: the node
 * went away before it answered; ERR_FORMAT: what came is not an answer. One call at a time. */
MUST_USE enum err client_call(struct client *, const struct asker *, const char *noun,
                              const char *verb, const json_t *args,
                              void (*progress)(void *context, const json_t *progress),
                              void *context, struct reply *reply);

#endif
