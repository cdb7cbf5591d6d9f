#include "member.h"
#include "backlog.h"
#include "feed_row.h"
#include "proto/limits.h"
#include "quarantine_put.h"
#include "replica.h"

#include <stdio.h>

static enum err state_read(struct store *store, sqlite3_stmt *s) {
    struct roster_state *state = &store->roster;
    state->feed_row = sqlite3_column_int64(s, 1);
    state->seq = (uint64_t)sqlite3_column_int64(s, 2);
    enum err e = db_column_copy(s, 0, state->federation.bytes, sizeof state->federation.bytes);
    if (e == OK)
        e = db_column_copy(s, 3, state->municipality.bytes, sizeof state->municipality.bytes);
    if (e == OK)
        e = db_column_copy(s, 6, state->feed.bytes, sizeof state->feed.bytes);
    if (e != OK || sqlite3_column_type(s, 4) == SQLITE_NULL)
        return e;
    store->self.federation = state->federation;
    store->self.role = (enum role)sqlite3_column_int(s, 5);
    return db_column_copy(s, 4, store->self.member.bytes, sizeof store->self.member.bytes);
}

enum err roster_state_load(struct store *store) {
    store->roster = (struct roster_state){0};
    store->self = (struct self){0};
    sqlite3_stmt *get = db_statement(
        store->db,
        "SELECT n.id, n.roster_feed, n.roster_seq, n.municipality, n.member, n.role, f.id"
        " FROM federation n JOIN feed f ON f.row = n.roster_feed");
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row)
        e = state_read(store, get);
    db_reset(get);
    if (e != OK || store->roster.seq == 0)
        return e;
    struct envelope_id id;
    e = entry_id(store, store->roster.feed_row, store->roster.seq, &id);
    if (e == OK)
        store->roster.id8 = envelope_id8(&id);
    return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
}

enum err roster_advance(struct store *store, uint64_t seq, const struct envelope_id *id) {
    sqlite3_stmt *put = db_statement(store->db, "UPDATE federation SET roster_seq = ?");
    sqlite3_bind_int64(put, 1, (int64_t)seq);
    enum err e = db_run(store->db, put);
    if (e != OK)
        return e;
    store->roster.seq = seq;
    store->roster.id8 = envelope_id8(id);
    backlog_add_roster(store->backlog);
    return news_put_roster(store);
}

enum err member_rights(struct store *store, const struct member_id *member, uint64_t seq,
                       struct rights *ret_rights) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT status, role FROM roster WHERE member = ? AND seq <= ?"
                                " ORDER BY seq DESC LIMIT 1");
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    sqlite3_bind_int64(get, 2, seq > INT64_MAX ? INT64_MAX : (int64_t)seq);
    struct rights rights = {0};
    enum err e = db_row(store->db, get, &rights.known);
    if (e == OK && rights.known) {
        rights.active = sqlite3_column_int(get, 0) == MEMBER_ACTIVE;
        rights.role = (enum role)sqlite3_column_int(get, 1);
    }
    db_reset(get);
    if (e == OK)
        *ret_rights = rights;
    return e;
}

static enum err key_of(struct store *store, sqlite3_stmt *get, const struct member_id *member,
                       uint8_t *ret_key) {
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK)
        e = db_column_copy(get, 0, ret_key, 32);
    db_reset(get);
    return e;
}

enum err member_sign_key(struct store *store, const struct member_id *member,
                         struct sign_public *ret_key) {
    return key_of(store,
                  db_statement(store->db, "SELECT sign FROM roster WHERE member = ? LIMIT 1"),
                  member, ret_key->bytes);
}

enum err member_seal_key(struct store *store, const struct member_id *member,
                         struct seal_public *ret_key) {
    return key_of(store,
                  db_statement(store->db, "SELECT seal FROM roster WHERE member = ? LIMIT 1"),
                  member, ret_key->bytes);
}

enum err member_others(struct store *store, bool *ret_others) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT 1 FROM roster WHERE member <> ? LIMIT 1");
    db_bind_bytes(get, 1, store->roster.municipality.bytes,
                  sizeof store->roster.municipality.bytes);
    enum err e = db_row(store->db, get, ret_others);
    db_reset(get);
    return e;
}

