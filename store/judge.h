/* Inside the store: what becomes of one envelope, local or remote. PROTOCOL.md, "Admission". */
#ifndef STAFET_STORE_JUDGE_H
#define STAFET_STORE_JUDGE_H

#include "feed_row.h"
#include "proto/changeset.h"

/* Room for decoding one envelope, used again for the next. */
struct judge;
struct judge *judge_new(void);
void judge_free(struct judge *);

struct verdict {
    enum entry_status status;
    enum err reason; /* OK when applied */
    char why[200];   /* of a void one: a sentence, or empty */
};

/* Judges an envelope that follows the feed's head, or one that has been waiting, and applies it if
 * it may be: declarations to roster and epochs, change sets to the records. Its signature has been
 * checked, or the chain behind it. An error is one of this machine, and says nothing about the
 * envelope; the transaction must then be undone. */
MUST_USE enum err judge_entry(struct store *, struct feed_row *, const struct envelope *,
                              time_ms stored, struct verdict *ret_verdict);

/* Reads the change sets of an entry that has been applied, where this node may read them (else
 * none), with nothing judged or changed. They live in the room of `judge` (the store's, or one of
 * the caller's own) until it is used for another envelope; `role` of the origin is not filled. */
struct origin;
MUST_USE enum err judge_reopen(struct store *, struct judge *, struct feed_row *,
                               const struct envelope *, time_ms stored, struct origin *ret_origin,
                               const struct change_set **ret_sets, size_t *ret_sets_n);

#endif
