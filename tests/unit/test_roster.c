#include "federation.h"
#include "proto/limits.h"
#include "store/admit.h"
#include "store/feed.h"
#include "store/quarantine.h"
#include "store/replica.h"
#include "store/roster.h"
#include "test.h"

#include <stdio.h>

/* A municipality, and a site with a ticket that has not asked yet. */
struct scene {
    struct federation f;
    struct site *town, *site;
    struct buffer text;
    struct arena arena;
    struct ticket ticket;
    struct join_request request;
    struct roster_tip tip;
};

static void invite_site(struct scene *s) {
    assert_ok(roster_invite(s->town->store, "Birk", ROLE_KINDERGARTEN, s->f.now + 10000, &s->text));
    assert_ok(roster_join_begin(s->site->store, (const char *)s->text.data, NULL, 0));
    assert_ok(roster_join_pending(s->site->store, &s->arena, &s->ticket, &s->request));
}

static void scene_begin(struct scene *s) {
    memset(s, 0, sizeof *s);
    arena_init(&s->arena, KIB(256));
    s->town = federation_found(&s->f);
    s->site = federation_stranger(&s->f, "Birk", ROLE_KINDERGARTEN);
    invite_site(s);
}

static void scene_end(struct scene *s) {
    arena_done(&s->arena);
    buffer_wipe(&s->text);
    federation_end(&s->f);
}

static void complete(struct scene *s) {
    assert_ok(roster_join(s->town->store, &s->request.ticket, &s->request, &s->tip));
    assert_ok(roster_join_answered(s->site->store));
    sync_to(s->town, s->site, RUN_SIZE_MAX);
    s->site->member = s->ticket.member;
}

TEST(the_founder_is_a_member_of_what_it_founded) {
    struct scene s;
    scene_begin(&s);
    struct self self;
    struct roster_entry entry;
    const char *name = NULL;
    assert_ok(store_self(s.town->store, &self));
    assert_int_equal(self.role, ROLE_MUNICIPALITY);
    assert_memory_equal(&self.federation, &s.f.id, sizeof s.f.id);
    assert_ok(roster_member(s.town->store, &self.member, UINT64_MAX, &s.arena, &entry));
    assert_int_equal(entry.status, MEMBER_ACTIVE);
    assert_int_equal(entry.endpoints_n, 1);
    assert_string_equal(entry.endpoints[0], "tcp://127.0.0.1:7700");
    assert_ok(roster_federation_name(s.town->store, &s.arena, &name));
    assert_string_equal(name, "Nordby");
    assert_err(ERR_EXISTS,
               roster_found(s.town->store, "Again", &s.f.root, NULL, 0, &self.federation));
    scene_end(&s);
}

TEST(a_founding_survives_closing) {
    struct scene s;
    struct self before, after;
    struct roster_tip tip_before, tip_after;
    scene_begin(&s);
    assert_ok(store_self(s.town->store, &before));
    assert_ok(roster_tip(s.town->store, &tip_before));
    site_close(s.town);
    site_open(s.town);
    assert_ok(store_self(s.town->store, &after));
    assert_ok(roster_tip(s.town->store, &tip_after));
    assert_memory_equal(&before, &after, sizeof before);
    assert_memory_equal(&tip_before, &tip_after, sizeof tip_before);
    scene_end(&s);
}

TEST(a_wildcard_is_no_endpoint_that_others_can_dial) {
    struct scene s;
    struct federation_id id;
    scene_begin(&s);
    static const char *const bad[] = {"tcp://0.0.0.0:7700", "tcp://*:7700", "tcp://[::]:7700",
                                      "udp://a:1", "tcp://a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_err(ERR_ARGUMENT, roster_found(s.site->store, "X", &s.f.root, &bad[i], 1, &id));
        assert_err(ERR_ARGUMENT,
                   roster_join_begin(s.site->store, (const char *)s.text.data, &bad[i], 1));
    }
    scene_end(&s);
}

TEST(a_site_joins_with_its_ticket) {
    struct scene s;
    struct self self;
    struct member_id member;
    struct roster_entry entry;
    scene_begin(&s);
    assert_ok(store_self(s.site->store, &self));
    assert_true(member_id_is_zero(&self.member));
    complete(&s);
    assert_ok(store_self(s.site->store, &self));
    assert_memory_equal(&self.member, &s.ticket.member, sizeof self.member);
    assert_int_equal(self.role, ROLE_KINDERGARTEN);
    assert_err(ERR_NOT_FOUND, roster_join_pending(s.site->store, &s.arena, &s.ticket, &s.request));
    assert_ok(roster_by_transport(s.town->store, &s.site->keys.public.transport, &member));
    assert_memory_equal(&member, &self.member, sizeof member);
    assert_ok(roster_by_name(s.town->store, "Bir", &s.arena, &entry));
    assert_memory_equal(&entry.member, &member, sizeof member);
    assert_err(ERR_NOT_FOUND, roster_by_name(s.town->store, "Sol", &s.arena, &entry));
    scene_end(&s);
}

TEST(a_join_that_was_cut_off_goes_on_with_the_same_keys) {
    struct scene s;
    struct join_request again;
    struct ticket ticket;
    scene_begin(&s);
    site_close(s.site);
    site_open(s.site);
    assert_ok(roster_join_pending(s.site->store, &s.arena, &ticket, &again));
    assert_memory_equal(&again.keys, &s.request.keys, sizeof again.keys);
    assert_memory_equal(&again.ticket, &s.request.ticket, sizeof again.ticket);
    complete(&s);
    scene_end(&s);
}

