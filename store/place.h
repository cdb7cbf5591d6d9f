/* Inside the store: does this database still lie where its own feeds were written? */
#ifndef STAFET_STORE_PLACE_H
#define STAFET_STORE_PLACE_H

#include "store.h"

/* Where the database lies, and whether that has been written down in it. */
struct place {
    struct hash place, disk;
    bool moved;  /* own feeds are unconfirmed */
    bool copied; /* and barred */
    bool settled, settling;
};

/* Own feeds become unconfirmed when the place has changed or the last close was no orderly one: the
 * machine may have lost what it last wrote, the file may be a copy or a restored backup, and a
 * number once signed must never be signed again. PROTOCOL.md, "Admission". On another disk, or
 * where the database isn't the one that was last open here (generation.h), they are barred for
 * good; the roster's then needs the word of every member.
 *
 * OK also where the disk is too full to write that down: then nothing is signed until it could be.
 */
MUST_USE enum err place_check(struct store *);
/* Tries again what a full disk has prevented. Not within a transaction. */
MUST_USE enum err place_settle(struct store *);

#endif
