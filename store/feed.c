#include "feed.h"
#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"
#include "report.h"

enum err feed_each(struct store *store, feed_visit *visit, void *context) {
    sqlite3_stmt *walk = db_walk(store->db, "SELECT * FROM feed_full ORDER BY channel_id, id");
    struct feed_row feed;
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        if ((e = feed_row_read(store, walk, &feed)) != OK || (e = visit(context, &feed.info)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

enum err feed_find(struct store *store, const struct feed_id *id, struct feed_info *ret_info) {
    struct feed_row *feed = NULL;
    feed_cache_trim(store->feeds);
    enum err e = feed_row_find(store, id, &feed);
    if (e == OK)
        *ret_info = feed->info;
    return e;
}

/* A run on its way out: where it may end, since its receiver checks the last signature only. */
struct loading {
    struct buffer *out;
    size_t start;   /* of the run in `out` */
    size_t ends_at; /* after the last entry whose signature is known to be good */
    bool tried;     /* and found none where it was full */
    struct sign_public author;
};

/* An author may have signed many badly on purpose: so many are tried, then the run goes on to the
 * next that was checked. */
enum { SIGNATURES_TRIED_MAX = 16 };

static enum err check_signature(const struct loading *loading, const uint8_t *envelope) {
    struct signature signature;
    memcpy(signature.bytes, envelope + HEADER_SIZE, sizeof signature.bytes);
    return key_verify(&loading->author, SIGN_ENVELOPE, (struct bytes){envelope, HEADER_SIZE},
                      &signature);
}

/* What came in the middle of a run has not been checked here: the last of it that is well signed
 * may be an end. */
static enum err find_end(struct loading *loading) {
    size_t starts[SIGNATURES_TRIED_MAX], at = loading->ends_at, n = 0, end = loading->out->size;
    while (at < end) {
        size_t size;
        enum err e = envelope_skip((struct bytes){loading->out->data + at, end - at}, &size);
        if (e != OK)
            return ERR_CORRUPT;
        starts[n++ % SIGNATURES_TRIED_MAX] = at;
        at += size;
    }
    for (size_t tried = 0; tried < SIGNATURES_TRIED_MAX && tried < n; tried++) {
        size_t start = starts[(n - 1 - tried) % SIGNATURES_TRIED_MAX];
        enum err e = check_signature(loading, loading->out->data + start);
        if (e == OK)
            loading->ends_at = end;
        if (e != ERR_SIGNATURE)
            return e;
        end = start;
    }
    return OK;
}

static enum err load(struct store *store, sqlite3_stmt *walk, size_t bytes_max,
                     struct loading *loading) {
    struct buffer *out = loading->out;
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct bytes envelope = db_column_bytes(walk, 1);
        bool full =
            out->size > loading->start && out->size - loading->start + envelope.size > bytes_max;
        if (full && loading->ends_at < out->size && !loading->tried) {
            loading->tried = true;
            e = find_end(loading);
        }
        if (e != OK || (full && loading->ends_at > loading->start))
            return e;
        if ((e = buffer_append(out, envelope.data, envelope.size)) != OK)
            return e;
        if (sqlite3_column_int(walk, 0) != 0)
            loading->ends_at = out->size;
    }
    return e;
}

static enum err feed_follows(struct store *store, const struct feed_row *feed, uint64_t after,
                             const struct id8 *after_id8) {
    if (after >= feed->info.head.seq && after != feed->info.head.seq)
        return ERR_NOT_FOUND;
    if (after > 0) {
        struct envelope_id id;
        enum err e = entry_id(store, feed->row, after, &id);
        if (e != OK)
            return e;
        struct id8 id8 = envelope_id8(&id);
        if (!id8_equal(&id8, after_id8))
            return ERR_CHAIN;
    }
    return after == feed->info.head.seq ? ERR_NOT_FOUND : OK;
}

enum err feed_load(struct store *store, const struct feed_id *id, uint64_t after,
                   const struct id8 *after_id8, size_t bytes_max, struct buffer *out) {
    struct feed_row *feed = NULL;
    struct loading loading = {.out = out, .start = out->size, .ends_at = out->size};
    enum err e = feed_row_find(store, id, &feed);
    if (e == OK)
        e = feed_follows(store, feed, after, after_id8);
    if (e == OK)
        e = member_sign_key(store, &feed->info.author, &loading.author);
    if (e != OK)
        return e;
    sqlite3_stmt *walk = db_statement(
        store->db, "SELECT checked, bytes FROM entry WHERE key > ? AND key <= ? ORDER BY key");
    sqlite3_bind_int64(walk, 1, entry_key(feed->row, after));
    sqlite3_bind_int64(walk, 2, entry_key(feed->row, feed->info.head.seq));
    e = load(store, walk, bytes_max < RUN_SIZE_MAX ? bytes_max : RUN_SIZE_MAX, &loading);
    db_reset(walk);
    if (e == OK && loading.ends_at == loading.start)
        e = ERR_CORRUPT; /* every run that is stored ends at a checked signature */
    out->size = e == OK ? loading.ends_at : loading.start;
    return e;
}

enum err feed_entries(struct store *store, const struct feed_id *id, uint64_t from,
                      entry_visit *visit, void *context) {
    struct feed_row *feed = NULL;
    enum err e = feed_row_find(store, id, &feed);
    if (e != OK)
        return e;
    struct feed_info info = feed->info;
    if (from > info.head.seq)
        return OK; /* and beyond the numbers that a key has room for, it would name another feed's
                    */
    sqlite3_stmt *walk =
        db_walk(store->db, "SELECT key, id, status, reason, stored, bytes FROM entry"
                           " WHERE key >= ? AND key <= ? ORDER BY key");
    sqlite3_bind_int64(walk, 1, entry_key(feed->row, from));
    sqlite3_bind_int64(walk, 2, entry_key(feed->row, info.head.seq));
    bool row = false;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct entry_info entry = {.seq = (uint64_t)(sqlite3_column_int64(walk, 0) & ENTRY_SEQ_MAX),
                                   .status = (enum entry_status)sqlite3_column_int(walk, 2),
                                   .reason = (enum err)sqlite3_column_int(walk, 3),
                                   .stored = sqlite3_column_int64(walk, 4),
                                   .envelope = db_column_bytes(walk, 5)};
        if ((e = db_column_copy(walk, 1, entry.id.bytes, sizeof entry.id.bytes)) != OK ||
            (e = visit(context, &info, &entry)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

/* The most that this node's own word has shown of an own feed. */
static enum err proof_put(struct store *store, const struct feed_id *id, uint64_t seq,
                          const struct id8 *id8) {
    sqlite3_stmt *put =
        db_statement(store->db, "INSERT INTO own_report (feed, seq, id8) VALUES (?, ?, ?)"
                                " ON CONFLICT DO UPDATE SET seq = excluded.seq, id8 = excluded.id8"
                                " WHERE excluded.seq > seq");
    db_bind_bytes(put, 1, id->bytes, sizeof id->bytes);
    sqlite3_bind_int64(put, 2, (int64_t)seq);
    db_bind_bytes(put, 3, id8->bytes, sizeof id8->bytes);
    return db_run(store->db, put);
}

static enum err proved_more(struct store *store, const struct feed_row *feed, bool *ret_more) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT 1 FROM own_report WHERE feed = ? AND seq > ?");
    db_bind_bytes(get, 1, feed->info.id.bytes, sizeof feed->info.id.bytes);
    sqlite3_bind_int64(get, 2, (int64_t)feed->info.head.seq);
    bool more = false;
    enum err e = db_row(store->db, get, &more);
    db_reset(get);
    if (e == OK)
        *ret_more = more;
    return e;
}

/* Of how many members the word is needed: of one, unless a roster may have been cut. */
static enum err needed(struct store *store, const struct feed_row *feed, size_t *ret_n) {
    *ret_n = 1;
    if (!feed->barred)
        return OK;
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT count(*) FROM member WHERE status = 1 AND member <> ?");
    db_bind_bytes(get, 1, store->self.member.bytes, sizeof store->self.member.bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row && sqlite3_column_int64(get, 0) > 1)
        *ret_n = (size_t)sqlite3_column_int64(get, 0);
    db_reset(get);
    return e;
}

static enum err settle(struct store *store, struct feed_row *feed) {
    struct report_tally tally;
    size_t needed_n = 1;
    bool more = false;
    enum err e = report_expire(store);
    if (e != OK || !store->place.settled || feed->info.confirmed ||
        (feed->barred && feed->info.channel.kind != CHANNEL_ROSTER))
        return e;
    e = report_count(store, feed, &tally);
    if (e == OK)
        e = proved_more(store, feed, &more);
    if (e == OK)
        e = needed(store, feed, &needed_n);
    if (e != OK || more || tally.awaited || tally.same_n < needed_n)
        return e;
    feed->info.confirmed = true;
    feed->barred = false;
    /* What was said of the roster stays: on a full disk the confirmation may not. */
    if (feed->info.channel.kind != CHANNEL_ROSTER)
        report_forget(store, &feed->info.id);
    return feed_row_save(store, feed);
}

/* Borrowed until a transaction begins: what a full disk kept from being written down is tried again
 * then, and undone if it fails. */
static enum err find_own(struct store *store, const struct feed_id *id,
                         struct feed_row **ret_feed) {
    enum err e = feed_row_find(store, id, ret_feed);
    if (e == OK && !member_id_equal(&(*ret_feed)->info.author, &store->self.member))
        e = ERR_NOT_FOUND;
    return e;
}

enum err feed_reported(struct store *store, const struct member_id *from, const struct feed_id *id,
                       uint64_t seq, const struct id8 *id8) {
    struct feed_row *feed = NULL;
    bool own = false;
    if (seq == 0 || member_id_equal(from, &store->self.member))
        return OK;
    enum err e = find_own(store, id, &feed);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    if (store->place.settled && feed->info.confirmed && seq <= feed->info.head.seq)
        return OK;
    if ((e = store_enter(store, &own)) != OK)
        return e;
    e = find_own(store, id, &feed);
    if (e == OK)
        e = report_put(store, from, feed, seq, id8);
    if (e == OK)
        e = settle(store, feed);
    return store_leave(store, own, e);
}

enum err feed_settle(struct store *store, const struct feed_id *id, bool *ret_confirmed) {
    struct feed_row *feed = NULL;
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    e = find_own(store, id, &feed);
    if (e == OK)
        e = settle(store, feed);
    if (e == OK)
        *ret_confirmed = feed->info.confirmed;
    return store_leave(store, own, e);
}

static enum err is_here(struct store *store, const struct feed_row *feed, uint64_t seq,
                        const struct id8 *id8, bool *ret_here) {
    struct envelope_id id;
    *ret_here = false;
    if (seq > feed->info.head.seq)
        return OK;
    enum err e = entry_id(store, feed->row, seq, &id);
    if (e == OK) {
        struct id8 here = envelope_id8(&id);
        *ret_here = id8_equal(&here, id8);
    }
    return e;
}

enum err feed_proved(struct store *store, const struct feed_id *id, uint64_t seq,
                     const struct id8 *id8, bool *ret_lost) {
    struct feed_row *feed = NULL;
    bool here = true, own = false;
    enum err e = seq == 0 ? ERR_NOT_FOUND : find_own(store, id, &feed);
    if (e == OK)
        e = is_here(store, feed, seq, id8, &here);
    *ret_lost = e == OK && !here;
    if (e != OK || here)
        return e == ERR_NOT_FOUND ? OK : e;
    if ((e = store_enter(store, &own)) != OK)
        return e;
    if ((e = find_own(store, id, &feed)) == OK) {
        feed->barred = true;
        feed->info.confirmed = false;
        e = feed_row_save(store, feed);
    }
    if (e == OK && seq > feed->info.head.seq && seq <= (uint64_t)ENTRY_SEQ_MAX)
        e = proof_put(store, id, seq, id8);
    return store_leave(store, own, e);
}