TEST(the_same_join_again_gets_the_same_answer_and_other_keys_do_not) {
    struct scene s;
    struct roster_tip again;
    scene_begin(&s);
    assert_ok(roster_join(s.town->store, &s.request.ticket, &s.request, &s.tip));
    assert_ok(roster_join(s.town->store, &s.request.ticket, &s.request, &again));
    assert_memory_equal(&s.tip, &again, sizeof again);
    s.request.keys = s.town->keys.public;
    assert_err(ERR_TICKET_USED, roster_join(s.town->store, &s.request.ticket, &s.request, &again));
    scene_end(&s);
}

TEST(a_ticket_expires_by_the_issuers_clock_but_not_once_used) {
    struct scene s;
    scene_begin(&s);
    time_ms before = s.f.now;
    s.f.now += 20000;
    assert_err(ERR_TICKET_EXPIRED,
               roster_join(s.town->store, &s.request.ticket, &s.request, &s.tip));
    s.f.now = before;
    assert_ok(roster_join(s.town->store, &s.request.ticket, &s.request, &s.tip));
    s.f.now += 20000;
    assert_ok(roster_join(s.town->store, &s.request.ticket, &s.request, &s.tip));
    scene_end(&s);
}

TEST(a_withdrawn_ticket_admits_nobody_whatever_the_clock_and_a_used_one_is_not_withdrawn) {
    struct scene s;
    struct buffer again = {0};
    scene_begin(&s);
    assert_err(ERR_EXISTS,
               roster_invite(s.town->store, "Birk", ROLE_KINDERGARTEN, s.f.now + 9000, &again));
    assert_err(ERR_NOT_FOUND, roster_uninvite(s.town->store, "Solsikken"));
    assert_ok(roster_uninvite(s.town->store, "Birk"));
    assert_err(ERR_NOT_FOUND, roster_uninvite(s.town->store, "Birk"));
    time_ms before = s.f.now;
    s.f.now = 1000;
    assert_err(ERR_TICKET_EXPIRED,
               roster_join(s.town->store, &s.request.ticket, &s.request, &s.tip));
    s.f.now = before;
    assert_ok(roster_invite(s.town->store, "Birk", ROLE_KINDERGARTEN, s.f.now + 9000, &again));
    buffer_done(&again);
    scene_end(&s);
    scene_begin(&s);
    complete(&s);
    assert_err(ERR_NOT_FOUND, roster_uninvite(s.town->store, "Birk"));
    scene_end(&s);
}

TEST(a_ticket_opens_the_door_until_a_month_after_its_end_and_no_longer) {
    struct scene s;
    bool known = false;
    scene_begin(&s);
    complete(&s);
    s.f.now += TICKET_TOLD_MS - 60000;
    assert_ok(roster_is_ticket(s.town->store, &s.request.ticket, &known));
    assert_true(known); /* used, and expires later than that */
    s.f.now += 86400000 + 120000;
    assert_ok(roster_is_ticket(s.town->store, &s.request.ticket, &known));
    assert_false(known);
    scene_end(&s);
    scene_begin(&s);
    assert_ok(roster_uninvite(s.town->store, "Birk"));
    assert_ok(roster_is_ticket(s.town->store, &s.request.ticket, &known));
    assert_true(known);
    s.f.now += TICKET_TOLD_MS;
    assert_ok(roster_is_ticket(s.town->store, &s.request.ticket, &known));
    assert_false(known);
    scene_end(&s);
}

TEST(a_join_with_anothers_ticket_member_or_federation_is_refused) {
    struct scene s;
    struct transport_public unknown = {{9}};
    bool known = true;
    scene_begin(&s);
    assert_err(ERR_TICKET_UNKNOWN, roster_join(s.town->store, &unknown, &s.request, &s.tip));
    assert_ok(roster_is_ticket(s.town->store, &unknown, &known));
    assert_false(known);
    assert_ok(roster_is_ticket(s.town->store, &s.request.ticket, &known));
    assert_true(known);
    struct join_request bad = s.request;
    bad.member.bytes[0] ^= 1;
    assert_err(ERR_DENIED, roster_join(s.town->store, &s.request.ticket, &bad, &s.tip));
    bad = s.request;
    bad.ticket.bytes[0] ^= 1;
    assert_err(ERR_DENIED, roster_join(s.town->store, &s.request.ticket, &bad, &s.tip));
    bad = s.request;
    bad.federation.bytes[0] ^= 1;
    assert_err(ERR_FEDERATION, roster_join(s.town->store, &s.request.ticket, &bad, &s.tip));
    scene_end(&s);
}

