#include "hub.h"
#include "test.h"

/* The peer says that it has another entry where this node stands: all is asked for from the start.
 */
static struct feed_id look_for_fork(struct lone *lone) {
    struct message m;
    hub_init(lone);
    struct feed_id feed = hub_feed(lone, 20);
    hub_holds(lone, 20, 3);
    lone_open(lone, LINK, PEER);
    hub_announce(lone, LINK, &feed, 5);
    assert_true(lone_frame(lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 3);
    lone_clear(lone);
    lone_receive(lone, LINK,
                 &(struct message){.kind = MESSAGE_NOT_HERE, .not_here = {feed, 3, ERR_CHAIN}});
    assert_true(lone_frame(lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 0);
    return feed;
}

TEST(a_fork_is_looked_for_once) {
    struct lone lone;
    struct feed_id feed = look_for_fork(&lone);
    size_t size = hub_bring(&lone, LINK, &feed, 0, 5, 5);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 1);
    lone_clear(&lone);
    lone_admitted(&lone, LINK, &feed, size, OK, 5);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_IDLE);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(no_more_of_a_branch_is_asked_for_while_its_feed_waits_for_the_roster) {
    struct lone lone;
    struct feed_id feed = look_for_fork(&lone);
    size_t size = hub_bring(&lone, LINK, &feed, 0, 2, 5);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 1);
    lone_open(&lone, OTHER_LINK, OTHER);
    size_t other = hub_bring(&lone, OTHER_LINK, &feed, 3, 1, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, OTHER_LINK), 1);
    lone_admitted(&lone, OTHER_LINK, &feed, other, ERR_ROSTER, 3);
    lone_clear(&lone);
    lone_admitted(&lone, LINK, &feed, size, ERR_FORK, 3);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

/* A peer holds another entry 3 than this municipality does, of the feed. */
static struct feed_id meet_a_fork(struct lone *lone) {
    hub_init(lone);
    struct feed_id feed = hub_feed(lone, 20);
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    struct version_name head = {feed, 3, {{0xbb}}};
    hub_holds(lone, 20, 3);
    lone_open(lone, LINK, PEER);
    lone_heads(lone, LINK, &channel, &head, 1);
    return feed;
}

TEST(a_fork_is_looked_for_from_the_start_once) {
    struct lone lone;
    struct message m;
    struct feed_id feed = meet_a_fork(&lone);
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 0);
    size_t size = hub_bring(&lone, LINK, &feed, 0, 3, 3);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 1);
    lone_clear(&lone);
    lone_admitted(&lone, LINK, &feed, size, ERR_FORK, 3);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_FORK);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    assert_false(lone_peer(&lone, PEER).equal);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 0);
    lone_done(&lone);
}

TEST(a_branch_is_followed_to_its_end_and_nothing_of_it_is_acknowledged) {
    struct lone lone;
    struct message m;
    struct feed_id feed = meet_a_fork(&lone);
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    lone_clear(&lone);
    size_t size = hub_bring(&lone, LINK, &feed, 0, 2, 6); /* it has grown meanwhile */
    lone_clear(&lone);
    lone_admitted(&lone, LINK, &feed, size, ERR_FORK, 3);
    assert_false(lone_sent(&lone, LINK, MESSAGE_CREDIT));
    assert_false(lone_sent(&lone, LINK, MESSAGE_ERROR));
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 2);
    struct id8 id8 = id8_n(2);
    assert_memory_equal(&m.pull.id8, &id8, sizeof id8);
    size = hub_bring(&lone, LINK, &feed, 2, 4, 6);
    lone_clear(&lone);
    lone_admitted(&lone, LINK, &feed, size, ERR_FORK, 3);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_FORK);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    assert_false(lone_sent(&lone, LINK, MESSAGE_CREDIT));
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 0);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_is_looked_for_once),
        cmocka_unit_test(no_more_of_a_branch_is_asked_for_while_its_feed_waits_for_the_roster),
        cmocka_unit_test(a_fork_is_looked_for_from_the_start_once),
        cmocka_unit_test(a_branch_is_followed_to_its_end_and_nothing_of_it_is_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
