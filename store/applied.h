/* Inside the store: an envelope being merged, one change set after another. */
#ifndef STAFET_STORE_APPLIED_H
#define STAFET_STORE_APPLIED_H

#include "apply.h"
#include "merge.h"
#include "version_row.h"

/* Where the work on one envelope stands. */
struct applied {
    struct store *store;
    const struct origin *origin;
    int64_t channel_row;
    struct version_name name; /* of every version in the envelope */
    /* the record at hand */
    bool has_record;
    struct record_key record;
    bool record_new;         /* nothing of it came before this envelope */
    size_t writes_n, sets_n; /* merged so far */
    struct merge merge;
    struct buffer names;
};

/* Merges one write: the versions that it concerns are loaded, merge.h says what is live, and the
 * difference is written back. */
MUST_USE enum err applied_write(struct applied *, const struct change_set *, const struct write *);

#endif