TEST(a_name_is_invited_once) {
    struct scene s;
    struct buffer text = {0};
    scene_begin(&s);
    assert_err(ERR_EXISTS,
               roster_invite(s.town->store, "Birk", ROLE_SCHOOL, s.f.now + 1000, &text));
    assert_err(ERR_EXISTS,
               roster_invite(s.town->store, "Nordby", ROLE_SCHOOL, s.f.now + 1000, &text));
    assert_err(ERR_ARGUMENT, roster_invite(s.town->store, "", ROLE_SCHOOL, s.f.now + 1000, &text));
    assert_err(ERR_ARGUMENT,
               roster_invite(s.town->store, "Ny", ROLE_MUNICIPALITY, s.f.now + 1000, &text));
    assert_err(ERR_DENIED, roster_invite(s.site->store, "Ny", ROLE_SCHOOL, s.f.now + 1000, &text));
    s.f.now += 20000; /* the open ticket has expired */
    assert_ok(roster_invite(s.town->store, "Birk", ROLE_SCHOOL, s.f.now + 1000, &text));
    buffer_wipe(&text);
    scene_end(&s);
}

static size_t occurrences(const char *path, const void *what, size_t size) {
    uint8_t content[64 * 1024];
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return 0;
    size_t n = 0, got;
    while ((got = fread(content, 1, sizeof content, file)) > 0) /* one read: these are small */
        n += memmem(content, got, what, size) != NULL;
    fclose(file);
    return n;
}

TEST(the_issuer_keeps_no_secret_and_the_joiner_drops_it) {
    struct scene s;
    char wal[400];
    scene_begin(&s);
    snprintf(wal, sizeof wal, "%s-wal", s.site->path);
    size_t length = strlen((const char *)s.text.data);
    assert_true(
        occurrences(wal, s.text.data, length) + occurrences(s.site->path, s.text.data, length) > 0);
    complete(&s);
    site_close(s.site);
    site_close(s.town);
    assert_int_equal(occurrences(s.site->path, s.text.data, length), 0);
    assert_int_equal(occurrences(s.town->path, s.text.data, length), 0);
    assert_int_equal(occurrences(s.town->path, s.ticket.secret.bytes, 32), 0);
    site_open(s.site);
    site_open(s.town);
    scene_end(&s);
}

TEST(a_roster_that_is_not_the_tickets_is_refused) {
    struct scene s;
    struct federation other;
    struct admitted admitted;
    struct roster_tip tip;
    struct buffer run = {0};
    scene_begin(&s);
    struct site *stranger = federation_found(&other);
    assert_ok(roster_tip(stranger->store, &tip));
    assert_ok(feed_load(stranger->store, &tip.feed, 0, NULL, RUN_SIZE_MAX, &run));
    assert_err(ERR_DENIED,
               admit_run(s.site->store, &s.town->member, &tip.feed, buffer_view(&run), &admitted));
    assert_ok(roster_join_answered(s.site->store));
    assert_err(ERR_FEDERATION,
               admit_run(s.site->store, &s.town->member, &tip.feed, buffer_view(&run), &admitted));
    buffer_done(&run);
    federation_end(&other);
    scene_end(&s);
}

TEST(a_roster_without_the_tickets_tip_makes_no_member) {
    struct scene s;
    struct self self;
    struct admitted admitted;
    struct roster_tip tip;
    struct buffer run = {0};
    scene_begin(&s);
    assert_ok(roster_join(s.town->store, &s.request.ticket, &s.request, &s.tip));
    /* a ticket that names another entry 1 of the same federation, as after a fork of the roster */
    struct buffer text = {0};
    s.ticket.roster_id8.bytes[0] ^= 1;
    assert_ok(ticket_encode(&s.ticket, &text));
    assert_ok(roster_join_begin(s.site->store, (const char *)text.data, NULL, 0));
    assert_ok(roster_join_answered(s.site->store));
    assert_ok(roster_tip(s.town->store, &tip));
    assert_ok(feed_load(s.town->store, &tip.feed, 0, NULL, RUN_SIZE_MAX, &run));
    assert_err(ERR_FEDERATION,
               admit_run(s.site->store, &s.town->member, &tip.feed, buffer_view(&run), &admitted));
    assert_ok(store_self(s.site->store, &self));
    assert_true(member_id_is_zero(&self.member));
    buffer_wipe(&text);
    buffer_done(&run);
    scene_end(&s);
}

TEST(whoever_finds_its_place_taken_is_no_member) {
    struct scene s;
    struct admitted admitted;
    struct roster_tip tip;
    struct buffer run = {0};
    scene_begin(&s);
    struct join_request thief = s.request; /* the mail was read by another */
    struct seed seed = seed_new();
    struct node_keys keys;
    assert_ok(node_keys_derive(&seed, &keys));
    thief.keys = keys.public;
    assert_ok(roster_join(s.town->store, &s.request.ticket, &thief, &s.tip));
    assert_err(ERR_TICKET_USED, roster_join(s.town->store, &s.request.ticket, &s.request, &s.tip));
    assert_ok(roster_join_answered(s.site->store));
    assert_ok(roster_tip(s.town->store, &tip));
    assert_ok(feed_load(s.town->store, &tip.feed, 0, NULL, RUN_SIZE_MAX, &run));
    assert_err(ERR_TICKET_USED,
               admit_run(s.site->store, &s.town->member, &tip.feed, buffer_view(&run), &admitted));
    buffer_done(&run);
    scene_end(&s);
}

static enum err change_entry(struct site *town, const struct roster_entry *entry) {
    struct declaration declaration = {.kind = DECLARATION_ENTRY};
    struct version_name written;
    declaration.entry = *entry;
    return append_change(town->store,
                         &(struct change){.channel = {.kind = CHANNEL_ROSTER},
                                          .declarations = &declaration,
                                          .declarations_n = 1},
                         &written);
}

