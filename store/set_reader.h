/* Inside the store: change sets as they stand in their envelopes. What is sensitive is not copied
 * out of the sealed section that brought it, answers and sensitive versions alike: it is here once,
 * erasing the section erases it, and a bulk is written once. */
#ifndef STAFET_STORE_SET_READER_H
#define STAFET_STORE_SET_READER_H

#include "proto/changeset.h"
#include "store.h"

/* Has room of its own: one envelope at a time is held in memory, whoever judges or opens another
 * meanwhile. */
struct set_reader;
MUST_USE enum err set_reader_new(struct store *, struct set_reader **ret_reader);
void set_reader_free(struct set_reader *); /* wipes */
/* The change sets of an applied entry. They live until another entry is opened. ERR_CORRUPT when no
 * such entry stands there, ERR_KEY or ERR_SEAL when it can't be opened any more. */
MUST_USE enum err set_reader_open(struct set_reader *, const struct feed_id *, uint64_t seq,
                                  const struct change_set **ret_sets, size_t *ret_sets_n);
/* Another entry may stand there now: for after a roll-back. */
void set_reader_forget(struct set_reader *);

#endif
