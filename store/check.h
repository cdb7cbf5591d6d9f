/* Looking at a whole replica: verify every envelope again, search it, export it. The first two work in slices, so that a node goes
 * on meanwhile. */
#ifndef STAFET_STORE_CHECK_H
#define STAFET_STORE_CHECK_H

#include "feed.h"

/* Verifies chains, hashes and signatures of every stored envelope, the database's own integrity, and that it has the tables, columns
 * and indexes of this version; and compares what was derived from the log with what the log says: federation, roster and epochs with
 * their declarations, feeds and channels with their ids and entries, records and answers with the sections that this node can open,
 * live sets with the versions, statements with their signatures; what is sealed at rest must open. A node without keys can say less.
 *
 * It can't know what no log holds: when something was stored, which own feeds may be continued, tickets, the quarantine with its
 * forks and incidents, reports of own feeds, the ledger of own imports, and why a void entry is void or a waiting one waits where
 * this node can't read it. Nor does it see epochs and grants that were added, or an epoch's number that was raised. Whoever can write
 * the database and holds this node's keys can make another that is sound: it guards against damage, not against the node. */
struct check;
struct check_finding {
    struct feed_id feed;
    struct member_id author;
    uint64_t seq;       /* 0: not about one envelope */
    enum err error;
    const char *text;
};
/* `whole`: the database's own check looks at the whole file in one piece, and sees as well that no page is used twice. Where nobody waits
 * meanwhile: it takes as long as reading the file. */
MUST_USE enum err check_new(struct store *, bool whole, struct check **ret_check);
/* Works about `slice_ms`; `*ret_done` at the end. Findings go to `found`. What is never divided: a table in the database's own check, and
 * the merge of one field, which takes 4 to 5 µs a version: 50 ms are reached with some 10,000 versions, each of which takes an envelope
 * of its author's. */
MUST_USE enum err check_step(struct check *, time_ms slice_ms,
                             void (*found)(void *context, const struct check_finding *), void *context,
                             bool *ret_done, uint64_t *ret_checked, uint64_t *ret_total);
void check_free(struct check *);

/* Opens what `keys` can open of every stored section (NULL: only what is open) and counts those that contain `text` (bytes,
 * case-sensitive). Borrows both for its life. What is stored meanwhile may be counted or not. */
struct search;
MUST_USE enum err search_new(struct store *, const struct node_keys *keys, const char *text, struct search **ret_search);
/* Looks at the next stored envelope. */
MUST_USE enum err search_step(struct search *, bool *ret_done);
void search_counts(const struct search *, uint64_t *ret_opened, uint64_t *ret_hits);
void search_free(struct search *);
/* All of it in one go, where nobody waits meanwhile. */
MUST_USE enum err check_search(struct store *, const struct node_keys *keys, const char *text,
                               uint64_t *ret_opened, uint64_t *ret_hits);

/* Copies the public part into a new SQLite file with one view per collection that is not sensitive; no secrets, no sealed
 * values. ERR_EXISTS. */
MUST_USE enum err check_export(struct store *, const char *path);

#endif
