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
    sqlite3_stmt *get = db_statement(
        store->db, "SELECT coalesce(sum(kind = 1), 0), coalesce(sum(kind <> 1), 0),"
                   " coalesce(sum(CASE WHEN kind = 1 THEN length(bytes) END), 0),"
                   " coalesce(sum(CASE WHEN kind <> 1 THEN length(bytes) END), 0) FROM quarantine");
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK) {
        store->quarantine.known = true;
        for (int kept = 0; kept < 2; kept++) {
            struct quarantine_use *use = &store->quarantine.use[kept];
            use->rows = sqlite3_column_int64(get, kept);
            use->bytes = sqlite3_column_int64(get, 2 + kept) + use->rows * ROW_COST;
        }
    }
    db_reset(get);
    return e;
}

/* What was refused makes room for what is refused; branches of forks and incidents make room for
 * nothing, so that nobody can wash them away. */
static struct quarantine_use *use_of(struct store *store, enum quarantine_kind kind) {
    return &store->quarantine.use[kind != QUARANTINE_REFUSED];
}

/* Steps a DELETE … RETURNING length(bytes) of at most one row. */
static enum err removed(struct store *store, enum quarantine_kind kind, sqlite3_stmt *take,
                        bool *ret_removed) {
    bool row = false;
    enum err e = db_row(store->db, take, &row);
    bool any = row;
    if (e == OK && row) {
        use_of(store, kind)->rows--;
        use_of(store, kind)->bytes -= sqlite3_column_int64(take, 0) + ROW_COST;
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
                                " AND source = ? AND reason = ? RETURNING length(bytes)");
    sqlite3_bind_int(take, 1, (int)thing->kind);
    db_bind_bytes(take, 2, thing->feed.bytes, sizeof thing->feed.bytes);
    sqlite3_bind_int64(take, 3, (int64_t)thing->seq);
    db_bind_bytes(take, 4, thing->from.bytes, sizeof thing->from.bytes);
    sqlite3_bind_int(take, 5, (int)thing->reason);
    bool any;
    return removed(store, thing->kind, take, &any);
}

/* Of a branch only what this piece of it begins with: another branch may part at the same number.
 */
static enum err remove_begun(struct store *store, const struct quarantine_new *thing) {
    bool any = true;
    enum err e = OK;
    while (e == OK && any) {
        sqlite3_stmt *take =
            db_statement(store->db, "DELETE FROM quarantine WHERE number = (SELECT min(number)"
                                    " FROM quarantine WHERE kind = 4 AND feed = ?1 AND seq = ?2"
                                    " AND source = ?3 AND substr(?4, 1, length(bytes)) = bytes)"
                                    " RETURNING length(bytes)");
        db_bind_bytes(take, 1, thing->feed.bytes, sizeof thing->feed.bytes);
        sqlite3_bind_int64(take, 2, (int64_t)thing->seq);
        db_bind_bytes(take, 3, thing->from.bytes, sizeof thing->from.bytes);
        db_bind_borrowed(take, 4, thing->bytes.data, thing->bytes.size);
        e = removed(store, thing->kind, take, &any);
    }
    return e;
}

enum err quarantine_branch_came(struct store *store, const struct feed_id *feed) {
    sqlite3_stmt *take =
        db_statement(store->db, "DELETE FROM quarantine WHERE number ="
                                " (SELECT min(number) FROM quarantine WHERE kind = 4 AND feed = ?"
                                "  AND source = zeroblob(16)) RETURNING length(bytes)");
    db_bind_bytes(take, 1, feed->bytes, sizeof feed->bytes);
    bool any;
    enum err e = count(store);
    return e == OK ? removed(store, QUARANTINE_FORK, take, &any) : e;
}

static enum err count_dropped(struct store *store) {
    return db_run(store->db, db_statement(store->db, "UPDATE node SET dropped = dropped + 1"));
}

/* An incident that nobody brought is its author's. */
static enum err rows_of_source(struct store *store, const struct quarantine_new *thing,
                               int64_t *ret_n) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT count(*) FROM quarantine WHERE source = ? AND kind = ?"
                                " AND (source <> zeroblob(16) OR author = ?)");
    db_bind_bytes(get, 1, thing->from.bytes, sizeof thing->from.bytes);
    sqlite3_bind_int(get, 2, (int)thing->kind);
    db_bind_bytes(get, 3, thing->author.bytes, sizeof thing->author.bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row)
        *ret_n = sqlite3_column_int64(get, 0);
    db_reset(get);
    return e;
}

static enum err drop_oldest_of_source(struct store *store, const struct quarantine_new *thing,
                                      bool *ret_any) {
    sqlite3_stmt *take = db_statement(
        store->db, "DELETE FROM quarantine WHERE number ="
                   " (SELECT min(number) FROM quarantine WHERE source = ? AND kind = 1)"
                   " RETURNING length(bytes)");
    db_bind_bytes(take, 1, thing->from.bytes, sizeof thing->from.bytes);
    return removed(store, QUARANTINE_REFUSED, take, ret_any);
}

static bool is_full(struct store *store, const struct quarantine_new *thing) {
    const struct quarantine_use *use = use_of(store, thing->kind);
    return use->rows >= QUARANTINE_ROWS_MAX ||
           use->bytes + (int64_t)thing->bytes.size + ROW_COST > QUARANTINE_BYTES_MAX;
}

