/* Inside the store: the first entry of a feed that is not here yet, which says by itself whose it
 * is and where it belongs. */
#ifndef STAFET_STORE_BIRTH_H
#define STAFET_STORE_BIRTH_H

#include "feed_row.h"

/* Checks the birth at the start of an unverified run and makes the feed. ERR_HASH: it does not
 * yield the feed's id; ERR_FEDERATION; ERR_ROSTER: author not known yet; ERR_DENIED: the author may
 * not write there or is not active now, this node not hold it, or it is another roster; ERR_CHAIN:
 * not entry 1. */
MUST_USE enum err birth_admit(struct store *, const struct feed_id *, struct bytes run,
                              struct arena *, struct feed_row **ret_feed,
                              struct sign_public *ret_author);

#endif
