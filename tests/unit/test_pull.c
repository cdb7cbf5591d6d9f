#include "hub.h"
#include "test.h"

#include "proto/limits.h"

enum { TURN_MS = 30000 }; /* pull.h */

TEST(a_head_beyond_the_own_one_is_pulled_and_acknowledged_only_when_durable) {
    struct lone lone;
    struct message m;
    hub_init(&lone);
    struct feed_id feed = hub_feed(&lone, 20);
    lone_open(&lone, LINK, PEER);
    hub_announce(&lone, LINK, &feed, 3);
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 0);
    assert_true(m.pull.bytes >= RUN_SIZE_MAX / 4);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_PULLING);
    assert_false(lone_peer(&lone, PEER).equal);

    size_t size = hub_bring(&lone, LINK, &feed, 0, 3, 3);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 1);
    assert_false(lone_sent(&lone, LINK, MESSAGE_CREDIT));
    assert_false(lone_peer(&lone, PEER).equal);
    lone_admitted(&lone, LINK, &feed, size, OK, 3);
    assert_true(lone_frame(&lone, LINK, MESSAGE_CREDIT, 0, &m));
    assert_int_equal(m.credit.bytes, size);
    hub_holds(&lone, 20, 3);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_IDLE);
    assert_true(lone_peer(&lone, PEER).equal);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    lone_done(&lone);
}

TEST(while_heads_are_compared_nothing_but_the_roster_is_pulled) {
    struct lone lone;
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    hub_init(&lone);
    struct channel_id id = lone_channel_id(&lone, &channel);
    struct feed_id feed = hub_feed(&lone, 20);
    struct version_name head = {feed, 3, id8_n(3)};
    struct message_heads heads = {id, &head, 1, true};
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.digest.bytes[0] ^= 1;
    lone_receive(&lone, LINK, &hello);
    struct channel_digest digest = {id, {{7}}};
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_DIGEST, .digest = {&digest, 1, false}});
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_COMPARE);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_HEADS, .heads = heads});
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_COMPARE);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    heads.more = false;
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_HEADS, .heads = heads});
    assert_true(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(a_digest_that_names_a_channel_twice_ends_the_session) {
    struct lone lone;
    struct message m;
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    hub_init(&lone);
    struct channel_id id = lone_channel_id(&lone, &channel);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.digest.bytes[0] ^= 1;
    lone_receive(&lone, LINK, &hello);
    struct channel_digest twice[] = {{id, {{7}}}, {id, {{7}}}};
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_DIGEST, .digest = {twice, 2, false}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_FORMAT);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 1);
    lone_done(&lone);
}

/* The peer has three entries of a feed of which there is nothing here, and is asked for them. */
static struct feed_id ask(struct lone *lone) {
    hub_init(lone);
    struct feed_id feed = hub_feed(lone, 20);
    lone_open(lone, LINK, PEER);
    hub_announce(lone, LINK, &feed, 3);
    assert_true(lone_sent(lone, LINK, MESSAGE_PULL));
    return feed;
}

static void say_not_here(struct lone *lone, const struct feed_id *feed, uint64_t after,
                         enum err reason) {
    lone_receive(lone, LINK,
                 &(struct message){.kind = MESSAGE_NOT_HERE, .not_here = {*feed, after, reason}});
}

TEST(a_pull_is_looked_at_when_its_turn_ends_and_not_before) {
    struct lone lone;
    ask(&lone);
    time_ms began = lone.now;
    unsigned looks = 0;
    for (; lone.now < began + TURN_MS; looks++)
        lone_wait(&lone, engine_deadline(lone.engine) - lone.now);
    assert_true(looks < 8);
    assert_int_equal(lone.now, began + TURN_MS);
    lone_done(&lone);
}

