#include "db.h"

#include <stdlib.h>
#include <string.h>

/* Statements by the address of their SQL, open addressing; the size is a power of two. */
struct slot {
    const char *sql;
    sqlite3_stmt *statement;
};

struct db {
    sqlite3 *handle;
    struct slot *slots;
    size_t slots_n, slots_max;
    bool begun;  /* between db_begin and db_commit or db_rollback */
    bool doomed; /* a part of the transaction could not be undone */
    int code;    /* the last failure */
    const struct db_delayed *delayed;
    void *delayed_context;
};

enum err db_meaning(int code) {
    if (code == SQLITE_IOERR_NOMEM)
        return ERR_MEMORY;
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OK;
    case SQLITE_FULL:
        return ERR_DISK_FULL;
    case SQLITE_ERROR: /* what our fixed text names isn't there */
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ERR_CORRUPT;
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

/* A copy for which there was no memory leaves nothing bound, and a query for nothing finds nothing:
 * such a statement must not be run. There is one connection, and one thread that uses it. */
static const sqlite3_stmt *unbound;

static void bound(const sqlite3_stmt *statement, int code) {
    if (code != SQLITE_OK)
        unbound = statement;
}

/* Asked once before the statement is stepped. */
static bool is_unbound(sqlite3_stmt *statement) {
    if (statement != unbound)
        return false;
    unbound = NULL;
    sqlite3_reset(statement);
    return true;
}

enum err db_error(struct db *db, int code) {
    enum err e = db_meaning(code);
    if (e != OK)
        db->code = code;
    return e;
}

enum err db_last(struct db *db) {
    enum err e = db_meaning(db->code);
    return e != OK ? e : ERR_INTERNAL;
}

/* A bulk of 100,000 records touches few pages; 8 MiB hold them without growing the node much. Pages
 * of 8 KiB hold about ten envelopes of an edit each: fewer of them to split, to checksum and to
 * write a second time at a checkpoint, which follows each 32 MiB: it syncs twice, and in the log a
 * page that was written often is copied once. EXTRA is FULL once the log is written ahead; before,
 * it syncs the folder when the journal of the change to that mode is removed: one that reappeared
 * after a loss of power would undo the change, and all that was ever written with it. */
static const char pragmas[] = "PRAGMA page_size = 8192;"
                              "PRAGMA locking_mode = EXCLUSIVE;"
                              "PRAGMA synchronous = EXTRA;"
                              "PRAGMA journal_mode = WAL;"
                              "PRAGMA wal_autocheckpoint = 4000;"
                              "PRAGMA trusted_schema = OFF;"
                              "PRAGMA cell_size_check = ON;"
                              "PRAGMA mmap_size = 0;"
                              "PRAGMA foreign_keys = ON;"
                              "PRAGMA secure_delete = ON;"
                              "PRAGMA temp_store = MEMORY;"
                              "PRAGMA cache_size = -8192;";

static int configure(sqlite3 *handle) {
    int code = sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)NULL);
    if (code == SQLITE_OK)
        code = sqlite3_db_config(handle, SQLITE_DBCONFIG_DQS_DML, 0, (int *)NULL);
    return code == SQLITE_OK ? sqlite3_exec(handle, pragmas, NULL, NULL, NULL) : code;
}

