#include "check_parts.h"
#include "migrate.h"

#include <stdio.h>
#include <string.h>

/* A table with its columns and what they refer to, an index with what it orders and whether it is
 * unique. */
#define FORM                                                                                       \
    "s.type || ' ' || s.name || ' (' ||"                                                           \
    " coalesce((SELECT group_concat(c.name || ' ' || c.type || c.\"notnull\" || c.pk)"             \
    " FROM pragma_table_info(s.name) c),"                                                          \
    " (SELECT group_concat(i.name) FROM pragma_index_info(s.name) i), '') || ')' ||"               \
    " coalesce((SELECT group_concat(f.\"table\" || f.\"from\" || coalesce(f.\"to\", ''))"          \
    " FROM pragma_foreign_key_list(s.name) f), '') ||"                                             \
    " coalesce((SELECT l.\"unique\" || l.partial FROM pragma_index_list(s.tbl_name) l"             \
    " WHERE l.name = s.name), '')"

/* Does a migration say it in these words? If not, it has been altered since, and another version of
 * SQLite may have put that in other words; or SQLite has made it, in words of its own or none. */
static bool is_verbatim(const char *sql) {
    for (int i = 0; sql != NULL && i < migrations_n; i++)
        if (strstr(migrations[i], sql) != NULL)
            return true;
    return false;
}

/* What `wanted` stands on in an empty database. `*ret_same` false: here it isn't, or is another. */
static enum err is_here(struct db *db, sqlite3_stmt *wanted, bool *ret_same) {
    const char *sql = (const char *)sqlite3_column_text(wanted, 1);
    bool verbatim = is_verbatim(sql);
    sqlite3_stmt *get =
        verbatim ? db_statement(db, "SELECT s.sql = ?2 FROM sqlite_schema s WHERE s.name = ?1")
                 : db_statement(db, "SELECT " FORM " = ?2 FROM sqlite_schema s WHERE s.name = ?1");
    db_bind_text(get, 1, (const char *)sqlite3_column_text(wanted, 0));
    db_bind_text(get, 2, verbatim ? sql : (const char *)sqlite3_column_text(wanted, 2));
    bool row = false;
    enum err e = db_row(db, get, &row);
    if (e == OK)
        *ret_same = row && sqlite3_column_int(get, 0) == 1;
    db_reset(get);
    return e;
}

static enum err compare(struct check *check, struct db *fresh) {
    sqlite3_stmt *walk = db_walk(fresh, "SELECT s.name, s.sql, " FORM ", s.type"
                                        " FROM sqlite_schema s"
                                        " WHERE s.type IN ('table', 'index')");
    bool row = false, same = true;
    char text[200];
    enum err e = OK;
    while (e == OK && (e = db_row(fresh, walk, &row)) == OK && row) {
        e = is_here(check->store->db, walk, &same);
        if (e != OK || same)
            continue;
        snprintf(
            text, sizeof text, "the %s '%s' is missing or has another form than in this version",
            (const char *)sqlite3_column_text(walk, 3), (const char *)sqlite3_column_text(walk, 0));
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
