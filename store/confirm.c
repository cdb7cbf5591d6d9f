#include "confirm.h"

#include "member.h"
#include "replica.h"
#include "report.h"

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

enum err confirm_proved(struct store *store, const struct feed_row *feed, uint64_t *ret_seq) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT seq FROM own_report WHERE feed = ? AND seq > ?");
    db_bind_bytes(get, 1, feed->info.id.bytes, sizeof feed->info.id.bytes);
    sqlite3_bind_int64(get, 2, (int64_t)feed->info.head.seq);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK)
        *ret_seq = row ? (uint64_t)sqlite3_column_int64(get, 0) : 0;
    db_reset(get);
    return e;
}

/* What is barred is not confirmed by what members say: who is missing here may know more, and is
 * not asked. The roster, of which there is but this one, goes on by a person's word (roster.h). */
static enum err settle(struct store *store, struct feed_row *feed) {
    struct report_tally tally;
    uint64_t more = 0;
    enum err e = report_expire(store);
    if (e != OK || !store->place.settled || feed->info.confirmed || feed->barred)
        return e;
    e = report_count(store, feed, &tally);
    if (e == OK)
        e = confirm_proved(store, feed, &more);
    if (e != OK || more > 0 || tally.awaited || tally.same_n == 0)
        return e;
    feed->info.confirmed = true;
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
