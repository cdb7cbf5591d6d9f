#include "apply.h"
#include "check_parts.h"
#include "judge.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ENTRIES_AT_ONCE = 16 };

enum err check_new(struct store *store, bool whole, struct check **ret_check) {
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return ERR_MEMORY;
    check->store = store;
    check->whole = whole;
    arena_init(&check->arena, DECODE_MEMORY_MAX);
    sqlite3_stmt *get = db_statement(store->db, "SELECT coalesce(sum(head_seq), 0) FROM feed");
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK)
        check->total = (uint64_t)sqlite3_column_int64(get, 0);
    db_reset(get);
    if (e == OK)
        *ret_check = check;
    else
        check_free(check);
    return e;
}

void check_free(struct check *check) {
    if (check == NULL)
        return;
    arena_done(&check->arena);
    buffer_done(&check->bytes);
    buffer_done(&check->fields);
    free(check);
}

void check_tell(struct check *check, uint64_t seq, enum err error, const char *text) {
    struct check_finding finding = {.seq = seq, .error = error, .text = text};
    if (check->feed_open) {
        finding.feed = check->feed.id;
        finding.author = check->feed.author;
    }
    check->found(check->context, &finding);
}

/* SQLite's own check tells of a page that it could not get in words, as of damage. `*ret_why`: OK
 * if they don't say why. */
static bool is_unread(const char *text, enum err *ret_why) {
    static const char coded[] = "unable to get the page. error code=";
    bool unread = strstr(text, "failed to get page") != NULL;
    enum err why = OK;
    while (why != ERR_MEMORY && (text = strstr(text, coded)) != NULL) {
        text += sizeof coded - 1;
        why = db_meaning((int)strtol(text, NULL, 10));
        unread = true;
    }
    *ret_why = why;
    return unread;
}

/* `*ret_again`: a page could not be got, and nothing says why. NULL: then that is told. */
static enum err check_rows(struct check *check, const char *name, bool *ret_again) {
    struct db *db = check->store->db;
    sqlite3_stmt *walk =
        db_walk(db, name == NULL ? "SELECT integrity_check FROM pragma_integrity_check"
                                 : "SELECT integrity_check FROM pragma_integrity_check(?)");
    if (name != NULL)
        db_bind_text(walk, 1, name);
    bool row = false;
    enum err e, why;
    while ((e = db_row(db, walk, &row)) == OK && row) {
        const char *text = (const char *)sqlite3_column_text(walk, 0);
        bool unread = text != NULL && is_unread(text, &why);
        if (text == NULL || (unread && why == ERR_MEMORY))
            e = ERR_MEMORY;
        else if (unread && why == OK && ret_again != NULL)
            *ret_again = true;
        else if (unread)
            check_tell(check, 0, why == OK ? ERR_IO : why, text);
        else if (strcmp(text, "ok") != 0)
            check_tell(check, 0, ERR_CORRUPT, text);
        if (e != OK || (ret_again != NULL && *ret_again))
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

/* `name`: NULL: all, and what they share. What had no memory at that moment has it the second time,
 * or says so: a page that can't be got even then can't be read. */
static enum err check_table(struct check *check, const char *name) {
    bool again = false;
    enum err e = check_rows(check, name, &again);
    if (e == OK && again)
        e = check_rows(check, name, NULL);
    if (e != ERR_CORRUPT)
        return e;
    check_tell(check, 0, e, db_failure(check->store->db));
    return OK;
}

static enum err drop_a_view(struct db *db, bool *ret_any) {
    char sql[128];
    sqlite3_stmt *get = db_statement(db, "SELECT printf('DROP VIEW \"%w\"', name)"
                                         " FROM sqlite_schema WHERE type = 'view' LIMIT 1");
    enum err e = db_row(db, get, ret_any);
    if (e == OK && *ret_any)
        snprintf(sql, sizeof sql, "%s", (const char *)sqlite3_column_text(get, 0));
    db_reset(get);
    return e == OK && *ret_any ? db_execute(db, sql) : e;
}

/* SQLite 3.40 takes a view, whose first page is none, for the sign that one table is to be checked,
 * and looks neither at what is free nor at what is used twice. So there are none meanwhile. */
static enum err check_at_once(struct check *check) {
    struct db *db = check->store->db;
    bool any = true;
    enum err e = db_begin(db);
    while (e == OK && any)
        e = drop_a_view(db, &any);
    if (e == OK)
        e = check_table(check, NULL);
    db_rollback(db);
    if (e != ERR_CORRUPT)
        return e;
    check_tell(check, 0, e, db_failure(db)); /* a view could not be dropped */
    return OK;
}

/* All, or the next table after the last one checked. */
static enum err check_integrity(struct check *check) {
    char name[64] = "";
    if (check->whole) {
        enum err e = check_at_once(check);
        check->integrity_done = e == OK;
        return e;
    }
    sqlite3_stmt *get =
        db_statement(check->store->db, "SELECT rowid, name FROM sqlite_schema WHERE type = 'table'"
                                       " AND rowid > ?1 AND +rowid > ?1 ORDER BY rowid LIMIT 1");
    sqlite3_bind_int64(get, 1, check->table);
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK && row) {
        check->table = sqlite3_column_int64(get, 0);
        snprintf(name, sizeof name, "%s", (const char *)sqlite3_column_text(get, 1));
    }
    db_reset(get);
    if (e == OK && !row)
        check->integrity_done = true;
    return e == OK && row ? check_table(check, name) : e;
}

static enum err next_feed(struct check *check, bool *ret_any) {
    struct feed_row feed = {0};
    sqlite3_stmt *get = db_statement(
        check->store->db, "SELECT * FROM feed_full WHERE row > ?1 AND +row > ?1 AND head_seq > 0"
                          " ORDER BY row LIMIT 1");
    sqlite3_bind_int64(get, 1, check->feed_row);
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK && row)
        e = feed_row_read(check->store, get, &feed);
    db_reset(get);
    if (e == OK && row)
        e = member_sign_key(check->store, &feed.info.author, &check->author);
    if (e == ERR_NOT_FOUND) {
        check->feed_row = feed.row;
        *ret_any = true;
        check_tell(check, 0, e, "a feed's author is not in the roster");
        return OK;
    }
    if (e != OK)
        return e;
    *ret_any = row;
    if (!row)
        return OK;
    check->feed_open = true;
    check->feed_row = feed.row;
    check->feed = feed.info;
    check->before = (struct head){0};
    check->clock = check->tip_max = 0;
    return OK;
}

