#include "view.h"

#include <stdio.h>
#include <string.h>

static enum err add(struct buffer *out, const char *text) {
    return buffer_append(out, text, strlen(text));
}

/* The latest live version, as merge_resolve picks it; of a fixed field the first. Clocks are
 * unsigned: SQLite sees the upper half as negative. */
static enum err add_column(struct buffer *out, const struct collection *collection,
                           const struct field *field) {
    const char *order = field->fixed ? "v.clock < 0, v.clock, f.id, v.key"
                                     : "v.clock < 0 DESC, v.clock DESC, f.id DESC, v.key DESC";
    char text[512];
    int size = snprintf(
        text, sizeof text,
        ",\n"
        "    (SELECT CAST(v.value AS TEXT) FROM version v JOIN feed f ON f.row = v.key >> 45\n"
        "     WHERE v.record = r.record AND v.channel = r.channel AND v.collection = %u"
        " AND v.live = 1 AND v.field = %u\n"
        "     ORDER BY %s LIMIT 1) AS %s",
        (unsigned)collection->number, (unsigned)field->number, order, field->name);
    return size < 0 || (size_t)size >= sizeof text ? ERR_INTERNAL : add(out, text);
}

enum err view_sql(const struct collection *collection, struct buffer *ret_sql) {
    char from[128];
    if (collection->rest != REST_PLAIN)
        return ERR_DENIED;
    snprintf(from, sizeof from,
             "\nFROM (SELECT DISTINCT record, channel FROM version WHERE collection = %u) r",
             (unsigned)collection->number);
    enum err e = add(ret_sql, "CREATE VIEW ");
    if (e == OK)
        e = add(ret_sql, collection->name);
    if (e == OK)
        e = add(ret_sql, " AS\nSELECT lower(hex(r.record)) AS record");
    for (size_t i = 0; e == OK && i < collection->fields_n; i++)
        e = add_column(ret_sql, collection, &collection->fields[i]);
    if (e == OK)
        e = add(ret_sql, from);
    return e == OK ? buffer_append(ret_sql, "", 1) : e;
}

/* Is there a view of this name, and does it say what it should? */
static enum err look(struct db *db, const char *name, const char *sql, bool *ret_there,
                     bool *ret_same) {
    sqlite3_stmt *statement =
        db_statement(db, "SELECT sql = ?2 FROM sqlite_schema WHERE type = 'view' AND name = ?1");
    db_bind_text(statement, 1, name);
    db_bind_text(statement, 2, sql);
    bool row;
    enum err e = db_row(db, statement, &row);
    if (e != OK)
        return e;
    *ret_there = row;
    *ret_same = row && sqlite3_column_int(statement, 0) == 1;
    db_reset(statement);
    return OK;
}

static enum err create_one(struct db *db, const struct collection *collection) {
    struct buffer sql = {0};
    char drop[128];
    bool there, same;
    enum err e = view_sql(collection, &sql);
    if (e == OK)
        e = look(db, collection->name, (const char *)sql.data, &there, &same);
    if (e == OK && there && !same) {
        snprintf(drop, sizeof drop, "DROP VIEW %s", collection->name);
        e = db_execute(db, drop);
    }
    if (e == OK && !(there && same))
        e = db_execute(db, (const char *)sql.data);
    buffer_done(&sql);
    return e;
}

enum err view_create(struct db *db) {
    size_t n;
    const struct collection *collections = collection_all(&n);
    enum err e = OK;
    for (size_t i = 0; e == OK && i < n; i++)
        if (collections[i].rest == REST_PLAIN)
            e = create_one(db, &collections[i]);
    return e;
}