TEST(beside_a_feed_that_was_pulled_alone_there_is_room_for_one_more) {
    struct lone lone;
    hub_init(&lone);
    lone_open(&lone, LINK, PEER);
    for (unsigned i = 0; i < 3; i++) {
        struct feed_id feed = hub_feed(&lone, 20 + i);
        lone_clear(&lone);
        hub_announce(&lone, LINK, &feed, 3);
        assert_int_equal(lone_sent(&lone, LINK, MESSAGE_PULL), i < 2);
    }
    lone_done(&lone);
}

TEST(it_does_not_matter_whether_the_news_or_the_answer_comes_first) {
    struct lone lone;
    hub_init(&lone);
    struct feed_id feed = hub_feed(&lone, 20);
    lone_open(&lone, LINK, PEER);
    hub_announce(&lone, LINK, &feed, 3);
    size_t size = hub_bring(&lone, LINK, &feed, 0, 3, 3);
    lone_clear(&lone);
    hub_holds(&lone, 20, 3);
    lone_admitted(&lone, LINK, &feed, size, OK, 3);
    assert_true(lone_peer(&lone, PEER).equal);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

static void both_announce(struct lone *lone, struct feed_id *ret_feed) {
    hub_init(lone);
    *ret_feed = hub_feed(lone, 20);
    lone_open(lone, LINK, PEER);
    lone_open(lone, OTHER_LINK, OTHER);
    hub_announce(lone, LINK, ret_feed, 9);
    hub_announce(lone, OTHER_LINK, ret_feed, 9);
    assert_true(lone_sent(lone, LINK, MESSAGE_PULL));
    assert_false(lone_sent(lone, OTHER_LINK, MESSAGE_PULL));
    assert_int_equal(lone_peer(lone, OTHER).state, SESSION_PULLING);
    lone_clear(lone);
}

TEST(one_feed_is_pulled_from_one_peer_and_from_another_when_that_is_gone) {
    struct lone lone;
    struct feed_id feed;
    both_announce(&lone, &feed);
    lone_disconnect(&lone, LINK);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(a_feed_that_waits_for_room_with_one_peer_is_not_pulled_twice) {
    struct lone lone;
    struct message m;
    hub_init(&lone);
    lone_open(&lone, LINK, PEER);
    lone_open(&lone, OTHER_LINK, OTHER);
    for (unsigned author = 20; author < 40; author++) {
        struct feed_id filler = hub_feed(&lone, author);
        hub_announce(&lone, LINK, &filler, 3);
    }
    struct feed_id feed = hub_feed(&lone, 60);
    hub_announce(&lone, LINK, &feed, 3);
    hub_announce(&lone, OTHER_LINK, &feed, 3);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    for (unsigned author = 20; author < 40; author++)
        lone_receive(&lone, LINK,
                     &(struct message){.kind = MESSAGE_NOT_HERE,
                                       .not_here = {hub_feed(&lone, author), 0, ERR_NOT_FOUND}});
    for (unsigned i = 0; lone_frame(&lone, LINK, MESSAGE_PULL, i, &m); i++)
        assert_false(feed_id_equal(&m.pull.feed, &feed));
    lone_done(&lone);
}

TEST(another_peer_is_asked_when_one_has_it_not) {
    struct lone lone;
    struct feed_id feed;
    both_announce(&lone, &feed);
    say_not_here(&lone, &feed, 0, ERR_NOT_FOUND);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

/* It was put back, say, and its own statement of before had come back to it. */
TEST(what_a_peer_had_not_is_taken_when_it_comes_after_all) {
    struct lone lone;
    struct message m;
    hub_init(&lone);
    struct feed_id feed = hub_feed(&lone, 20);
    hub_holds(&lone, 20, 2);
    lone_open(&lone, LINK, PEER);
    for (unsigned i = 0; i < 2; i++) {
        lone_clear(&lone);
        hub_announce(&lone, LINK, &feed, 4);
        assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
        say_not_here(&lone, &feed, 2, ERR_NOT_FOUND);
        assert_false(lone_peer(&lone, PEER).equal);
        lone_clear(&lone);
        lone_wait(&lone, 6000);
        assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    }
    lone_clear(&lone);
    hub_bring(&lone, LINK, &feed, 0, 4, 4);
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 2);
    size_t size = hub_bring(&lone, LINK, &feed, 2, 2, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 1);
    lone_admitted(&lone, LINK, &feed, size, OK, 4);
    hub_holds(&lone, 20, 4);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_peer_that_could_not_read_what_it_has_is_asked_again) {
    static const enum err passing[] = {ERR_MEMORY, ERR_IO, ERR_BUSY};
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        struct lone lone;
        struct message m;
        struct feed_id feed = ask(&lone);
        lone_clear(&lone);
        say_not_here(&lone, &feed, 0, passing[i]);
        lone_wait(&lone, 59999);
        assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
        lone_wait(&lone, 1);
        assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
        assert_int_equal(m.pull.after, 0);
        lone_done(&lone);
    }
}

TEST(a_peer_that_is_still_comparing_is_not_asked_again_and_again) {
    struct lone lone;
    struct feed_id feed = ask(&lone);
    say_not_here(&lone, &feed, 0, ERR_STATE);
    lone_clear(&lone);
    lone_wait(&lone, 120000);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    hub_announce(&lone, LINK, &feed, 3);
    assert_true(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(another_peer_is_asked_when_one_stalls_and_a_time_out_is_never_equal) {
    struct lone lone;
    struct feed_id feed;
    both_announce(&lone, &feed);
    lone_wait(&lone, 4999);
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    lone_wait(&lone, 1);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    assert_int_equal(lone_peer(&lone, PEER).last_error, OK);
    lone_wait(&lone, 25000);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_PULLING);
    assert_false(lone_peer(&lone, PEER).equal);
    assert_int_equal(lone_peer(&lone, PEER).last_error, ERR_TIMEOUT);
    lone_clear(&lone);
    /* Both have stalled: asked again after a while, and still not equal. */
    lone_wait(&lone, 30000);
    assert_false(lone_peer(&lone, OTHER).equal);
    lone_wait(&lone, 60000);
    assert_true(lone_sent(&lone, LINK, MESSAGE_PULL) || lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(a_slow_disk_of_ones_own_is_no_stall_of_the_peer) {
    struct lone lone;
    struct feed_id feed;
    both_announce(&lone, &feed);
    hub_bring(&lone, LINK, &feed, 0, 3, 9);
    lone_wait(&lone, 200000);
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(another_peer_is_asked_when_a_run_is_bad) {
    struct lone lone;
    struct message m;
    struct feed_id feed;
    both_announce(&lone, &feed);
    size_t size = hub_bring(&lone, LINK, &feed, 0, 3, 9);
    lone_admitted(&lone, LINK, &feed, size, ERR_SIGNATURE, 0);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_SIGNATURE);
    assert_true(feed_id_equal(&m.error.feed, &feed));
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, 0), 0);
    assert_false(lone_sent(&lone, LINK, MESSAGE_CREDIT));
    lone_done(&lone);
}

TEST(three_bad_runs_end_the_session) {
    struct lone lone;
    hub_init(&lone);
    lone_open(&lone, LINK, PEER);
    for (unsigned i = 0; i < 3; i++) {
        struct feed_id feed = hub_feed(&lone, 20 + i);
        hub_announce(&lone, LINK, &feed, 3);
        size_t size = hub_bring(&lone, LINK, &feed, 0, 3, 3);
        assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 0);
        lone_admitted(&lone, LINK, &feed, size, ERR_CHAIN, 0);
    }
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_CHAIN);
    lone_done(&lone);
}

