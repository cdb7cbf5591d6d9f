/* Inside the store: memory that SQL reads as a table, so that one statement inserts many rows. Most
 * of what an insertion costs is paid for each statement. */
#ifndef STAFET_STORE_ROWS_H
#define STAFET_STORE_ROWS_H

#include "db.h"

struct rows {
    const char *name;
    const char *declaration; /* "CREATE TABLE name (column, …)": the columns are numbered from 0 */
    /* Answers by one of sqlite3_result_…; what it points to lives until the statement has run. */
    void (*column)(const struct rows *, size_t at, int column, sqlite3_context *);
    const void *list; /* of `n`, borrowed for the time of a statement */
    size_t n;         /* 0: nothing to read */
    int64_t feed_row; /* of what is in the list, where one is needed */
};

/* Makes the table known to the connection. `*rows` must outlive it. */
MUST_USE enum err rows_register(struct db *, struct rows *);

#endif
