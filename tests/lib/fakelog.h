/* A member's log in memory, for tests of the engine: real envelopes, really signed, hashed and
 * verified, but no database and no judgement beyond who may hold what. */
#ifndef STAFET_TESTS_FAKELOG_H
#define STAFET_TESTS_FAKELOG_H

#include "proto/channel.h"
#include "proto/clock.h"
#include "proto/run.h"

/* A feed, as its birth section would say it, and its author's key. */
struct origin {
    struct feed_id id;
    struct channel channel;
    struct channel_id channel_id;
    struct member_id author;
    const struct node_keys *keys;
};

struct fakelog_entry {
    struct bytes bytes; /* owned */
    struct envelope_id id;
};
struct fakelog_feed {
    const struct origin *origin;
    struct fakelog_entry *entries;
    size_t n, capacity;
};
/* Zero-initialised is empty. */
struct fakelog {
    struct fakelog_feed *feeds;
    size_t n;
};

void fakelog_done(struct fakelog *);
/* NULL: none of it here. */
struct fakelog_feed *fakelog_find(const struct fakelog *, const struct feed_id *);
struct head fakelog_head(const struct fakelog *, const struct feed_id *);
/* Appends an own envelope with one open section of `content`. */
void fakelog_append(struct fakelog *, const struct origin *, struct bytes content);
/* The content of entry `seq`. */
struct bytes fakelog_content(const struct fakelog_feed *, uint64_t seq);
/* As feed_load of the store. */
MUST_USE enum err fakelog_load(const struct fakelog *, const struct feed_id *, uint64_t after,
                               const struct id8 *id8, size_t bytes_max, struct buffer *out,
                               uint64_t *ret_last);
/* As admit_run of the store: all or nothing; what is here already is passed over. */
MUST_USE enum err fakelog_admit(struct fakelog *, const struct origin *, struct bytes run);
/* Forgets the entries after `seq`, as a restore of an old copy does. */
void fakelog_truncate(struct fakelog *, const struct feed_id *, uint64_t seq);

#endif