enum err member_active_others(struct store *store, size_t *ret_n) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT count(*) FROM member WHERE status = 1 AND member <> ?");
    db_bind_bytes(get, 1, store->self.member.bytes, sizeof store->self.member.bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row)
        *ret_n = (size_t)sqlite3_column_int64(get, 0);
    db_reset(get);
    return e;
}

enum err member_read(sqlite3_stmt *s, struct arena *arena, struct roster_entry *ret_entry) {
    struct roster_entry entry = {.counter = (uint32_t)sqlite3_column_int64(s, 2),
                                 .role = (enum role)sqlite3_column_int(s, 3),
                                 .status = (enum member_status)sqlite3_column_int(s, 5)};
    enum err e = db_column_copy(s, 0, entry.member.bytes, sizeof entry.member.bytes);
    if (e == OK)
        e = db_column_copy(s, 6, entry.keys.sign.bytes, sizeof entry.keys.sign.bytes);
    if (e == OK)
        e = db_column_copy(s, 7, entry.keys.seal.bytes, sizeof entry.keys.seal.bytes);
    if (e == OK)
        e = db_column_copy(s, 8, entry.keys.transport.bytes, sizeof entry.keys.transport.bytes);
    if (e == OK)
        e = db_column_copy(s, 10, entry.ticket.bytes, sizeof entry.ticket.bytes);
    if (e == OK)
        e = arena_text(arena, db_column_bytes(s, 4), &entry.name);
    if (e == OK)
        e = endpoints_split(db_column_bytes(s, 9), arena, &entry.endpoints, &entry.endpoints_n);
    if (e == OK)
        *ret_entry = entry;
    return e;
}

static bool keys_equal(const struct public_keys *a, const struct public_keys *b) {
    return memcmp(a->sign.bytes, b->sign.bytes, 32) == 0 &&
           memcmp(a->seal.bytes, b->seal.bytes, 32) == 0 &&
           memcmp(a->transport.bytes, b->transport.bytes, 32) == 0;
}

static enum err why_void(enum err e, const char *text, char *ret_why, size_t size) {
    snprintf(ret_why, size, "%s", text);
    return e;
}

static enum err any_row(struct store *store, sqlite3_stmt *get, bool *ret_any) {
    bool any = false;
    enum err e = db_row(store->db, get, &any);
    db_reset(get);
    if (e == OK)
        *ret_any = any;
    return e;
}

/* Rows are counted before members: as long as there are few, nobody has to look twice. */
static enum err too_many(struct store *store, bool *ret_many) {
    sqlite3_stmt *rows = db_statement(store->db, "SELECT 1 FROM roster LIMIT 1 OFFSET ?");
    sqlite3_bind_int64(rows, 1, MEMBERS_MAX - 1);
    enum err e = any_row(store, rows, ret_many);
    if (e != OK || !*ret_many)
        return e;
    sqlite3_stmt *members = db_statement(
        store->db, "SELECT 1 FROM (SELECT DISTINCT member FROM roster) LIMIT 1 OFFSET ?");
    sqlite3_bind_int64(members, 1, MEMBERS_MAX - 1);
    return any_row(store, members, ret_many);
}

static enum err check_newcomer(struct store *store, const struct roster_entry *entry, char *ret_why,
                               size_t size) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT 1 FROM roster WHERE sign = ?1 OR transport = ?2 LIMIT 1");
    db_bind_bytes(get, 1, entry->keys.sign.bytes, sizeof entry->keys.sign.bytes);
    db_bind_bytes(get, 2, entry->keys.transport.bytes, sizeof entry->keys.transport.bytes);
    bool taken = false, many = false;
    enum err e = any_row(store, get, &taken);
    if (e == OK)
        e = too_many(store, &many);
    if (e == OK && taken)
        return why_void(ERR_EXISTS, "another member has these keys", ret_why, size);
    if (e == OK && many)
        return why_void(ERR_LIMIT, "too many members", ret_why, size);
    return e;
}

/* Whoever changed a site's sealing key in the roster could read what is sealed to it from then on:
 * version 1 knows no way to change a key, so nobody has it. */
