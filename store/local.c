#include "record.h"
#include "replica.h"

/* What a note belongs to: record and key. */
static enum err tag_of(const struct record_id *record, const char *key, struct buffer *ret_tag) {
    enum err e = buffer_append(ret_tag, "l", 1);
    if (e == OK)
        e = buffer_append(ret_tag, record->bytes, sizeof record->bytes);
    if (e == OK)
        e = buffer_append(ret_tag, key, strlen(key));
    return e;
}

static enum err remove_one(struct store *s, const struct record_id *record, const char *key) {
    sqlite3_stmt *statement =
        db_statement(s->db, "DELETE FROM local WHERE record = ?1 AND key = ?2");
    db_bind_borrowed(statement, 1, record->bytes, sizeof record->bytes);
    db_bind_text(statement, 2, key);
    return db_run(s->db, statement);
}

static enum err put_one(struct store *s, const struct record_id *record, const char *key,
                        struct bytes value) {
    struct buffer tag = {0}, sealed = {0};
    enum err e = tag_of(record, key, &tag);
    if (e == OK)
        e = rest_seal(s, buffer_view(&tag), value, &sealed);
    if (e != OK)
        goto done;
    sqlite3_stmt *statement =
        db_statement(s->db, "INSERT INTO local (record, key, sealed) VALUES (?1, ?2, ?3)"
                            " ON CONFLICT (record, key) DO UPDATE SET sealed = excluded.sealed");
    db_bind_borrowed(statement, 1, record->bytes, sizeof record->bytes);
    db_bind_text(statement, 2, key);
    db_bind_borrowed(statement, 3, sealed.data, sealed.size);
    e = db_run(s->db, statement);
done:
    buffer_done(&tag);
    buffer_done(&sealed);
    return e;
}

enum err local_put(struct store *s, const struct record_id *record, const char *key,
                   struct bytes value) {
    bool own;
    enum err e = store_enter(s, &own);
    if (e != OK)
        return e;
    e = value.size == 0 ? remove_one(s, record, key) : put_one(s, record, key, value);
    return store_leave(s, own, e);
}

static enum err open_one(struct store *s, const struct record_id *record, const char *key,
                         struct bytes sealed, struct buffer *ret_value) {
    struct buffer tag = {0};
    enum err e = tag_of(record, key, &tag);
    if (e == OK)
        e = rest_open(s, buffer_view(&tag), sealed, ret_value);
    buffer_done(&tag);
    return e;
}

enum err local_get(struct store *s, const struct record_id *record, const char *key,
                   struct buffer *ret_value) {
    bool row;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT sealed FROM local WHERE record = ?1 AND key = ?2");
    db_bind_borrowed(statement, 1, record->bytes, sizeof record->bytes);
    db_bind_text(statement, 2, key);
    enum err e = db_row(s->db, statement, &row);
    if (e == OK)
        e = row ? open_one(s, record, key, db_column_bytes(statement, 0), ret_value)
                : ERR_NOT_FOUND;
    db_reset(statement);
    return e;
}

static enum err visit_one(struct store *s, sqlite3_stmt *walk, local_visit *visit, void *context) {
    struct record_id record;
    struct buffer value = {0};
    const char *key = (const char *)sqlite3_column_text(walk, 1);
    enum err e =
        key == NULL ? ERR_CORRUPT : db_column_copy(walk, 0, record.bytes, sizeof record.bytes);
    if (e == OK)
        e = open_one(s, &record, key, db_column_bytes(walk, 2), &value);
    if (e == OK)
        e = visit(context, &record, key, buffer_view(&value));
    buffer_wipe(&value);
    return e;
}

enum err local_each(struct store *s, const struct record_id *record, local_visit *visit,
                    void *context) {
    bool row;
    enum err e;
    sqlite3_stmt *walk = db_walk(s->db, "SELECT record, key, sealed FROM local WHERE ?1 IS NULL OR "
                                        "record = ?1 ORDER BY record, key");
    if (record != NULL)
        db_bind_bytes(walk, 1, record->bytes, sizeof record->bytes);
    while ((e = db_row(s->db, walk, &row)) == OK && row)
        if ((e = visit_one(s, walk, visit, context)) != OK)
            break;
    sqlite3_finalize(walk);
    return e;
}
