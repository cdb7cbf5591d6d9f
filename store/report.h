/* Inside the store: what other members have said of the heads of own feeds since the store was
 * opened. Hearsay: whoever says it proves nothing by it, so it is kept in memory alone, each word
 * with who gave it. PROTOCOL.md, "Admission". */
#ifndef STAFET_STORE_REPORT_H
#define STAFET_STORE_REPORT_H

#include "feed_row.h"

/* A claim of more than is here is waited for so long, once for each member and feed: the engine
 * pulls meanwhile, and whoever has it delivers. */
enum { REPORT_WAIT_MS = 60 * 1000, REPORTS_MAX = 16384, REPORTS_PER_MEMBER_MAX = 64 };

struct reports;
struct reports *reports_new(void); /* NULL: no memory */
void reports_free(struct reports *);

/* The member's latest word about the feed replaces its earlier one, but not since when it has
 * claimed more. Beyond the limits it is not kept. */
MUST_USE enum err report_put(struct store *, const struct member_id *from, const struct feed_row *,
                             uint64_t seq, const struct id8 *);
void report_forget(struct store *, const struct feed_id *);

/* How the latest words about the feed compare with what is here. */
struct report_tally {
    size_t same_n; /* active members that have reported its very head */
    bool awaited;  /* a claim of more is still waited for */
};
MUST_USE enum err report_count(struct store *, const struct feed_row *,
                               struct report_tally *ret_tally);
/* What the member has last said of the feed since the store was opened. False: nothing. */
bool report_find(const struct store *, const struct member_id *from, const struct feed_id *,
                 uint64_t *ret_seq, struct id8 *ret_id8);
/* Is more of any unconfirmed own feed still waited for? */
MUST_USE enum err report_awaited(struct store *, bool *ret_awaited);
/* Claims that were waited for in vain become incidents that name who made them. In a transaction.
 */
MUST_USE enum err report_expire(struct store *);
/* The transaction has committed; or it has not, and its incidents are to be told again. */
void reports_keep(struct reports *);
void reports_restore(struct reports *);

#endif
