/* Inside the store: what the database remembers of a field beside its versions: which are live,
 * which names it awaits, and whether several are live. All of it follows from the versions. */
#ifndef STAFET_STORE_FIELD_ROW_H
#define STAFET_STORE_FIELD_ROW_H

#include "version_row.h"

MUST_USE enum err field_row_set_live(struct store *, int64_t key, bool live);
/* An accepted version replaced a version of this name, which has not been accepted yet. */
MUST_USE enum err field_row_await(struct store *, const struct record_key *, uint16_t field,
                                  const struct version_name *);
/* Counts the live versions: with two or more, the field is contested. */
MUST_USE enum err field_row_note_contested(struct store *, const struct record_key *,
                                           uint16_t field);
/* Puts all three right from the versions alone, after some have been taken away. */
MUST_USE enum err field_row_rebuild(struct store *, const struct record_key *, uint16_t field);
/* Are the three what the versions say? */
MUST_USE enum err field_row_verify(struct store *, const struct record_key *, uint16_t field,
                                   bool *ret_same);

#endif
