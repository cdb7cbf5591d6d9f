#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"

#include <sodium.h>

/* A join under way, as it was begun. */
struct joining {
    const char *text;
    struct ticket ticket;
    const char *const *endpoints;
    size_t endpoints_n;
    bool answered;
};

/* ERR_NOT_FOUND: none. */
static enum err joining_load(struct store *store, struct arena *arena,
                             struct joining *ret_joining) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT ticket, endpoints, answered FROM joining");
    struct joining joining = {0};
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK)
        e = arena_text(arena, db_column_bytes(get, 0), &joining.text);
    if (e == OK)
        e = endpoints_split(db_column_bytes(get, 1), arena, &joining.endpoints,
                            &joining.endpoints_n);
    if (e == OK)
        joining.answered = sqlite3_column_int(get, 2) != 0;
    db_reset(get);
    if (e == OK)
        e = ticket_decode(joining.text, arena, &joining.ticket);
    if (e != OK && row && e != ERR_MEMORY)
        e = ERR_CORRUPT; /* what stands here could be read when it was stored */
    if (e == OK)
        *ret_joining = joining;
    return e;
}

static enum err joining_put(struct store *store, const char *text, const char *const *endpoints,
                            size_t endpoints_n) {
    struct buffer lines = {0};
    enum err e = endpoints_join(endpoints, endpoints_n, &lines);
    if (e == OK) {
        sqlite3_stmt *put = db_statement(
            store->db, "INSERT OR REPLACE INTO joining (one, ticket, endpoints) VALUES (1, ?, ?)");
        db_bind_text(put, 1, text);
        db_bind_text(put, 2, (const char *)lines.data);
        e = db_run(store->db, put);
    }
    buffer_done(&lines);
    return e;
}

static enum err begin(struct store *store, const char *text, const char *const *endpoints,
                      size_t endpoints_n, struct arena *arena) {
    struct ticket ticket;
    struct joining before;
    if (store->self.role != 0)
        return store_fail(store, ERR_EXISTS, "this home belongs to a federation already");
    enum err e = ticket_decode(text, arena, &ticket);
    if (e == OK)
        e = endpoints_validate(store, endpoints, endpoints_n);
    if (e != OK)
        return e;
    e = joining_load(store, arena, &before);
    bool same = e == OK && memcmp(before.ticket.secret.bytes, ticket.secret.bytes,
                                  sizeof ticket.secret.bytes) == 0;
    if (e == OK && same && before.answered)
        return OK;
    /* Part of the roster is here. Its municipality may have been put back and know that ticket no
     * more, and then gives another. */
    if (e == OK && store->roster.feed_row != 0 &&
        !federation_id_equal(&before.ticket.federation, &ticket.federation))
        return store_fail(store, ERR_STATE, "a join to another federation is under way");
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    return joining_put(store, text, endpoints, endpoints_n);
}

enum err roster_join_begin(struct store *store, const char *ticket_text,
                           const char *const *endpoints, size_t endpoints_n) {
    struct arena arena;
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&arena, KIB(128));
    e = store_leave(store, own, begin(store, ticket_text, endpoints, endpoints_n, &arena));
    arena_done(&arena);
    return e;
}

enum err roster_join_pending(struct store *store, struct arena *arena, struct ticket *ret_ticket,
                             struct join_request *ret_request) {
    struct joining joining;
    struct join_request request;
    struct transport_secret secret;
    enum err e = joining_load(store, arena, &joining);
    if (e != OK)
        return e;
    request = (struct join_request){.federation = joining.ticket.federation,
                                    .member = joining.ticket.member,
                                    .keys = store->config.keys->public,
                                    .endpoints = joining.endpoints,
                                    .endpoints_n = joining.endpoints_n};
    e = ticket_keys_derive(&joining.ticket.secret, &request.ticket, &secret);
    sodium_memzero(&secret, sizeof secret);
    if (e != OK)
        return e;
    *ret_ticket = joining.ticket;
    *ret_request = request;
    return OK;
}

enum err roster_join_answered(struct store *store) {
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    e = db_run(store->db, db_statement(store->db, "UPDATE joining SET answered = 1"));
    if (e == OK && sqlite3_changes(db_handle(store->db)) == 0)
        e = store_fail(store, ERR_NOT_FOUND, "no join is under way");
    return store_leave(store, own, e);
}

enum err join_expected(struct store *store, struct federation_id *ret_federation,
                       struct member_id *ret_municipality) {
    struct arena arena;
    struct joining joining;
    arena_init(&arena, KIB(128));
    enum err e = joining_load(store, &arena, &joining);
    if (e == OK && !joining.answered)
        e = ERR_NOT_FOUND;
    if (e == OK) {
        *ret_federation = joining.ticket.federation;
        *ret_municipality = joining.ticket.municipality;
    }
    arena_done(&arena);
    return e;
}

/* Is the ticket's tip in the roster? `*ret_reached` false: it has not come so far yet. */
static enum err tip_matches(struct store *store, const struct ticket *ticket, bool *ret_reached) {
    struct envelope_id id;
    *ret_reached = store->roster.seq >= ticket->roster_seq;
    if (!*ret_reached || ticket->roster_seq == 0)
        return OK;
    enum err e = entry_id(store, store->roster.feed_row, ticket->roster_seq, &id);
    if (e != OK)
        return e;
    struct id8 here = envelope_id8(&id);
    if (!id8_equal(&here, &ticket->roster_id8))
        return store_fail(store, ERR_FEDERATION,
                          "the roster is not the one that the ticket speaks of");
    return OK;
}

static enum err become_member(struct store *store, const struct roster_entry *entry) {
    if (memcmp(&entry->keys, &store->config.keys->public, sizeof entry->keys) != 0)
        return store_fail(store, ERR_TICKET_USED, "another node has joined with this ticket");
    enum err e = self_put(store, &entry->member, entry->role);
    if (e == OK)
        e = db_run(store->db, db_statement(store->db, "DELETE FROM joining"));
    return e == OK ? news_put_roster(store) : e;
}

enum err join_check(struct store *store) {
    struct arena arena;
    struct joining joining;
    struct roster_entry entry;
    bool reached = false;
    if (store->roster.feed_row == 0)
        return store_fail(store, ERR_FEDERATION,
                          "the roster's first entry does not found the federation");
    arena_init(&arena, KIB(128));
    enum err e = joining_load(store, &arena, &joining);
    if (e == OK)
        e = tip_matches(store, &joining.ticket, &reached);
    if (e == OK && reached) {
        e = roster_member(store, &joining.ticket.member, UINT64_MAX, &arena, &entry);
        if (e == OK)
            e = become_member(store, &entry);
        else if (e == ERR_NOT_FOUND)
            e = OK; /* its entry is still to come */
    }
    arena_done(&arena);
    return e;
}
