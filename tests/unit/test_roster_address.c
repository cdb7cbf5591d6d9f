/* Members that move: the roster's entry of where they are dialled. */
#include "federation.h"
#include "proto/limits.h"
#include "test.h"

#include <stdio.h>

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_that_moves_gets_a_new_entry_and_everybody_learns_it),
        cmocka_unit_test(an_address_that_nobody_can_dial_or_of_nobody_is_not_written),
        cmocka_unit_test(
            a_site_that_moves_all_the_time_is_stopped_for_a_day_and_the_municipality_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