enum err db_open(const char *path, const char *vfs, struct db **ret_db) {
    struct db *db = calloc(1, sizeof *db);
    if (db == NULL)
        return ERR_MEMORY;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
    /* Counting what SQLite holds takes a lock for each of its allocations. It can be switched off
     * only before the first use of SQLite: later, this is refused and changes nothing. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int code = sqlite3_open_v2(path, &db->handle, flags, vfs);
    if (code == SQLITE_OK)
        code = configure(db->handle);
    if (code != SQLITE_OK) {
        enum err e = db_meaning(code);
        db_close(db);
        return e;
    }
    *ret_db = db;
    return OK;
}

void db_close(struct db *db) {
    if (db == NULL)
        return;
    for (size_t i = 0; i < db->slots_max; i++)
        sqlite3_finalize(db->slots[i].statement);
    free(db->slots);
    sqlite3_close(db->handle);
    free(db);
}

sqlite3 *db_handle(struct db *db) {
    return db->handle;
}

const char *db_failure(const struct db *db) {
    int code = db_meaning(db->code) == ERR_CORRUPT ? SQLITE_CORRUPT : db->code;
    return code == SQLITE_OK ? "" : sqlite3_errstr(code);
}

static struct slot *slot_of(struct slot *slots, size_t slots_max, const char *sql) {
    size_t at = ((uintptr_t)sql >> 3) * 0x9e3779b1u;
    while (slots[at & (slots_max - 1)].sql != NULL && slots[at & (slots_max - 1)].sql != sql)
        at++;
    return &slots[at & (slots_max - 1)];
}

static bool grow(struct db *db) {
    size_t slots_max = db->slots_max == 0 ? 256 : db->slots_max * 2;
    struct slot *slots = calloc(slots_max, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < db->slots_max; i++)
        if (db->slots[i].sql != NULL)
            *slot_of(slots, slots_max, db->slots[i].sql) = db->slots[i];
    free(db->slots);
    db->slots = slots;
    db->slots_max = slots_max;
    return true;
}

/* Rolling back takes memory, too. False: there was none, and the transaction is still open. */
static bool roll_back(struct db *db) {
    if (!sqlite3_get_autocommit(db->handle))
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return sqlite3_get_autocommit(db->handle) != 0;
}

/* A full disk may have ended the transaction: what follows in it must not commit by itself. And one
 * that could not be rolled back must be before anything else, or what is read would be what was
 * never committed, and no other could begin. */
static bool lost(struct db *db) {
    bool open = sqlite3_get_autocommit(db->handle) == 0;
    if (db->begun ? open && !db->doomed : roll_back(db))
        return false;
    if (db->code == SQLITE_OK)
        db->code = open ? SQLITE_NOMEM : SQLITE_ABORT;
    return true;
}

static sqlite3_stmt *prepare(struct db *db, const char *sql, unsigned flags) {
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v3(db->handle, sql, -1, flags, &statement, NULL);
    if (code != SQLITE_OK)
        db->code = code;
    return code == SQLITE_OK ? statement : NULL;
}

void db_delay(struct db *db, const struct db_delayed *delayed, void *context) {
    db->delayed = delayed;
    db->delayed_context = context;
}

enum err db_catch_up(struct db *db) {
    const struct db_delayed *delayed = db->delayed;
    db->delayed = NULL;
    enum err e = delayed == NULL ? OK : delayed->write(db->delayed_context);
    if (e != OK)
        db->doomed = true;
    return e;
}

static void drop_delayed(struct db *db) {
    if (db->delayed != NULL)
        db->delayed->drop(db->delayed_context);
    db->delayed = NULL;
}

/* Can a statement be made ready? */
static bool is_ready(struct db *db) {
    return !lost(db) && db_catch_up(db) == OK;
}

sqlite3_stmt *db_statement(struct db *db, const char *sql) {
    if (!is_ready(db))
        return NULL;
    if (db->slots_n * 2 >= db->slots_max && !grow(db)) {
        db->code = SQLITE_NOMEM;
        return NULL;
    }
    struct slot *slot = slot_of(db->slots, db->slots_max, sql);
    if (slot->sql != NULL) {
        sqlite3_reset(slot->statement);
        sqlite3_clear_bindings(slot->statement);
        if (unbound == slot->statement)
            unbound = NULL;
        return slot->statement;
    }
    sqlite3_stmt *statement = prepare(db, sql, SQLITE_PREPARE_PERSISTENT);
    if (statement != NULL) {
        *slot = (struct slot){sql, statement};
        db->slots_n++;
    }
    return statement;
}

sqlite3_stmt *db_walk(struct db *db, const char *sql) {
    return is_ready(db) ? prepare(db, sql, 0) : NULL;
}

void db_reset(sqlite3_stmt *statement) {
    if (statement != NULL)
        sqlite3_reset(statement);
}

enum err db_run(struct db *db, sqlite3_stmt *statement) {
    if (statement == NULL)
        return db_last(db);
    if (is_unbound(statement))
        return db_error(db, SQLITE_NOMEM);
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_ROW ? ERR_INTERNAL : db_error(db, code);
}

enum err db_row(struct db *db, sqlite3_stmt *statement, bool *ret_row) {
    if (statement == NULL)
        return db_last(db);
    if (is_unbound(statement))
        return db_error(db, SQLITE_NOMEM);
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW)
        sqlite3_reset(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return db_error(db, code);
    *ret_row = code == SQLITE_ROW;
    return OK;
}

enum err db_execute(struct db *db, const char *sql) {
    if (!is_ready(db))
        return db_last(db);
    return db_error(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

void db_bind_bytes(sqlite3_stmt *statement, int index, const void *data, size_t size) {
    if (statement == NULL)
        return;
    if (size == 0)
        bound(statement, sqlite3_bind_zeroblob(statement, index, 0));
    else
        bound(statement, sqlite3_bind_blob64(statement, index, data, size, SQLITE_TRANSIENT));
}

void db_bind_borrowed(sqlite3_stmt *statement, int index, const void *data, size_t size) {
    if (statement == NULL)
        return;
    if (size == 0)
        bound(statement, sqlite3_bind_zeroblob(statement, index, 0));
    else
        bound(statement, sqlite3_bind_blob64(statement, index, data, size, SQLITE_STATIC));
}

void db_bind_text(sqlite3_stmt *statement, int index, const char *text) {
    if (statement != NULL)
        bound(statement, sqlite3_bind_text(statement, index, text, -1, SQLITE_TRANSIENT));
}

enum err db_column_copy(sqlite3_stmt *statement, int index, void *ret_bytes, size_t size) {
    if (sqlite3_column_type(statement, index) != SQLITE_BLOB)
        return ERR_CORRUPT;
    const void *data = sqlite3_column_blob(statement, index);
    if (data == NULL || (size_t)sqlite3_column_bytes(statement, index) != size)
        return ERR_CORRUPT;
    memcpy(ret_bytes, data, size);
    return OK;
}

struct bytes db_column_bytes(sqlite3_stmt *statement, int index) {
    const uint8_t *data = sqlite3_column_blob(statement, index);
    return (struct bytes){data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(statement, index)};
}

/* A statement left in mid-walk would keep its snapshot, and with it the write-ahead log, from being
 * put away. */
static void settle(struct db *db) {
    for (size_t i = 0; i < db->slots_max; i++)
        if (db->slots[i].sql != NULL && sqlite3_stmt_busy(db->slots[i].statement))
            sqlite3_reset(db->slots[i].statement);
}

enum err db_begin(struct db *db) {
    db->code = SQLITE_OK;
    enum err e = db_run(db, db_statement(db, "BEGIN IMMEDIATE"));
    if (e == OK)
        db->begun = true;
    db->doomed = false;
    return e;
}

enum err db_commit(struct db *db) {
    settle(db);
    enum err e = db_run(db, db_statement(db, "COMMIT"));
    if (e == OK)
        db->begun = false;
    else
        db_rollback(db);
    return e;
}

void db_rollback(struct db *db) {
    int code = db->code;
    drop_delayed(db);
    settle(db);
    db->begun = false;
    (void)roll_back(db); /* else before the next statement */
    db->code = code;
}

enum err db_savepoint(struct db *db) {
    return db_run(db, db_statement(db, "SAVEPOINT part"));
}

enum err db_release(struct db *db) {
    return db_run(db, db_statement(db, "RELEASE part"));
}

void db_revert(struct db *db) {
    int code = db->code;
    drop_delayed(db);
    settle(db);
    /* Nothing of a part that could not be undone may be committed with the rest. */
    if (!sqlite3_get_autocommit(db->handle) &&
        sqlite3_exec(db->handle, "ROLLBACK TO part; RELEASE part", NULL, NULL, NULL) != SQLITE_OK)
        db->doomed = true;
    db->code = code;
}
