#include "check_parts.h"
#include "epoch.h"
#include "feed_row.h"
#include "member.h"

#include <sodium.h>

static enum err check_counts(struct check *check, const struct feed_row *feed) {
    sqlite3_stmt *get =
        db_statement(check->store->db,
                     "SELECT count(*) FILTER (WHERE status = 2),"
                     " count(*) FILTER (WHERE status = 3),"
                     " count(*) FILTER (WHERE status NOT IN (1, 2, 3)"
                     " OR (status = 1) <> (reason = 0)) FROM entry WHERE key > ? AND key <= ?");
    sqlite3_bind_int64(get, 1, entry_key(feed->row, 0));
    sqlite3_bind_int64(get, 2, entry_key(feed->row, feed->info.head.seq));
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK && ((uint64_t)sqlite3_column_int64(get, 0) != feed->info.waiting ||
                    (uint64_t)sqlite3_column_int64(get, 1) != feed->info.voided))
        check_tell(check, 0, ERR_CORRUPT, "the feed's counts differ from its entries");
    if (e == OK && sqlite3_column_int64(get, 2) > 0)
        check_tell(check, 0, ERR_CORRUPT, "an entry's status does not go with its reason");
    db_reset(get);
    return e;
}

enum err check_feed_row(struct check *check) {
    struct feed_row feed;
    const struct federation_id *federation = &check->store->roster.federation;
    sqlite3_stmt *get = db_statement(check->store->db, "SELECT * FROM feed_full WHERE row = ?");
    sqlite3_bind_int64(get, 1, check->feed_row);
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK && row)
        e = feed_row_read(check->store, get, &feed);
    db_reset(get);
    if (e != OK || !row)
        return e;
    struct channel_id channel = channel_id_of(federation, &feed.info.channel);
    struct feed_id id = feed_id_of(federation, &channel, &feed.info.author, &feed.info.incarnation);
    if (!channel_id_equal(&channel, &feed.info.channel_id))
        check_tell(check, 0, ERR_CORRUPT, "the channel is not what its id says");
    else if (!feed_id_equal(&id, &feed.info.id))
        check_tell(check, 0, ERR_CORRUPT,
                   "the feed's author or incarnation is not what its id says");
    if (feed.info.head.seq == check->before.seq &&
        (feed.clock != check->clock || feed.tip_max != check->tip_max))
        check_tell(check, 0, ERR_CORRUPT,
                   "the feed's clock or roster tip differs from its entries'");
    return check_counts(check, &feed);
}

/* ---- The roster ---- */

static bool same_text(const char *a, struct bytes b) {
    return bytes_equal(bytes_of_text(a), b);
}

static bool same_keys(const struct public_keys *keys, sqlite3_stmt *row) {
    return bytes_equal((struct bytes){keys->sign.bytes, 32}, db_column_bytes(row, 6)) &&
           bytes_equal((struct bytes){keys->seal.bytes, 32}, db_column_bytes(row, 7)) &&
           bytes_equal((struct bytes){keys->transport.bytes, 32}, db_column_bytes(row, 8));
}

static bool same_entry(const struct roster_entry *entry, const struct buffer *endpoints,
                       sqlite3_stmt *row) {
    return sqlite3_column_int64(row, 2) == entry->counter &&
           sqlite3_column_int64(row, 3) == (int64_t)entry->role &&
           same_text(entry->name, db_column_bytes(row, 4)) &&
           sqlite3_column_int64(row, 5) == (int64_t)entry->status && same_keys(&entry->keys, row) &&
           same_text((const char *)endpoints->data, db_column_bytes(row, 9)) &&
           bytes_equal((struct bytes){entry->ticket.bytes, 32}, db_column_bytes(row, 10));
}

/* Does the entry change anything after those before it? */
static enum err counts(struct check *check, uint64_t seq, const struct roster_entry *entry,
                       bool *ret_counts) {
    sqlite3_stmt *get =
        db_statement(check->store->db, "SELECT counter, status FROM roster WHERE member = ?"
                                       " AND seq < ? ORDER BY seq DESC LIMIT 1");
    db_bind_bytes(get, 1, entry->member.bytes, sizeof entry->member.bytes);
    sqlite3_bind_int64(get, 2, (int64_t)seq);
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK)
        *ret_counts = !row || (sqlite3_column_int64(get, 0) < entry->counter &&
                               sqlite3_column_int64(get, 1) != MEMBER_REMOVED);
    db_reset(get);
    return e;
}

static enum err check_member(struct check *check, uint64_t seq, const struct roster_entry *entry) {
    bool row = false, expected = false;
    struct buffer endpoints = {0};
    enum err e = counts(check, seq, entry, &expected);
    if (e != OK || !expected)
        return e;
    check->roster_rows++;
    e = endpoints_join(entry->endpoints, entry->endpoints_n, &endpoints);
    sqlite3_stmt *get =
        db_statement(check->store->db, "SELECT * FROM roster WHERE member = ? AND seq = ?");
    db_bind_bytes(get, 1, entry->member.bytes, sizeof entry->member.bytes);
    sqlite3_bind_int64(get, 2, (int64_t)seq);
    if (e == OK)
        e = db_row(check->store->db, get, &row);
    if (e == OK && !(row && same_entry(entry, &endpoints, get)))
        check_tell(check, seq, ERR_CORRUPT,
                   "the roster does not say of a member what this entry says");
    db_reset(get);
    buffer_done(&endpoints);
    return e;
}

