/* Inside the store: how sealed sections are opened. */
#ifndef STAFET_STORE_CONTENT_KEY_H
#define STAFET_STORE_CONTENT_KEY_H

#include "feed_row.h"

/* Puts the content key of a seal block into the feed's row: from the feed's last one, or opened
 * with the epoch's secret. `block` is NULL where an earlier envelope brought it. ERR_KEY: the epoch
 * is not known here; ERR_SEAL: it does not open. */
struct declared {
    const struct declaration *declarations;
    size_t n;
};
MUST_USE enum err content_key_find(struct store *, struct feed_row *, uint64_t seal_seq,
                                   const struct seal_block *block, const struct declared *);

#endif
