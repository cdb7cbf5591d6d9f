/* The feeds that this node holds, and those that peers have named; digests over them. PROTOCOL.md,
 * "Session", 3. */
#ifndef STAFET_NODE_ENGINE_HEADS_H
#define STAFET_NODE_ENGINE_HEADS_H

#include "inner.h"

struct feed *heads_find(const struct engine *, const struct feed_id *);
/* A feed that a peer has named; lives as long as it is held or has shares. NULL: out of memory. */
struct feed *heads_name(struct engine *, const struct feed_id *);
/* Frees a feed that is neither held nor known to any session. */
void heads_forget(struct engine *, struct feed *);
void heads_done(struct engine *);

/* FEED: makes it held if it isn't, and moves its head. */
void heads_event(struct engine *, const struct event *);
/* Its durable head is now `head`, if that is further. */
void heads_move(struct engine *, struct feed *, const struct head *head);

/* May both this node and `member` hold this feed, which is held here? */
bool heads_shared(const struct engine *, const struct feed *, const struct member *);
bool heads_is_roster(const struct feed *);
/* Over the channel's feeds that both may hold; false when there is none. */
bool heads_lane_digest(const struct engine *, struct lane *, const struct member *,
                       struct hash *ret_digest);
/* Over all channels but the roster. */
struct hash heads_digest(const struct engine *, const struct member *);

/* Leaves `feed` alone until then; 0: no longer. */
void heads_park(struct engine *, struct feed *, time_ms until);
/* Takes all feeds up again that wait for the roster (`roster`), or whose time has come. */
void heads_unpark(struct engine *, bool roster);

/* The peer has said that the own feed `feed` stands at `at`. */
void heads_reported(struct session *, struct feed *, const struct position *at);
/* The peer's heads equal the own ones in all of the lane that both may hold. */
void heads_confirmed(struct session *, const struct lane *);

bool position_equal(const struct position *, const struct position *);
struct position position_of(const struct head *);

#endif
