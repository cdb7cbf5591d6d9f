#include "append.h"
#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"

enum { CHANGES_PER_DAY_MAX = 16, DAY_MS = 24 * 60 * 60 * 1000 };

/* The roster is kept by everybody for ever: no member may make it grow as it likes. */
static enum err check_quota(struct store *store, const struct member_id *member) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT count(*) FROM roster r JOIN entry e ON e.key = ?1 + r.seq"
                                " WHERE r.member = ?2 AND e.stored > ?3");
    sqlite3_bind_int64(get, 1, entry_key(store->roster.feed_row, 0));
    db_bind_bytes(get, 2, member->bytes, sizeof member->bytes);
    sqlite3_bind_int64(get, 3, store_now(store) - DAY_MS);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    bool over = e == OK && row && sqlite3_column_int64(get, 0) >= CHANGES_PER_DAY_MAX;
    db_reset(get);
    return over ? ERR_QUOTA : e;
}

static enum err write_entry(struct store *store, struct roster_entry *entry) {
    struct declaration declaration = {.kind = DECLARATION_ENTRY, .entry = *entry};
    struct version_name written;
    if (entry->counter == UINT32_MAX)
        return ERR_LIMIT;
    declaration.entry.counter++;
    return append_change(store,
                         &(struct change){.channel = {.kind = CHANNEL_ROSTER},
                                          .declarations = &declaration,
                                          .declarations_n = 1},
                         &written);
}

static enum err change(struct store *store, const struct member_id *member,
                       const char *const *endpoints, size_t n, struct arena *arena,
                       bool *ret_changed) {
    struct roster_entry entry;
    bool changed = false;
    if (store->self.role != ROLE_MUNICIPALITY)
        return store_fail(store, ERR_DENIED, "only the municipality writes the roster");
    enum err e = endpoints_validate(store, endpoints, n);
    if (e == OK)
        e = roster_member(store, member, UINT64_MAX, arena, &entry);
    if (e == OK && entry.status != MEMBER_ACTIVE)
        e = ERR_DENIED;
    changed = e == OK && !roster_entry_dials(&entry, endpoints, n);
    if (changed && !member_id_equal(member, &store->self.member))
        e = check_quota(store, member);
    if (e == OK && changed) {
        entry.endpoints = endpoints;
        entry.endpoints_n = n;
        e = write_entry(store, &entry);
    }
    if (e == OK)
        *ret_changed = changed;
    return e;
}

enum err roster_address(struct store *store, const struct member_id *member,
                        const char *const *endpoints, size_t endpoints_n, bool *ret_changed) {
    struct arena arena;
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&arena, KIB(64));
    e = store_leave(store, own, change(store, member, endpoints, endpoints_n, &arena, ret_changed));
    arena_done(&arena);
    return e;
}
