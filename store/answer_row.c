#include "answer_row.h"

#include "row_key.h"

/* What a sealed answer belongs to: survey, feed, number and index. */
enum { TAG_SIZE = 1 + 16 + 32 + 8 };
static struct bytes tag_of(const struct record_id *survey, const struct feed_id *feed, int64_t key,
                           uint8_t ret_tag[static TAG_SIZE]) {
    ret_tag[0] = 'a';
    memcpy(ret_tag + 1, survey->bytes, sizeof survey->bytes);
    memcpy(ret_tag + 17, feed->bytes, sizeof feed->bytes);
    put_u64(ret_tag + 49, row_key_seq(key) << ROW_KEY_INDEX_BITS | row_key_index(key));
    return (struct bytes){ret_tag, TAG_SIZE};
}

enum err answer_row_open(const struct store *s, const struct record_id *survey,
                         const struct feed_id *feed, int64_t key, struct bytes sealed,
                         struct buffer *out) {
    uint8_t tag[TAG_SIZE];
    return rest_open(s, tag_of(survey, feed, key, tag), sealed, out);
}

static enum err insert_part(struct applied *a, const struct answer_batch *batch, int64_t key,
                            int64_t first, bool *ret_new) {
    struct db *db = a->store->db;
    sqlite3_stmt *statement = db_statement(
        db, "INSERT INTO answer_part (key, id8, survey, mark, part, parts, first, answers, stored)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (key) DO NOTHING");
    sqlite3_bind_int64(statement, 1, key);
    db_bind_borrowed(statement, 2, a->name.id8.bytes, sizeof a->name.id8.bytes);
    db_bind_borrowed(statement, 3, batch->survey.bytes, sizeof batch->survey.bytes);
    db_bind_borrowed(statement, 4, batch->mark.bytes, sizeof batch->mark.bytes);
    sqlite3_bind_int64(statement, 5, batch->part);
    sqlite3_bind_int64(statement, 6, batch->parts);
    sqlite3_bind_int64(statement, 7, first);
    sqlite3_bind_int64(statement, 8, (int64_t)batch->answers_n);
    sqlite3_bind_int64(statement, 9, a->origin->stored);
    enum err e = db_run(db, statement);
    *ret_new = e == OK && sqlite3_changes(db_handle(db)) > 0;
    return e;
}

static enum err insert_answer(struct applied *a, const struct answer_batch *batch, int64_t key,
                              struct bytes answer) {
    uint8_t tag[TAG_SIZE];
    struct db *db = a->store->db;
    buffer_clear(&a->sealed);
    enum err e =
        rest_seal(a->store, tag_of(&batch->survey, &a->name.feed, key, tag), answer, &a->sealed);
    if (e != OK)
        return e;
    sqlite3_stmt *statement = db_statement(db, "INSERT INTO answer (key, sealed) VALUES (?1, ?2)");
    sqlite3_bind_int64(statement, 1, key);
    db_bind_borrowed(statement, 2, a->sealed.data, a->sealed.size);
    return db_run(db, statement);
}

enum err answer_row_apply(struct applied *a, const struct answer_batch *batch) {
    int64_t key, first;
    bool new = false;
    enum err e = row_key_make(a->origin->feed_row, a->origin->seq, a->sets_n, &key);
    if (e == OK)
        e = row_key_make(a->origin->feed_row, a->origin->seq, a->answers_n + batch->answers_n,
                         &first);
    if (e != OK)
        return e;
    first -= (int64_t)batch->answers_n;
    e = insert_part(a, batch, key, first, &new);
    for (size_t i = 0; e == OK && new &&i < batch->answers_n; i++)
        e = insert_answer(a, batch, first + (int64_t)i, batch->answers[i]);
    a->answers_n += batch->answers_n;
    return e;
}

static enum err delete_between(struct store *s, sqlite3_stmt *statement, int64_t from, int64_t to) {
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, to);
    return db_run(s->db, statement);
}

enum err answer_row_forget(struct store *s, int64_t from, int64_t to) {
    enum err e = delete_between(
        s, db_statement(s->db, "DELETE FROM answer_part WHERE key >= ?1 AND key < ?2"), from, to);
    if (e == OK)
        e = delete_between(
            s, db_statement(s->db, "DELETE FROM answer WHERE key >= ?1 AND key < ?2"), from, to);
    return e;
}

