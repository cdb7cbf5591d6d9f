/* Inside the store: a row key is a local integer that orders by feed (its row), sequence number and
 * index within the envelope, so that bulk is appended to a table in the order in which it arrives,
 * and an envelope's rows are one range. Never on the wire. The SQL of the records knows the widths.
 */
#ifndef STAFET_STORE_ROW_KEY_H
#define STAFET_STORE_ROW_KEY_H

#include "proto/err.h"
#include <stddef.h>
#include <stdint.h>

enum { ROW_KEY_INDEX_BITS = 18, ROW_KEY_SEQ_BITS = 27, ROW_KEY_FEED_BITS = 18 };

/* ERR_LIMIT beyond 262,143 feeds, 134,217,727 envelopes in one, or 262,143 things in an envelope
 * (more than 512 KiB hold). */
MUST_USE static inline enum err row_key_make(int64_t feed_row, uint64_t seq, size_t index,
                                             int64_t *ret_key) {
    if (feed_row < 0 || feed_row >> ROW_KEY_FEED_BITS != 0 || seq >> ROW_KEY_SEQ_BITS != 0 ||
        index >> ROW_KEY_INDEX_BITS != 0)
        return ERR_LIMIT;
    *ret_key = feed_row << (ROW_KEY_SEQ_BITS + ROW_KEY_INDEX_BITS) |
               (int64_t)(seq << ROW_KEY_INDEX_BITS) | (int64_t)index;
    return OK;
}
static inline uint64_t row_key_seq(int64_t key) {
    return (uint64_t)key >> ROW_KEY_INDEX_BITS & (((uint64_t)1 << ROW_KEY_SEQ_BITS) - 1);
}
static inline uint64_t row_key_index(int64_t key) {
    return (uint64_t)key & (((uint64_t)1 << ROW_KEY_INDEX_BITS) - 1);
}

#endif
