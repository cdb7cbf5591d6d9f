/* A ticket, from both ends: who gets in with it, and whom the joiner believes. */
#include "doorstep.h"
#include "forge.h"
#include "proto/limits.h"
#include "store/admit.h"
#include "store/feed.h"
#include "test.h"

#include <stdio.h>

TEST(a_site_joins_with_its_ticket) {
    struct doorstep d;
    struct self self;
    struct member_id member;
    struct roster_entry entry;
    doorstep_begin(&d);
    assert_ok(store_self(d.site->store, &self));
    assert_true(member_id_is_zero(&self.member));
    doorstep_join(&d);
    assert_ok(store_self(d.site->store, &self));
    assert_memory_equal(&self.member, &d.ticket.member, sizeof self.member);
    assert_int_equal(self.role, ROLE_KINDERGARTEN);
    assert_err(ERR_NOT_FOUND, roster_join_pending(d.site->store, &d.arena, &d.ticket, &d.request));
    assert_ok(roster_by_transport(d.town->store, &d.site->keys.public.transport, &member));
    assert_memory_equal(&member, &self.member, sizeof member);
    assert_ok(roster_member(d.town->store, &member, UINT64_MAX, &d.arena, &entry));
    assert_string_equal(entry.name, "Birk");
    doorstep_end(&d);
}

TEST(a_join_that_was_cut_off_goes_on_with_the_same_keys) {
    struct doorstep d;
    struct join_request again;
    struct ticket ticket;
    doorstep_begin(&d);
    site_close(d.site);
    site_open(d.site);
    assert_ok(roster_join_pending(d.site->store, &d.arena, &ticket, &again));
    assert_memory_equal(&again.keys, &d.request.keys, sizeof again.keys);
    assert_memory_equal(&again.ticket, &d.request.ticket, sizeof again.ticket);
    doorstep_join(&d);
    doorstep_end(&d);
}

