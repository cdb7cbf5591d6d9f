/* Inside the store: how answers stand in the database: a row a part of an import, a row an answer,
 * sealed at rest. */
#ifndef STAFET_STORE_ANSWER_ROW_H
#define STAFET_STORE_ANSWER_ROW_H

#include "applied.h"

/* Opens an answer into `out` (appended). `key` is its row key in `feed`. */
MUST_USE enum err answer_row_open(const struct store *, const struct record_id *survey,
                                  const struct feed_id *, int64_t key, struct bytes sealed,
                                  struct buffer *out);

/* Keeps one part of an import. A part that is here already changes nothing. */
MUST_USE enum err answer_row_apply(struct applied *, const struct answer_batch *);
/* Forgets what came between two row keys, the second excluded. */
MUST_USE enum err answer_row_forget(struct store *, int64_t from, int64_t to);
/* Is a part kept as it was sent? `set_index` counts the envelope's change sets, `answer_index` the
 * answers before it. */
MUST_USE enum err answer_row_verify(struct store *, const struct origin *, size_t set_index,
                                    size_t answer_index, const struct answer_batch *,
                                    bool *ret_same);
/* Adds all parts and answers, in order of feed, to a digest over the replica's content. */
MUST_USE enum err answer_row_digest(struct store *, struct hasher *);

#endif
