/* Shares: what a session knows of one feed (struct share). Everything the peer says about where it
 * stands comes in here. */
#ifndef STAFET_NODE_ENGINE_SHARE_H
#define STAFET_NODE_ENGINE_SHARE_H

#include "inner.h"

struct share *share_find(const struct session *, const struct feed_id *);
/* The session's share of `feed`; when there is none, a new one of a peer that stands at `at` and
 * has been told of it. NULL: out of memory, and the session is doomed. */
struct share *share_make(struct session *, struct feed *feed, const struct position *at);
/* For a feed that the peer has named, held here or not. NULL: too many unknown ones, or out of
 * memory. */
struct share *share_named(struct session *, const struct feed_id *);

/* The peer names its head. */
void share_peer_at(struct share *, const struct position *);
/* The peer says that it has come at least to `seq`; which envelope that is isn't known. */
void share_peer_reaches(struct share *, uint64_t seq);
/* The peer has more, and will push or announce it: nothing is pulled before it had the time to. */
void share_expect_push(struct share *);
/* It has announced it. */
void share_hurry(struct share *);
/* It is not known where the peer stands. */
void share_peer_unknown(struct share *);

/* Where a run that follows envelope `after` ends. ERR_FORMAT: the bytes are no run; ERR_CHAIN: its
 * headers don't count on from there. */
MUST_USE enum err share_run_end(struct bytes run, uint64_t after, struct position *ret_end);

/* After anything in it or in its feed has changed: recounts, queues what is to be pulled or sent.
 */
void share_refresh(struct share *);
/* Frees the share if there is nothing in it that the absence of one wouldn't say too. */
void share_tidy(struct share *);
void share_free(struct share *);

#endif
