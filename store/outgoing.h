/* Inside the store: one envelope of this node's own on its way into its feed. */
#ifndef STAFET_STORE_OUTGOING_H
#define STAFET_STORE_OUTGOING_H

#include "feed_row.h"
#include "proto/changeset.h"

/* Sections are written in this order: birth, epoch, declarations, sets. */
struct outgoing {
    const struct declaration *birth; /* NULL unless it is entry 1 */
    const struct declaration *epoch; /* declared here for the first time, or NULL */
    const struct declaration *declarations;
    size_t declarations_n;
    const struct change_set *sets;
    size_t sets_n;
    struct epoch_public seal_to; /* where sets are sealed */
};

/* Seals, signs, judges, stores. ERR_LIMIT; ERR_DENIED or ERR_ARGUMENT when it would be void. The
 * caller undoes the part. */
MUST_USE enum err outgoing_write(struct store *, struct feed_row *, const struct outgoing *,
                                 struct version_name *ret_written);

#endif
