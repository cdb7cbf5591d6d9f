#include "apply.h"
#include "feed_row.h"
#include "replica.h"

/* Everything is added in an order that every replica shares: by ids, never by local rows. */
static enum err add_heads(struct store *store, struct hasher *hasher) {
    sqlite3_stmt *walk =
        db_walk(store->db, "SELECT id, head_seq, head_id FROM feed WHERE head_seq > 0 ORDER BY id");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct bytes id = db_column_bytes(walk, 0), head = db_column_bytes(walk, 2);
        hasher_add(hasher, id.data, id.size);
        hasher_add_u64(hasher, (uint64_t)sqlite3_column_int64(walk, 1));
        hasher_add(hasher, head.data, head.size);
    }
    sqlite3_finalize(walk);
    return e;
}

static enum err add_statuses(struct store *store, struct hasher *hasher) {
    sqlite3_stmt *walk = db_walk(
        store->db,
        "SELECT f.id, e.key, e.status, e.reason FROM entry e JOIN feed f ON f.row = e.key >> 40"
        " WHERE e.status <> 1 ORDER BY f.id, e.key");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct bytes id = db_column_bytes(walk, 0);
        hasher_add(hasher, id.data, id.size);
        hasher_add_u64(hasher, (uint64_t)(sqlite3_column_int64(walk, 1) & ENTRY_SEQ_MAX));
        hasher_add_u64(hasher, (uint64_t)sqlite3_column_int64(walk, 2));
        hasher_add_u64(hasher, (uint64_t)sqlite3_column_int64(walk, 3));
    }
    sqlite3_finalize(walk);
    return e;
}

static enum err add_roster(struct store *store, struct hasher *hasher) {
    sqlite3_stmt *walk =
        db_walk(store->db, "SELECT member, seq, counter, role, status, name FROM roster"
                           " ORDER BY member, seq");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct bytes member = db_column_bytes(walk, 0), name = db_column_bytes(walk, 5);
        hasher_add(hasher, member.data, member.size);
        for (int i = 1; i <= 4; i++)
            hasher_add_u64(hasher, (uint64_t)sqlite3_column_int64(walk, i));
        hasher_add_u64(hasher, name.size);
        hasher_add(hasher, name.data, name.size);
    }
    sqlite3_finalize(walk);
    return e;
}

enum err store_digest(struct store *store, struct hash *ret_digest) {
    struct hasher hasher;
    struct self self; /* read back, should it have been forgotten */
    hasher_init(&hasher, HASH_STORE);
    enum err e = store_self(store, &self);
    if (e == OK)
        e = add_roster(store, &hasher);
    if (e == OK)
        e = add_heads(store, &hasher);
    if (e == OK)
        e = add_statuses(store, &hasher);
    if (e == OK)
        e = apply_digest(store, &hasher);
    if (e == OK)
        *ret_digest = hasher_final(&hasher);
    return e;
}