static bool same_founding(const struct check *check, const struct founding *founding,
                          sqlite3_stmt *row) {
    struct federation_id id = founding_federation(founding);
    return bytes_equal((struct bytes){id.bytes, sizeof id.bytes}, db_column_bytes(row, 0)) &&
           same_text(founding->name, db_column_bytes(row, 1)) &&
           bytes_equal((struct bytes){founding->root_sign.bytes, 32}, db_column_bytes(row, 2)) &&
           bytes_equal((struct bytes){founding->root_seal.bytes, 32}, db_column_bytes(row, 3)) &&
           bytes_equal((struct bytes){founding->municipality.bytes, 16}, db_column_bytes(row, 4)) &&
           sqlite3_column_int64(row, 5) == check->feed_row;
}

static enum err check_founding(struct check *check, uint64_t seq, const struct founding *founding) {
    sqlite3_stmt *get = db_statement(
        check->store->db,
        "SELECT id, name, root_sign, root_seal, municipality, roster_feed FROM federation");
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    check->founded = true;
    if (e == OK && !(row && same_founding(check, founding, get)))
        check_tell(check, seq, ERR_CORRUPT, "the federation is not what its founding says");
    db_reset(get);
    return e;
}

/* ---- Epochs ---- */

static enum err check_grant(struct check *check, uint64_t seq,
                            const struct epoch_declaration *epoch, const struct grant *grant) {
    /* An own one is kept only if it opens. */
    if (member_id_equal(&grant->member, &check->store->self.member)) {
        struct epoch_declaration alone = *epoch;
        struct epoch_secret secret;
        alone.grants = grant;
        alone.grants_n = 1;
        bool opens = check->store->config.keys != NULL &&
                     epoch_secret_declared(check->store, &alone, &secret) == OK;
        sodium_memzero(&secret, sizeof secret);
        if (!opens)
            return OK;
    }
    sqlite3_stmt *get =
        db_statement(check->store->db, "SELECT 1 FROM epoch_grant WHERE epoch = ? AND member = ?"
                                       " AND sealed = ?");
    db_bind_bytes(get, 1, epoch->public_key.bytes, sizeof epoch->public_key.bytes);
    db_bind_bytes(get, 2, grant->member.bytes, sizeof grant->member.bytes);
    db_bind_bytes(get, 3, grant->sealed, sizeof grant->sealed);
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK && !row)
        check_tell(check, seq, ERR_CORRUPT,
                   "a grant that this entry declares is not kept as it was");
    db_reset(get);
    return e;
}

static enum err check_epoch(struct check *check, uint64_t seq,
                            const struct epoch_declaration *epoch) {
    sqlite3_stmt *get = db_statement(
        check->store->db, "SELECT 1 FROM epoch WHERE channel = ? AND key = ? AND number >= ?");
    db_bind_bytes(get, 1, epoch->channel.bytes, sizeof epoch->channel.bytes);
    db_bind_bytes(get, 2, epoch->public_key.bytes, sizeof epoch->public_key.bytes);
    sqlite3_bind_int64(get, 3, epoch->number);
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK && !row)
        check_tell(check, seq, ERR_CORRUPT,
                   "an epoch that this entry declares is not kept as it was");
    db_reset(get);
    for (size_t i = 0; e == OK && i < epoch->grants_n; i++)
        e = check_grant(check, seq, epoch, &epoch->grants[i]);
    return e;
}

static enum err check_declaration(struct check *check, uint64_t seq,
                                  const struct declaration *declaration) {
    if (declaration->kind == DECLARATION_FOUNDING)
        return check_founding(check, seq, &declaration->founding);
    if (declaration->kind == DECLARATION_ENTRY)
        return check_member(check, seq, &declaration->entry);
    if (declaration->kind == DECLARATION_EPOCH)
        return check_epoch(check, seq, &declaration->epoch);
    return OK;
}

enum err check_declarations(struct check *check, uint64_t seq, const struct envelope *envelope) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < envelope->header.sections_n; i++) {
        const struct section *section = &envelope->sections[i];
        struct declaration declaration;
        if (section->kind != SECTION_DECLARATION || section->state != SECTION_PRESENT)
            continue;
        e = declaration_decode(section->content, &check->arena, &declaration);
        if (e == OK)
            e = check_declaration(check, seq, &declaration);
        else if (e != ERR_MEMORY) {
            check_tell(check, seq, e, "it was applied, and a declaration can't be read");
            e = OK;
        }
    }
    return e;
}
