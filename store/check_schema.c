#include "check_parts.h"
#include "migrate.h"

#include <stdio.h>
#include <string.h>

/* A table with its columns, an index with what it orders and whether it is unique. The text that
 * made it won't do: each version of SQLite words it in its own way when it alters a table. */
#define FORM                                                                                       \
    "s.type || ' ' || s.name || ' (' ||"                                                           \
    " coalesce((SELECT group_concat(c.name || ' ' || c.type || c.\"notnull\" || c.pk)"             \
    " FROM pragma_table_info(s.name) c),"                                                          \
    " (SELECT group_concat(i.name) FROM pragma_index_info(s.name) i), '') || ')' ||"               \
    " coalesce((SELECT l.\"unique\" || l.partial FROM pragma_index_list(s.tbl_name) l"             \
    " WHERE l.name = s.name), '')"

/* The table or index that `wanted` stands on; `*ret_same` false: here it isn't there, or is
 * another. */
static enum err is_here(struct db *db, sqlite3_stmt *wanted, bool *ret_same) {
    sqlite3_stmt *get = db_statement(db, "SELECT " FORM " = ?2 FROM sqlite_schema s"
                                         " WHERE s.name = ?1");
    db_bind_text(get, 1, (const char *)sqlite3_column_text(wanted, 0));
    db_bind_text(get, 2, (const char *)sqlite3_column_text(wanted, 1));
    bool row = false;
    enum err e = db_row(db, get, &row);
    if (e == OK)
        *ret_same = row && sqlite3_column_int(get, 0) == 1;
    db_reset(get);
    return e;
}

static enum err compare(struct check *check, struct db *fresh) {
    sqlite3_stmt *walk = db_walk(fresh, "SELECT s.name, " FORM " FROM sqlite_schema s"
                                        " WHERE s.type IN ('table', 'index')");
    bool row = false, same = true;
    char text[200];
    enum err e = walk == NULL ? db_last(fresh) : OK;
    while (e == OK && (e = db_row(fresh, walk, &row)) == OK && row) {
        e = is_here(check->store->db, walk, &same);
        if (e != OK || same)
            continue;
        snprintf(text, sizeof text, "%s is missing or has another form than in this version",
                 (const char *)sqlite3_column_text(walk, 0));
        check_tell(check, 0, ERR_CORRUPT, text);
    }
    sqlite3_finalize(walk);
    return e;
}

enum err check_schema(struct check *check) {
    struct db *fresh = NULL;
    enum err e = db_open(":memory:", NULL, &fresh);
    if (e == OK)
        e = migrate(fresh, migrations_n);
    if (e == OK)
        e = compare(check, fresh);
    db_close(fresh);
    return e;
}
