/* Looking at a whole replica: verify every envelope again, search it, export it. All three work in slices, so that a node goes
 * on meanwhile. */
#ifndef STAFET_STORE_CHECK_H
#define STAFET_STORE_CHECK_H

#include "feed.h"

/* Verifies chains, hashes and signatures of every stored envelope, the database's own integrity, and that the records
 * equal what the sections say. */
struct check;
struct check_finding {
    struct feed_id feed;
    struct member_id author;
    uint64_t seq;       /* 0: not about one envelope */
    enum err error;
    const char *text;
};
MUST_USE enum err check_new(struct store *, struct check **ret_check);
/* Works about `slice_ms`; `*ret_done` at the end. Findings go to `found`. */
MUST_USE enum err check_step(struct check *, time_ms slice_ms,
                             void (*found)(void *context, const struct check_finding *), void *context,
                             bool *ret_done, uint64_t *ret_checked, uint64_t *ret_total);
void check_free(struct check *);

/* Opens what `keys` can open of every stored section and counts those that contain `text` (bytes, case-sensitive). */
MUST_USE enum err check_search(struct store *, const struct node_keys *keys, const char *text,
                               uint64_t *ret_opened, uint64_t *ret_hits);

/* Copies the public part into a new SQLite file with one view per collection that is not sensitive; no secrets, no sealed
 * values. ERR_EXISTS. */
MUST_USE enum err check_export(struct store *, const char *path);

#endif
