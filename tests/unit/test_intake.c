#include "lone.h"
#include "test.h"

#include "proto/limits.h"

enum { TOWN = 9, HOSTILE = 1, OTHER = 2, TOWN_LINK = 11, HOSTILE_LINK = 12, OTHER_LINK = 13 };
enum { CLAIMED = 1000000 };

/* A school that knows the roster up to 5, which is at 7. */
static void school(struct lone *lone) {
    lone_init(lone, ROLE_SCHOOL);
    lone_member(lone, TOWN, ROLE_MUNICIPALITY, true, true);
    lone_member(lone, HOSTILE, ROLE_KINDERGARTEN, true, true);
    lone_member(lone, OTHER, ROLE_RELAY, false, true);
    struct channel roster = channel_n(CHANNEL_ROSTER, 0, 0);
    lone_feed(lone, &roster, TOWN, 5);
    lone_roster(lone, 5);
    lone_clear(lone);
}

static struct feed_id roster_of(const struct lone *lone) {
    struct channel roster = channel_n(CHANNEL_ROSTER, 0, 0);
    return lone_feed_id(lone, &roster, TOWN);
}

/* `member` connects and says that its roster is at `seq`. */
static void come(struct lone *lone, uint32_t link, unsigned member, uint64_t seq) {
    lone_connect(lone, link, member);
    struct message hello = lone_hello(lone, link);
    hello.hello.member = member_n(member);
    hello.hello.roster_seq = seq;
    hello.hello.roster_id8 = id8_n(seq);
    hello.hello.digest.bytes[0] ^= 1;
    lone_receive(lone, link, &hello);
    lone_receive(
        lone, link,
        &(struct message){.kind = MESSAGE_ROSTER, .roster = {roster_of(lone), seq, id8_n(seq)}});
}

/* One entry of the roster, number `entry`, said to follow `after`. */
static size_t bring(struct lone *lone, uint32_t link, uint64_t entry, uint64_t after) {
    struct feed_id feed = roster_of(lone);
    struct bytes run = lone_run(lone, &feed, entry - 1, 1, 100);
    lone_receive(lone, link,
                 &(struct message){.kind = MESSAGE_RUN, .run = {feed, after, CLAIMED, run}});
    return run.size;
}

