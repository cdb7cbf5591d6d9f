/* Inside the store: own feeds whose last number is burnt. When a commit fails, the database goes on
 * without what was to be written, but its log file may hold all of it: nothing shows that until it
 * is written over, except in a copy of the files that is made meanwhile, which has the entry once
 * it is opened. To sign another under its number would be a fork. So the feed is closed in the next
 * transaction, and the next write opens a new incarnation.
 *
 * A disk that was full burns nothing: the end of the transaction is what did not fit. The roster
 * has one incarnation only and goes on. What is burnt is forgotten when the process ends; if the
 * log still holds the entry then, opening the database brings it back. A commit that fails may cost
 * an incarnation, of which a channel has FEEDS_PER_CHANNEL_MAX for one author. */
#ifndef STAFET_STORE_BURNT_H
#define STAFET_STORE_BURNT_H

#include "store.h"

struct burnt;
struct burnt *burnt_new(void);
void burnt_free(struct burnt *);
/* In this transaction an entry of this own feed has been signed. ERR_MEMORY. */
MUST_USE enum err burnt_note(struct burnt *, int64_t feed_row);
/* The transaction was rolled back without a commit being tried, or its commit failed with `e`, or
 * it has committed. */
void burnt_restore(struct burnt *);
void burnt_add(struct burnt *, enum err e);
void burnt_keep(struct burnt *);
/* At the beginning of a transaction: closes what is burnt. */
MUST_USE enum err burnt_close(struct store *);

#endif
