// clang-format off
/* What the engine's files share: who the members are, what feeds there are, what each session is at.
 *
 *   engine ─┬─ members ─── at most one session each
 *           ├─ lanes (a channel each) ── feeds ── shares (one for each session that knows more of
 *           ├─ sessions ── shares                  the feed than that heads are equal)
 *           └─ statements
 *
 * A step handles one event by changing these, marks the sessions concerned as touched, and in the
 * end lets each of them settle (session.c): closes what has failed, sends and pulls what is due. So
 * nothing is freed while it is in use, and no handler calls another. */
// clang-format on
#ifndef STAFET_NODE_ENGINE_INNER_H
#define STAFET_NODE_ENGINE_INNER_H

#include "backoff.h"
#include "engine.h"
#include "proto/hash.h"
#include "proto/limits.h"
#include "sorted.h"

enum {
    HELLO_MS_MAX = 10000,    /* from CONNECTED to the other's HELLO */
    AGREE_MS_MAX = 60000,    /* without any progress in ROSTER and COMPARE */
    JOIN_MS_MAX = 30000,     /* for an answer to JOIN; for a JOIN on a ticket's link */
    PENDING_MS_MAX = 600000, /* before asking again */
    PULL_MS_MAX = 30000,     /* without progress */
    HINT_MS = 2000,          /* a statement has told of more, which is being pushed or announced */
    AVOID_MS = 60000,        /* a source that stalled is asked again then */
    AVOIDED_MAX = 64,        /* feeds kept for a member; more than can stall in that time */
    SHUNS_MAX = 6,           /* doublings of AVOID_MS for who sends bad runs */
    PATIENCE_MS = 5000,      /* without news of a feed that another session pulls */
    PATIENCE_ROSTER_MS = 2000,
    PATIENCE_ROSTER_MS_MAX = 10000, /* news or not */
    PULLERS_MAX = 3,                /* of one feed at once, apart from sessions in ROSTER */
    PULL_TURN_MS = 30000,
    RETRY_MS = 30000,        /* after a failure of this node's own disk */
    STATE_MS_SOON = 10,      /* after heads have moved: what moved goes out first */
    STATE_MS_MIN = 1000,     /* between own statements about one channel */
    STATE_MS_MAX = 86400000, /* likewise, at the latest */
    STATE_RETRY_MS =
        60000, /* it has not come back: nothing new in it, or it could not be stored; then longer */
    STATED_MS_MIN = 1000, /* between statements of one member about one channel that are taken */
    HELD_MAX = 256,       /* that came sooner, of one session */
    STATEMENTS_PAUSE_MS = 100, /* between portions */
    CROWD_MS = 30000,          /* what was sent longer ago isn't counted to the crowd */
    PULLS_MAX = 12,            /* feeds pulled over one session at once */
    BAD_RUNS_MAX = 3,
    JOINS_MAX = 8,             /* frames on a ticket's link */
    STRANGERS_MAX = 64,        /* links of tickets at once */
    UNKNOWN_FEEDS_MAX = 4096,  /* that one peer may name */
    CHANNELS_NAMED_MAX = 16384 /* in one peer's DIGEST, all pages */
};
/* Credit for one feed, and for one that is alone. */
#define PULL_WINDOW_MIN KIB(256)
#define PULL_WINDOW_ALONE KIB(2816)
/* What a pull must bring in its turn when others have the feed too. */
#define PULL_TURN_MIN KIB(256)
/* Of one session together; the rest of the peer's credit is for pushes. */
#define PULL_WINDOWS_MAX KIB(3072)
#define RUN_WANTED_MIN KIB(64)
/* Under way to all peers together, from where each has small runs alone. */
#define CROWD_MIN KIB(8192)
#define STATEMENTS_PORTION KIB(64)
#define HELD_BYTES_MAX KIB(256)
/* Bytes in a millisecond at which statements of one member about one channel are passed on to each
 * peer. */
#define STATED_PACE 16
/* Bytes of frames other than runs and statements, sent since the peer was last heard. */
#define UNANSWERED_MAX KIB(4096)

