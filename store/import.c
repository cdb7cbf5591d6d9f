/* answers.h's ledger of what this site has imported. */
#include "answers.h"
#include "proto/hash.h"
#include "replica.h"

static enum err put_one(struct store *s, const struct import *import, bool *ret_new) {
    sqlite3_stmt *statement =
        db_statement(s->db, "INSERT INTO import (survey, mark, answers, at, feed, seq, id8)"
                            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING");
    db_bind_borrowed(statement, 1, import->survey.bytes, sizeof import->survey.bytes);
    db_bind_borrowed(statement, 2, import->mark.bytes, sizeof import->mark.bytes);
    sqlite3_bind_int64(statement, 3, (int64_t)import->answers);
    sqlite3_bind_int64(statement, 4, import->at);
    db_bind_borrowed(statement, 5, import->last.feed.bytes, sizeof import->last.feed.bytes);
    sqlite3_bind_int64(statement, 6, (int64_t)import->last.seq);
    db_bind_borrowed(statement, 7, import->last.id8.bytes, sizeof import->last.id8.bytes);
    enum err e = db_run(s->db, statement);
    *ret_new = e == OK && sqlite3_changes(db_handle(s->db)) > 0;
    return e;
}

enum err import_put(struct store *s, const struct import *import) {
    bool own, new = false;
    enum err e = store_enter(s, &own);
    if (e != OK)
        return e;
    e = put_one(s, import, &new);
    return store_leave(s, own, e == OK && !new ? ERR_EXISTS : e);
}

static enum err read_one(sqlite3_stmt *walk, struct import *ret_import) {
    *ret_import = (struct import){.answers = (uint64_t)sqlite3_column_int64(walk, 1),
                                  .at = sqlite3_column_int64(walk, 2),
                                  .last.seq = (uint64_t)sqlite3_column_int64(walk, 4)};
    enum err e = db_column_copy(walk, 0, ret_import->mark.bytes, sizeof ret_import->mark.bytes);
    if (e == OK)
        e = db_column_copy(walk, 3, ret_import->last.feed.bytes,
                           sizeof ret_import->last.feed.bytes);
    if (e == OK)
        e = db_column_copy(walk, 5, ret_import->last.id8.bytes, sizeof ret_import->last.id8.bytes);
    return e;
}

enum err import_each(struct store *s, const struct record_id *survey, import_visit *visit,
                     void *context) {
    bool row;
    enum err e;
    sqlite3_stmt *walk = db_walk(
        s->db,
        "SELECT mark, answers, at, feed, seq, id8 FROM import WHERE survey = ?1 ORDER BY at, mark");
    db_bind_bytes(walk, 1, survey->bytes, sizeof survey->bytes);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        struct import import;
        e = read_one(walk, &import);
        import.survey = *survey;
        if (e == OK)
            e = visit(context, &import);
        if (e != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

struct hash import_mark(const struct store *s, struct bytes file) {
    struct hasher hasher;
    hasher_init_keyed(&hasher, HASH_MARK, s->config.keys->rest);
    hasher_add(&hasher, file.data, file.size);
    return hasher_final(&hasher);
}