TEST(keys_and_role_are_pinned_and_removal_is_for_ever) {
    struct scene s;
    struct roster_entry entry, now;
    struct member_id member;
    scene_begin(&s);
    complete(&s);
    assert_ok(roster_member(s.town->store, &s.ticket.member, UINT64_MAX, &s.arena, &entry));
    struct roster_entry changed = entry;
    changed.counter = 2;
    changed.keys.seal.bytes[0] ^= 1;
    assert_err(ERR_KEY, change_entry(s.town, &changed));
    changed = entry;
    changed.counter = 2;
    changed.role = ROLE_SCHOOL;
    assert_err(ERR_DENIED, change_entry(s.town, &changed));
    changed = entry;
    changed.counter = 2;
    changed.name = "Birk ved skoven";
    assert_ok(change_entry(s.town, &changed));
    changed.counter = 3;
    changed.status = MEMBER_REMOVED;
    assert_ok(change_entry(s.town, &changed));
    changed.counter = 4;
    changed.status = MEMBER_ACTIVE;
    assert_ok(change_entry(s.town, &changed)); /* written, and of no effect */
    assert_ok(roster_member(s.town->store, &s.ticket.member, UINT64_MAX, &s.arena, &now));
    assert_int_equal(now.status, MEMBER_REMOVED);
    assert_string_equal(now.name, "Birk ved skoven");
    assert_ok(roster_member(s.town->store, &s.ticket.member, s.tip.seq, &s.arena, &now));
    assert_string_equal(now.name, "Birk");
    assert_err(ERR_NOT_FOUND, roster_member(s.town->store, &s.ticket.member, 1, &s.arena, &now));
    assert_err(ERR_NOT_FOUND,
               roster_by_transport(s.town->store, &s.site->keys.public.transport, &member));
    scene_end(&s);
}

TEST(a_site_can_not_join_twice_under_two_names) {
    struct scene s;
    struct buffer text = {0};
    struct ticket ticket;
    struct transport_public key;
    struct transport_secret secret;
    scene_begin(&s);
    complete(&s);
    assert_ok(roster_invite(s.town->store, "Egely", ROLE_SCHOOL, s.f.now + 1000, &text));
    assert_ok(ticket_decode((const char *)text.data, &s.arena, &ticket));
    assert_ok(ticket_keys_derive(&ticket.secret, &key, &secret));
    s.request.ticket = key;
    s.request.member = ticket.member;
    assert_err(ERR_EXISTS, roster_join(s.town->store, &key, &s.request, &s.tip));
    buffer_wipe(&text);
    scene_end(&s);
}

TEST(after_a_restart_nobody_is_enrolled_until_a_member_has_reported_the_tip) {
    struct scene s;
    struct buffer text = {0};
    struct roster_tip tip;
    scene_begin(&s);
    site_move(s.town); /* alone: nobody could report it */
    complete(&s);
    site_move(s.town);
    assert_err(ERR_STATE,
               roster_invite(s.town->store, "Egely", ROLE_SCHOOL, s.f.now + 1000, &text));
    assert_true(strlen(store_failure(s.town->store)) > 0);
    assert_ok(roster_tip(s.site->store, &tip));
    struct id8 wrong = tip.id8;
    wrong.bytes[0] ^= 1;
    assert_ok(feed_reported(s.town->store, &s.site->member, &tip.feed, tip.seq, &wrong));
    assert_err(ERR_STATE,
               roster_invite(s.town->store, "Egely", ROLE_SCHOOL, s.f.now + 1000, &text));
    assert_ok(feed_reported(s.town->store, &s.site->member, &tip.feed, tip.seq, &tip.id8));
    assert_ok(roster_invite(s.town->store, "Egely", ROLE_SCHOOL, s.f.now + 1000, &text));
    buffer_wipe(&text);
    scene_end(&s);
}