/* A place in a feed: after entry `seq`. Zero: before entry 1. */
struct position {
    uint64_t seq;
    struct id8 id8;
};

struct avoided {
    struct feed_id feed;
    time_ms until;
};

struct member {
    struct member_id id; /* key */
    enum role role;
    bool active, has_endpoint;
    uint64_t endpoints;
    bool shares; /* with this node, a channel that is theirs alone */
    struct session *session;
    enum session_state dial; /* NONE, DIALLING, BACKOFF; changed by dial_enter */
    time_ms dial_since, retry_at;
    struct backoff backoff;
    enum err last_error;
    bool heard;
    time_ms last_heard;
    uint64_t sent, received; /* bytes */

    /* address.c */
    time_ms addresses_since;
    unsigned addresses_n; /* ADDRESS frames that were looked at since then */

    /* avoid.c */
    struct avoided *avoided; /* AVOIDED_MAX, or NULL */
    time_ms shunned_until;
    unsigned shuns;
};

/* The feeds of one channel, as far as this node holds them. */
struct lane {
    struct channel_id id; /* key */
    struct channel channel;
    struct sorted feeds;
    bool digest_fresh;
    struct hash digest; /* over all feeds */
    /* The own statement: when it was last asked for, when it is to be, and how long it is waited
     * for. */
    time_ms stated_at, state_due, state_retry;
    bool moved; /* since it was last asked for */
};

struct feed {
    struct feed_id id; /* key */
    struct lane *lane; /* NULL: not held here, only named by a peer */
    struct member_id author;
    struct position head;     /* durable here */
    struct position reported; /* own feed: the last that EFFECT_REPORTED has told */
    struct member_id reported_by;
    struct share *shares;
    unsigned pullers_n;
    size_t admits;      /* runs of it on their way to the store */
    time_ms stirred_at; /* when its head last moved or a pull of it began */
    time_ms parked_until; /* 0: not parked; INT64_MAX: until the roster moves */
    bool forked;          /* and among the engine's forks */
};

enum want {
    WANT_NOTHING,
    WANT_QUEUED,
    WANT_WAITING, /* another session pulls it, or this peer has stalled on it */
    WANT_PULLING
};

/* What one session knows of one feed. A session that is open has a share only for the feeds where
 * the peer's head is not the own one, or something is under way: no share means equal heads. */
struct share {
    struct feed_id id; /* key */
    struct feed *feed;
    struct session *session;
    struct share *feed_next, **feed_link; /* of the feed's shares */

    /* The peer's head, as it last named it. */
    bool peer_known, peer_id_known;
    struct position peer;
    uint64_t told; /* the own head that the peer has been told of */
    bool unequal;  /* counted in the session */
    bool roster;   /* the roster's feed: pulled before all others */

    /* From the peer to here. */
    enum want want;
    struct share *want_next, *want_previous;
    uint64_t refused;    /* what the peer has up to here was refused, or is another branch; 0: no */
    time_ms avoid_until; /* it has stalled, or (hinted) will send of its own accord */
    bool hinted;
    time_ms wanted_at; /* since when it is wanted */
    time_ms pull_deadline;
    time_ms turn_since; /* and what has become durable since then */
    size_t turn_bytes;
    size_t window;
    uint64_t expected;       /* the next RUN follows this number */
    struct id8 expected_id8; /* of the last that was handed over */
    size_t admits, unadmitted;
    bool failing; /* an ADMIT has failed, and those after it will */
    bool search;  /* looks for the fork from the start */
    bool searched;

    /* From here to the peer. */
    bool next_known; /* what is sent next follows `next` */
    struct position next;
    bool pulled;           /* answers a PULL: `credit` counts. Otherwise a push */
    size_t credit, wanted; /* bytes; wanted: of one run */
    size_t under_way, reserved;
    bool muddled; /* some of what was under way was written off: which run a CREDIT is for isn't
                     known */
    bool loading;
    uint64_t load_after;
    bool queued; /* in the session's queue of shares to send from */
    struct share *send_next;
};

