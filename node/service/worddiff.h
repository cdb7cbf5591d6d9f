/* What changed between two texts, word by word; pure. A common subsequence over words, white space and the punctuation
 * at a word's ends, so that "9.00" is one word and the comma of "August," is not part of it; the heaviest, where a word
 * counts more than what stands between words.
 * Cost is bounded: what differs in the middle of two texts, after their common beginning and end, is compared word by word
 * up to WORDDIFF_CELLS_MAX (words of one times words of the other), and shown as one change beyond it. */
#ifndef STAFET_NODE_SERVICE_WORDDIFF_H
#define STAFET_NODE_SERVICE_WORDDIFF_H

#include "proto/arena.h"
#include "proto/bytes.h"
#include <stdbool.h>

enum { WORDDIFF_CELLS_MAX = 1 << 20 };
/* What worddiff takes from an arena at most for texts of these sizes. */
size_t worddiff_arena_max(size_t old_size, size_t new_size);

/* Either both texts have these words (`changed` false; `old` and `new` are equal), or `new` stands where `old` stood; one of
 * the two may then be empty. */
struct worddiff_piece {
    bool changed;
    struct bytes old, new;
};

/* Pieces in order; all `old` joined are `old`, all `new` joined are `new`. Replacements with only white
 * space between them are one. They point into the texts; the list lives in the arena. ERR_MEMORY. */
MUST_USE enum err worddiff(struct bytes old, struct bytes new, struct arena *, const struct worddiff_piece **ret_pieces,
                           size_t *ret_n);

#endif
