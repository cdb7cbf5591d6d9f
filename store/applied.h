/* Inside the store: an envelope being merged, one change set after another. */
#ifndef STAFET_STORE_APPLIED_H
#define STAFET_STORE_APPLIED_H

#include "apply.h"
#include "merge.h"
#include "replica.h"

/* Where the work on one envelope stands. */
struct applied {
    struct store *store;
    const struct origin *origin;
    int64_t channel_row;
    struct version_name name; /* of every version in the envelope */
    /* the record at hand */
    bool has_record;
    struct record_id record;
    uint16_t collection;
    int64_t record_row;
    bool record_new; /* made by this envelope: nothing else is known of it */
    size_t writes_n; /* merged so far */
    size_t sets_n, answers_n;
    struct merge merge;
    struct buffer names, plain, sealed;
};

/* Merges one write: the versions that it concerns are loaded, merge.h says what is live, and the
 * difference is written back. */
MUST_USE enum err applied_write(struct applied *, const struct change_set *, const struct write *);

#endif
