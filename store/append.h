/* The one way out: a local change is sealed, signed, appended to this node's own feed in its channel and merged through the
 * same code as a remote one. A feed that isn't confirmed is not continued: a new incarnation is opened, whose birth closes
 * it. A handover channel without a valid epoch gets one. */
#ifndef STAFET_STORE_APPEND_H
#define STAFET_STORE_APPEND_H

#include "proto/changeset.h"
#include "proto/declaration.h"
#include "store.h"

struct change {
    struct channel channel;
    const struct change_set *sets; /* one section each; NULL with 0 */
    size_t sets_n;
    const struct declaration *declarations;
    size_t declarations_n;
};

/* ERR_DENIED: this member may not write there; ERR_KEY: the channel has no epoch yet (answers: the municipality's has not
 * arrived); ERR_LIMIT: more than one envelope holds; ERR_ARGUMENT: the change itself would be void (`store_failure` names
 * the field). */
MUST_USE enum err append_change(struct store *, const struct change *, struct version_name *ret_written);

#endif
