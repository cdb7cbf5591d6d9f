/* The asking side of a node's control socket (node/control.h says what goes over it). Blocking; for
 * the CLI. */
#ifndef STAFET_NODE_CLIENT_H
#define STAFET_NODE_CLIENT_H

#include "service/service.h"

struct client;

/* How long a node may say nothing before it is asked whether it lives, and how long it has for that:
 * its steps are short, so whatever it works on it answers the socket. */
enum { CLIENT_SILENCE_MS_MAX = 5000 };

/* Connects to HOME/control, for calls with that much patience. ERR_NOT_FOUND: no node serves this
 * home; ERR_BUSY: it takes no connection; ERR_DENIED; ERR_IO. */
MUST_USE enum err client_open(const char *home, int silence_ms_max, struct client **ret_client);
void client_close(struct client *);

/* Calls a verb and waits for its end; `progress` (may be NULL) is called with each piece of
 * progress, borrowed. What the verb answered, error or document, is in `reply` (which reply_init
 * has prepared), just as service_call leaves it, and its error is returned. ERR_CLOSED: the node
 * went away before it answered; ERR_FORMAT: what came is not an answer; ERR_BUSY: it lives no more
 * (stopped, or stuck): neither this call nor a question on a connection of its own has had a word
 * back for so long. A job that is silent for long is none of that. One call at a time. */
MUST_USE enum err client_call(struct client *, const struct asker *, const char *noun,
                              const char *verb, const json_t *args,
                              void (*progress)(void *context, const json_t *progress),
                              void *context, struct reply *reply);

#endif
