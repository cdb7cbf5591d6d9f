#include "lone.h"
#include "test.h"

enum { LINK = 11, PEER = 1, OTHER = 2 };

static bool dials(const struct lone *lone, unsigned member) {
    struct member_id id = member_n(member);
    for (size_t i = 0; i < lone->effects.n; i++)
        if (lone->effects.list[i].kind == EFFECT_DIAL &&
            member_id_equal(&lone->effects.list[i].member, &id))
            return true;
    return false;
}

/* Does a node of role `own` dial a member of role `their`? */
static bool dials_role(enum role own, bool own_endpoint, unsigned member, enum role their,
                       bool endpoint, bool shares) {
    struct lone lone;
    lone_init(&lone, own);
    lone_member(&lone, 0, own, own_endpoint, true);
    if (shares) {
        struct channel channel = channel_n(CHANNEL_HANDOVER, 0, member);
        lone_feed(&lone, &channel, 0, 1);
    }
    lone_member(&lone, member, their, endpoint, true);
    bool dialled = dials(&lone, member);
    lone_done(&lone);
    return dialled;
}

TEST(everybody_dials_the_municipality_and_the_relays) {
    assert_true(dials_role(ROLE_KINDERGARTEN, true, PEER, ROLE_MUNICIPALITY, true, false));
    assert_true(dials_role(ROLE_SCHOOL, false, PEER, ROLE_MUNICIPALITY, true, false));
    assert_true(dials_role(ROLE_SCHOOL, true, PEER, ROLE_RELAY, true, false));
    assert_true(dials_role(ROLE_RELAY, true, PEER, ROLE_MUNICIPALITY, true, false));
    assert_false(dials_role(ROLE_MUNICIPALITY, true, PEER, ROLE_SCHOOL, true, false));
    assert_false(dials_role(ROLE_MUNICIPALITY, true, PEER, ROLE_RELAY, true, false));
}

TEST(of_two_sites_that_share_a_handover_the_lower_rank_dials) {
    assert_false(dials_role(ROLE_KINDERGARTEN, true, PEER, ROLE_SCHOOL, true, false));
    assert_true(dials_role(ROLE_KINDERGARTEN, true, PEER, ROLE_SCHOOL, true, true));
    assert_false(dials_role(ROLE_SCHOOL, true, PEER, ROLE_KINDERGARTEN, true, true));
    assert_true(dials_role(ROLE_SCHOOL, true, PEER, ROLE_SCHOOL, true, true));
}

TEST(who_has_no_endpoint_is_not_dialled_and_dials_out_itself) {
    assert_false(dials_role(ROLE_KINDERGARTEN, true, PEER, ROLE_SCHOOL, false, true));
    assert_true(dials_role(ROLE_SCHOOL, false, PEER, ROLE_KINDERGARTEN, true, true));
    assert_true(dials_role(ROLE_MUNICIPALITY, false, PEER, ROLE_SCHOOL, true, false));
    assert_false(dials_role(ROLE_KINDERGARTEN, true, PEER, ROLE_MUNICIPALITY, false, false));
}

TEST(a_channel_that_comes_to_be_shared_makes_it_dial) {
    static const unsigned selves[] = {0, PEER + 1}; /* the first party, and the second */
    for (size_t i = 0; i < sizeof selves / sizeof *selves; i++) {
        struct lone lone;
        struct channel channel = channel_n(CHANNEL_HANDOVER, selves[i], PEER);
        lone_init_as(&lone, selves[i], ROLE_KINDERGARTEN);
        lone_member(&lone, PEER, ROLE_SCHOOL, true, true);
        assert_false(dials(&lone, PEER));
        lone_feed(&lone, &channel, selves[i], 1);
        assert_true(dials(&lone, PEER));
        lone_done(&lone);
    }
}

TEST(a_failed_dial_is_tried_again_later_and_later) {
    struct lone lone;
    lone_init(&lone, ROLE_SCHOOL);
    lone_member(&lone, PEER, ROLE_MUNICIPALITY, true, true);
    time_ms longest = 0;
    for (int i = 0; i < 12; i++) {
        assert_true(dials(&lone, PEER));
        assert_int_equal(lone_peer(&lone, PEER).state, SESSION_DIALLING);
        lone_clear(&lone);
        lone_step(&lone, (struct event){.kind = EVENT_DISCONNECTED,
                                        .disconnected = {member_n(PEER), ERR_TIMEOUT}});
        assert_int_equal(lone_peer(&lone, PEER).state, SESSION_BACKOFF);
        assert_int_equal(lone_peer(&lone, PEER).last_error, ERR_TIMEOUT);
        time_ms wait = lone_peer(&lone, PEER).retry_at - lone.now;
        assert_true(wait >= 250 && wait <= 60000);
        assert_true(engine_deadline(lone.engine) <= lone.now + wait);
        lone_wait(&lone, wait - 1);
        assert_false(dials(&lone, PEER));
        lone_wait(&lone, 1);
        longest = wait > longest ? wait : longest;
    }
    assert_true(longest > 30000);
    lone_done(&lone);
}

