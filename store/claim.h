/* What one member states alone: more of a feed than is here and than anybody else states. It is waited for, since whoever holds
 * it may be about to deliver it; what never comes is put down to who stated it, and no longer counts as missing here. In memory:
 * a new start waits once more. PROTOCOL.md, "Statements". */
#ifndef STAFET_STORE_CLAIM_H
#define STAFET_STORE_CLAIM_H

#include "store.h"

/* For so long after its first such claim, or the last entry that it delivered since; a day in all. */
enum { CLAIM_WAIT_MS = 10 * 60 * 1000, CLAIM_WAIT_MS_MAX = 24 * 60 * 60 * 1000 };

struct claim {
    struct member_id from;
    struct feed_id feed;
    uint64_t seq;
    uint64_t entries; /* the caller's: what it comes to */
    bool awaited;     /* out */
};
/* Says which of all the claims there are now may still be delivered. A member whose time is over becomes an incident, once; one
 * that claims nothing more starts afresh. */
MUST_USE enum err claims_weigh(struct store *, struct claim *claims, size_t n);

struct claims;
struct claims *claims_new(void); /* NULL: no memory */
void claims_free(struct claims *);
/* The member has delivered something. */
void claims_delivered(struct store *, const struct member_id *from);

#endif