TEST(runs_that_fail_behind_a_bad_one_are_no_further_offence) {
    struct lone lone;
    struct feed_id feed;
    size_t sizes[4];
    both_announce(&lone, &feed);
    for (unsigned i = 0; i < 4; i++)
        sizes[i] = hub_bring(&lone, LINK, &feed, i * 2, 2, 9);
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 4);
    for (unsigned i = 0; i < 4; i++)
        lone_admitted(&lone, LINK, &feed, sizes[i], ERR_CHAIN, 0);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 0);
    lone_done(&lone);
}

TEST(a_feed_of_an_author_not_known_yet_waits_for_the_roster) {
    struct lone lone;
    struct feed_id feed;
    both_announce(&lone, &feed);
    size_t size = hub_bring(&lone, LINK, &feed, 0, 3, 9);
    lone_admitted(&lone, LINK, &feed, size, ERR_ROSTER, 0);
    lone_wait(&lone, 100000);
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    assert_false(lone_peer(&lone, PEER).equal);
    lone_roster(&lone, 5); /* as it is */
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_roster(&lone, 6);
    assert_true(lone_sent(&lone, LINK, MESSAGE_PULL) || lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(what_can_not_be_stored_now_is_tried_again_and_nothing_is_acknowledged) {
    static const enum err own[] = {ERR_DISK_FULL, ERR_IO,        ERR_MEMORY,
                                   ERR_INTERNAL,  ERR_CORRUPT,   ERR_BUSY,
                                   ERR_STATE,     ERR_CANCELLED, ERR_LOCKED};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        struct lone lone;
        struct feed_id feed;
        both_announce(&lone, &feed);
        size_t size = hub_bring(&lone, LINK, &feed, 0, 3, 9);
        lone_admitted(&lone, LINK, &feed, size, own[i], 0);
        assert_false(lone_sent(&lone, LINK, MESSAGE_CREDIT));
        assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_PULL)); /* no other could do better */
        assert_err(own[i], lone_peer(&lone, PEER).last_error);
        lone_clear(&lone);
        lone_wait(&lone, 29000);
        assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
        lone_wait(&lone, 2000);
        assert_true(lone_sent(&lone, LINK, MESSAGE_PULL) ||
                    lone_sent(&lone, OTHER_LINK, MESSAGE_PULL));
        lone_done(&lone);
    }
}

