#include "migrate.h"

static enum err version_of(struct db *db, int *ret_version) {
    bool row = false;
    sqlite3_stmt *statement = db_statement(db, "PRAGMA user_version");
    enum err e = db_row(db, statement, &row);
    if (e != OK)
        return e;
    *ret_version = row ? sqlite3_column_int(statement, 0) : 0;
    db_reset(statement);
    return OK;
}

static enum err step(struct db *db, int version) {
    char stamp[48];
    sqlite3_snprintf(sizeof stamp, stamp, "PRAGMA user_version = %d", version);
    enum err e = db_begin(db);
    if (e == OK)
        e = db_execute(db, migrations[version - 1]);
    if (e == OK)
        e = db_execute(db, stamp);
    if (e == OK)
        return db_commit(db);
    db_rollback(db);
    return e;
}

enum err migrate(struct db *db, int version) {
    int now = 0;
    enum err e = version_of(db, &now);
    if (e != OK)
        return e;
    if (now > migrations_n)
        return ERR_SCHEMA;
    while (e == OK && now < version)
        e = step(db, ++now);
    return e;
}
