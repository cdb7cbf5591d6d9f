/* The synchronisation engine, without input or output of its own: events go in, effects come out,
 * and the next deadline is asked for. It owns no socket, file, clock or randomness, so that a
 * simulator can run it as well as a daemon.
 *
 * It knows members, feeds and their heads only from events, and the replica only through LOAD and
 * ADMIT effects. Event bytes are borrowed until engine_step returns; effect bytes live until
 * effects_clear. Nothing is acknowledged, announced or reported before the event that says it is
 * durable (ADMITTED, FEED, STATED).
 *
 *     event ──▶ engine_step ──▶ effects ──(the loop performs them)──▶ events …
 *
 * Session states: PROTOCOL.md, "Session"; the diagram and the table of transitions are in
 * session.h. */
#ifndef STAFET_NODE_ENGINE_H
#define STAFET_NODE_ENGINE_H

#include "proto/channel.h"
#include "proto/clock.h"
#include "proto/message.h"
#include "proto/run.h"

struct engine;

struct engine_config {
    struct federation_id federation;
    struct member_id self; /* zero while joining: only JOIN and the roster's feed go through then */
    enum role role;
    uint64_t instance; /* random per process */
    uint64_t seed;     /* for the jitter of back-off */
    struct bytes join; /* while joining: the encoded JOIN frame; copied */
};

/* A member that has just joined and has no roster yet is told by EVENT_MEMBER of the municipality
 * alone (the ticket's id and endpoints), with itself to follow from the roster. NULL when out of
 * memory. */
struct engine *engine_new(const struct engine_config *);
void engine_free(struct engine *);

enum event_kind {
    EVENT_TICK = 1, /* time has passed */
    EVENT_MEMBER,   /* a member of the roster, at start and whenever it changes */
    EVENT_ROSTER,   /* the own roster tip, at start and whenever it moves (durable) */
    EVENT_FEED,     /* a feed and its durable head, at start and whenever it moves */
    EVENT_FORK,     /* a feed that has been told is known to be forked: at start and when it shows */
    EVENT_STATED,   /* a stored statement, own or another's, at start and when a newer one is stored
                     */
    EVENT_CONNECTED, /* a link is up, its far end proved by CURVE; of a member that MEMBER has named
                      */
    EVENT_DISCONNECTED, /* it is gone, or a DIAL failed (link 0, member says which) */
    EVENT_RECEIVED,     /* one frame */
    EVENT_LOADED,       /* the answer to LOAD */
    EVENT_ADMITTED,     /* the answer to ADMIT, after commit */
    EVENT_JOINED,       /* the answer to JOIN, after commit */
    EVENT_ADDRESS,      /* what the municipality shall be told to write of this node in the roster */
    EVENT_ADDRESSED     /* the answer to ADDRESS, after commit */
};

struct event {
    enum event_kind kind;
    time_ms now;   /* monotonic is enough; never goes back */
    uint32_t link; /* the loop's number of a connection, never reused; 0: none */
    union {
        struct {
            struct member_id id;
            enum role role;
            bool active;
            bool has_endpoint;
            uint64_t endpoints; /* of what they are; another one when they have changed */
        } member;
        struct {
            struct feed_id feed;
            uint64_t seq;
            struct id8 id8;
        } roster;
        struct {
            struct feed_id id;
            struct channel_id channel_id;
            struct channel channel;
            struct member_id author;
            struct head head;
        } feed;
        struct {
            struct feed_id feed;
            struct bytes proof; /* the PROOF frame */
        } fork;
        struct {
            struct member_id member;
            struct channel_id channel_id;
            struct channel channel;
            uint64_t counter;
            struct bytes statement;
        } stated;
        struct {
            struct member_id member; /* zero: the key of a ticket, admitted for JOIN only */
            struct transport_public proved;
            bool dialled; /* by this side */
        } connected;
        struct {
            struct member_id member; /* of a failed DIAL */
            enum err reason;         /* OK: not known */
        } disconnected;
        struct bytes received;
        struct {
            struct feed_id feed;
            uint64_t after;
            enum err error; /* OK: `run` follows `after` */
            struct bytes run;
            uint64_t last;    /* number of the run's last envelope */
            struct head head; /* of the feed here */
        } loaded;
        struct {
            struct feed_id feed;
            size_t size; /* of the run, as it was handed to ADMIT */
            enum err error;
            struct head head; /* of the feed here, now */
        } admitted;
        struct {
            enum err error;
            struct member_id member;
            uint64_t roster_seq;
            struct id8 roster_id8;
        } joined;
        struct {
            bool wanted; /* false: the roster says what it shall */
            const char *const *endpoints;
            size_t endpoints_n;
        } address;
        struct {
            enum err error;
        } addressed;
    };
};