TEST(a_restored_roster_waits_for_every_member_whatever_one_that_lags_says) {
    struct federation f;
    struct buffer text = {0};
    char backup[400];
    federation_found_four(&f);
    struct site *town = &f.sites[0], *birk = &f.sites[1], *school = &f.sites[2],
                *relay = &f.sites[3];
    struct roster_tip old, tip;
    snprintf(backup, sizeof backup, "%s-backup", town->path);
    site_close(town);
    temp_copy(town->path, backup);
    site_open(town);
    assert_ok(roster_tip(town->store, &old));
    federation_join(&f, "Solsikken", ROLE_KINDERGARTEN);
    sync_feeds(town, school); /* the others lag */
    assert_ok(roster_tip(school->store, &tip));
    site_close(town);
    temp_copy(backup, town->path);
    town->place.bytes[1]++;
    town->disk.bytes[1]++;
    site_open(town);
    assert_ok(feed_reported(town->store, &birk->member, &old.feed, old.seq, &old.id8));
    assert_ok(feed_reported(town->store, &relay->member, &old.feed, old.seq, &old.id8));
    time_ms expires = f.now + 86400000;
    assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    assert_ok(feed_reported(town->store, &school->member, &tip.feed, tip.seq, &tip.id8));
    assert_ok(feed_reported(town->store, &birk->member, &old.feed, old.seq, &old.id8));
    f.now += 61000;
    assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    sync_feeds(town, school);
    sync_feeds(town, birk);
    sync_feeds(town, relay);
    for (int i = 1; i < 4; i++) {
        assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
        assert_ok(feed_reported(town->store, &f.sites[i].member, &tip.feed, tip.seq, &tip.id8));
    }
    assert_err(ERR_STATE, roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    assert_ok(feed_reported(town->store, &f.sites[4].member, &tip.feed, tip.seq, &tip.id8));
    assert_ok(roster_invite(town->store, "Egely", ROLE_SCHOOL, expires, &text));
    site_close(town);
    site_open(town);
    assert_ok(roster_invite(town->store, "Anden", ROLE_SCHOOL, expires, &text));
    buffer_wipe(&text);
    federation_end(&f);
}

static enum err ordered(void *context, const struct roster_entry *entry) {
    char *last = context, key[64];
    snprintf(key, sizeof key, "%d%s", (int)entry->role, entry->name);
    if (strcmp(last, key) >= 0)
        return ERR_INTERNAL;
    strcpy(last, key);
    return OK;
}

TEST(members_come_in_order_of_role_then_name) {
    struct scene s;
    char last[64] = "";
    struct roster_entry entry;
    scene_begin(&s);
    complete(&s);
    federation_join(&s.f, "Søndre Skole", ROLE_SCHOOL);
    federation_join(&s.f, "Birkelund", ROLE_KINDERGARTEN);
    assert_ok(roster_each(s.town->store, ordered, last));
    assert_string_equal(last, "3Søndre Skole");
    assert_ok(roster_by_name(s.town->store, "Birk", &s.arena,
                             &entry)); /* the whole name beats a beginning */
    assert_string_equal(entry.name, "Birk");
    assert_err(ERR_AMBIGUOUS, roster_by_name(s.town->store, "Bir", &s.arena, &entry));
    scene_end(&s);
}

static enum err count_invitation(void *context, const struct invitation *invitation) {
    size_t *n = context;
    n[invitation->used ? 1 : 0]++;
    return OK;
}

TEST(invitations_are_listed_open_and_used) {
    struct scene s;
    size_t n[2] = {0};
    scene_begin(&s);
    assert_ok(roster_invitations(s.town->store, count_invitation, n));
    assert_int_equal(n[0], 1);
    complete(&s);
    n[0] = n[1] = 0;
    assert_ok(roster_invitations(s.town->store, count_invitation, n));
    assert_int_equal(n[0], 0);
    assert_int_equal(n[1], 1);
    scene_end(&s);
}

/* Reading fails, beginning and undoing do not. */
static int deny_reading(void *context, int action, const char *a, const char *b, const char *c,
                        const char *d) {
    (void)context;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return action == SQLITE_SELECT ? SQLITE_DENY : SQLITE_OK;
}

TEST(a_store_that_could_not_read_itself_back_begins_nothing_until_it_has) {
    struct scene s;
    struct self before, after;
    scene_begin(&s);
    struct store *store = s.town->store;
    assert_ok(store_self(store, &before));
    assert_ok(store_begin(store));
    sqlite3_set_authorizer(db_handle(store->db), deny_reading, NULL);
    store_rollback(store);
    assert_err(ERR_IO, store_begin(store));
    assert_err(ERR_IO, store_self(store, &after));
    assert_err(ERR_IO,
               roster_invite(store, "Solsikken", ROLE_KINDERGARTEN, s.f.now + 10000, &s.text));
    sqlite3_set_authorizer(db_handle(store->db), NULL, NULL);
    assert_ok(store_begin(store));
    assert_ok(store_self(store, &after));
    assert_memory_equal(&before.member, &after.member, sizeof before.member);
    assert_int_equal(before.role, after.role);
    assert_ok(store_part_begin(store)); /* a part of a transaction that goes on */
    sqlite3_set_authorizer(db_handle(store->db), deny_reading, NULL);
    assert_err(ERR_IO, store_part_end(store, ERR_CHAIN));
    bool own = false;
    assert_err(ERR_IO, store_enter(store, &own));
    sqlite3_set_authorizer(db_handle(store->db), NULL, NULL);
    assert_ok(store_enter(store, &own));
    assert_false(own);
    assert_ok(store_commit(store));
    complete(&s);
    scene_end(&s);
}

TEST(a_database_is_not_opened_with_another_members_keys) {
    struct federation f = {0};
    federation_found_four(&f);
    struct site *school = &f.sites[2];
    site_close(school);
    struct store_config config = {.path = school->path, .keys = &f.sites[1].keys};
    struct store *store = NULL;
    assert_err(ERR_KEY, store_open(&config, &store));
    assert_null(store);
    site_open(school);
    assert_non_null(school->store);
    federation_end(&f);
}

static void dialled_at(struct site *site, const struct member_id *member, uint32_t counter,
                       size_t n, const char *first) {
    struct roster_entry entry;
    struct arena arena;
    arena_init(&arena, KIB(64));
    assert_ok(roster_member(site->store, member, UINT64_MAX, &arena, &entry));
    assert_int_equal(entry.counter, counter);
    assert_int_equal(entry.endpoints_n, n);
    if (n > 0)
        assert_string_equal(entry.endpoints[0], first);
    arena_done(&arena);
}

TEST(a_member_that_moves_gets_a_new_entry_and_everybody_learns_it) {
    static const char *const there[] = {"tcp://birk.example:7450", "tcp://192.0.2.7:7450"};
    struct federation f;
    bool changed = false;
    federation_found_four(&f);
    struct site *town = &f.sites[0], *birk = &f.sites[1], *school = &f.sites[2];
    assert_ok(roster_address(town->store, &birk->member, there, 2, &changed));
    assert_true(changed);
    assert_ok(roster_address(town->store, &birk->member, there, 2, &changed));
    assert_false(changed);
    sync_all(&f);
    dialled_at(school, &birk->member, 2, 2, there[0]);
    assert_ok(roster_address(town->store, &birk->member, NULL, 0, &changed));
    assert_true(changed);
    assert_ok(roster_address(town->store, &town->member, there + 1, 1, &changed));
    sync_all(&f);
    dialled_at(school, &birk->member, 3, 0, NULL);
    dialled_at(school, &town->member, 2, 1, there[1]);
    assert_err(ERR_DENIED, roster_address(birk->store, &birk->member, there, 2, &changed));
    federation_end(&f);
}

TEST(an_address_that_nobody_can_dial_or_of_nobody_is_not_written) {
    static const char *const anywhere[] = {"tcp://0.0.0.0:7450"};
    static const char *const there[] = {"tcp://birk.example:7450"};
    struct federation f;
    bool changed;
    federation_found_four(&f);
    struct site *town = &f.sites[0];
    struct member_id nobody = {{1}};
    assert_err(ERR_ARGUMENT,
               roster_address(town->store, &f.sites[1].member, anywhere, 1, &changed));
    assert_err(ERR_NOT_FOUND, roster_address(town->store, &nobody, there, 1, &changed));
    dialled_at(town, &f.sites[1].member, 1, 0, NULL);
    federation_end(&f);
}

TEST(a_site_that_moves_all_the_time_is_stopped_for_a_day_and_the_municipality_is_not) {
    struct federation f;
    bool changed;
    char text[64];
    const char *list[] = {text};
    enum err e = OK;
    int n = 0;
    federation_found_four(&f);
    struct site *town = &f.sites[0], *birk = &f.sites[1];
    for (; n < 100 && e == OK; n++) {
        snprintf(text, sizeof text, "tcp://birk.example:%d", n + 1);
        e = roster_address(town->store, &birk->member, list, 1, &changed);
    }
    assert_int_equal(e, ERR_QUOTA);
    assert_int_equal(n, 16); /* its joining is one */
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "tcp://nordby.example:%d", i + 1);
        assert_ok(roster_address(town->store, &town->member, list, 1, &changed));
    }
    f.now += INT64_C(86400000);
    assert_ok(roster_address(town->store, &birk->member, list, 1, &changed));
    assert_true(changed);
    federation_end(&f);
}

