#include "roster.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"

enum err roster_tip(struct store *store, struct roster_tip *ret_tip) {
    const struct roster_state *roster = &store->roster;
    *ret_tip = (struct roster_tip){roster->feed, roster->seq, roster->id8};
    return OK;
}

enum err roster_member(struct store *store, const struct member_id *member, uint64_t at_seq,
                       struct arena *arena, struct roster_entry *ret_entry) {
    sqlite3_stmt *get = db_statement(
        store->db, "SELECT * FROM roster WHERE member = ? AND seq <= ? ORDER BY seq DESC LIMIT 1");
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    sqlite3_bind_int64(get, 2, at_seq > INT64_MAX ? INT64_MAX : (int64_t)at_seq);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK)
        e = member_read(get, arena, ret_entry);
    db_reset(get);
    return e;
}

enum err roster_by_transport(struct store *store, const struct transport_public *key,
                             struct member_id *ret_member) {
    sqlite3_stmt *get = db_statement(
        store->db, "SELECT r.member FROM roster r WHERE r.transport = ? AND r.status = 1"
                   " AND r.seq = (SELECT max(seq) FROM roster WHERE member = r.member)");
    db_bind_bytes(get, 1, key->bytes, sizeof key->bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK)
        e = db_column_copy(get, 0, ret_member->bytes, sizeof ret_member->bytes);
    db_reset(get);
    return e;
}

enum err roster_each(struct store *store, roster_visit *visit, void *context) {
    struct arena arena;
    arena_init(&arena, KIB(64));
    sqlite3_stmt *walk = db_walk(store->db, "SELECT * FROM member ORDER BY role, name, member");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct roster_entry entry;
        arena_reset(&arena);
        if ((e = member_read(walk, &arena, &entry)) != OK || (e = visit(context, &entry)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    arena_done(&arena);
    return e;
}

enum err roster_federation_name(struct store *store, struct arena *arena, const char **ret_name) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT name FROM federation");
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK)
        e = arena_text(arena, db_column_bytes(get, 0), ret_name);
    db_reset(get);
    return e;
}
