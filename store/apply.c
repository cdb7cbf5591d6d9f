#include "answer_row.h"
#include "field_row.h"
#include "row_key.h"
#include "version_row.h"

static void applied_done(struct applied *a) {
    merge_done(&a->merge);
    buffer_done(&a->names);
    buffer_wipe(&a->plain);
    buffer_done(&a->sealed);
}

static enum err find_channel(struct applied *a) {
    struct db *db = a->store->db;
    bool row;
    sqlite3_stmt *statement = db_statement(db, "SELECT channel FROM feed WHERE row = ?1");
    sqlite3_bind_int64(statement, 1, a->origin->feed_row);
    enum err e = db_row(db, statement, &row);
    if (e == OK && !row)
        e = ERR_INTERNAL;
    if (e == OK)
        a->channel_row = sqlite3_column_int64(statement, 0);
    db_reset(statement);
    return e;
}

enum err apply_sets(struct store *s, const struct origin *origin, const struct change_set *sets,
                    size_t sets_n) {
    struct applied a = {
        .store = s, .origin = origin, .name = {origin->feed, origin->seq, origin->id8}};
    bool readable = channel_may_read(&origin->channel, &s->self.member, s->self.role);
    enum err e = find_channel(&a);
    for (size_t i = 0; e == OK && i < sets_n; i++) {
        for (size_t k = 0; e == OK && k < sets[i].writes_n; k++)
            e = applied_write(&a, &sets[i], &sets[i].writes[k]);
        /* A site keeps no readable copy of what it has collected. */
        if (e == OK && sets[i].has_answers && readable)
            e = answer_row_apply(&a, &sets[i].answers);
        a.sets_n++;
    }
    applied_done(&a);
    return e;
}

/* ---- Forgetting ---- */

struct touched {
    int64_t record_row;
    struct record_id id;
    uint16_t field;
};

static enum err note_touched(struct store *s, int64_t from, int64_t to, struct buffer *out) {
    bool row;
    enum err e;
    sqlite3_stmt *statement = db_statement(
        s->db, "SELECT r.row, r.id, v.field FROM version v JOIN record r ON r.row = v.record"
               " WHERE v.key >= ?1 AND v.key < ?2 ORDER BY v.key");
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, to);
    while ((e = db_row(s->db, statement, &row)) == OK && row) {
        struct touched touched = {.record_row = sqlite3_column_int64(statement, 0),
                                  .field = (uint16_t)sqlite3_column_int(statement, 2)};
        e = db_column_copy(statement, 1, touched.id.bytes, sizeof touched.id.bytes);
        if (e == OK)
            e = buffer_append(out, &touched, sizeof touched);
        if (e != OK)
            break;
    }
    db_reset(statement);
    return e;
}

/* A record of which nothing is left goes too. */
static enum err drop_empty(struct store *s, int64_t record_row) {
    sqlite3_stmt *statement =
        db_statement(s->db, "DELETE FROM record WHERE row = ?1 AND NOT EXISTS (SELECT 1 FROM "
                            "version WHERE record = ?1)");
    sqlite3_bind_int64(statement, 1, record_row);
    return db_run(s->db, statement);
}

enum err apply_forget(struct store *s, int64_t feed_row, uint64_t seq) {
    struct buffer touched = {0};
    int64_t from, to;
    enum err e = row_key_make(feed_row, seq, 0, &from);
    if (e != OK)
        return e;
    to = from + ((int64_t)1 << ROW_KEY_INDEX_BITS);
    if ((e = note_touched(s, from, to, &touched)) != OK)
        goto done;
    sqlite3_stmt *statement =
        db_statement(s->db, "DELETE FROM version WHERE key >= ?1 AND key < ?2");
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, to);
    e = db_run(s->db, statement);
    struct touched one;
    for (size_t at = 0; e == OK && at < touched.size; at += sizeof one) {
        memcpy(&one, touched.data + at, sizeof one);
        e = field_row_rebuild(s, one.record_row, one.field);
    }
    for (size_t at = 0; e == OK && at < touched.size; at += sizeof one) {
        memcpy(&one, touched.data + at, sizeof one);
        e = drop_empty(s, one.record_row);
        if (e == OK)
            e = news_put_record(s, &one.id);
    }
    if (e == OK)
        e = answer_row_forget(s, from, to);
done:
    buffer_done(&touched);
    return e;
}
