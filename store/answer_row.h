/* Inside the store: how answers stand in the database: a row a part of an import, which says where
 * it stands. The answers themselves stay in the sealed section that brought them (set_reader.h). */
#ifndef STAFET_STORE_ANSWER_ROW_H
#define STAFET_STORE_ANSWER_ROW_H

#include "applied.h"

/* Notes where one part of an import stands. A part that is here already changes nothing. */
MUST_USE enum err answer_row_apply(struct applied *, const struct answer_batch *);
/* Forgets what came between two row keys, the second excluded. */
MUST_USE enum err answer_row_forget(struct store *, int64_t from, int64_t to);
/* Is a part noted as it was sent? `set_index` counts the envelope's change sets. */
MUST_USE enum err answer_row_verify(struct store *, const struct origin *, size_t set_index,
                                    const struct answer_batch *, bool *ret_same);
/* Adds all parts, in order of feed, to a digest over the replica's content; that they name their
 * envelopes says what is in them. */
MUST_USE enum err answer_row_digest(struct store *, struct hasher *);

#endif
