/* The one way in: what arrives from other members is verified, judged and merged here. PROTOCOL.md,
 * "Admission". */
#ifndef STAFET_STORE_ADMIT_H
#define STAFET_STORE_ADMIT_H

#include "feed.h"
#include "proto/message.h"

struct admitted {
    struct feed_info feed; /* after it */
    size_t new_n;          /* envelopes that were not here before */
    size_t applied_n, waiting_n, void_n;
};

/* Verifies `run` and stores all of it or nothing. Envelopes that are here already are passed over.
 * `from` is the member it came from (quarantine names it). ERR_CHAIN: does not follow what is here
 * (the caller pulls from the head); ERR_FORK: another branch, kept aside with its proof;
 * ERR_ROSTER: the author is not known yet (try again when the roster has advanced); ERR_DENIED:
 * this node or the author may not hold or write it; ERR_SIGNATURE, ERR_HASH (a section that was
 * taken out, too), ERR_FORMAT, ERR_LIMIT, ERR_VERSION, ERR_FEDERATION: refused and quarantined.
 * While joining: ERR_TICKET_USED: the roster shows another node in this one's place. Several runs
 * may go into one transaction, and one that fails undoes no other; only with ERR_DISK_FULL, ERR_IO
 * or ERR_CORRUPT the caller's transaction must be rolled back. */
MUST_USE enum err admit_run(struct store *, const struct member_id *from,
                            const struct feed_id *feed, struct bytes run,
                            struct admitted *ret_admitted);

/* Judges again the waiting entries for which roster, epoch or schema have advanced. admit_run does
 * this by itself for the first few thousand, store_open too; whoever runs the store calls this
 * while there is more. Bounded: at most `envelopes_max`; `*ret_more` when some are left. */
MUST_USE enum err admit_waiting(struct store *, size_t envelopes_max, bool *ret_more);

/* A fork's proof from a peer: kept if it is one, and the first of its feed. ERR_NOT_FOUND: nothing
 * of that feed is here; ERR_FORMAT, ERR_SIGNATURE, ERR_CHAIN, ERR_ARGUMENT (not a fork); ERR_QUOTA:
 * its author has many long ones here. */
MUST_USE enum err admit_proof(struct store *, const struct message_proof *);

/* What proves that the feed is forked. Appends to `bytes`, into which it points. ERR_NOT_FOUND:
 * nothing here does. */
MUST_USE enum err admit_proof_of(struct store *, const struct feed_id *, struct buffer *bytes,
                                 struct message_proof *ret_proof);

#endif
