/* Inside the store: how answers stand in the database: a row a part of an import, which says where
 * it stands. The answers themselves are not copied out of the sealed section that brought them: no
 * sensitive data is here twice, erasing the section erases them, and a bulk is written once. */
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

/* Opens the envelope that brought a part, in room of its own: one envelope at a time is held in
 * memory, whoever judges or opens another meanwhile. */
struct answer_reader;
MUST_USE enum err answer_reader_new(struct store *, struct answer_reader **ret_reader);
void answer_reader_free(struct answer_reader *); /* wipes */
/* The part lives until the next is read. ERR_CORRUPT when no such part stands there, ERR_KEY or
 * ERR_SEAL when it can't be opened any more. */
MUST_USE enum err answer_reader_part(struct answer_reader *, const struct feed_id *, uint64_t seq,
                                     size_t set_index, const struct answer_batch **ret_batch);

#endif