enum err member_check(struct store *store, const struct roster_entry *entry, char *ret_why,
                      size_t size) {
    struct arena arena;
    struct roster_entry before;
    arena_init(&arena, KIB(64));
    enum err e = roster_member(store, &entry->member, UINT64_MAX, &arena, &before);
    if (e == ERR_NOT_FOUND)
        e = check_newcomer(store, entry, ret_why, size);
    else if (e == OK && !keys_equal(&before.keys, &entry->keys))
        e = why_void(ERR_KEY, "it changes a member's keys", ret_why, size);
    else if (e == OK && before.role != entry->role)
        e = why_void(ERR_DENIED, "it changes a member's role", ret_why, size);
    arena_done(&arena);
    return e;
}

static enum err counter_of(struct store *store, const struct member_id *member,
                           uint32_t *ret_counter, enum member_status *ret_status) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT counter, status FROM member WHERE member = ?");
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK) {
        *ret_counter = row ? (uint32_t)sqlite3_column_int64(get, 0) : 0;
        *ret_status = row ? (enum member_status)sqlite3_column_int(get, 1) : MEMBER_ACTIVE;
    }
    db_reset(get);
    return e;
}

enum err member_put(struct store *store, uint64_t seq, const struct roster_entry *entry) {
    uint32_t counter = 0;
    enum member_status status = MEMBER_ACTIVE;
    enum err e = counter_of(store, &entry->member, &counter, &status);
    if (e != OK || entry->counter <= counter || status == MEMBER_REMOVED)
        return e;
    struct buffer endpoints = {0};
    e = endpoints_join(entry->endpoints, entry->endpoints_n, &endpoints);
    if (e != OK)
        goto done;
    sqlite3_stmt *put = db_statement(
        store->db, "INSERT OR REPLACE INTO roster VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    db_bind_bytes(put, 1, entry->member.bytes, sizeof entry->member.bytes);
    sqlite3_bind_int64(put, 2, (int64_t)seq);
    sqlite3_bind_int64(put, 3, entry->counter);
    sqlite3_bind_int(put, 4, (int)entry->role);
    db_bind_text(put, 5, entry->name);
    sqlite3_bind_int(put, 6, (int)entry->status);
    db_bind_bytes(put, 7, entry->keys.sign.bytes, sizeof entry->keys.sign.bytes);
    db_bind_bytes(put, 8, entry->keys.seal.bytes, sizeof entry->keys.seal.bytes);
    db_bind_bytes(put, 9, entry->keys.transport.bytes, sizeof entry->keys.transport.bytes);
    db_bind_text(put, 10, (const char *)endpoints.data);
    db_bind_bytes(put, 11, entry->ticket.bytes, sizeof entry->ticket.bytes);
    e = db_run(store->db, put);
done:
    buffer_done(&endpoints);
    return e;
}

enum err founding_put(struct store *store, int64_t feed_row, const struct feed_id *feed,
                      const struct founding *founding) {
    struct federation_id id = founding_federation(founding);
    sqlite3_stmt *put = db_statement(store->db, "INSERT INTO federation (one, id, name, root_sign, "
                                                "root_seal, municipality, roster_feed, roster_seq)"
                                                " VALUES (1, ?, ?, ?, ?, ?, ?, 0)");
    db_bind_bytes(put, 1, id.bytes, sizeof id.bytes);
    db_bind_text(put, 2, founding->name);
    db_bind_bytes(put, 3, founding->root_sign.bytes, sizeof founding->root_sign.bytes);
    db_bind_bytes(put, 4, founding->root_seal.bytes, sizeof founding->root_seal.bytes);
    db_bind_bytes(put, 5, founding->municipality.bytes, sizeof founding->municipality.bytes);
    sqlite3_bind_int64(put, 6, feed_row);
    enum err e = db_run(store->db, put);
    if (e == OK)
        store->roster = (struct roster_state){.feed_row = feed_row,
                                              .feed = *feed,
                                              .municipality = founding->municipality,
                                              .federation = id};
    return e;
}

enum err self_put(struct store *store, const struct member_id *member, enum role role) {
    sqlite3_stmt *put = db_statement(store->db, "UPDATE federation SET member = ?, role = ?");
    db_bind_bytes(put, 1, member->bytes, sizeof member->bytes);
    sqlite3_bind_int(put, 2, (int)role);
    enum err e = db_run(store->db, put);
    if (e == OK)
        store->self = (struct self){store->roster.federation, *member, role};
    return e;
}