TEST(a_member_is_shown_once_it_is_connected_and_from_then_on) {
    struct lone lone;
    lone_init(&lone, ROLE_MUNICIPALITY);
    lone_member(&lone, PEER, ROLE_RELAY, false, true);
    assert_int_equal(engine_peers_n(lone.engine), 0);
    lone_connect(&lone, LINK, PEER);
    assert_int_equal(engine_peers_n(lone.engine), 1);
    struct message hello = lone_hello(&lone, LINK);
    lone_receive(&lone, LINK, &hello);
    assert_int_equal(engine_peers_n(lone.engine), 1);
    lone_disconnect(&lone, LINK);
    assert_int_equal(engine_peers_n(lone.engine), 1);
    assert_true(lone_peer(&lone, PEER).last_heard == lone.now);
    lone_done(&lone);
}

static void fail_often(struct lone *lone) {
    lone_init(lone, ROLE_SCHOOL);
    lone_member(lone, PEER, ROLE_MUNICIPALITY, true, true);
    for (int i = 0; i < 12; i++) {
        lone_step(lone, (struct event){.kind = EVENT_DISCONNECTED,
                                       .disconnected.member = member_n(PEER)});
        lone_wait(lone, 60000);
    }
    lone_clear(lone);
}

TEST(once_a_session_has_been_idle_the_wait_is_short_again) {
    struct lone lone;
    fail_often(&lone);
    lone_open(&lone, LINK, PEER);
    lone_disconnect(&lone, LINK);
    assert_true(lone_peer(&lone, PEER).retry_at - lone.now <= 500);
    lone_done(&lone);
}

TEST(a_session_that_never_was_idle_leaves_the_wait_long) {
    struct lone lone;
    fail_often(&lone);
    lone_connect(&lone, LINK, PEER);
    lone_disconnect(&lone, LINK);
    assert_true(lone_peer(&lone, PEER).retry_at - lone.now >= 30000);
    lone_done(&lone);
}

TEST(in_a_hurry_nobody_waits) {
    struct lone lone;
    fail_often(&lone);
    lone_step(&lone,
              (struct event){.kind = EVENT_DISCONNECTED, .disconnected.member = member_n(PEER)});
    assert_false(dials(&lone, PEER));
    engine_hurry(lone.engine);
    assert_true(engine_deadline(lone.engine) <= lone.now);
    lone_wait(&lone, 0);
    assert_true(dials(&lone, PEER));
    lone_done(&lone);
}

TEST(who_has_called_meanwhile_is_not_dialled) {
    struct lone lone;
    fail_often(&lone);
    lone_step(&lone,
              (struct event){.kind = EVENT_DISCONNECTED, .disconnected.member = member_n(PEER)});
    lone_open(&lone, LINK, PEER);
    lone_wait(&lone, 100000);
    assert_false(dials(&lone, PEER));
    lone_done(&lone);
}

TEST(a_new_address_is_dialled_at_once) {
    struct lone lone;
    fail_often(&lone);
    lone_step(&lone,
              (struct event){.kind = EVENT_DISCONNECTED, .disconnected.member = member_n(PEER)});
    lone_wait(&lone, 0);
    assert_false(dials(&lone, PEER));
    struct event moved = {.kind = EVENT_MEMBER,
                          .member = {.id = member_n(PEER),
                                     .role = ROLE_MUNICIPALITY,
                                     .active = true,
                                     .has_endpoint = true,
                                     .endpoints = 7}};
    lone_step(&lone, moved);
    assert_true(dials(&lone, PEER));
    lone_clear(&lone);
    lone_step(&lone,
              (struct event){.kind = EVENT_DISCONNECTED, .disconnected.member = member_n(PEER)});
    lone_step(&lone, moved); /* the same again changes nothing */
    assert_false(dials(&lone, PEER));
    assert_true(lone_peer(&lone, PEER).retry_at - lone.now <= 500);
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_dials_the_municipality_and_the_relays),
        cmocka_unit_test(of_two_sites_that_share_a_handover_the_lower_rank_dials),
        cmocka_unit_test(who_has_no_endpoint_is_not_dialled_and_dials_out_itself),
        cmocka_unit_test(a_channel_that_comes_to_be_shared_makes_it_dial),
        cmocka_unit_test(a_member_is_shown_once_it_is_connected_and_from_then_on),
        cmocka_unit_test(a_failed_dial_is_tried_again_later_and_later),
        cmocka_unit_test(once_a_session_has_been_idle_the_wait_is_short_again),
        cmocka_unit_test(a_session_that_never_was_idle_leaves_the_wait_long),
        cmocka_unit_test(in_a_hurry_nobody_waits),
        cmocka_unit_test(who_has_called_meanwhile_is_not_dialled),
        cmocka_unit_test(a_new_address_is_dialled_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
