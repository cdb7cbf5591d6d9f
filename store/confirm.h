/* Inside the store: what an own feed that is unconfirmed still needs (feed.h: feed_reported,
 * feed_proved, feed_settle). */
#ifndef STAFET_STORE_CONFIRM_H
#define STAFET_STORE_CONFIRM_H

#include "feed_row.h"

/* How far this node's own word shows the feed to have reached; 0: no further than it does here. */
MUST_USE enum err confirm_proved(struct store *, const struct feed_row *, uint64_t *ret_seq);

#endif