/* One stored entry, its bytes as `check->bytes`. */
struct stored_entry {
    uint64_t seq;
    struct envelope_id id;
    enum entry_status status;
    time_ms stored;
};

static void check_form(struct check *check, const struct stored_entry *entry,
                       const struct envelope *envelope) {
    const struct header *header = &envelope->header;
    if (!envelope_id_equal(&envelope->id, &entry->id))
        check_tell(check, entry->seq, ERR_HASH, "its header or signature has been changed");
    else if (!feed_id_equal(&header->feed, &check->feed.id) || header->seq != entry->seq ||
             !envelope_id_equal(&header->prev, &check->before.id))
        check_tell(check, entry->seq, ERR_CHAIN, "it does not follow the one before it");
    else if (key_verify(&check->author, SIGN_ENVELOPE,
                        (struct bytes){envelope->bytes.data, HEADER_SIZE},
                        &envelope->signature) != OK)
        check_tell(check, entry->seq, ERR_SIGNATURE, "its author did not sign it");
    else if (!envelope_is_whole(envelope)) /* whoever can't open it would see nothing of that */
        check_tell(check, entry->seq, ERR_HASH, "a section was taken out of it");
}

static enum err check_records(struct check *check, const struct stored_entry *entry,
                              const struct envelope *envelope) {
    struct feed_row *feed = NULL;
    struct origin origin;
    const struct change_set *sets;
    size_t sets_n;
    char why[160] = "";
    enum err e = feed_row_find(check->store, &check->feed.id, &feed);
    if (e == OK)
        e = judge_reopen(check->store, check->store->judge, feed, envelope, entry->stored, &origin,
                         &sets, &sets_n);
    if (e == ERR_MEMORY || e == ERR_IO)
        return e;
    if (e != OK)
        check_tell(check, entry->seq, e, "it was applied, and can't be read now");
    else if ((e = apply_verify(check->store, &origin, sets, sets_n, why, sizeof why)) ==
             ERR_CORRUPT)
        check_tell(check, entry->seq, e, why);
    else
        return e;
    return OK;
}