TEST(a_run_of_what_is_here_already_is_a_bad_run_and_the_roster_comes_from_another) {
    struct lone lone;
    school(&lone);
    come(&lone, HOSTILE_LINK, HOSTILE, CLAIMED);
    assert_true(lone_sent(&lone, HOSTILE_LINK, MESSAGE_PULL));
    come(&lone, TOWN_LINK, TOWN, 7);
    assert_false(lone_sent(&lone, TOWN_LINK, MESSAGE_PULL));
    bring(&lone, HOSTILE_LINK, 5, 5);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, 0), 0);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, HOSTILE_LINK)->reason, ERR_CHAIN);
    assert_true(lone_sent(&lone, TOWN_LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(a_run_that_the_head_does_not_reach_the_end_of_is_a_bad_run) {
    struct lone lone;
    school(&lone);
    come(&lone, HOSTILE_LINK, HOSTILE, CLAIMED);
    come(&lone, TOWN_LINK, TOWN, 7);
    size_t size = bring(&lone, HOSTILE_LINK, 6, 5);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, HOSTILE_LINK), 1);
    struct feed_id feed = roster_of(&lone);
    lone_admitted(&lone, HOSTILE_LINK, &feed, size, OK, 5);
    assert_false(lone_sent(&lone, HOSTILE_LINK, MESSAGE_CREDIT));
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, HOSTILE_LINK)->reason, ERR_CHAIN);
    assert_true(lone_sent(&lone, TOWN_LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(who_is_asked_for_the_roster_and_says_nothing_keeps_nobody_waiting) {
    struct lone lone;
    school(&lone);
    come(&lone, HOSTILE_LINK, HOSTILE, CLAIMED);
    come(&lone, TOWN_LINK, TOWN, 7);
    lone_wait(&lone, 1999);
    assert_false(lone_sent(&lone, TOWN_LINK, MESSAGE_PULL));
    lone_wait(&lone, 1);
    assert_true(lone_sent(&lone, TOWN_LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(who_brings_the_roster_an_entry_at_a_time_keeps_nobody_waiting_for_long) {
    struct lone lone;
    school(&lone);
    struct feed_id feed = roster_of(&lone);
    come(&lone, HOSTILE_LINK, HOSTILE, CLAIMED);
    come(&lone, TOWN_LINK, TOWN, 4000);
    for (uint64_t seq = 6; seq < 15; seq++) {
        assert_false(lone_sent(&lone, TOWN_LINK, MESSAGE_PULL));
        size_t size = bring(&lone, HOSTILE_LINK, seq, seq - 1);
        lone_admitted(&lone, HOSTILE_LINK, &feed, size, OK, seq);
        lone_wait(&lone, 1000);
    }
    lone_wait(&lone, 1000);
    struct message m;
    assert_true(lone_frame(&lone, TOWN_LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 14);
    lone_done(&lone);
}

static struct feed_id notice(struct lone *lone) {
    struct channel channel = channel_n(CHANNEL_NOTICE, 0, 0);
    return lone_feed_id(lone, &channel, TOWN);
}

static void announce(struct lone *lone, uint32_t link, uint64_t seq) {
    struct channel channel = channel_n(CHANNEL_NOTICE, 0, 0);
    struct version_name head = {notice(lone), seq, id8_n(seq)};
    lone_heads(lone, link, &channel, &head, 1);
}

/* Brings entry after entry of the notices, each a little before its source would be given up. */
static void trickle(struct lone *lone, uint32_t link, unsigned n, time_ms every_ms) {
    struct feed_id feed = notice(lone);
    for (uint64_t after = 0; after < n; after++) {
        struct bytes run = lone_run(lone, &feed, after, 1, 100);
        lone_receive(lone, link,
                     &(struct message){.kind = MESSAGE_RUN, .run = {feed, after, 100, run}});
        lone_admitted(lone, link, &feed, run.size, OK, after + 1);
        lone_wait(lone, every_ms);
    }
}

TEST(who_brings_little_has_its_turn_and_then_another_is_asked) {
    struct lone lone;
    school(&lone);
    lone_open(&lone, HOSTILE_LINK, HOSTILE);
    lone_open(&lone, OTHER_LINK, OTHER);
    announce(&lone, HOSTILE_LINK, 100);
    announce(&lone, OTHER_LINK, 100);
    assert_true(lone_sent(&lone, HOSTILE_LINK, MESSAGE_PULL));
    trickle(&lone, HOSTILE_LINK, 9, 3000);
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    lone_wait(&lone, 3000);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    assert_int_equal(lone_peer(&lone, HOSTILE).last_error, ERR_TIMEOUT);
    lone_done(&lone);
}

TEST(who_alone_has_a_feed_may_take_its_time) {
    struct lone lone;
    school(&lone);
    lone_open(&lone, HOSTILE_LINK, HOSTILE);
    announce(&lone, HOSTILE_LINK, 100);
    trickle(&lone, HOSTILE_LINK, 20, 20000);
    assert_int_equal(lone_peer(&lone, HOSTILE).last_error, OK);
    assert_int_equal(lone_peer(&lone, HOSTILE).state, SESSION_PULLING);
    lone_done(&lone);
}

TEST(a_new_session_does_not_clear_that_a_member_has_stalled) {
    struct lone lone;
    school(&lone);
    lone_open(&lone, HOSTILE_LINK, HOSTILE);
    lone_open(&lone, OTHER_LINK, OTHER);
    announce(&lone, HOSTILE_LINK, 100);
    lone_wait(&lone, 30000); /* given up */
    lone_disconnect(&lone, HOSTILE_LINK);
    lone_clear(&lone);
    lone_open(&lone, HOSTILE_LINK + 10, HOSTILE);
    announce(&lone, OTHER_LINK, 100);
    lone_disconnect(&lone, OTHER_LINK);
    lone_open(&lone, OTHER_LINK + 10, OTHER);
    lone_open(&lone, TOWN_LINK, TOWN);
    announce(&lone, OTHER_LINK + 10, 100);
    announce(&lone, HOSTILE_LINK + 10, 100);
    assert_true(lone_sent(&lone, OTHER_LINK + 10, MESSAGE_PULL));
    /* Even when that one is gone, as long as there is a third. */
    announce(&lone, TOWN_LINK, 100);
    lone_disconnect(&lone, OTHER_LINK + 10);
    assert_true(lone_sent(&lone, TOWN_LINK, MESSAGE_PULL));
    assert_false(lone_sent(&lone, HOSTILE_LINK + 10, MESSAGE_PULL));
    lone_wait(&lone, 20000); /* the third says nothing either, and it is not yet asked again */
    assert_false(lone_sent(&lone, HOSTILE_LINK + 10, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(who_sent_bad_runs_is_asked_last_whatever_the_feed) {
    struct lone lone;
    school(&lone);
    lone_open(&lone, HOSTILE_LINK, HOSTILE);
    struct channel answers = channel_n(CHANNEL_HANDOVER, 0, HOSTILE);
    for (uint8_t i = 0; i < 3; i++) {
        struct feed_id feed = lone_feed_id(&lone, &answers, HOSTILE);
        feed.bytes[0] = i;
        struct bytes run = lone_run(&lone, &feed, 4, 1, 100);
        lone_receive(&lone, HOSTILE_LINK,
                     &(struct message){.kind = MESSAGE_RUN, .run = {feed, 0, 9, run}});
    }
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, HOSTILE_LINK)->reason, ERR_CHAIN);
    lone_open(&lone, HOSTILE_LINK + 10, HOSTILE);
    lone_open(&lone, OTHER_LINK, OTHER);
    lone_open(&lone, TOWN_LINK, TOWN);
    announce(&lone, TOWN_LINK, 100);
    announce(&lone, HOSTILE_LINK + 10, 100);
    announce(&lone, OTHER_LINK, 100);
    lone_disconnect(&lone, TOWN_LINK);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    lone_wait(&lone, 20000);
    assert_false(lone_sent(&lone, HOSTILE_LINK + 10, MESSAGE_PULL));
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_run_of_what_is_here_already_is_a_bad_run_and_the_roster_comes_from_another),
        cmocka_unit_test(a_run_that_the_head_does_not_reach_the_end_of_is_a_bad_run),
        cmocka_unit_test(who_is_asked_for_the_roster_and_says_nothing_keeps_nobody_waiting),
        cmocka_unit_test(who_brings_the_roster_an_entry_at_a_time_keeps_nobody_waiting_for_long),
        cmocka_unit_test(who_brings_little_has_its_turn_and_then_another_is_asked),
        cmocka_unit_test(who_alone_has_a_feed_may_take_its_time),
        cmocka_unit_test(a_new_session_does_not_clear_that_a_member_has_stalled),
        cmocka_unit_test(who_sent_bad_runs_is_asked_last_whatever_the_feed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