static enum err verify_part(struct store *s, const struct origin *origin, int64_t key,
                            int64_t first, const struct answer_batch *batch, bool *ret_same) {
    sqlite3_stmt *statement = db_statement(
        s->db, "SELECT 1 FROM answer_part WHERE key = ?1 AND id8 = ?2 AND survey = ?3 AND mark = ?4"
               " AND part = ?5 AND parts = ?6 AND first = ?7 AND answers = ?8");
    sqlite3_bind_int64(statement, 1, key);
    db_bind_borrowed(statement, 2, origin->id8.bytes, sizeof origin->id8.bytes);
    db_bind_borrowed(statement, 3, batch->survey.bytes, sizeof batch->survey.bytes);
    db_bind_borrowed(statement, 4, batch->mark.bytes, sizeof batch->mark.bytes);
    sqlite3_bind_int64(statement, 5, batch->part);
    sqlite3_bind_int64(statement, 6, batch->parts);
    sqlite3_bind_int64(statement, 7, first);
    sqlite3_bind_int64(statement, 8, (int64_t)batch->answers_n);
    enum err e = db_row(s->db, statement, ret_same);
    db_reset(statement);
    return e;
}

static enum err verify_answers(struct store *s, const struct origin *origin, int64_t first,
                               const struct answer_batch *batch, bool *ret_same) {
    struct buffer plain = {0};
    size_t n = 0;
    bool row, same = true;
    enum err e;
    sqlite3_stmt *statement = db_statement(
        s->db, "SELECT key, sealed FROM answer WHERE key >= ?1 AND key < ?2 ORDER BY key");
    sqlite3_bind_int64(statement, 1, first);
    sqlite3_bind_int64(statement, 2, first + (int64_t)batch->answers_n);
    while ((e = db_row(s->db, statement, &row)) == OK && row && same) {
        buffer_clear(&plain);
        e = answer_row_open(s, &batch->survey, &origin->feed, sqlite3_column_int64(statement, 0),
                            db_column_bytes(statement, 1), &plain);
        if (e != OK)
            break;
        same = bytes_equal(buffer_view(&plain), batch->answers[n++]);
    }
    db_reset(statement);
    buffer_wipe(&plain);
    *ret_same = e == OK && same && n == batch->answers_n;
    return e == ERR_SEAL ? OK : e;
}

enum err answer_row_verify(struct store *s, const struct origin *origin, size_t set_index,
                           size_t answer_index, const struct answer_batch *batch, bool *ret_same) {
    int64_t key, first;
    enum err e = row_key_make(origin->feed_row, origin->seq, set_index, &key);
    if (e == OK)
        e = row_key_make(origin->feed_row, origin->seq, answer_index, &first);
    if (e == OK)
        e = verify_part(s, origin, key, first, batch, ret_same);
    if (e == OK && *ret_same)
        e = verify_answers(s, origin, first, batch, ret_same);
    return e;
}

static enum err digest_part(struct store *s, sqlite3_stmt *part, struct hasher *h) {
    struct feed_id feed;
    struct record_id survey;
    struct buffer plain = {0};
    bool row;
    enum err e = db_column_copy(part, 0, feed.bytes, sizeof feed.bytes);
    if (e == OK)
        e = db_column_copy(part, 3, survey.bytes, sizeof survey.bytes);
    if (e != OK)
        return e;
    hasher_add(h, feed.bytes, sizeof feed.bytes);
    hasher_add_u64(h, row_key_seq(sqlite3_column_int64(part, 1)));
    for (int column = 2; column <= 4; column++) {
        struct bytes bytes = db_column_bytes(part, column);
        hasher_add(h, bytes.data, bytes.size);
    }
    for (int column = 5; column <= 8; column++)
        if (column != 7)
            hasher_add_u64(h, (uint64_t)sqlite3_column_int64(part, column));
    sqlite3_stmt *statement = db_statement(
        s->db, "SELECT key, sealed FROM answer WHERE key >= ?1 AND key < ?1 + ?2 ORDER BY key");
    sqlite3_bind_int64(statement, 1, sqlite3_column_int64(part, 7));
    sqlite3_bind_int64(statement, 2, sqlite3_column_int64(part, 8));
    while ((e = db_row(s->db, statement, &row)) == OK && row) {
        buffer_clear(&plain);
        e = answer_row_open(s, &survey, &feed, sqlite3_column_int64(statement, 0),
                            db_column_bytes(statement, 1), &plain);
        if (e != OK)
            break;
        hasher_add_u64(h, plain.size);
        hasher_add(h, plain.data, plain.size);
    }
    db_reset(statement);
    buffer_wipe(&plain);
    return e;
}

enum err answer_row_digest(struct store *s, struct hasher *h) {
    bool row;
    enum err e;
    sqlite3_stmt *walk = db_walk(
        s->db, "SELECT f.id, p.key, p.id8, p.survey, p.mark, p.part, p.parts, p.first, p.answers"
               " FROM answer_part p JOIN feed f ON f.row = p.key >> 45 ORDER BY f.id, p.key");
    while ((e = db_row(s->db, walk, &row)) == OK && row)
        if ((e = digest_part(s, walk, h)) != OK)
            break;
    sqlite3_finalize(walk);
    return e;
}
