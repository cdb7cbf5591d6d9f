#include "quarantine.h"
#include "feed_row.h"
#include "quarantine_put.h"
#include "replica.h"

#include <stdio.h>

/* What a row costs beside its bytes. */
enum { ROW_COST = 256 };

static enum err count(struct store *store) {
    if (store->quarantine.known)
        return OK;
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT count(*), coalesce(sum(size), 0) FROM quarantine");
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK) {
        store->quarantine.known = true;
        store->quarantine.rows = sqlite3_column_int64(get, 0);
        store->quarantine.bytes = sqlite3_column_int64(get, 1) + store->quarantine.rows * ROW_COST;
    }
    db_reset(get);
    return e;
}

/* Steps a DELETE … RETURNING size of at most one row. */
static enum err removed(struct store *store, sqlite3_stmt *take, bool *ret_removed) {
    bool row = false;
    enum err e = db_row(store->db, take, &row);
    bool any = row;
    if (e == OK && row) {
        store->quarantine.rows--;
        store->quarantine.bytes -= sqlite3_column_int64(take, 0) + ROW_COST;
        e = db_row(store->db, take, &row);
    }
    db_reset(take);
    if (e == OK)
        *ret_removed = any;
    return e;
}

static enum err remove_same(struct store *store, const struct quarantine_new *thing) {
    sqlite3_stmt *take =
        db_statement(store->db, "DELETE FROM quarantine WHERE kind = ? AND feed = ? AND seq = ?"
                                " AND source = ? AND reason = ? RETURNING size");
    sqlite3_bind_int(take, 1, (int)thing->kind);
    db_bind_bytes(take, 2, thing->feed.bytes, sizeof thing->feed.bytes);
    sqlite3_bind_int64(take, 3, (int64_t)thing->seq);
    db_bind_bytes(take, 4, thing->from.bytes, sizeof thing->from.bytes);
    sqlite3_bind_int(take, 5, (int)thing->reason);
    bool any;
    return removed(store, take, &any);
}

static enum err make_room(struct store *store, size_t size) {
    bool any = true;
    enum err e = OK;
    while (e == OK && any &&
           (store->quarantine.rows >= QUARANTINE_ROWS_MAX ||
            store->quarantine.bytes + (int64_t)size + ROW_COST > QUARANTINE_BYTES_MAX)) {
        e = removed(store,
                    db_statement(
                        store->db,
                        "DELETE FROM quarantine WHERE number = (SELECT min(number) FROM quarantine)"
                        " RETURNING size"),
                    &any);
        if (e == OK && any)
            e = db_run(store->db, db_statement(store->db, "UPDATE node SET dropped = dropped + 1"));
    }
    return e;
}

