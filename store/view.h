/* Inside the store: one SQL view for each collection that is not sensitive, values as columns, so
 * that the stock sqlite3 shell can read them. Written from the declared fields; the migrations hold
 * the same text, and a test compares. */
#ifndef STAFET_STORE_VIEW_H
#define STAFET_STORE_VIEW_H

#include "collection.h"
#include "db.h"

/* Appends "CREATE VIEW …" without a semicolon, then a NUL. ERR_DENIED: the collection is sealed at
 * rest. */
MUST_USE enum err view_sql(const struct collection *, struct buffer *ret_sql);
/* Creates the views that a database with the tables of the migrations lacks; one whose text differs
 * is made anew. */
MUST_USE enum err view_create(struct db *);

#endif