/* A municipality put back to before Solsikken joined, whom it does not know any more. */
struct restored {
    struct federation f;
    struct site *town, *birk, *school, *relay, *solsikken;
    struct roster_tip old, tip;
    struct buffer text;
};

static void restored_begin(struct restored *r) {
    char backup[400];
    memset(r, 0, sizeof *r);
    federation_found_four(&r->f);
    r->town = &r->f.sites[0];
    r->birk = &r->f.sites[1];
    r->school = &r->f.sites[2];
    r->relay = &r->f.sites[3];
    snprintf(backup, sizeof backup, "%s-backup", r->town->path);
    site_close(r->town);
    temp_copy(r->town->path, backup);
    site_open(r->town);
    assert_ok(roster_tip(r->town->store, &r->old));
    r->solsikken = federation_join(&r->f, "Solsikken", ROLE_KINDERGARTEN);
    assert_ok(roster_tip(r->town->store, &r->tip));
    site_close(r->town);
    temp_copy(backup, r->town->path);
    r->town->place.bytes[1]++;
    r->town->disk.bytes[1]++;
    site_open(r->town);
}

static void restored_end(struct restored *r) {
    buffer_wipe(&r->text);
    federation_end(&r->f);
}

static enum err try_invite(struct restored *r) {
    return roster_invite(r->town->store, "Egely", ROLE_SCHOOL, r->f.now + 86400000, &r->text);
}

struct heard {
    struct member_id member;
    struct roster_said said;
    size_t n;
};

static enum err hear(void *context, const struct roster_said *said) {
    struct heard *heard = context;
    if (member_id_equal(&said->member, &heard->member))
        heard->said = *said;
    heard->n++;
    return OK;
}

static struct roster_said said_by(struct site *town, const struct site *site) {
    struct heard heard = {.member = site->member};
    assert_ok(roster_said_each(town->store, hear, &heard));
    return heard.said;
}

static enum err last_incident(void *context, const struct quarantined *item) {
    if (item->kind == QUARANTINE_INCIDENT)
        snprintf(context, 400, "%s", item->text);
    return OK;
}

