#include "feed.h"
#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"

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
