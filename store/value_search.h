/* Whether a field has some value here. */
#ifndef STAFET_STORE_VALUE_SEARCH_H
#define STAFET_STORE_VALUE_SEARCH_H

#include "collection.h"
#include "store.h"
#include <stdbool.h>

/* A field, and how far it has been looked through: zero before the first step. */
struct value_search {
    struct record_id record;
    uint16_t collection, field;
    int64_t after;
};
/* Compares `value` with the field's next live version (of a fixed field: the one that counts), opening at most one envelope, so
 * that a field in which somebody has written without end costs no long step. `*ret_done` when it has been found, or all have been
 * looked at; what is written meanwhile may be seen or not. No such record: it is not found. ERR_KEY, ERR_SEAL, ERR_CORRUPT: the
 * version can't be opened. */
MUST_USE enum err value_search_step(struct store *, struct value_search *, struct bytes value, bool *ret_found, bool *ret_done);

#endif