/* For what was refused: first the source's own oldest, then the oldest of all. */
static enum err make_room(struct store *store, const struct quarantine_new *thing) {
    int64_t n = 0;
    bool any = true;
    enum err e = rows_of_source(store, thing, &n);
    for (; e == OK && any && n >= QUARANTINE_ROWS_PER_SOURCE_MAX; n--) {
        e = drop_oldest_of_source(store, thing, &any);
        if (e == OK && any)
            e = count_dropped(store);
    }
    while (e == OK && any && is_full(store, thing)) {
        e = removed(store, QUARANTINE_REFUSED,
                    db_statement(store->db, "DELETE FROM quarantine WHERE number ="
                                            " (SELECT min(number) FROM quarantine WHERE kind = 1)"
                                            " RETURNING length(bytes)"),
                    &any);
        if (e == OK && any)
            e = count_dropped(store);
    }
    return e;
}

/* For a branch or an incident: is there any, and for its bytes? */
static enum err find_room(struct store *store, struct quarantine_new *thing, bool *ret_room) {
    int64_t n = 0;
    enum err e = rows_of_source(store, thing, &n);
    if (e != OK)
        return e;
    if (is_full(store, thing))
        thing->bytes = (struct bytes){0};
    *ret_room = n < QUARANTINE_ROWS_PER_SOURCE_MAX &&
                use_of(store, thing->kind)->rows < QUARANTINE_ROWS_MAX;
    return *ret_room ? OK : count_dropped(store);
}

enum err quarantine_put(struct store *store, const struct quarantine_new *whole) {
    struct quarantine_new kept = *whole, *thing = &kept;
    bool room = true;
    enum err e = count(store);
    if (e == OK && thing->kind != QUARANTINE_FORK)
        e = remove_same(store, thing);
    if (thing->kind == QUARANTINE_REFUSED && thing->bytes.size > QUARANTINE_REFUSED_BYTES_MAX)
        thing->bytes.size = QUARANTINE_REFUSED_BYTES_MAX;
    if (e == OK)
        e = thing->kind == QUARANTINE_REFUSED ? make_room(store, thing)
                                              : find_room(store, thing, &room);
    if (e == OK && room && thing->kind == QUARANTINE_FORK)
        e = remove_begun(store, thing);
    if (e != OK || !room)
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
    sqlite3_bind_int64(put, 9, (int64_t)whole->bytes.size);
    db_bind_borrowed(put, 10, thing->bytes.data, thing->bytes.size);
    e = db_run(store->db, put);
    if (e == OK) {
        use_of(store, thing->kind)->rows++;
        use_of(store, thing->kind)->bytes += (int64_t)thing->bytes.size + ROW_COST;
    }
    return e;
}

static enum err read_kept(sqlite3_stmt *walk, struct quarantined *ret_thing) {
    struct quarantined thing = {.number = (uint64_t)sqlite3_column_int64(walk, 0),
                                .kind = (enum quarantine_kind)sqlite3_column_int(walk, 1),
                                .seq = (uint64_t)sqlite3_column_int64(walk, 3),
                                .reason = (enum err)sqlite3_column_int(walk, 6),
                                .text = (const char *)sqlite3_column_text(walk, 7),
                                .at = sqlite3_column_int64(walk, 8),
                                .size = (size_t)sqlite3_column_int64(walk, 9)};
    enum err e = db_column_copy(walk, 2, thing.feed.bytes, sizeof thing.feed.bytes);
    if (e == OK)
        e = db_column_copy(walk, 4, thing.author.bytes, sizeof thing.author.bytes);
    if (e == OK)
        e = db_column_copy(walk, 5, thing.from.bytes, sizeof thing.from.bytes);
    if (e == OK)
        *ret_thing = thing;
    return e;
}

static enum err visit_kept(struct store *store, quarantine_visit *visit, void *context) {
    sqlite3_stmt *walk =
        db_walk(store->db, "SELECT number, kind, feed, seq, author, source, reason, text, at, size"
                           " FROM quarantine ORDER BY number");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct quarantined thing;
        if ((e = read_kept(walk, &thing)) != OK || (e = visit(context, &thing)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

static enum err is_entry(struct store *store, uint64_t number, bool *ret_entry) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT 1 FROM entry WHERE key = ? AND status IN (2, 3)");
    sqlite3_bind_int64(get, 1, (int64_t)number);
    enum err e = db_row(store->db, get, ret_entry);
    db_reset(get);
    return e;
}

enum err quarantine_find(struct store *store, uint64_t number, struct quarantined *ret_item) {
    struct quarantined thing = {0};
    bool row = false, entry = false;
    sqlite3_stmt *get = db_statement(
        store->db, "SELECT number, kind, feed, seq, author, source, reason, text, at, size"
                   " FROM quarantine WHERE number = ?");
    sqlite3_bind_int64(get, 1, (int64_t)number);
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row)
        e = read_kept(get, &thing);
    db_reset(get);
    if (e == OK && !row)
        e = is_entry(store, number, &entry);
    if (e != OK || !row)
        return e != OK ? e : entry ? ERR_STATE : ERR_NOT_FOUND;
    thing.text = "";
    *ret_item = thing;
    return OK;
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
    snprintf(text, sizeof text, "%lld things were dropped for want of room", (long long)dropped);
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
