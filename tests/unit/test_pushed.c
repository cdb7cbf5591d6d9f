#include "hub.h"
#include "test.h"

/* A session with a peer, and three entries of the feed are here. */
static struct feed_id meet_at_three(struct lone *lone) {
    hub_init(lone);
    hub_holds(lone, 20, 3);
    lone_open(lone, LINK, PEER);
    return hub_feed(lone, 20);
}

TEST(a_push_that_does_not_follow_is_dropped_and_the_feed_pulled) {
    struct lone lone;
    struct message m;
    struct feed_id feed = meet_at_three(&lone);
    hub_bring(&lone, LINK, &feed, 7, 1, 8);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 0);
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 3);
    lone_done(&lone);
}

TEST(pushes_in_a_row_are_taken_without_waiting_for_each_other) {
    struct lone lone;
    struct feed_id feed = meet_at_three(&lone);
    size_t size = hub_bring(&lone, LINK, &feed, 3, 1, 4);
    hub_bring(&lone, LINK, &feed, 4, 1, 5);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 2);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_admitted(&lone, LINK, &feed, size, OK, 4);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_admitted(&lone, LINK, &feed, size, OK, 5);
    assert_true(lone_peer(&lone, PEER).equal);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(a_push_of_what_is_here_already_is_acknowledged_and_not_stored_twice) {
    struct lone lone;
    struct feed_id feed = meet_at_three(&lone);
    hub_bring(&lone, LINK, &feed, 1, 2, 3);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 0);
    assert_true(lone_sent(&lone, LINK, MESSAGE_CREDIT));
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(the_rest_of_a_push_that_stays_away_is_pulled) {
    struct lone lone;
    struct feed_id feed = meet_at_three(&lone);
    size_t size = hub_bring(&lone, LINK, &feed, 3, 1, 9);
    lone_admitted(&lone, LINK, &feed, size, OK, 4);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    assert_false(lone_peer(&lone, PEER).equal);
    lone_wait(&lone, 30000);
    assert_true(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(a_feed_that_the_peer_may_not_hold_is_refused_from_it) {
    struct lone lone;
    struct message m;
    lone_init(&lone, ROLE_KINDERGARTEN);
    lone_member(&lone, PEER, ROLE_SCHOOL, true, true);
    struct channel handover = channel_n(CHANNEL_HANDOVER, 0, 2);
    struct feed_id feed = lone_feed(&lone, &handover, 2, 3);
    lone_open(&lone, LINK, PEER);
    hub_bring(&lone, LINK, &feed, 3, 1, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 0);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_DENIED);
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_push_that_does_not_follow_is_dropped_and_the_feed_pulled),
        cmocka_unit_test(pushes_in_a_row_are_taken_without_waiting_for_each_other),
        cmocka_unit_test(a_push_of_what_is_here_already_is_acknowledged_and_not_stored_twice),
        cmocka_unit_test(the_rest_of_a_push_that_stays_away_is_pulled),
        cmocka_unit_test(a_feed_that_the_peer_may_not_hold_is_refused_from_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