TEST(a_persons_word_lets_a_restored_roster_go_on_and_is_kept_with_who_and_why) {
    struct restored r;
    struct roster_standing standing;
    char text[400] = "";
    restored_begin(&r);
    assert_ok(feed_reported(r.town->store, &r.birk->member, &r.old.feed, r.old.seq, &r.old.id8));
    assert_err(ERR_STATE, try_invite(&r));
    assert_ok(roster_standing(r.town->store, &standing));
    assert_true(standing.restored && !standing.confirmed && standing.proved == 0);
    assert_int_equal(standing.others_n, 3);
    assert_int_equal(standing.confirmed_n, 1);
    assert_int_equal(said_by(r.town, r.birk).word, ROSTER_SAME);
    assert_true(said_by(r.town, r.birk).since_start);
    assert_false(said_by(r.town, r.school).since_start);
    assert_ok(roster_confirm(r.town->store, "Mette H., IT", "the school has burnt down"));
    assert_ok(quarantine_each(r.town->store, last_incident, text));
    assert_non_null(strstr(text, "Mette H., IT: the school has burnt down"));
    assert_non_null(strstr(text, "1 of 3"));
    assert_ok(try_invite(&r));
    assert_err(ERR_STATE, roster_confirm(r.town->store, "Mette H.", "again"));
    site_close(r.town);
    site_open(r.town);
    assert_ok(roster_standing(r.town->store, &standing));
    assert_true(standing.confirmed && !standing.restored);
    restored_end(&r);
}