TEST(the_same_join_again_gets_the_same_answer_and_other_keys_do_not) {
    struct doorstep d;
    struct roster_tip again;
    doorstep_begin(&d);
    assert_ok(roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    assert_ok(roster_join(d.town->store, &d.request.ticket, &d.request, &again));
    assert_memory_equal(&d.tip, &again, sizeof again);
    d.request.keys = d.town->keys.public;
    assert_err(ERR_TICKET_USED, roster_join(d.town->store, &d.request.ticket, &d.request, &again));
    doorstep_end(&d);
}

TEST(a_join_with_anothers_ticket_member_or_federation_is_refused) {
    struct doorstep d;
    struct transport_public unknown = {{9}};
    bool known = true;
    doorstep_begin(&d);
    assert_err(ERR_TICKET_UNKNOWN, roster_join(d.town->store, &unknown, &d.request, &d.tip));
    assert_ok(roster_is_ticket(d.town->store, &unknown, &known));
    assert_false(known);
    assert_ok(roster_is_ticket(d.town->store, &d.request.ticket, &known));
    assert_true(known);
    struct join_request bad = d.request;
    bad.member.bytes[0] ^= 1;
    assert_err(ERR_DENIED, roster_join(d.town->store, &d.request.ticket, &bad, &d.tip));
    bad = d.request;
    bad.ticket.bytes[0] ^= 1;
    assert_err(ERR_DENIED, roster_join(d.town->store, &d.request.ticket, &bad, &d.tip));
    bad = d.request;
    bad.federation.bytes[0] ^= 1;
    assert_err(ERR_FEDERATION, roster_join(d.town->store, &d.request.ticket, &bad, &d.tip));
    doorstep_end(&d);
}

TEST(a_site_can_not_join_twice_under_two_names) {
    struct doorstep d;
    struct buffer text = {0};
    struct ticket ticket;
    struct transport_public key;
    struct transport_secret secret;
    doorstep_begin(&d);
    doorstep_join(&d);
    assert_ok(roster_invite(d.town->store, "Egely", ROLE_SCHOOL, d.f.now + 1000, &text));
    assert_ok(ticket_decode((const char *)text.data, &d.arena, &ticket));
    assert_ok(ticket_keys_derive(&ticket.secret, &key, &secret));
    d.request.ticket = key;
    d.request.member = ticket.member;
    assert_err(ERR_EXISTS, roster_join(d.town->store, &key, &d.request, &d.tip));
    buffer_wipe(&text);
    doorstep_end(&d);
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
    struct doorstep d;
    char wal[400];
    doorstep_begin(&d);
    snprintf(wal, sizeof wal, "%s-wal", d.site->path);
    size_t length = strlen((const char *)d.text.data);
    assert_true(
        occurrences(wal, d.text.data, length) + occurrences(d.site->path, d.text.data, length) > 0);
    doorstep_join(&d);
    site_close(d.site);
    site_close(d.town);
    assert_int_equal(occurrences(d.site->path, d.text.data, length), 0);
    assert_int_equal(occurrences(d.town->path, d.text.data, length), 0);
    assert_int_equal(occurrences(d.town->path, d.ticket.secret.bytes, 32), 0);
    site_open(d.site);
    site_open(d.town);
    doorstep_end(&d);
}

TEST(a_joiner_with_half_a_roster_opens_again_and_gets_the_rest) {
    struct doorstep d;
    struct self self;
    struct admitted admitted;
    struct roster_tip tip;
    struct buffer run = {0};
    doorstep_begin(&d);
    assert_ok(roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    assert_ok(roster_join_answered(d.site->store));
    assert_ok(roster_tip(d.town->store, &tip));
    assert_ok(feed_load(d.town->store, &tip.feed, 0, NULL, 1, &run));
    assert_ok(admit_run(d.site->store, &d.town->member, &tip.feed, buffer_view(&run), &admitted));
    assert_true(admitted.feed.head.seq < tip.seq);
    site_close(d.site);
    site_open(d.site);
    assert_ok(store_self(d.site->store, &self));
    assert_true(member_id_is_zero(&self.member));
    struct id8 id8 = envelope_id8(&admitted.feed.head.id);
    buffer_clear(&run);
    assert_ok(
        feed_load(d.town->store, &tip.feed, admitted.feed.head.seq, &id8, RUN_SIZE_MAX, &run));
    assert_ok(admit_run(d.site->store, &d.town->member, &tip.feed, buffer_view(&run), &admitted));
    assert_ok(store_self(d.site->store, &self));
    assert_true(member_id_equal(&self.member, &d.ticket.member));
    buffer_done(&run);
    doorstep_end(&d);
}

TEST(a_roster_that_is_not_the_tickets_is_refused) {
    struct doorstep d;
    struct federation other;
    struct admitted admitted;
    struct roster_tip tip;
    struct buffer run = {0};
    doorstep_begin(&d);
    struct site *stranger = federation_found(&other);
    assert_ok(roster_tip(stranger->store, &tip));
    assert_ok(feed_load(stranger->store, &tip.feed, 0, NULL, RUN_SIZE_MAX, &run));
    assert_err(ERR_DENIED,
               admit_run(d.site->store, &d.town->member, &tip.feed, buffer_view(&run), &admitted));
    assert_ok(roster_join_answered(d.site->store));
    assert_err(ERR_FEDERATION,
               admit_run(d.site->store, &d.town->member, &tip.feed, buffer_view(&run), &admitted));
    buffer_done(&run);
    federation_end(&other);
    doorstep_end(&d);
}

TEST(a_roster_without_the_tickets_tip_makes_no_member) {
    struct doorstep d;
    struct self self;
    struct admitted admitted;
    struct roster_tip tip;
    struct buffer run = {0};
    doorstep_begin(&d);
    assert_ok(roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    /* a ticket that names another entry 1 of the same federation, as after a fork of the roster */
    struct buffer text = {0};
    d.ticket.roster_id8.bytes[0] ^= 1;
    assert_ok(ticket_encode(&d.ticket, &text));
    assert_ok(roster_join_begin(d.site->store, (const char *)text.data, NULL, 0));
    assert_ok(roster_join_answered(d.site->store));
    assert_ok(roster_tip(d.town->store, &tip));
    assert_ok(feed_load(d.town->store, &tip.feed, 0, NULL, RUN_SIZE_MAX, &run));
    assert_err(ERR_FEDERATION,
               admit_run(d.site->store, &d.town->member, &tip.feed, buffer_view(&run), &admitted));
    assert_ok(store_self(d.site->store, &self));
    assert_true(member_id_is_zero(&self.member));
    buffer_wipe(&text);
    buffer_done(&run);
    doorstep_end(&d);
}

/* Entry 1 of the town's roster, with no more than its first `n` sections, the second of `kind`. */
static void found_with(struct doorstep *d, struct forge *forge, size_t n, enum section_kind kind,
                       struct buffer *out) {
    struct envelope first;
    struct feed_info feed = {0};
    struct roster_tip tip;
    struct buffer run = {0};
    size_t size;
    assert_ok(roster_tip(d->town->store, &tip));
    feed.id = tip.feed;
    assert_ok(feed_load(d->town->store, &tip.feed, 0, NULL, 1, &run));
    assert_ok(envelope_parse(buffer_view(&run), &d->arena, &first, &size));
    forge_begin(forge, d->town, &feed);
    forge_next(forge);
    forge->draft.header.roster_seq = 0;
    memset(&forge->draft.header.roster_id8, 0, sizeof forge->draft.header.roster_id8);
    for (size_t i = 0; i < n; i++)
        forge_plain(forge, i == 1 ? kind : SECTION_DECLARATION, first.sections[i].content);
    forge_sign(forge, NULL, out);
    buffer_done(&run);
}

TEST(a_roster_that_does_not_begin_with_its_founder_is_refused) {
    static const struct {
        size_t n; /* birth, founding, the founder's entry */
        enum section_kind founding;
        enum err expected;
    } rosters[] = {{1, SECTION_DECLARATION, ERR_FORMAT},
                   {2, SECTION_DECLARATION, ERR_FEDERATION},
                   {3, SECTION_OPEN, ERR_FORMAT},
                   {3, SECTION_DECLARATION, OK}};
    for (size_t i = 0; i < sizeof rosters / sizeof *rosters; i++) {
        struct doorstep d;
        struct forge forge;
        struct admitted admitted;
        struct buffer text = {0}, run = {0};
        doorstep_begin(&d);
        d.ticket.roster_seq = 0;
        assert_ok(ticket_encode(&d.ticket, &text));
        assert_ok(roster_join_begin(d.site->store, (const char *)text.data, NULL, 0));
        assert_ok(roster_join_answered(d.site->store));
        found_with(&d, &forge, rosters[i].n, rosters[i].founding, &run);
        assert_err(rosters[i].expected, admit_run(d.site->store, &d.town->member, &forge.feed,
                                                  buffer_view(&run), &admitted));
        buffer_wipe(&text);
        buffer_done(&run);
        forge_end(&forge);
        doorstep_end(&d);
    }
}

TEST(whoever_finds_its_place_taken_is_no_member) {
    struct doorstep d;
    struct admitted admitted;
    struct roster_tip tip;
    struct buffer run = {0};
    doorstep_begin(&d);
    struct join_request thief = d.request; /* the mail was read by another */
    struct seed seed = seed_new();
    struct node_keys keys;
    assert_ok(node_keys_derive(&seed, &keys));
    thief.keys = keys.public;
    assert_ok(roster_join(d.town->store, &d.request.ticket, &thief, &d.tip));
    assert_err(ERR_TICKET_USED, roster_join(d.town->store, &d.request.ticket, &d.request, &d.tip));
    assert_ok(roster_join_answered(d.site->store));
    assert_ok(roster_tip(d.town->store, &tip));
    assert_ok(feed_load(d.town->store, &tip.feed, 0, NULL, RUN_SIZE_MAX, &run));
    assert_err(ERR_TICKET_USED,
               admit_run(d.site->store, &d.town->member, &tip.feed, buffer_view(&run), &admitted));
    buffer_done(&run);
    doorstep_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_site_joins_with_its_ticket),
        cmocka_unit_test(a_join_that_was_cut_off_goes_on_with_the_same_keys),
        cmocka_unit_test(the_same_join_again_gets_the_same_answer_and_other_keys_do_not),
        cmocka_unit_test(a_join_with_anothers_ticket_member_or_federation_is_refused),
        cmocka_unit_test(a_site_can_not_join_twice_under_two_names),
        cmocka_unit_test(the_issuer_keeps_no_secret_and_the_joiner_drops_it),
        cmocka_unit_test(a_joiner_with_half_a_roster_opens_again_and_gets_the_rest),
        cmocka_unit_test(a_roster_that_is_not_the_tickets_is_refused),
        cmocka_unit_test(a_roster_without_the_tickets_tip_makes_no_member),
        cmocka_unit_test(a_roster_that_does_not_begin_with_its_founder_is_refused),
        cmocka_unit_test(whoever_finds_its_place_taken_is_no_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