enum err quarantine_put(struct store *store, const struct quarantine_new *thing) {
    enum err e = count(store);
    if (e == OK)
        e = remove_same(store, thing);
    if (e == OK)
        e = make_room(store, thing->bytes.size);
    if (e != OK)
        return e;
    sqlite3_stmt *put = db_statement(
        store->db,
        "INSERT INTO quarantine (kind, feed, seq, author, source, reason, text, at, size, bytes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    sqlite3_bind_int(put, 1, (int)thing->kind);
    db_bind_bytes(put, 2, thing->feed.bytes, sizeof thing->feed.bytes);
    sqlite3_bind_int64(put, 3, (int64_t)thing->seq);
    db_bind_bytes(put, 4, thing->author.bytes, sizeof thing->author.bytes);
    db_bind_bytes(put, 5, thing->from.bytes, sizeof thing->from.bytes);
    sqlite3_bind_int(put, 6, (int)thing->reason);
    db_bind_text(put, 7, thing->text);
    sqlite3_bind_int64(put, 8, store_now(store));
    sqlite3_bind_int64(put, 9, (int64_t)thing->bytes.size);
    db_bind_borrowed(put, 10, thing->bytes.data, thing->bytes.size);
    e = db_run(store->db, put);
    if (e == OK) {
        store->quarantine.rows++;
        store->quarantine.bytes += (int64_t)thing->bytes.size + ROW_COST;
    }
    return e;
}

static enum err visit_kept(struct store *store, quarantine_visit *visit, void *context) {
    sqlite3_stmt *walk =
        db_walk(store->db, "SELECT number, kind, feed, seq, author, source, reason, text, at, size"
                           " FROM quarantine ORDER BY number");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct quarantined thing = {.number = (uint64_t)sqlite3_column_int64(walk, 0),
                                    .kind = (enum quarantine_kind)sqlite3_column_int(walk, 1),
                                    .seq = (uint64_t)sqlite3_column_int64(walk, 3),
                                    .reason = (enum err)sqlite3_column_int(walk, 6),
                                    .text = (const char *)sqlite3_column_text(walk, 7),
                                    .at = sqlite3_column_int64(walk, 8),
                                    .size = (size_t)sqlite3_column_int64(walk, 9)};
        e = db_column_copy(walk, 2, thing.feed.bytes, sizeof thing.feed.bytes);
        if (e == OK)
            e = db_column_copy(walk, 4, thing.author.bytes, sizeof thing.author.bytes);
        if (e == OK)
            e = db_column_copy(walk, 5, thing.from.bytes, sizeof thing.from.bytes);
        if (e != OK || (e = visit(context, &thing)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

/* An entry's number is its key, far above what the quarantine counts. */
static enum err visit_entries(struct store *store, sqlite3_stmt *walk, enum quarantine_kind kind,
                              quarantine_visit *visit, void *context) {
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct quarantined thing = {.number = (uint64_t)sqlite3_column_int64(walk, 0),
                                    .kind = kind,
                                    .seq =
                                        (uint64_t)(sqlite3_column_int64(walk, 0) & ENTRY_SEQ_MAX),
                                    .reason = (enum err)sqlite3_column_int(walk, 1),
                                    .at = sqlite3_column_int64(walk, 2),
                                    .size = (size_t)sqlite3_column_int64(walk, 3),
                                    .text = (const char *)sqlite3_column_text(walk, 6)};
        if (thing.text == NULL)
            thing.text = err_text(thing.reason);
        e = db_column_copy(walk, 4, thing.feed.bytes, sizeof thing.feed.bytes);
        if (e == OK)
            e = db_column_copy(walk, 5, thing.author.bytes, sizeof thing.author.bytes);
        if (e != OK || (e = visit(context, &thing)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

static enum err visit_dropped(struct store *store, quarantine_visit *visit, void *context) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT dropped FROM node");
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    int64_t dropped = e == OK && row ? sqlite3_column_int64(get, 0) : 0;
    db_reset(get);
    if (e != OK || dropped == 0)
        return e;
    char text[96];
    snprintf(text, sizeof text, "%lld older things were dropped for want of room",
             (long long)dropped);
    struct quarantined thing = {
        .kind = QUARANTINE_INCIDENT, .reason = ERR_QUOTA, .text = text, .at = store_now(store)};
    return visit(context, &thing);
}

enum err quarantine_each(struct store *store, quarantine_visit *visit, void *context) {
    enum err e = visit_kept(store, visit, context);
    if (e == OK)
        e = visit_entries(
            store,
            db_walk(store->db,
                    "SELECT e.key, e.reason, e.stored, length(e.bytes), f.id, f.author, n.text"
                    " FROM entry e JOIN feed f ON f.row = e.key >> 40"
                    " LEFT JOIN entry_note n ON n.key = e.key WHERE e.status = 3 ORDER BY e.key"),
            QUARANTINE_VOID, visit, context);
    if (e == OK)
        e = visit_entries(
            store,
            db_walk(store->db,
                    "SELECT e.key, e.reason, e.stored, length(e.bytes), f.id, f.author, NULL"
                    " FROM entry e JOIN feed f ON f.row = e.key >> 40"
                    " WHERE e.status = 2 ORDER BY e.key"),
            QUARANTINE_WAITING, visit, context);
    return e == OK ? visit_dropped(store, visit, context) : e;
}
