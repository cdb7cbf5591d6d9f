/* Inside the service: what each member lacks by its own signed statements, since when, and where it waits meanwhile. A
 * snapshot: made, asked, freed. */
#ifndef STAFET_NODE_LACK_H
#define STAFET_NODE_LACK_H

#include "store/acks.h"

struct lacks;

MUST_USE enum err lacks_new(struct store *, struct lacks **ret_lacks);
void lacks_free(struct lacks *);

struct lack {
    uint64_t entries;        /* of feeds that it may hold */
    time_ms since;           /* when the oldest of them was stored here; 0: it lacks nothing */
    struct member_id at;     /* the relay or municipality, other than this node, that holds most of them; zero: none */
    uint64_t at_entries;
    uint64_t doubted;        /* feeds of which it states more entries than can be, or alone and in vain (store/claim.h) */
};
MUST_USE enum err lack_of(struct lacks *, const struct member_id *, enum role, struct lack *ret_lack);

/* Entries that others have stated to hold, that this node may hold, and that are not here. Of a feed where
 * somebody states more than can be, one: that there may be some. What one member alone states and does not deliver counts for some
 * minutes (store/claim.h). */
uint64_t lacks_here(const struct lacks *);
/* Do this node and the member share a feed beside roster, notice and answers? Then they talk directly too. */
bool lacks_share_channel(const struct lacks *, const struct member_id *);

#endif
