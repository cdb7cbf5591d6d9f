/* Inside the node's shell: what `struct node` is, and which file does what.
 *
 *   loop.c    runs it: waits and turns, and ends in good order
 *   turn.c    one turn: network, engine, store, news, control
 *   effect.c  performs what the engine asks for on net and store, and feeds the outcome back
 *   news.c    tells the engine what has become durable
 *   enrol.c   a join under way: the ticket, the JOIN frame, the issuer as the ticket names it
 *   links.c   tells the engine what happens on links, and who is let in
 *   peers.c   what the node says about itself to the service
 *   address.c where it listens, and what the roster shall say of that
 *   control.c, caller.c, call.c   the control socket, a connection of it, a request on that
 *   node.c    making and ending it */
#ifndef STAFET_NODE_CORE_H
#define STAFET_NODE_CORE_H

#include "control.h"
#include "engine/engine.h"
#include "log.h"
#include "net/monotonic.h"
#include "net/net.h"
#include "node.h"
#include "node_config/config.h"
#include "store/roster.h"
#include <signal.h>

/* What came and could not be kept, first of all: until the same has been, or the next start. */
struct unkept {
    enum err err; /* OK: nothing */
    time_ms since;
    enum effect_kind kind;
    struct feed_id feed;
};

struct node {
    struct home *home;
    struct watcher watcher;
    struct watch signals;
    sigset_t signals_before;
    bool signals_taken, stopping; /* SIGINT or SIGTERM */
    struct surroundings surroundings;
    struct service *service;
    struct store *store;               /* of the service; NULL: no keys yet */
    struct net *net;                   /* NULL likewise */
    struct control *control;           /* NULL: not served */
    char bound[ENDPOINT_SIZE_MAX + 1]; /* "" when nobody can dial in */

    struct engine *engine; /* NULL: neither member nor joining */
    struct member_id self; /* as the engine was started; zero while joining */
    bool joining;
    struct config config;
    time_ms address_at; /* the own entry in the roster is to be written then */
    bool told;        /* the engine has been, since jobs were last looked after */
    time_ms again_at; /* the engine could not be started, or misses something, and is started anew
                         then; 0: all is well */
    struct effects effects; /* asked for, not performed yet */
    struct buffer run;      /* for LOAD */
    enum err last_refusal; /* the last reason why a peer or a join was refused */
    struct peers_seen *peers_seen; /* peers.c; NULL: nothing yet */
    time_ms peers_logged;
    bool more_waiting; /* envelopes to judge again */
    struct unkept unkept;
};

/* turn.c */
/* Does what can be done without waiting. True: there is more to do at once. */
bool turn_once(struct node *);
/* When it must be called again even if nothing happens; INT64_MAX: never. */
time_ms turn_deadline(const struct node *, time_ms now);
/* Hands an event to the engine; what it asks for is added to node->effects. */
void node_tell(struct node *, struct event *);

/* effect.c: performs what has been asked for, round after round. True: there is more to do at once.
 */
bool effect_turn(struct node *);
/* Bytes of runs among what has been asked for: received, not stored yet. */
size_t effect_runs_size(const struct node *);

/* news.c: tells the engine everything, at its start. */
MUST_USE enum err news_tell_all(struct node *);
/* Tells it what transactions have changed since. True: there was some. */
bool news_turn(struct node *);

/* enrol.c */
/* Starts an engine for what this home now is: a member, joining, or neither (then there is none).
 * Links of an earlier one are cut. */
MUST_USE enum err enrol_start(struct node *);
/* The same for who can't pass an error on: tried again every second until it succeeds. */
void enrol_again(struct node *);
/* Starts the engine anew if that is due, or if it has come to miss something. */
void enrol_turn(struct node *);
/* The municipality answered: member from now on, though its roster is still to come. */
void enrol_answered(struct node *, const struct member_id *self);
/* Where and with which keys `member` (zero: the issuer of the ticket, as holder of the ticket) is
 * dialled. Strings live in the arena. ERR_NOT_FOUND. */
MUST_USE enum err enrol_target(struct node *, const struct member_id *, struct arena *,
                               struct net_target *ret_target);
/* Whose key is it: zero for a ticket's. ERR_NOT_FOUND: nobody's. */
MUST_USE enum err enrol_member_of(struct node *, const struct transport_public *,
                                  struct member_id *ret_member);

/* links.c: opens the network for what HOME's keys and the roster let in. */
MUST_USE enum err links_open(struct node *);

/* address.c */
/* Reads HOME/config. ERR_ARGUMENT, ERR_IO with `ret_why`. */
MUST_USE enum err address_load(struct node *, struct failure *ret_why);
/* Compares what HOME/config wants said with the roster: a site tells the municipality by its engine, the
 * municipality writes it. At the engine's start and whenever the roster or the config has changed. */
void address_tell(struct node *);
void address_turn(struct node *);
/* For the service: listens on `listen` instead ("": on nothing; NULL: as before), or goes on as before with a
 * sentence why. */
enum err address_moved(void *context, const char *listen, struct failure *ret_why);
/* For the service: HOME/config has been written. */
void address_reload(void *context);
/* Why `listen` can't be bound; passes the error on. */
enum err address_failed(struct failure *ret_why, enum err, const char *listen);
/* Performs EFFECT_ADDRESS, in a transaction. */
MUST_USE enum err address_written(struct node *, const struct effect *, struct arena *);
/* Puts what HOME/config says of the municipality before its endpoints. */
MUST_USE enum err address_target(const struct node *, struct arena *, struct net_target *);

/* peers.c */
enum { PEERS_LOG_MS = 200 };
/* Logs which sessions have changed their state; looks at most so often. */
void peers_log(struct node *, time_ms now);
void peers_surround(struct node *);
/* A member's name for the log, or the beginning of its id. */
const char *peers_name(struct node *, const struct member_id *,
                       char ret_name[static NAME_SIZE_MAX + 1]);

#endif
