/* What was refused or is void, kept with its reason so that nobody loses anything silently; bounded by quota. */
#ifndef STAFET_STORE_QUARANTINE_H
#define STAFET_STORE_QUARANTINE_H

#include "feed.h"
#include "proto/changeset.h"

enum quarantine_kind { QUARANTINE_REFUSED = 1, QUARANTINE_VOID, QUARANTINE_WAITING, QUARANTINE_FORK, QUARANTINE_INCIDENT };
struct quarantined {
    uint64_t number; /* local, for naming it */
    enum quarantine_kind kind;
    struct feed_id feed;
    uint64_t seq;
    struct member_id author, from;
    enum err reason;
    const char *text; /* what was wrong, in a sentence */
    time_ms at;
    size_t size;
};
typedef enum err quarantine_visit(void *context, const struct quarantined *);
MUST_USE enum err quarantine_each(struct store *, quarantine_visit *, void *context);

/* An envelope of a fork's other branch, kept aside and never merged. */
struct branch_entry {
    uint64_t seq, clock;
    enum err unread; /* OK: `sets` is all that it holds; ERR_DENIED: this node does not read the channel; else why it can't be read */
    const struct change_set *sets;
    size_t sets_n;
};
/* What the kept piece of a branch holds, opened with this node's keys, an envelope at a time: the pieces that lead to it are looked
 * for and opened first, since they may have brought its keys. ERR_NOT_FOUND: no piece with that number; ERR_STATE: it is no branch;
 * ERR_QUOTA: its bytes were not kept. The piece is read as it is when the branch is made, whatever is kept or dropped afterwards. */
struct branch;
MUST_USE enum err branch_new(struct store *, uint64_t number, struct quarantined *ret_item, struct branch **ret_branch);
/* Looks at one piece or opens one envelope: some milliseconds' work. `*ret_entry` is the wanted piece's next envelope, borrowed until the
 * next step or branch_free, or NULL. */
MUST_USE enum err branch_step(struct branch *, const struct branch_entry **ret_entry, bool *ret_done);
void branch_free(struct branch *); /* wipes what was opened; NULL is accepted */

typedef enum err branch_visit(void *context, const struct branch_entry *);
/* All of it in one go, where nobody waits meanwhile; borrowed until the visit returns. */
MUST_USE enum err quarantine_branch(struct store *, uint64_t number, struct quarantined *ret_item, branch_visit *, void *context);

#endif
