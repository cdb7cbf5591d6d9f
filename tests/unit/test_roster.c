/* The register of members: founding, what an entry may say, how members are listed. */
#include "doorstep.h"
#include "proto/limits.h"
#include "store/append.h"
#include "test.h"

#include <stdio.h>

TEST(the_founder_is_a_member_of_what_it_founded) {
    struct doorstep d;
    doorstep_begin(&d);
    struct self self;
    struct roster_entry entry;
    const char *name = NULL;
    assert_ok(store_self(d.town->store, &self));
    assert_int_equal(self.role, ROLE_MUNICIPALITY);
    assert_memory_equal(&self.federation, &d.f.id, sizeof d.f.id);
    assert_ok(roster_member(d.town->store, &self.member, UINT64_MAX, &d.arena, &entry));
    assert_int_equal(entry.status, MEMBER_ACTIVE);
    assert_int_equal(entry.endpoints_n, 1);
    assert_string_equal(entry.endpoints[0], "tcp://127.0.0.1:7700");
    assert_ok(roster_federation_name(d.town->store, &d.arena, &name));
    assert_string_equal(name, "Nordby");
    assert_err(ERR_EXISTS,
               roster_found(d.town->store, "Again", &d.f.root, NULL, 0, &self.federation));
    doorstep_end(&d);
}

TEST(a_founding_survives_closing) {
    struct doorstep d;
    struct self before, after;
    struct roster_tip tip_before, tip_after;
    doorstep_begin(&d);
    assert_ok(store_self(d.town->store, &before));
    assert_ok(roster_tip(d.town->store, &tip_before));
    site_close(d.town);
    site_open(d.town);
    assert_ok(store_self(d.town->store, &after));
    assert_ok(roster_tip(d.town->store, &tip_after));
    assert_memory_equal(&before, &after, sizeof before);
    assert_memory_equal(&tip_before, &tip_after, sizeof tip_before);
    doorstep_end(&d);
}

TEST(a_wildcard_is_no_endpoint_that_others_can_dial) {
    struct doorstep d;
    struct federation_id id;
    doorstep_begin(&d);
    static const char *const bad[] = {"tcp://0.0.0.0:7700", "tcp://*:7700", "tcp://[::]:7700",
                                      "udp://a:1", "tcp://a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_err(ERR_ARGUMENT, roster_found(d.site->store, "X", &d.f.root, &bad[i], 1, &id));
        assert_err(ERR_ARGUMENT,
                   roster_join_begin(d.site->store, (const char *)d.text.data, &bad[i], 1));
    }
    doorstep_end(&d);
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
    struct doorstep d;
    struct roster_entry entry, now;
    struct member_id member;
    doorstep_begin(&d);
    doorstep_join(&d);
    assert_ok(roster_member(d.town->store, &d.ticket.member, UINT64_MAX, &d.arena, &entry));
    struct roster_entry changed = entry;
    changed.counter = 2;
    changed.keys.seal.bytes[0] ^= 1;
    assert_err(ERR_KEY, change_entry(d.town, &changed));
    changed = entry;
    changed.counter = 2;
    changed.role = ROLE_SCHOOL;
    assert_err(ERR_DENIED, change_entry(d.town, &changed));
    changed = entry;
    changed.counter = 2;
    changed.name = "Birk ved skoven";
    assert_ok(change_entry(d.town, &changed));
    changed.counter = 3;
    changed.status = MEMBER_REMOVED;
    assert_ok(change_entry(d.town, &changed));
    changed.counter = 4;
    changed.status = MEMBER_ACTIVE;
    assert_ok(change_entry(d.town, &changed)); /* written, and of no effect */
    assert_ok(roster_member(d.town->store, &d.ticket.member, UINT64_MAX, &d.arena, &now));
    assert_int_equal(now.status, MEMBER_REMOVED);
    assert_string_equal(now.name, "Birk ved skoven");
    assert_ok(roster_member(d.town->store, &d.ticket.member, d.tip.seq, &d.arena, &now));
    assert_string_equal(now.name, "Birk");
    assert_err(ERR_NOT_FOUND, roster_member(d.town->store, &d.ticket.member, 1, &d.arena, &now));
    assert_err(ERR_NOT_FOUND,
               roster_by_transport(d.town->store, &d.site->keys.public.transport, &member));
    doorstep_end(&d);
}

TEST(of_a_members_entries_the_highest_counter_counts_in_whatever_order_they_come) {
    static const uint32_t counters[] = {5, 3, 5, 2, 6}, counting[] = {5, 5, 5, 5, 6};
    struct doorstep d;
    struct roster_entry entry, now;
    doorstep_begin(&d);
    doorstep_join(&d);
    assert_ok(roster_member(d.town->store, &d.ticket.member, UINT64_MAX, &d.arena, &entry));
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        char name[] = "Birk 0";
        name[5] = (char)('0' + i);
        entry.counter = counters[i];
        entry.name = name;
        assert_ok(change_entry(d.town, &entry));
        assert_ok(roster_member(d.town->store, &d.ticket.member, UINT64_MAX, &d.arena, &now));
        assert_int_equal(now.counter, counting[i]);
        assert_string_equal(now.name, i < 4 ? "Birk 0" : "Birk 4");
    }
    doorstep_end(&d);
}

/* The second would be judged by a roster without the first: keys could change within it, or two
 * members come with the same. */
TEST(an_envelope_states_one_member_at_most) {
    struct doorstep d;
    struct roster_entry entry, now;
    struct version_name written;
    doorstep_begin(&d);
    doorstep_join(&d);
    assert_ok(roster_member(d.town->store, &d.ticket.member, UINT64_MAX, &d.arena, &entry));
    struct declaration both[] = {{.kind = DECLARATION_ENTRY, .entry = entry},
                                 {.kind = DECLARATION_ENTRY, .entry = entry}};
    both[0].entry.member.bytes[0] ^= 1;
    both[0].entry.keys.sign.bytes[0] ^= 1;
    both[0].entry.keys.transport.bytes[0] ^= 1;
    both[1].entry = both[0].entry;
    both[1].entry.counter++;
    both[1].entry.keys.seal.bytes[0] ^= 1;
    struct change change = {
        .channel = {.kind = CHANNEL_ROSTER}, .declarations = both, .declarations_n = 2};
    assert_err(ERR_ARGUMENT, append_change(d.town->store, &change, &written));
    assert_err(ERR_NOT_FOUND,
               roster_member(d.town->store, &both[0].entry.member, UINT64_MAX, &d.arena, &now));
    change.declarations_n = 1;
    assert_ok(append_change(d.town->store, &change, &written));
    doorstep_end(&d);
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
    struct doorstep d;
    char last[64] = "";
    doorstep_begin(&d);
    doorstep_join(&d);
    federation_join(&d.f, "Søndre Skole", ROLE_SCHOOL);
    federation_join(&d.f, "Birkelund", ROLE_KINDERGARTEN);
    assert_ok(roster_each(d.town->store, ordered, last));
    assert_string_equal(last, "3Søndre Skole");
    doorstep_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_founder_is_a_member_of_what_it_founded),
        cmocka_unit_test(a_founding_survives_closing),
        cmocka_unit_test(a_wildcard_is_no_endpoint_that_others_can_dial),
        cmocka_unit_test(keys_and_role_are_pinned_and_removal_is_for_ever),
        cmocka_unit_test(
            of_a_members_entries_the_highest_counter_counts_in_whatever_order_they_come),
        cmocka_unit_test(an_envelope_states_one_member_at_most),
        cmocka_unit_test(members_come_in_order_of_role_then_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
