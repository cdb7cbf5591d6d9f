/* Inside the cluster: nodes, the network between them, and what is on its way. */
#ifndef STAFET_TESTS_CLUSTER_INNER_H
#define STAFET_TESTS_CLUSTER_INNER_H

#include "cluster.h"
#include "proto/message.h"

enum { FORKS_MAX = 8, ORIGINS_MAX = 1024, KINDS_MAX = 32, NODE_NONE = 0xffff };
enum known { KNOWN_NOT, KNOWN_ACTIVE, KNOWN_INACTIVE };

struct kept {
    struct member_id member;
    struct channel_id channel_id;
    struct channel channel;
    uint64_t counter;
    struct buffer bytes;
};

struct node {
    struct member_id id;
    enum role role;
    bool reachable, active, frozen;
    struct node_keys keys;
    struct fakelog log;
    struct kept *stated;
    size_t stated_n;
    struct known_fork {
        struct feed_id feed;
        struct buffer proof; /* the frame */
    } forks[FORKS_MAX];
    size_t forks_n;
    struct engine *engine;               /* NULL: stopped */
    enum known knows[CLUSTER_NODES_MAX]; /* by its own roster */
    size_t roster_applied;
    bool committing; /* a commit is on its way */
    enum err disk;
    size_t bytes_per_ms;
    size_t reports;
};

/* What a node has been sent over a link and not acknowledged. */
struct received {
    struct feed_id feed;
    uint64_t last;
    size_t size;
    bool released; /* no longer counts as under way */
};
struct wire_end {
    unsigned node;
    uint32_t link;
    bool open;
    time_ms clear; /* the last frame to this end has arrived then */
    struct received *received;
    size_t received_n, received_capacity;
    size_t under_way; /* bytes of runs to this end, not acknowledged */
};
struct wire {
    struct wire_end ends[2];
    bool dead; /* nothing passes */
};

enum post_kind { POST_EVENT, POST_FRAME, POST_LOAD, POST_COMMIT, POST_ADMIT, POST_LINK };
/* Something that happens later at a node. An ADMIT waits, without a time of its own, for the
 * commit. */
struct post {
    enum post_kind kind;
    time_ms at;
    uint64_t order;
    unsigned node;
    struct event event;
    struct effect effect;
    struct buffer bytes;
    unsigned peer; /* LINK: who dials */
};

struct cluster {
    uint64_t seed, random, order;
    time_ms now;
    bool trace;
    struct federation_id federation;
    struct node nodes[CLUSTER_NODES_MAX];
    unsigned nodes_n;
    bool cut[CLUSTER_NODES_MAX][CLUSTER_NODES_MAX];
    struct origin *origins[ORIGINS_MAX];
    size_t origins_n;
    struct wire *wires;
    size_t wires_n;
    uint32_t links;
    struct post *posts;
    size_t posts_n, posts_capacity;
    size_t frames[KINDS_MAX], bytes;
};

void *cluster_must(void *made);
uint64_t cluster_random(struct cluster *, uint64_t below);
void cluster_broken(const struct cluster *, const char *promise) __attribute__((noreturn));
void cluster_trace(const struct cluster *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct origin *cluster_origin(struct cluster *, const struct feed_id *);
unsigned cluster_node_of(const struct cluster *, const struct member_id *);
bool cluster_may_hold(const struct cluster *, const struct origin *, unsigned node);

/* One step of a node's engine, and what follows from it. */
void cluster_step(struct cluster *, unsigned node, const struct event *);
void cluster_tell_feed(struct cluster *, unsigned node, const struct origin *);
void cluster_tell_stated(struct cluster *, unsigned node, const struct kept *);
void cluster_tell_fork(struct cluster *, unsigned node, const struct known_fork *);
/* The promises that concern what an engine says of itself. */
void cluster_check(const struct cluster *, unsigned node);

/* The link breaks at `end`; the other notices. */
void cluster_break(struct cluster *, struct wire *, int end);
struct wire *cluster_wire(struct cluster *, uint32_t link, int *ret_end);
/* A frame from `end`: counted, and held against what was promised. */
void cluster_check_frame(struct cluster *, struct wire *, int end, struct bytes frame);
/* A frame reaches `end`. With a PULL, and with an ERROR about a feed, what was under way of that
 * feed is settled. */
void cluster_check_arrival(struct wire *, int end, struct bytes frame);

#endif