TEST(no_persons_word_counts_against_this_nodes_own) {
    struct restored r;
    bool lost = false;
    size_t new_n = 0;
    struct buffer carried = {0};
    restored_begin(&r);
    assert_ok(feed_proved(r.town->store, &r.tip.feed, r.tip.seq, &r.tip.id8, &lost));
    assert_true(lost);
    assert_err(ERR_STALE, roster_confirm(r.town->store, "Mette H.", "sure"));
    assert_non_null(strstr(store_failure(r.town->store), "signed"));
    assert_err(ERR_STATE, try_invite(&r));
    /* What is missing is carried over by hand; then the word counts. */
    assert_ok(roster_export(r.solsikken->store, &carried));
    assert_ok(roster_import(r.town->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, r.tip.seq - r.old.seq);
    assert_ok(roster_import(r.town->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, 0);
    assert_err(ERR_STATE, try_invite(&r));
    assert_ok(roster_confirm(r.town->store, "Mette H.", "all are asked"));
    assert_ok(try_invite(&r));
    sync_feeds(r.town, r.solsikken);
    buffer_done(&carried);
    restored_end(&r);
}

TEST(while_a_member_may_still_deliver_more_no_persons_word_is_taken) {
    struct restored r;
    restored_begin(&r);
    assert_ok(feed_reported(r.town->store, &r.birk->member, &r.tip.feed, r.tip.seq, &r.tip.id8));
    assert_int_equal(said_by(r.town, r.birk).word, ROSTER_MORE);
    assert_err(ERR_BUSY, roster_confirm(r.town->store, "Mette H.", "sure"));
    r.f.now += 61000; /* nobody delivers: hearsay bars nobody for ever */
    assert_ok(roster_confirm(r.town->store, "Mette H.", "Birk is broken"));
    assert_err(ERR_DENIED, roster_confirm(r.birk->store, "Ole R.", "me too"));
    restored_end(&r);
}

TEST(a_municipality_put_back_to_its_founding_waits_for_a_word_and_gets_its_roster_by_hand) {
    struct scene s;
    struct buffer text = {0}, carried = {0};
    char backup[400];
    size_t new_n = 0;
    scene_begin(&s);
    snprintf(backup, sizeof backup, "%s-backup", s.town->path);
    site_close(s.town);
    temp_copy(s.town->path, backup);
    site_open(s.town);
    complete(&s);
    site_close(s.town);
    temp_copy(backup, s.town->path);
    s.town->place.bytes[1]++;
    s.town->disk.bytes[1]++;
    site_open(s.town);
    time_ms expires = s.f.now + 86400000;
    assert_err(ERR_STATE, roster_invite(s.town->store, "Egely", ROLE_SCHOOL, expires, &text));
    assert_ok(roster_export(s.site->store, &carried));
    assert_ok(roster_import(s.town->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, 1);
    assert_ok(roster_confirm(s.town->store, "Mette H.", "Birk is the only one"));
    assert_ok(roster_invite(s.town->store, "Egely", ROLE_SCHOOL, expires, &text));
    buffer_wipe(&text);
    buffer_done(&carried);
    scene_end(&s);
}

static void keep_copy(struct scene *s, char *ret_path, size_t size) {
    snprintf(ret_path, size, "%s-backup", s->town->path);
    site_close(s->town);
    temp_copy(s->town->path, ret_path);
    site_open(s->town);
}

/* Put back to `before`, the municipality learns from the site's roster, or another's, whom it has
 * admitted. */
static void put_back_and_told(struct scene *s, const char *before) {
    struct buffer carried = {0};
    size_t new_n = 0;
    complete(s);
    site_close(s->town);
    temp_copy(before, s->town->path);
    s->town->place.bytes[1]++;
    s->town->disk.bytes[1]++;
    site_open(s->town);
    assert_ok(roster_export(s->site->store, &carried));
    assert_ok(roster_import(s->town->store, buffer_view(&carried), &new_n));
    assert_true(new_n > 0);
    buffer_done(&carried);
}

static void same_join_again(struct scene *s) {
    struct roster_tip again;
    bool known = false;
    assert_ok(roster_is_ticket(s->town->store, &s->request.ticket, &known));
    assert_true(known);
    assert_ok(roster_join(s->town->store, &s->request.ticket, &s->request, &again));
    assert_memory_equal(&s->tip, &again, sizeof again);
    s->request.keys = s->town->keys.public;
    assert_err(ERR_TICKET_USED,
               roster_join(s->town->store, &s->request.ticket, &s->request, &again));
}

TEST(a_municipality_put_back_to_before_the_ticket_answers_the_same_join_by_its_roster) {
    struct scene s;
    char before[400];
    memset(&s, 0, sizeof s);
    arena_init(&s.arena, KIB(256));
    s.town = federation_found(&s.f);
    keep_copy(&s, before, sizeof before);
    s.site = federation_stranger(&s.f, "Birk", ROLE_KINDERGARTEN);
    invite_site(&s);
    put_back_and_told(&s, before);
    same_join_again(&s);
    scene_end(&s);
}

TEST(a_municipality_put_back_to_before_the_join_answers_the_same_join_by_its_roster) {
    struct scene s;
    char before[400];
    scene_begin(&s);
    keep_copy(&s, before, sizeof before);
    put_back_and_told(&s, before);
    same_join_again(&s);
    scene_end(&s);
}

TEST(what_is_no_roster_of_this_federation_is_not_brought_in) {
    struct federation f;
    struct buffer carried = {0};
    size_t new_n = 7;
    federation_found_four(&f);
    struct site *town = &f.sites[0], *birk = &f.sites[1];
    struct site *egely = federation_join(&f, "Egely", ROLE_SCHOOL);
    assert_ok(roster_export(egely->store, &carried)); /* an entry more than Birk has */
    assert_err(ERR_FORMAT, roster_import(birk->store, (struct bytes){0}, &new_n));
    assert_err(ERR_FORMAT,
               roster_import(birk->store, (struct bytes){carried.data, carried.size - 1}, &new_n));
    carried.data[carried.size - 1] ^= 1;
    assert_int_not_equal(roster_import(birk->store, buffer_view(&carried), &new_n), OK);
    carried.data[carried.size - 1] ^= 1;
    struct federation other;
    federation_found_four(&other);
    assert_int_not_equal(roster_import(other.sites[1].store, buffer_view(&carried), &new_n), OK);
    assert_int_equal(new_n, 7);
    assert_ok(roster_import(birk->store, buffer_view(&carried), &new_n));
    assert_int_equal(new_n, 1);
    (void)town;
    buffer_done(&carried);
    federation_end(&other);
    federation_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_founder_is_a_member_of_what_it_founded),
        cmocka_unit_test(a_database_is_not_opened_with_another_members_keys),
        cmocka_unit_test(a_founding_survives_closing),
        cmocka_unit_test(a_wildcard_is_no_endpoint_that_others_can_dial),
        cmocka_unit_test(a_site_joins_with_its_ticket),
        cmocka_unit_test(a_join_that_was_cut_off_goes_on_with_the_same_keys),
        cmocka_unit_test(the_same_join_again_gets_the_same_answer_and_other_keys_do_not),
        cmocka_unit_test(a_ticket_expires_by_the_issuers_clock_but_not_once_used),
        cmocka_unit_test(
            a_withdrawn_ticket_admits_nobody_whatever_the_clock_and_a_used_one_is_not_withdrawn),
        cmocka_unit_test(a_ticket_opens_the_door_until_a_month_after_its_end_and_no_longer),
        cmocka_unit_test(a_join_with_anothers_ticket_member_or_federation_is_refused),
        cmocka_unit_test(a_name_is_invited_once),
        cmocka_unit_test(the_issuer_keeps_no_secret_and_the_joiner_drops_it),
        cmocka_unit_test(a_roster_that_is_not_the_tickets_is_refused),
        cmocka_unit_test(a_roster_without_the_tickets_tip_makes_no_member),
        cmocka_unit_test(whoever_finds_its_place_taken_is_no_member),
        cmocka_unit_test(keys_and_role_are_pinned_and_removal_is_for_ever),
        cmocka_unit_test(a_site_can_not_join_twice_under_two_names),
        cmocka_unit_test(after_a_restart_nobody_is_enrolled_until_a_member_has_reported_the_tip),
        cmocka_unit_test(a_restored_roster_waits_for_every_member_whatever_one_that_lags_says),
        cmocka_unit_test(members_come_in_order_of_role_then_name),
        cmocka_unit_test(invitations_are_listed_open_and_used),
        cmocka_unit_test(a_store_that_could_not_read_itself_back_begins_nothing_until_it_has),
        cmocka_unit_test(a_member_that_moves_gets_a_new_entry_and_everybody_learns_it),
        cmocka_unit_test(an_address_that_nobody_can_dial_or_of_nobody_is_not_written),
        cmocka_unit_test(
            a_site_that_moves_all_the_time_is_stopped_for_a_day_and_the_municipality_is_not),
        cmocka_unit_test(a_persons_word_lets_a_restored_roster_go_on_and_is_kept_with_who_and_why),
        cmocka_unit_test(no_persons_word_counts_against_this_nodes_own),
        cmocka_unit_test(while_a_member_may_still_deliver_more_no_persons_word_is_taken),
        cmocka_unit_test(
            a_municipality_put_back_to_its_founding_waits_for_a_word_and_gets_its_roster_by_hand),
        cmocka_unit_test(
            a_municipality_put_back_to_before_the_ticket_answers_the_same_join_by_its_roster),
        cmocka_unit_test(
            a_municipality_put_back_to_before_the_join_answers_the_same_join_by_its_roster),
        cmocka_unit_test(what_is_no_roster_of_this_federation_is_not_brought_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