TEST(a_peer_that_sends_more_than_its_credit_is_dropped) {
    struct lone lone;
    struct feed_id feed;
    hub_init(&lone);
    feed = hub_feed(&lone, 20);
    lone_open(&lone, LINK, PEER);
    hub_announce(&lone, LINK, &feed, 1000);
    uint64_t after = 0;
    size_t under_way = 0;
    while (lone_effects(&lone, EFFECT_CLOSE, LINK) == 0) {
        struct bytes run = lone_run(&lone, &feed, after, 2, 250000);
        lone_receive(&lone, LINK,
                     &(struct message){.kind = MESSAGE_RUN, .run = {feed, after, 1000, run}});
        after += 2;
        under_way += run.size;
        assert_true(under_way <= CREDIT_PER_PEER_MAX + RUN_SIZE_MAX);
    }
    assert_true(under_way > CREDIT_PER_PEER_MAX);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_LIMIT);
    lone_done(&lone);
}

TEST(many_feeds_are_pulled_at_once_within_the_credit) {
    struct lone lone;
    struct message m;
    struct version_name heads[500];
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    hub_init(&lone);
    lone_open(&lone, LINK, PEER);
    for (unsigned i = 0; i < 500; i++) {
        heads[i] = (struct version_name){hub_feed(&lone, 20), 4, id8_n(4)};
        heads[i].feed.bytes[0] = (uint8_t)i;
        heads[i].feed.bytes[1] = (uint8_t)(i >> 8);
    }
    lone_heads(&lone, LINK, &channel, heads, 500);
    size_t credit = 0;
    unsigned pulls = 0;
    while (lone_frame(&lone, LINK, MESSAGE_PULL, pulls, &m)) {
        credit += m.pull.bytes;
        pulls++;
    }
    assert_true(pulls > 4);
    assert_true(credit <= CREDIT_PER_PEER_MAX);
    lone_done(&lone);
}