enum effect_kind {
    /* `bytes` as one frame over `link` */
    EFFECT_SEND = 1,
    /* connect to `member` (zero while joining: the ticket's issuer, with the ticket's key); ends in
     * CONNECTED or DISCONNECTED */
    EFFECT_DIAL,
    /* the link, after what was sent; DISCONNECTED does not follow */
    EFFECT_CLOSE,
    /* a run of `feed` after (`after`, `id8`), at most `bytes_max`; ends in LOADED with `link` */
    EFFECT_LOAD,
    /* `bytes` is a run of `feed` from `member`; ends in ADMITTED with `link` */
    EFFECT_ADMIT,
    /* make the own statement about `channel_id`; a newer one comes back as STATED */
    EFFECT_STATE,
    /* `bytes` is a statement from a peer: store it; a newer one comes back as STATED */
    EFFECT_STATEMENT,
    /* `bytes` is a PROOF frame from a peer */
    EFFECT_PROOF,
    /* peer `member` says that (`after`, `id8`) is the head of own feed `feed`: its word, no proof
     */
    EFFECT_REPORTED,
    /* `bytes` is a JOIN frame, proved by `proved`: admit the joiner; ends in JOINED with `link` */
    EFFECT_JOIN,
    /* `bytes` is an ADDRESS frame of `member`'s: write its endpoints into the roster; ends in
     * ADDRESSED with `link` */
    EFFECT_ADDRESS,
    /* while joining: admitted as `member` at roster tip (`after`, `id8`); the engine has done its
     * work, and the loop starts one with `self` set */
    EFFECT_ENROLLED,
    /* while joining: a person has to confirm it first; `bytes` is the issuer's text, untrusted */
    EFFECT_PENDING
};

struct effect {
    enum effect_kind kind;
    uint32_t link;
    struct member_id member;
    struct feed_id feed;
    struct channel_id channel_id;
    uint64_t after;
    struct id8 id8;
    uint32_t bytes_max;
    struct transport_public proved;
    enum err reason; /* CLOSE: why, or what the issuer answered; ERR_CLOSED: nothing is wrong */
    struct bytes bytes;
};

/* Effects of one or more steps, in order. Zero-initialised is empty. */
struct effects {
    struct effect *list;
    size_t n, capacity;
    struct arena_block *bytes; /* what the effects' bytes point into; internal */
};
void effects_clear(struct effects *);
void effects_done(struct effects *);

/* Out of memory closes the session concerned and is reported by its CLOSE; the engine itself stays
 * whole. */
void engine_step(struct engine *, const struct event *, struct effects *effects);

/* Forgets the waits of back-off: everybody who is to be dialled is, by the next TICK (due at once).
 */
void engine_hurry(struct engine *);

/* Memory ran out over something that all sessions rest on, a member or a head: the engine goes on with what it knows and calls
 * nobody equal, but what it missed it learns only if it is made anew and told everything. */
bool engine_is_incomplete(const struct engine *);

/* When the next TICK is due at the latest; INT64_MAX: none. */
time_ms engine_deadline(const struct engine *);

enum session_state {
    SESSION_NONE,
    SESSION_DIALLING,
    SESSION_HELLO,
    SESSION_ROSTER,
    SESSION_COMPARE,
    SESSION_PULLING,
    SESSION_IDLE,
    SESSION_JOINING,
    SESSION_BACKOFF
};
const char *session_state_name(enum session_state);

/* For status. IDLE and `equal`: at that moment both sides named equal heads for all that both may
 * hold. */
struct peer_info {
    struct member_id member;
    enum session_state state;
    bool equal;
    time_ms since;      /* of the state, on the events' clock */
    time_ms last_heard; /* 0: never in this process */
    time_ms retry_at;   /* BACKOFF */
    enum err last_error;
    uint64_t sent_bytes, received_bytes; /* payload of frames, whole process */
};
/* One for each member that this node dials, has a session with or has heard; while joining, one
 * with a zero id for the issuer. In order of id; any step may change the number. */
size_t engine_peers_n(const struct engine *);
bool engine_peer(const struct engine *, size_t index, struct peer_info *ret_info);
/* All of them, one with each call: `*cursor` begins at 0. False: there are no more. */
bool engine_peer_next(const struct engine *, size_t *cursor, struct peer_info *ret_info);

#endif
