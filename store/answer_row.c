#include "answer_row.h"

#include "row_key.h"

enum err answer_row_apply(struct applied *a, const struct answer_batch *batch) {
    int64_t key;
    struct db *db = a->store->db;
    enum err e = row_key_make(a->origin->feed_row, a->origin->seq, a->sets_n, &key);
    if (e != OK)
        return e;
    sqlite3_stmt *statement = db_statement(
        db, "INSERT INTO answer_part (key, id8, survey, mark, part, parts, answers, stored)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (key) DO NOTHING");
    sqlite3_bind_int64(statement, 1, key);
    db_bind_borrowed(statement, 2, a->name.id8.bytes, sizeof a->name.id8.bytes);
    db_bind_borrowed(statement, 3, batch->survey.bytes, sizeof batch->survey.bytes);
    db_bind_borrowed(statement, 4, batch->mark.bytes, sizeof batch->mark.bytes);
    sqlite3_bind_int64(statement, 5, batch->part);
    sqlite3_bind_int64(statement, 6, batch->parts);
    sqlite3_bind_int64(statement, 7, (int64_t)batch->answers_n);
    sqlite3_bind_int64(statement, 8, a->origin->stored);
    return db_run(db, statement);
}

enum err answer_row_forget(struct store *s, int64_t from, int64_t to) {
    sqlite3_stmt *statement =
        db_statement(s->db, "DELETE FROM answer_part WHERE key >= ?1 AND key < ?2");
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, to);
    return db_run(s->db, statement);
}

enum err answer_row_verify(struct store *s, const struct origin *origin, size_t set_index,
                           const struct answer_batch *batch, bool *ret_same) {
    int64_t key;
    enum err e = row_key_make(origin->feed_row, origin->seq, set_index, &key);
    if (e != OK)
        return e;
    sqlite3_stmt *statement = db_statement(
        s->db, "SELECT 1 FROM answer_part WHERE key = ?1 AND id8 = ?2 AND survey = ?3 AND mark = ?4"
               " AND part = ?5 AND parts = ?6 AND answers = ?7");
    sqlite3_bind_int64(statement, 1, key);
    db_bind_borrowed(statement, 2, origin->id8.bytes, sizeof origin->id8.bytes);
    db_bind_borrowed(statement, 3, batch->survey.bytes, sizeof batch->survey.bytes);
    db_bind_borrowed(statement, 4, batch->mark.bytes, sizeof batch->mark.bytes);
    sqlite3_bind_int64(statement, 5, batch->part);
    sqlite3_bind_int64(statement, 6, batch->parts);
    sqlite3_bind_int64(statement, 7, (int64_t)batch->answers_n);
    e = db_row(s->db, statement, ret_same);
    db_reset(statement);
    return e;
}

static enum err digest_part(sqlite3_stmt *part, struct hasher *h) {
    struct feed_id feed;
    enum err e = db_column_copy(part, 0, feed.bytes, sizeof feed.bytes);
    if (e != OK)
        return e;
    hasher_add(h, feed.bytes, sizeof feed.bytes);
    hasher_add_u64(h, row_key_seq(sqlite3_column_int64(part, 1)));
    hasher_add_u64(h, row_key_index(sqlite3_column_int64(part, 1)));
    for (int column = 2; column <= 4; column++) {
        struct bytes bytes = db_column_bytes(part, column);
        hasher_add(h, bytes.data, bytes.size);
    }
    for (int column = 5; column <= 7; column++)
        hasher_add_u64(h, (uint64_t)sqlite3_column_int64(part, column));
    return OK;
}

enum err answer_row_digest(struct store *s, struct hasher *h) {
    bool row;
    enum err e;
    sqlite3_stmt *walk =
        db_walk(s->db, "SELECT f.id, p.key, p.id8, p.survey, p.mark, p.part, p.parts, p.answers"
                       " FROM answer_part p JOIN feed f ON f.row = p.key >> 45"
                       " ORDER BY f.id, p.key");
    while ((e = db_row(s->db, walk, &row)) == OK && row)
        if ((e = digest_part(walk, h)) != OK)
            break;
    sqlite3_finalize(walk);
    return e;
}