/* A channel in a DIGEST: the peer's, or the own one as it was sent. */
struct compared {
    struct channel_id id; /* key */
    struct hash digest;
    bool awaited; /* in theirs: its HEADS are still to come */
};
struct compared_list {
    struct compared *list;
    size_t n, capacity;
};

struct held_statement {
    struct channel_id channel;
    struct member_id member;
    uint64_t counter;
    time_ms due;
    struct buffer bytes;
};

struct tip {
    struct feed_id feed; /* zero: not known */
    struct position at;
};

struct session {
    uint32_t link; /* key */
    struct engine *engine;
    struct member *member; /* NULL: the far end holds a ticket */
    struct transport_public proved;
    enum session_state state; /* changed by session_enter */
    time_ms since, deadline;
    bool touched;
    bool doomed; /* to be closed when the session settles */
    enum err doom;

    /* HELLO */
    struct hash digest;  /* as sent */
    struct position tip; /* own roster tip, as sent */
    uint64_t statements; /* as sent, and the order that it reaches */
    uint64_t statements_order;
    bool greeted; /* the peer's HELLO has come */
    bool agreed;  /* both HELLOs name the same tip and digest */
    struct tip peer_tip;
    struct hash peer_digest;
    size_t credit_max; /* of bytes under way to the peer */
    size_t unanswered;

    /* COMPARE */
    struct compared_list ours, theirs;
    bool theirs_whole;
    size_t awaited_n;

    struct sorted shares;
    size_t unequal_n, wants_n, unknown_n;
    bool overflown; /* the peer has named more unknown feeds than are kept: compared again later */

    /* pull.c */
    struct share *want_first, *want_last;
    struct share *pulls[PULLS_MAX];
    size_t pulls_n, windows, unadmitted;
    unsigned bad_runs;
    time_ms retry_at; /* when the first avoided source may be asked again; INT64_MAX: none */

    /* push.c */
    struct share *send_first, *send_last;
    size_t under_way, reserved;
    time_ms sent_at; /* when a run was last asked for to be sent */

    /* statements.c */
    uint64_t stated; /* statements up to this order have been sent or need not be */
    time_ms statements_at;
    struct held_statement *held; /* NULL: none */
    size_t held_n, held_capacity, held_bytes;

    /* proofs.c */
    uint64_t proofs; /* as this side's HELLO has said, over the first `proofs_n` */
    size_t proofs_n;
    bool *told; /* for each fork: the peer knows it */
    size_t told_n;
    time_ms proofs_at; /* when the next portion goes */

    /* address.c */
    time_ms address_at; /* when it is told next */

    /* join.c */
    unsigned joins;
    bool join_asked;
};

struct engine {
    struct federation_id federation;
    struct member_id self;
    enum role role;
    uint64_t instance;
    struct buffer join;
    bool join_over; /* answered for good */
    struct jitter jitter;
    time_ms now, due;
    struct effects *effects; /* of the step under way */
    struct arena arena;      /* the frame being read */
    struct buffer frame;     /* the frame being written */
    bool incomplete; /* memory ran out over something that all sessions rest on: nothing is called
                        equal */

    struct fork **forks; /* proofs.c; in the order in which they showed */
    size_t forks_n;
    struct tip roster;
    struct buffer address; /* the ADDRESS frame; empty: nothing to tell */
    bool self_has_endpoint;
    struct sorted members, sessions, lanes, feeds;
    size_t strangers_n;
    time_ms parked_until; /* the first that is not for the roster; INT64_MAX: none */

    struct sorted stated;
    struct stated *stated_first, *stated_last; /* in the order in which they came */
    uint64_t stated_order;
    time_ms pass_at; /* when the first that waits to be passed on may be; INT64_MAX: none */
    struct arrival {
        uint32_t link;
        struct member_id member;
        struct channel_id channel;
        uint64_t counter;
    } arrivals[64]; /* statements on their way to the store, and whom they came from */
    size_t arrivals_next;
};

/* Asks for a TICK at `at`. */
void engine_due(struct engine *, time_ms at);
/* A record that all sessions rest on could not be kept. */
void engine_out_of_memory(struct engine *);

#endif