static enum err check_entry(struct check *check, const struct stored_entry *entry) {
    struct envelope envelope;
    size_t size;
    arena_reset(&check->arena);
    if (entry->seq != check->before.seq + 1)
        check_tell(check, check->before.seq + 1, ERR_NOT_FOUND, "entries are missing from here");
    enum err e = envelope_parse(buffer_view(&check->bytes), &check->arena, &envelope, &size);
    if (e == ERR_MEMORY)
        return e;
    if (e == OK && size != check->bytes.size)
        e = ERR_FORMAT;
    if (e != OK)
        check_tell(check, entry->seq, e,
                   e == ERR_HASH ? "its content does not match its hash" : "its bytes are damaged");
    else
        check_form(check, entry, &envelope);
    if (e == OK) {
        if (envelope.header.clock > check->clock)
            check->clock = envelope.header.clock;
        if (envelope.header.roster_seq > check->tip_max)
            check->tip_max = envelope.header.roster_seq;
    }
    check->before = (struct head){entry->seq, entry->id};
    check->checked++;
    if (e != OK || entry->status != ENTRY_APPLIED)
        return OK;
    e = check_declarations(check, entry->seq, &envelope);
    return e == OK ? check_records(check, entry, &envelope) : e;
}

/* Its end, where the feed's head must be. */
static enum err close_feed(struct check *check) {
    if (check->before.seq != check->feed.head.seq ||
        !envelope_id_equal(&check->before.id, &check->feed.head.id))
        check_tell(check, check->feed.head.seq, ERR_NOT_FOUND, "the feed does not end at its head");
    enum err e = check_feed_row(check);
    if (check->feed_row == check->store->roster.feed_row)
        check->roster_head = check->feed.head.seq;
    check->feed_open = false;
    return e;
}

static enum err read_entry(struct check *check, struct stored_entry *ret_entry, bool *ret_any) {
    struct db *db = check->store->db;
    sqlite3_stmt *get = db_statement(db, "SELECT key, id, status, stored, bytes FROM entry"
                                         " WHERE key > ?1 AND +key > ?1 AND key <= ?2"
                                         " ORDER BY key LIMIT 1");
    sqlite3_bind_int64(get, 1, entry_key(check->feed_row, check->before.seq));
    sqlite3_bind_int64(get, 2, entry_key(check->feed_row, check->feed.head.seq));
    struct stored_entry entry = {0};
    bool row = false;
    enum err e = db_row(db, get, &row);
    if (e == OK && row) {
        struct bytes bytes = db_column_bytes(get, 4);
        entry.seq = (uint64_t)(sqlite3_column_int64(get, 0) & ENTRY_SEQ_MAX);
        entry.status = (enum entry_status)sqlite3_column_int(get, 2);
        entry.stored = sqlite3_column_int64(get, 3);
        buffer_clear(&check->bytes);
        e = db_column_copy(get, 1, entry.id.bytes, sizeof entry.id.bytes);
        if (e == OK)
            e = buffer_append(&check->bytes, bytes.data, bytes.size);
    }
    db_reset(get);
    if (e == OK) {
        *ret_entry = entry;
        *ret_any = row;
    }
    return e;
}

static enum err check_some(struct check *check, bool *ret_done) {
    bool any = true;
    enum err e = OK;
    if (!check->schema_done) {
        e = check_schema(check);
        if (e == OK &&
            !check->whole) /* with it goes what is free: https://www.sqlite.org/pragma.html */
            e = check_table(check, "sqlite_schema");
        check->schema_done = e == OK;
        return e;
    }
    if (!check->integrity_done)
        return check_integrity(check);
    if (!check->feed_open) {
        if (check->feeds_done)
            return check_derived(check, ret_done);
        e = next_feed(check, &any);
        check->feeds_done = e == OK && !any;
        return e;
    }
    for (int i = 0; e == OK && i < ENTRIES_AT_ONCE; i++) {
        struct stored_entry entry;
        e = read_entry(check, &entry, &any);
        if (e == OK && !any) {
            e = close_feed(check);
            break;
        }
        if (e == OK)
            e = check_entry(check, &entry);
    }
    return e;
}

static time_ms monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum err check_step(struct check *check, time_ms slice_ms,
                    void (*found)(void *context, const struct check_finding *), void *context,
                    bool *ret_done, uint64_t *ret_checked, uint64_t *ret_total) {
    time_ms until = monotonic_ms() + slice_ms;
    bool done = false;
    enum err e = OK;
    check->found = found;
    check->context = context;
    feed_cache_trim(check->store->feeds);
    do
        e = check_some(check, &done);
    while (e == OK && !done && monotonic_ms() < until);
    if (e != OK)
        return e;
    *ret_done = done;
    *ret_checked = check->checked;
    *ret_total = check->total;
    return OK;
}
