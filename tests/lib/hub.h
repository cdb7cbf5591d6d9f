/* A lone municipality's engine among peers that may hold everything, and what these say of feeds of
 * answers. */
#ifndef STAFET_TESTS_HUB_H
#define STAFET_TESTS_HUB_H

#include "lone.h"

enum { LINK = 11, OTHER_LINK = 12, PEER = 1, OTHER = 2 };

/* PEER and OTHER are members; nobody is connected yet. */
void hub_init(struct lone *);
struct feed_id hub_feed(const struct lone *, unsigned author);
/* The municipality itself has the author's feed up to `seq`. */
void hub_holds(struct lone *, unsigned author, uint64_t seq);
/* The peer at `link` says that its head of the feed is `seq`. */
void hub_announce(struct lone *, uint32_t link, const struct feed_id *, uint64_t seq);
/* A RUN of `n` envelopes after `after` comes over `link`; returns its size. */
size_t hub_bring(struct lone *, uint32_t link, const struct feed_id *, uint64_t after, unsigned n,
                 uint64_t head);

#endif
