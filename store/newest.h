/* Inside the store: which records are surely new here, without asking the database. A record's id
 * begins with its time, so what comes in bulk comes in the order of the ids, or nearly: kept in
 * memory are the highest id that was in the database some time ago, and those that came since. */
#ifndef STAFET_STORE_NEWEST_H
#define STAFET_STORE_NEWEST_H

#include "store.h"

struct newest;
struct newest *newest_new(void);
void newest_free(struct newest *);

/* False only if no version of the record has been in the database since it was opened, nor was in
 * it then. What was rolled back may go on to count as there. */
MUST_USE enum err newest_may_be_here(struct store *, const struct record_id *, bool *ret_may);
/* A version of the record is about to be inserted. */
MUST_USE enum err newest_add(struct store *, const struct record_id *);

#endif
