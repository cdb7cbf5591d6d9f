/* Inside the store: SQLite in the form that the rest of the room uses. Statements are prepared once
 * and kept, found by the address of their SQL literal, so that each stands beside its function as
 * one readable text. */
#ifndef STAFET_STORE_DB_H
#define STAFET_STORE_DB_H

#include "proto/bytes.h"
#include <sqlite3.h>
#include <stdbool.h>

struct db;

MUST_USE enum err db_open(const char *path, const char *vfs, struct db **ret_db);
void db_close(struct db *);
sqlite3 *db_handle(struct db *);
const char *db_failure(const struct db *);

/* SQLite's result code as an error: FULL is ERR_DISK_FULL, NOMEM ERR_MEMORY, others ERR_IO. CORRUPT
 * and NOTADB are ERR_CORRUPT, and so is ERROR: our SQL is fixed, so what it names and SQLite
 * doesn't find has been lost (pages of several times, after bits of the log rotted, can be sound
 * one by one). */
MUST_USE enum err db_meaning(int code);
/* The same, noted as the last failure. */
MUST_USE enum err db_error(struct db *, int code);

/* A walk that looks for the next row once for each ("key > ? … LIMIT 1") says so twice: "key > ?1
 * AND +key > ?1". SQLite finds the row by the first; in a tree that has lost its order that may be
 * one from before, again and again, and by the second it is passed over. */

/* The kept statement of `sql` (a string literal: its address is the key), reset and unbound. NULL
 * on failure. */
sqlite3_stmt *db_statement(struct db *, const char *sql);
/* Steps a statement that returns no row, and resets it. A NULL statement is the failure of
 * db_statement. */
MUST_USE enum err db_run(struct db *, sqlite3_stmt *);
/* Steps to the next row. `*ret_row` false at the end (then it is reset). */
MUST_USE enum err db_row(struct db *, sqlite3_stmt *, bool *ret_row);
/* A statement of its own, for a walk that calls visitors: a visitor may run any other walk
 * meanwhile. The caller ends it with sqlite3_finalize, which takes NULL. NULL on failure. */
sqlite3_stmt *db_walk(struct db *, const char *sql);
/* Ends a kept statement before its last row. One left in mid-walk is ended by the next commit. */
void db_reset(sqlite3_stmt *);
/* What the last failure was, for a NULL statement. */
MUST_USE enum err db_last(struct db *);
/* Runs SQL text without results. */
MUST_USE enum err db_execute(struct db *, const char *sql);

/* Work on the database that is put off. `write` does it, and is called before any other statement
 * is made ready or SQL text is run, and so before a commit; `drop` forgets it, when it has been
 * rolled back with what it belongs to. If `write` fails the transaction is lost: nothing of it can
 * be committed. */
struct db_delayed {
    enum err (*write)(void *context);
    void (*drop)(void *context);
};
/* In a transaction. Again with the same while it is put off changes nothing. */
void db_delay(struct db *, const struct db_delayed *, void *context);
MUST_USE enum err db_catch_up(struct db *); /* now */

/* Copies `data`. No bytes are an empty blob, never NULL. */
void db_bind_bytes(sqlite3_stmt *, int index, const void *data, size_t size);
/* The same without a copy: `data` must live until the statement has been run. */
void db_bind_borrowed(sqlite3_stmt *, int index, const void *data, size_t size);
void db_bind_text(sqlite3_stmt *, int index, const char *text);
/* Copies column `index` if it is a blob of exactly `size` bytes; ERR_CORRUPT otherwise. */
MUST_USE enum err db_column_copy(sqlite3_stmt *, int index, void *ret_bytes, size_t size);
struct bytes db_column_bytes(sqlite3_stmt *, int index); /* borrowed until the next step */

/* Transactions: begun immediate. SQLite may end one by itself when the disk is full; statements are
 * refused from then until the roll-back, so that nothing of a lost transaction commits alone. A
 * failed commit has rolled back. What can't be rolled back for want of memory is before the next
 * statement. */
MUST_USE enum err db_begin(struct db *);
MUST_USE enum err db_commit(struct db *);
void db_rollback(struct db *);

/* Savepoints, for parts of a transaction that may fail alone. A part that can't be undone takes the
 * whole transaction with it: statements are refused until the roll-back. */
MUST_USE enum err db_savepoint(struct db *);
MUST_USE enum err db_release(struct db *);
void db_revert(struct db *);

#endif
