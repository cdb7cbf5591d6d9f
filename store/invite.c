#include "append.h"
#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "proto/text.h"
#include "replica.h"

#include <sodium.h>

enum err roster_may_write(struct store *store) {
    struct feed_row *feed = NULL;
    bool others = false, confirmed = true;
    if (store->self.role != ROLE_MUNICIPALITY)
        return store_fail(store, ERR_DENIED, "only the municipality writes the roster");
    enum err e = feed_row_find(store, &store->roster.feed, &feed);
    if (e == OK && feed->info.forked)
        return store_fail(store, ERR_FORK, "the roster has been forked");
    if (e == OK && !feed->info.confirmed)
        e = feed_settle(store, &store->roster.feed, &confirmed);
    if (e == OK && !confirmed)
        e = member_others(store, &others);
    /* A copy from before the first member joined knows of nobody who could tell it what it lacks.
     */
    if (e == OK && !confirmed && (others || feed->barred))
        return store_fail(store, ERR_STATE,
                          "after a restart one member, after a restore every member, must first "
                          "report the roster's tip: wait until they are connected, or stafet "
                          "roster confirm");
    return e;
}

static enum err check_name_free(struct store *store, const char *name) {
    sqlite3_stmt *get = db_statement(
        store->db, "SELECT 1 FROM member WHERE name = ?1 AND status = 1 UNION ALL"
                   " SELECT 1 FROM ticket WHERE name = ?1 AND used = 0 AND expires > ?2");
    db_bind_text(get, 1, name);
    sqlite3_bind_int64(get, 2, store_now(store));
    bool taken = false;
    enum err e = db_row(store->db, get, &taken);
    db_reset(get);
    if (e == OK && taken)
        return store_fail(store, ERR_EXISTS, "a member or an open ticket has that name already");
    return e;
}

static enum err ticket_put(struct store *store, const struct ticket *ticket,
                           const struct transport_public *key) {
    sqlite3_stmt *put = db_statement(
        store->db, "INSERT INTO ticket (key, member, role, name, expires) VALUES (?, ?, ?, ?, ?)");
    db_bind_bytes(put, 1, key->bytes, sizeof key->bytes);
    db_bind_bytes(put, 2, ticket->member.bytes, sizeof ticket->member.bytes);
    sqlite3_bind_int(put, 3, (int)ticket->role);
    db_bind_text(put, 4, ticket->name);
    sqlite3_bind_int64(put, 5, ticket->expires);
    return db_run(store->db, put);
}

static enum err ticket_new(struct store *store, const char *name, enum role role, time_ms expires,
                           struct arena *arena, struct buffer *ret_text) {
    struct ticket ticket = {.federation = store->self.federation,
                            .municipality = store->self.member,
                            .roster_seq = store->roster.seq,
                            .roster_id8 = store->roster.id8,
                            .secret = seed_new(),
                            .member = member_id_new(),
                            .role = role,
                            .name = name,
                            .expires = expires};
    struct roster_entry here;
    struct transport_public key;
    struct transport_secret secret;
    enum err e = roster_federation_name(store, arena, &ticket.federation_name);
    if (e == OK)
        e = roster_member(store, &store->self.member, UINT64_MAX, arena, &here);
    if (e == OK) {
        ticket.keys = here.keys;
        ticket.endpoints = here.endpoints;
        ticket.endpoints_n = here.endpoints_n;
        e = ticket_keys_derive(&ticket.secret, &key, &secret);
    }
    if (e == OK)
        e = ticket_encode(&ticket, ret_text);
    if (e == OK)
        e = ticket_put(store, &ticket, &key);
    sodium_memzero(&secret, sizeof secret);
    sodium_memzero(&ticket.secret, sizeof ticket.secret);
    return e;
}

enum err roster_invite(struct store *store, const char *name, enum role role, time_ms expires,
                       struct buffer *ret_ticket) {
    bool own = false;
    struct arena arena;
    size_t before = ret_ticket->size;
    if (name[0] == '\0' || !text_is_name(name, NAME_SIZE_MAX))
        return store_fail(store, ERR_ARGUMENT, "a name is one line of 1 to %d bytes",
                          NAME_SIZE_MAX);
    if (role != ROLE_KINDERGARTEN && role != ROLE_SCHOOL && role != ROLE_RELAY)
        return store_fail(store, ERR_ARGUMENT, "a site is a kindergarten, a school or a relay");
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&arena, KIB(64));
    e = roster_may_write(store);
    if (e == OK)
        e = check_name_free(store, name);
    if (e == OK)
        e = ticket_new(store, name, role, expires, &arena, ret_ticket);
    arena_done(&arena);
    e = store_leave(store, own, e);
    if (e != OK) /* nothing here knows the ticket */
        ret_ticket->size = before;
    return e;
}

/* By the clock's zero it has expired, whatever the clock is set to later. The key stays: who comes
 * with it gets a clear answer. */
enum err roster_uninvite(struct store *store, const char *name) {
    bool own = false;
    if (store->self.role != ROLE_MUNICIPALITY)
        return store_fail(store, ERR_DENIED, "only the municipality writes the roster");
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    /* A time before all times, whatever the clock says later, that still tells when. */
    sqlite3_stmt *put =
        db_statement(store->db, "UPDATE ticket SET expires = -?2 WHERE name = ?1 AND used = 0"
                                " AND expires > ?2");
    db_bind_text(put, 1, name);
    sqlite3_bind_int64(put, 2, store_now(store));
    e = db_run(store->db, put);
    if (e == OK && sqlite3_changes(db_handle(store->db)) == 0)
        e = store_fail(store, ERR_NOT_FOUND, "there is no open ticket of that name");
    return store_leave(store, own, e);
}

