/* Inside the store: does this database still lie where its own feeds were written? */
#ifndef STAFET_STORE_PLACE_H
#define STAFET_STORE_PLACE_H

#include "store.h"

/* Own feeds become unconfirmed when the place has changed: the machine may have lost what it last
 * wrote, the file may be a copy or a restored backup, and a number once signed must never be signed
 * again. PROTOCOL.md, "Admission". On another disk, or where the database isn't the one that was
 * last open here (generation.h), they are barred for good; the roster's then needs the word of
 * every member. */
MUST_USE enum err place_check(struct store *);

#endif
