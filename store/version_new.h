/* Inside the store: versions on their way into their table. Those of records that are new here are
 * kept in memory until there are many, or until any other statement is made ready: so nothing that
 * asks the database can tell. */
#ifndef STAFET_STORE_VERSION_NEW_H
#define STAFET_STORE_VERSION_NEW_H

#include "rows.h"
#include "version_row.h"

/* A live version that replaces none, of a record of which nothing stands here, and whose value
 * doesn't stand in the table. */
struct version_new {
    int64_t key;
    struct record_key record;
    uint16_t field;
    struct id8 id8;
    uint64_t clock;
    time_ms stored;
};

struct versions_new;
/* For the connection that the store has open. */
MUST_USE enum err versions_new_open(struct store *, struct versions_new **ret_versions);
void versions_new_free(struct versions_new *); /* once it is closed */

/* An error may be that of earlier ones: then the transaction is lost. */
MUST_USE enum err version_new_put(struct store *, const struct version_new *);

#endif