TEST(a_peer_can_name_only_so_many_unknown_feeds) {
    struct lone lone;
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    static struct version_name heads[4096];
    hub_init(&lone);
    lone_open(&lone, LINK, PEER);
    for (unsigned page = 0; page < 2; page++) {
        for (unsigned i = 0; i < 4096; i++) {
            heads[i] = (struct version_name){
                .feed = {{(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(page + 1)}}, .seq = 1};
            heads[i].id8.bytes[0] = 1;
        }
        lone_heads(&lone, LINK, &channel, heads, 4096);
    }
    assert_false(lone_peer(&lone, PEER).equal);
    /* What is over is compared again in a new session. */
    struct message m;
    unsigned pulls = 0;
    while (lone_frame(&lone, LINK, MESSAGE_PULL, pulls, &m)) {
        assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 0);
        lone_receive(&lone, LINK,
                     &(struct message){.kind = MESSAGE_NOT_HERE,
                                       .not_here = {m.pull.feed, 0, ERR_NOT_FOUND}});
        pulls++;
    }
    assert_int_equal(pulls, 4096);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_BUSY);
    lone_done(&lone);
}

TEST(what_a_peer_says_of_an_own_feed_is_reported) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    hub_init(&lone);
    struct feed_id feed = lone_feed(&lone, &notice, 0, 3);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    lone_receive(&lone, LINK, &hello);
    const struct effect *reported = lone_effect(&lone, EFFECT_REPORTED, LINK);
    assert_non_null(reported);
    assert_int_equal(reported->after, 3);
    lone_clear(&lone);
    struct version_name head = {feed, 9, id8_n(9)};
    lone_heads(&lone, LINK, &notice, &head, 1);
    reported = lone_effect(&lone, EFFECT_REPORTED, LINK);
    assert_non_null(reported);
    assert_int_equal(reported->after, 9);
    assert_true(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_beyond_the_own_one_is_pulled_and_acknowledged_only_when_durable),
        cmocka_unit_test(while_heads_are_compared_nothing_but_the_roster_is_pulled),
        cmocka_unit_test(a_digest_that_names_a_channel_twice_ends_the_session),
        cmocka_unit_test(a_pull_is_looked_at_when_its_turn_ends_and_not_before),
        cmocka_unit_test(beside_a_feed_that_was_pulled_alone_there_is_room_for_one_more),
        cmocka_unit_test(it_does_not_matter_whether_the_news_or_the_answer_comes_first),
        cmocka_unit_test(one_feed_is_pulled_from_one_peer_and_from_another_when_that_is_gone),
        cmocka_unit_test(a_feed_that_waits_for_room_with_one_peer_is_not_pulled_twice),
        cmocka_unit_test(another_peer_is_asked_when_one_has_it_not),
        cmocka_unit_test(what_a_peer_had_not_is_taken_when_it_comes_after_all),
        cmocka_unit_test(a_peer_that_could_not_read_what_it_has_is_asked_again),
        cmocka_unit_test(a_peer_that_is_still_comparing_is_not_asked_again_and_again),
        cmocka_unit_test(another_peer_is_asked_when_one_stalls_and_a_time_out_is_never_equal),
        cmocka_unit_test(a_slow_disk_of_ones_own_is_no_stall_of_the_peer),
        cmocka_unit_test(another_peer_is_asked_when_a_run_is_bad),
        cmocka_unit_test(three_bad_runs_end_the_session),
        cmocka_unit_test(runs_that_fail_behind_a_bad_one_are_no_further_offence),
        cmocka_unit_test(a_feed_of_an_author_not_known_yet_waits_for_the_roster),
        cmocka_unit_test(what_can_not_be_stored_now_is_tried_again_and_nothing_is_acknowledged),
        cmocka_unit_test(a_peer_that_sends_more_than_its_credit_is_dropped),
        cmocka_unit_test(many_feeds_are_pulled_at_once_within_the_credit),
        cmocka_unit_test(a_peer_can_name_only_so_many_unknown_feeds),
        cmocka_unit_test(what_a_peer_says_of_an_own_feed_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
