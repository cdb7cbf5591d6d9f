/* The shell around engine, store and service: sockets, time, signals, control socket; one thread,
 * one loop. `stafet node run` and `stafetd` run it for good; `stafet sync` and `stafet join` run it
 * until something holds. */
#ifndef STAFET_NODE_NODE_H
#define STAFET_NODE_NODE_H

#include "net/monotonic.h"
#include "service/service.h"

struct node;

/* Once, at the start of a process that will run a node: what it writes is for its user alone, what
 * it holds in memory never goes to disk as a core dump, and a reader that has gone is an error, not
 * a death. */
void node_guard_process(void);

struct node_options {
    const char
        *listen;  /* tcp://HOST:PORT; NULL: as configured; without either the node only dials out */
    bool control; /* serve the control socket */
    bool quiet;   /* no log lines on standard error but warnings */
};

/* Opens store and service in `home` (which the caller has locked) and binds. ERR_NOT_FOUND: no keys
 * in this home yet; ERR_EXISTS: the listening address is in use; `ret_why`, whose language is
 * set, says what was wrong in any case. */
MUST_USE enum err node_new(struct home *, const struct node_options *, struct failure *ret_why,
                           struct node **ret_node);
/* Runs, once, until `until` (asked after every turn; NULL: never) is true, `deadline` (monotonic
 * ms; INT64_MAX: none) passes: ERR_TIMEOUT, or SIGINT or SIGTERM arrive: ERR_CANCELLED. Stops
 * gracefully: BYE to peers, statements flushed, WAL checkpointed. */
MUST_USE enum err node_run(struct node *, bool (*until)(void *context), void *context,
                           time_ms deadline);
void node_free(struct node *);
struct service *node_service(struct node *);
/* The endpoint bound, with the port that was taken; "" when nobody can dial in. */
const char *node_listens_on(const struct node *);

#endif
