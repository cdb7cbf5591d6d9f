/* The control socket: HOME/control, where commands reach the node that owns the home.
 *
 * AF_UNIX stream, mode 0600 in a home of mode 0700; only the same user or root may ask
 * (SO_PEERCRED). Varlink's wire form: JSON objects, each followed by a NUL byte.
 *
 *     {"method":"org.stafet.survey.import",
 *      "parameters":{"arguments":{…},"asker":{"name":"…","function":"…","language":"da"}},
 *      "more":true}
 *   progress, only when asked for with `more`:
 *     {"parameters":{"done":3,"of":9,"what":"sealing"},"continues":true}
 *   the verb's document, or the error:
 *     {"parameters":{…}}
 *     {"error":"org.stafet.not_found","parameters":{"text":"…","mend":"…","details":…}}
 *
 * A method is org.stafet.NOUN.VERB, or org.stafet.NOUN where the verb's name is empty; `arguments`
 * and `asker` may be left out. Sentences for people (`text`, `mend`, `what`) come in the asker's
 * `language`, "en" or "da"; English without one. The word after org.stafet. in an error is
 * err_name's. Requests of one connection are answered in order, one at a time. Who hangs up (or
 * shuts its sending side) while its request is worked on has cancelled it.
 *
 * Everything is bounded: the number of connections, a request's size, what is read before it is
 * whole, over all connections together, and how long an answer may lie unread; while one lies
 * unread nothing more is read or worked on. When all places are taken, one more takes that of who
 * has asked for nothing for longest. */
#ifndef STAFET_NODE_CONTROL_H
#define STAFET_NODE_CONTROL_H

#include "net/watch.h"
#include "service/service.h"

enum { CONTROL_CALLERS_MAX = 32, CONTROL_UNREAD_MS_MAX = 60000, CONTROL_WAKE_MS = 20 };
/* A survey's answers or a questionnaire come in one request, as text in JSON. */
#define CONTROL_REQUEST_MAX KIB(64 * 1024)
#define CONTROL_REQUESTS_MAX KIB(256 * 1024)

struct control;

/* Binds HOME/control, replacing what a dead owner left: the caller holds the home's lock.
 * ERR_LIMIT, ERR_IO, ERR_DENIED. */
MUST_USE enum err control_new(struct watcher *, struct service *, const char *home,
                              struct control **ret_control);
/* Cancels what is under way and removes the socket. */
void control_free(struct control *);
/* News: jobs that wait for some are stepped in the next turn. */
void control_wake(struct control *);
/* Steps each job once. True: there is more to do at once. */
bool control_turn(struct control *, time_ms now);
/* When control_turn must be called again even if nothing happens; INT64_MAX: never. */
time_ms control_deadline(const struct control *);
size_t control_callers_n(const struct control *);

#endif
