/* Inside the store: the envelopes of a run as a table that SQL reads, named `arriving`, so that one
 * statement stores them all. It has no rows but while entry_insert_run works. */
#ifndef STAFET_STORE_ARRIVING_H
#define STAFET_STORE_ARRIVING_H

#include "db.h"
#include "proto/run.h"

struct arriving {
    int64_t feed_row;
    const struct verified_run *run; /* borrowed; NULL: no rows */
};

/* Makes the table known to the connection: key (entry_key), id, checked, bytes; in the order of the
 * run. `*arriving` must outlive the connection. */
MUST_USE enum err arriving_register(struct db *, struct arriving *);

#endif
