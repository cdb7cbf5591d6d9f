/* Inside the store: the parts of a survey's imports, put in one by one and taken out in the order that tally.h wants, so that nothing
 * has to be sorted in one go. Zero-initialised is empty and valid. */
#ifndef STAFET_STORE_PART_HEAP_H
#define STAFET_STORE_PART_HEAP_H

#include "proto/bytes.h"
#include "tally.h"
#include <stdbool.h>

struct part_heap {
    struct buffer bytes; /* struct tally_part each: none comes before its parent */
};
/* By author, mark, parts, feed, part, then where they stand. */
int part_compare(const struct tally_part *, const struct tally_part *);
MUST_USE enum err part_heap_push(struct part_heap *, const struct tally_part *);
bool part_heap_first(const struct part_heap *, struct tally_part *ret_first); /* false: it is empty */
void part_heap_pop(struct part_heap *); /* not when it is empty */
void part_heap_done(struct part_heap *);

#endif
