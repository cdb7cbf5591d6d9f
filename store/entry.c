#include "feed_row.h"
#include "proto/run.h"
#include "replica.h"

static enum err note_put(struct store *store, int64_t key, const char *note) {
    if (note == NULL || note[0] == '\0')
        return OK;
    sqlite3_stmt *put =
        db_statement(store->db, "INSERT OR REPLACE INTO entry_note (key, text) VALUES (?, ?)");
    sqlite3_bind_int64(put, 1, key);
    db_bind_text(put, 2, note);
    return db_run(store->db, put);
}

static void move_head(struct feed_row *feed, const struct envelope *envelope,
                      enum entry_status status) {
    const struct header *header = &envelope->header;
    feed->info.head = (struct head){header->seq, envelope->id};
    if (header->clock > feed->clock)
        feed->clock = header->clock;
    if (header->roster_seq > feed->tip_max)
        feed->tip_max = header->roster_seq;
    feed->info.waiting += status == ENTRY_WAITING;
    feed->info.voided += status == ENTRY_VOID;
}

enum err entry_insert(struct store *store, struct feed_row *feed, const struct envelope *envelope,
                      const struct entry_new *entry) {
    const struct header *header = &envelope->header;
    if (header->seq > (uint64_t)ENTRY_SEQ_MAX)
        return ERR_LIMIT;
    int64_t key = entry_key(feed->row, header->seq);
    sqlite3_stmt *put = db_statement(
        store->db, "INSERT INTO entry (key, id, status, reason, checked, stored, bytes)"
                   " VALUES (?, ?, ?, ?, ?, ?, ?)");
    sqlite3_bind_int64(put, 1, key);
    db_bind_borrowed(put, 2, envelope->id.bytes, sizeof envelope->id.bytes);
    sqlite3_bind_int(put, 3, (int)entry->status);
    sqlite3_bind_int(put, 4, (int)entry->reason);
    sqlite3_bind_int(put, 5, entry->checked);
    sqlite3_bind_int64(put, 6, entry->stored);
    db_bind_borrowed(put, 7, envelope->bytes.data, envelope->bytes.size);
    enum err e = db_run(store->db, put);
    if (e == OK)
        e = note_put(store, key, entry->note);
    if (e == OK)
        move_head(feed, envelope, entry->status);
    return e;
}

enum column { KEY, ID, CHECKED, BYTES };

static void column(const struct rows *rows, size_t at, int number, sqlite3_context *out) {
    const struct envelope *envelope = (const struct envelope *)rows->list + at;
    switch ((enum column)number) {
    case KEY:
        sqlite3_result_int64(out, entry_key(rows->feed_row, envelope->header.seq));
        break;
    case ID:
        sqlite3_result_blob64(out, envelope->id.bytes, sizeof envelope->id.bytes, SQLITE_STATIC);
        break;
    case CHECKED: /* the last signature stands for all before it */
        sqlite3_result_int(out, at + 1 == rows->n);
        break;
    case BYTES:
        sqlite3_result_blob64(out, envelope->bytes.data, envelope->bytes.size, SQLITE_STATIC);
        break;
    }
}

enum err entry_rows_open(struct store *store) {
    store->arriving =
        (struct rows){.name = "arriving",
                      .declaration = "CREATE TABLE arriving (key, id, checked, bytes)",
                      .column = column};
    return rows_register(store->db, &store->arriving);
}

enum err entry_insert_run(struct store *store, const struct feed_row *feed,
                          const struct verified_run *run, time_ms stored) {
    if (run->head.seq > (uint64_t)ENTRY_SEQ_MAX)
        return ERR_LIMIT;
    /* FAIL, since what fails undoes the whole part: keeping the pages as they were before the
     * statement would only cost. */
    sqlite3_stmt *put = db_statement(
        store->db, "INSERT OR FAIL INTO entry (key, id, status, reason, checked, stored, bytes)"
                   " SELECT key, id, 1, 0, checked, ?, bytes FROM arriving");
    sqlite3_bind_int64(put, 1, stored);
    store->arriving.list = run->envelopes;
    store->arriving.n = run->envelopes_n;
    store->arriving.feed_row = feed->row;
    enum err e = db_run(store->db, put);
    store->arriving.list = NULL;
    store->arriving.n = 0;
    return e;
}

static enum err set_status(struct store *store, int64_t key, enum entry_status status,
                           enum err reason, const char *note) {
    sqlite3_stmt *put =
        db_statement(store->db, "UPDATE entry SET status = ?2, reason = ?3 WHERE key = ?1");
    sqlite3_bind_int64(put, 1, key);
    sqlite3_bind_int(put, 2, (int)status);
    sqlite3_bind_int(put, 3, (int)reason);
    enum err e = db_run(store->db, put);
    return e == OK ? note_put(store, key, note) : e;
}

enum err entry_heard(struct store *store, struct feed_row *feed, const struct envelope *envelope,
                     enum entry_status status, enum err reason, const char *note) {
    enum err e = OK;
    if (status != ENTRY_APPLIED)
        e = set_status(store, entry_key(feed->row, envelope->header.seq), status, reason, note);
    if (e == OK)
        move_head(feed, envelope, status);
    return e;
}

enum err entry_judged(struct store *store, struct feed_row *feed, uint64_t seq,
                      enum entry_status status, enum err reason, const char *note) {
    enum err e = set_status(store, entry_key(feed->row, seq), status, reason, note);
    if (e != OK)
        return e;
    feed->info.waiting -= status != ENTRY_WAITING;
    feed->info.voided += status == ENTRY_VOID;
    return OK;
}

enum err entry_id(struct store *store, int64_t feed_row, uint64_t seq, struct envelope_id *ret_id) {
    if (seq > (uint64_t)ENTRY_SEQ_MAX)
        return ERR_NOT_FOUND;
    sqlite3_stmt *get = db_statement(store->db, "SELECT id FROM entry WHERE key = ?");
    sqlite3_bind_int64(get, 1, entry_key(feed_row, seq));
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK)
        e = db_column_copy(get, 0, ret_id->bytes, sizeof ret_id->bytes);
    db_reset(get);
    return e;
}

enum err entry_bytes(struct store *store, int64_t feed_row, uint64_t seq, struct buffer *out,
                     time_ms *ret_stored) {
    if (seq > (uint64_t)ENTRY_SEQ_MAX)
        return ERR_NOT_FOUND;
    sqlite3_stmt *get = db_statement(store->db, "SELECT stored, bytes FROM entry WHERE key = ?");
    sqlite3_bind_int64(get, 1, entry_key(feed_row, seq));
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK) {
        struct bytes bytes = db_column_bytes(get, 1);
        time_ms stored = sqlite3_column_int64(get, 0);
        e = buffer_append(out, bytes.data, bytes.size);
        if (e == OK)
            *ret_stored = stored;
    }
    db_reset(get);
    return e;
}
