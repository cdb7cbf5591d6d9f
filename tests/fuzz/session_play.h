/* Inside target_session.c: the play, what its peers say, and what must hold of the engine's part.
 */
#ifndef STAFET_TESTS_SESSION_PLAY_H
#define STAFET_TESTS_SESSION_PLAY_H

#include "fuzz.h"
#include "lone.h"

enum { LINKS = 6, FEEDS = 12, MEMBERS = 6, ASKED_MAX = 64 };

struct known_feed {
    struct channel channel;
    unsigned author;
    struct feed_id id;
    uint64_t seq; /* here */
};
struct asked {
    uint32_t link;
    struct feed_id feed;
    uint64_t after;
    size_t size;
};
struct play {
    struct lone lone;
    enum role roles[MEMBERS];
    bool active[MEMBERS];
    uint32_t links_n;        /* the last number given */
    uint32_t links[LINKS];   /* 0: none */
    unsigned members[LINKS]; /* MEMBERS: the holder of a ticket */
    struct known_feed feeds[FEEDS];
    struct asked loads[ASKED_MAX], admits[ASKED_MAX];
    size_t loads_n, admits_n;
    uint64_t roster_seq;
    bool joiner, over;
};

/* Bytes of a chunk, one after the other; zero when there is no more. */
unsigned play_next(struct bytes *);
/* Mostly small; sometimes an edge. */
uint64_t play_number(struct bytes *);

struct known_feed *play_feed(struct play *, const struct feed_id *); /* NULL: none of these */
bool play_may_hold(const struct play *, const struct known_feed *, unsigned member);

/* One event, and what must hold of the effects so far. */
void play_step(struct play *, struct event);
void play_settle(struct play *);

/* session_say.c: a peer says something that is made up of what the engine knows. */
void play_say(struct play *, size_t slot, struct bytes content);

#endif