static enum err invitation_read(sqlite3_stmt *s, struct invitation *ret_invitation) {
    time_ms expires = sqlite3_column_int64(s, 4);
    struct invitation invitation = {.role = (enum role)sqlite3_column_int(s, 2),
                                    .name = (const char *)sqlite3_column_text(s, 3),
                                    .expires = expires > 0 ? expires : 0,
                                    .used = sqlite3_column_int(s, 5) != 0};
    enum err e = db_column_copy(s, 0, invitation.ticket.bytes, sizeof invitation.ticket.bytes);
    if (e == OK)
        e = db_column_copy(s, 1, invitation.member.bytes, sizeof invitation.member.bytes);
    if (e == OK)
        *ret_invitation = invitation;
    return e;
}

enum err roster_invitations(struct store *store, invitation_visit *visit, void *context) {
    sqlite3_stmt *walk =
        db_walk(store->db,
                "SELECT key, member, role, name, expires, used FROM ticket ORDER BY expires, name");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct invitation invitation;
        if ((e = invitation_read(walk, &invitation)) != OK ||
            (e = visit(context, &invitation)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

enum err roster_is_ticket(struct store *store, const struct transport_public *key,
                          bool *ret_known) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT 1 FROM ticket WHERE key = ?1 AND abs(expires) > ?2"
                                " UNION ALL SELECT 1 FROM roster r WHERE r.ticket = ?1"
                                " AND NOT EXISTS (SELECT 1 FROM ticket WHERE key = ?1) LIMIT 1");
    db_bind_bytes(get, 1, key->bytes, sizeof key->bytes);
    sqlite3_bind_int64(get, 2, store_now(store) - TICKET_TOLD_MS);
    bool known = false;
    enum err e = db_row(store->db, get, &known);
    db_reset(get);
    if (e == OK)
        *ret_known = known;
    return e;
}

/* An invitation with its name in the arena. A municipality that was put back may know of it by the
 * roster alone, which names the ticket that each member came with. */
static enum err invitation_find(struct store *store, const struct transport_public *key,
                                struct arena *arena, struct invitation *ret_invitation) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT key, member, role, name, expires, used OR"
                                " EXISTS (SELECT 1 FROM roster r WHERE r.member = ticket.member)"
                                " FROM ticket WHERE key = ?1"
                                " UNION ALL SELECT ticket, member, role, name, 0, 1 FROM member"
                                " WHERE ticket = ?1 LIMIT 1");
    db_bind_bytes(get, 1, key->bytes, sizeof key->bytes);
    struct invitation invitation;
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_TICKET_UNKNOWN;
    if (e == OK)
        e = invitation_read(get, &invitation);
    if (e == OK)
        e = arena_text(arena, bytes_of_text(invitation.name), &invitation.name);
    if (e == OK)
        *ret_invitation = invitation;
    db_reset(get);
    return e;
}

static enum err enrol(struct store *store, const struct invitation *invitation,
                      const struct join_request *request) {
    struct declaration declaration = {.kind = DECLARATION_ENTRY};
    struct version_name written;
    declaration.entry = (struct roster_entry){.member = invitation->member,
                                              .counter = 1,
                                              .role = invitation->role,
                                              .name = invitation->name,
                                              .status = MEMBER_ACTIVE,
                                              .keys = request->keys,
                                              .endpoints = request->endpoints,
                                              .endpoints_n = request->endpoints_n,
                                              .ticket = invitation->ticket};
    enum err e = append_change(store,
                               &(struct change){.channel = {.kind = CHANNEL_ROSTER},
                                                .declarations = &declaration,
                                                .declarations_n = 1},
                               &written);
    if (e != OK)
        return e;
    sqlite3_stmt *put = db_statement(store->db, "UPDATE ticket SET used = 1 WHERE key = ?");
    db_bind_bytes(put, 1, invitation->ticket.bytes, sizeof invitation->ticket.bytes);
    return db_run(store->db, put);
}

/* A JOIN whose answer was lost comes again, and gets the same answer. */
static enum err join_again(struct store *store, const struct invitation *invitation,
                           const struct join_request *request, struct arena *arena) {
    struct roster_entry entry;
    enum err e = roster_member(store, &invitation->member, UINT64_MAX, arena, &entry);
    if (e != OK)
        return e;
    return memcmp(&entry.keys, &request->keys, sizeof entry.keys) == 0 ? OK : ERR_TICKET_USED;
}

static enum err join(struct store *store, const struct transport_public *proved,
                     const struct join_request *request, struct arena *arena) {
    struct invitation invitation;
    if (store->self.role != ROLE_MUNICIPALITY)
        return store_fail(store, ERR_DENIED, "only the municipality admits sites");
    enum err e = invitation_find(store, proved, arena, &invitation);
    if (e != OK)
        return e;
    if (!federation_id_equal(&request->federation, &store->self.federation))
        return ERR_FEDERATION;
    if (memcmp(request->ticket.bytes, proved->bytes, sizeof proved->bytes) != 0 ||
        !member_id_equal(&request->member, &invitation.member))
        return store_fail(store, ERR_DENIED, "the ticket is another's");
    if (invitation.used)
        return join_again(store, &invitation, request, arena);
    if (store_now(store) >= invitation.expires)
        return ERR_TICKET_EXPIRED;
    e = endpoints_validate(store, request->endpoints, request->endpoints_n);
    return e == OK ? enrol(store, &invitation, request) : e;
}

enum err roster_join(struct store *store, const struct transport_public *proved,
                     const struct join_request *request, struct roster_tip *ret_tip) {
    struct arena arena;
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&arena, KIB(64));
    e = store_leave(store, own, join(store, proved, request, &arena));
    arena_done(&arena);
    return e == OK ? roster_tip(store, ret_tip) : e;
}
