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

/* A whole name beats a whole id, that a beginning of a name. */
struct search {
    const char *name;
    struct member_id found;
    int rank; /* of what has been found: 3 the name, 2 the id, 1 a beginning, 0 nothing */
    size_t found_n;
};

static int rank_of(const struct search *search, const struct roster_entry *entry) {
    char id[ID_TEXT_MAX];
    id_text(entry->member.bytes, sizeof entry->member.bytes, id);
    if (strcmp(entry->name, search->name) == 0)
        return 3;
    if (strlen(search->name) == strlen(id) && id_text_has_prefix(id, search->name))
        return 2;
    return strncmp(entry->name, search->name, strlen(search->name)) == 0 ? 1 : 0;
}

static enum err search_visit(void *context, const struct roster_entry *entry) {
    struct search *search = context;
    int rank = rank_of(search, entry);
    if (rank == 0 || rank < search->rank)
        return OK;
    search->found_n = rank > search->rank ? 1 : search->found_n + 1;
    search->rank = rank;
    search->found = entry->member;
    return OK;
}

enum err roster_by_name(struct store *store, const char *name, struct arena *arena,
                        struct roster_entry *ret_entry) {
    struct search search = {.name = name};
    enum err e = name[0] == '\0' ? ERR_NOT_FOUND : roster_each(store, search_visit, &search);
    if (e == OK && search.found_n != 1)
        e = search.found_n == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS;
    return e == OK ? roster_member(store, &search.found, UINT64_MAX, arena, ret_entry) : e;
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
