#include "lone.h"
#include "test.h"

#include "proto/limits.h"

enum { LINK = 11, OTHER_LINK = 12, PEER = 1, OTHER = 2, WRITER = 20 };

static void municipality(struct lone *lone, struct feed_id *ret_feed) {
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    lone_init(lone, ROLE_MUNICIPALITY);
    lone_member(lone, PEER, ROLE_RELAY, false, true);
    lone_member(lone, OTHER, ROLE_RELAY, false, true);
    lone_member(lone, 3, ROLE_SCHOOL, false, true);
    *ret_feed = lone_feed(lone, &channel, WRITER, 3);
    lone_clear(lone);
}

static void moves(struct lone *lone, uint64_t seq) {
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    lone_feed(lone, &channel, WRITER, seq);
}

static void acknowledge(struct lone *lone, uint32_t link, const struct feed_id *feed, size_t size) {
    lone_receive(lone, link,
                 &(struct message){.kind = MESSAGE_CREDIT,
                                   .credit = {.feed = *feed, .bytes = (uint32_t)size}});
}

static void pull(struct lone *lone, uint32_t link, const struct feed_id *feed, uint64_t after,
                 size_t credit) {
    lone_receive(
        lone, link,
        &(struct message){.kind = MESSAGE_PULL,
                          .pull = {*feed, after, after == 0 ? (struct id8){{0}} : id8_n(after),
                                   (uint32_t)credit}});
}

static size_t run_size(unsigned n, size_t size) {
    return n * (SIGNED_HEADER_SIZE + 5 + size);
}

TEST(a_write_is_pushed_in_the_same_step_to_everybody_who_is_at_the_head_before) {
    struct lone lone;
    struct message m;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    lone_open(&lone, OTHER_LINK, OTHER);
    moves(&lone, 4);
    const struct effect *load = lone_effect(&lone, EFFECT_LOAD, LINK);
    assert_non_null(load);
    assert_int_equal(load->after, 3);
    struct id8 id8 = id8_n(3);
    assert_true(id8_equal(&load->id8, &id8));
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, OTHER_LINK), 1);
    lone_loaded(&lone, LINK, &feed, 3, 1, 50, 4);
    assert_true(lone_frame(&lone, LINK, MESSAGE_RUN, 0, &m));
    assert_int_equal(m.run.after, 3);
    assert_int_equal(m.run.head, 4);
    assert_false(lone_sent(&lone, LINK, MESSAGE_HEADS));
    lone_done(&lone);
}

TEST(what_came_from_a_peer_is_not_pushed_back_but_passed_on) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    lone_open(&lone, OTHER_LINK, OTHER);
    struct bytes run = lone_run(&lone, &feed, 3, 1, 50);
    size_t size = run.size;
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_RUN, .run = {feed, 3, 4, run}});
    moves(&lone, 4);
    lone_admitted(&lone, LINK, &feed, size, OK, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    assert_false(lone_sent(&lone, LINK, MESSAGE_HEADS));
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, OTHER_LINK), 1);
    lone_done(&lone);
}

TEST(nothing_goes_to_a_member_that_may_not_hold_it) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, 3);
    moves(&lone, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    assert_false(lone_sent(&lone, LINK, MESSAGE_HEADS));
    struct message m;
    pull(&lone, LINK, &feed, 0, 100000);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    assert_true(lone_frame(&lone, LINK, MESSAGE_NOT_HERE, 0, &m));
    assert_int_equal(m.not_here.reason, ERR_DENIED);
    assert_true(lone_peer(&lone, 3).equal);
    lone_done(&lone);
}

TEST(a_member_that_loses_its_right_while_a_run_is_loaded_is_not_sent_it) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    moves(&lone, 4);
    lone_member(&lone, PEER, ROLE_RELAY, false, false);
    lone_clear(&lone);
    lone_loaded(&lone, LINK, &feed, 3, 1, 50, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, LINK), 0);
    lone_done(&lone);
}

TEST(a_pull_is_answered_run_after_run_until_its_credit_is_used) {
    struct lone lone;
    struct message m;
    struct feed_id feed;
    municipality(&lone, &feed);
    moves(&lone, 100);
    lone_open_empty(&lone, LINK, PEER);
    pull(&lone, LINK, &feed, 0, 2000);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 1);
    assert_true(lone_effect(&lone, EFFECT_LOAD, LINK)->bytes_max <= 2000);
    lone_clear(&lone);
    lone_loaded(&lone, LINK, &feed, 0, 2, 500, 100);
    assert_true(lone_sent(&lone, LINK, MESSAGE_RUN));
    assert_int_equal(lone_effect(&lone, EFFECT_LOAD, LINK)->after, 2);
    lone_clear(&lone);
    lone_loaded(&lone, LINK, &feed, 2, 1, 500, 100);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    acknowledge(&lone, LINK, &feed, run_size(2, 500));
    assert_int_equal(lone_effect(&lone, EFFECT_LOAD, LINK)->after, 3);
    assert_true(lone_frame(&lone, LINK, MESSAGE_RUN, 0, &m));
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(one_run_at_a_time_is_loaded_for_a_feed) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    for (uint64_t seq = 4; seq < 20; seq++)
        moves(&lone, seq);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 1);
    lone_done(&lone);
}

TEST(never_more_than_the_credit_is_under_way_to_one_peer_over_all_feeds) {
    struct lone lone;
    struct feed_id feeds[20];
    size_t sent = 0;
    municipality(&lone, &feeds[0]);
    for (unsigned i = 0; i < 20; i++) {
        struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
        feeds[i] = lone_feed(&lone, &channel, 100 + i, 1000);
    }
    lone_open_empty(&lone, LINK, PEER);
    for (unsigned i = 0; i < 20; i++)
        pull(&lone, LINK, &feeds[i], 0, UINT32_MAX);
    uint64_t after[20] = {0};
    for (unsigned round = 0; round < 100; round++) {
        struct message m;
        struct effects asked = lone.effects;
        lone.effects = (struct effects){0};
        bool any = false;
        for (size_t k = 0; k < asked.n; k++)
            for (unsigned i = 0; i < 20 && asked.list[k].kind == EFFECT_LOAD; i++)
                if (feed_id_equal(&asked.list[k].feed, &feeds[i])) {
                    assert_true(asked.list[k].bytes_max <= RUN_SIZE_MAX);
                    lone_loaded(&lone, LINK, &feeds[i], after[i], 2, 250000, 1000);
                    after[i] += 2;
                    any = true;
                }
        for (unsigned k = 0; lone_frame(&lone, LINK, MESSAGE_RUN, k, &m); k++)
            sent += m.run.envelopes.size;
        effects_done(&asked);
        if (!any)
            break;
    }
    assert_true(sent <= CREDIT_PER_PEER_MAX);
    assert_true(sent > CREDIT_PER_PEER_MAX - 2 * RUN_SIZE_MAX);
    lone_done(&lone);
}

TEST(a_peer_that_does_not_drain_is_loaded_nothing_more_for) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    unsigned loads = 0;
    for (uint64_t seq = 4; seq < 100; seq++) {
        lone_clear(&lone);
        moves(&lone, seq);
        if (lone_effects(&lone, EFFECT_LOAD, LINK) == 0)
            continue;
        loads++;
        lone_loaded(&lone, LINK, &feed, seq - 1, 1, 250000, seq);
    }
    assert_true(loads >= 10 && loads <= 17);
    lone_done(&lone);
}

TEST(a_peer_at_an_older_head_gets_an_announcement_and_no_push) {
    struct lone lone;
    struct message m;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open_empty(&lone, LINK, PEER);
    moves(&lone, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    assert_true(lone_frame(&lone, LINK, MESSAGE_HEADS, 0, &m));
    assert_int_equal(m.heads.heads_n, 1);
    assert_int_equal(m.heads.heads[0].seq, 4);
    assert_false(m.heads.more);
    lone_done(&lone);
}

TEST(after_a_pull_has_come_to_the_head_the_feed_is_pushed) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open_empty(&lone, LINK, PEER);
    pull(&lone, LINK, &feed, 0, 100000);
    lone_loaded(&lone, LINK, &feed, 0, 3, 50, 3);
    acknowledge(&lone, LINK, &feed, run_size(3, 50));
    lone_clear(&lone);
    moves(&lone, 4);
    assert_int_equal(lone_effect(&lone, EFFECT_LOAD, LINK)->after, 3);
    lone_done(&lone);
}

TEST(what_is_not_here_is_said_so) {
    struct lone lone;
    struct message m;
    struct feed_id feed, unknown = {{7}};
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    pull(&lone, LINK, &unknown, 0, 1000);
    assert_true(lone_frame(&lone, LINK, MESSAGE_NOT_HERE, 0, &m));
    assert_int_equal(m.not_here.reason, ERR_NOT_FOUND);
    lone_clear(&lone);
    pull(&lone, LINK, &feed, 9, 1000);
    assert_true(lone_frame(&lone, LINK, MESSAGE_NOT_HERE, 0, &m));
    assert_int_equal(m.not_here.reason, ERR_NOT_FOUND);
    lone_clear(&lone);
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_PULL, .pull = {feed, 3, {{0xbb}}, 1000}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_NOT_HERE, 0, &m));
    assert_int_equal(m.not_here.reason, ERR_CHAIN);
    lone_clear(&lone);
    pull(&lone, LINK, &feed, 1, 1000);
    lone_step(&lone, (struct event){.kind = EVENT_LOADED,
                                    .link = LINK,
                                    .loaded = {.feed = feed, .after = 1, .error = ERR_CHAIN}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_NOT_HERE, 0, &m));
    assert_int_equal(m.not_here.reason, ERR_CHAIN);
    lone_done(&lone);
}

TEST(a_feed_that_the_peer_refuses_is_only_announced_from_then_on) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    moves(&lone, 4);
    lone_loaded(&lone, LINK, &feed, 3, 1, 50, 4);
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_ERROR, .error = {ERR_ROSTER, "", feed}});
    lone_clear(&lone);
    moves(&lone, 5);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    assert_true(lone_sent(&lone, LINK, MESSAGE_HEADS));
    assert_false(lone_peer(&lone, PEER).equal);
    lone_clear(&lone);
    pull(&lone, LINK, &feed, 3, 1000);
    assert_int_equal(lone_effect(&lone, EFFECT_LOAD, LINK)->after, 3);
    lone_done(&lone);
}

TEST(what_moves_between_the_hellos_is_pushed_once_the_session_is_open) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    moves(&lone, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    lone_receive(&lone, LINK, &hello);
    assert_int_equal(lone_effect(&lone, EFFECT_LOAD, LINK)->after, 3);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(what_moves_while_heads_are_compared_is_announced_once_the_session_is_open) {
    struct lone lone;
    struct message m;
    struct feed_id feed;
    struct channel channel = channel_n(CHANNEL_ANSWERS, 0, 0);
    municipality(&lone, &feed);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.digest.bytes[0] ^= 1;
    lone_receive(&lone, LINK, &hello);
    struct channel_digest other = {lone_channel_id(&lone, &channel), {{1}}};
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_DIGEST, .digest = {&other, 1, false}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_HEADS, 0, &m));
    assert_int_equal(m.heads.heads[0].seq, 3);
    moves(&lone, 4);
    lone_clear(&lone);
    struct version_name head = {feed, 2, id8_n(2)};
    lone_receive(
        &lone, LINK,
        &(struct message){.kind = MESSAGE_HEADS, .heads = {other.channel, &head, 1, false}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_HEADS, 0, &m));
    assert_int_equal(m.heads.heads[0].seq, 4);
    lone_done(&lone);
}

TEST(what_moves_before_the_digests_go_out_is_in_them_and_not_pushed) {
    struct lone lone;
    struct message m;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.digest.bytes[0] ^= 1;
    moves(&lone, 4);
    lone_receive(&lone, LINK, &hello);
    assert_true(lone_frame(&lone, LINK, MESSAGE_DIGEST, 0, &m));
    lone_receive(&lone, LINK, &m);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, LINK), 0);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_pull_from_elsewhere_makes_what_is_being_loaded_stale) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    moves(&lone, 4);
    pull(&lone, LINK, &feed, 1, 100000);
    lone_clear(&lone);
    lone_loaded(&lone, LINK, &feed, 3, 1, 50, 4);
    assert_false(lone_sent(&lone, LINK, MESSAGE_RUN));
    assert_int_equal(lone_effect(&lone, EFFECT_LOAD, LINK)->after, 1);
    lone_done(&lone);
}

TEST(a_pull_writes_off_what_was_under_way_of_its_feed) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    for (uint64_t seq = 4; seq < 100; seq++) {
        lone_clear(&lone);
        moves(&lone, seq);
        if (lone_effects(&lone, EFFECT_LOAD, LINK) != 0)
            lone_loaded(&lone, LINK, &feed, seq - 1, 1, 250000, seq);
    }
    lone_clear(&lone);
    pull(&lone, LINK, &feed, 3, 100000);
    assert_int_equal(lone_effect(&lone, EFFECT_LOAD, LINK)->after, 3);
    lone_done(&lone);
}

TEST(an_acknowledgement_of_a_run_that_was_sent_twice_does_not_make_the_next_one_durable) {
    struct lone lone;
    struct feed_id feed;
    size_t size = run_size(1, 50);
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    moves(&lone, 4);
    lone_loaded(&lone, LINK, &feed, 3, 1, 50, 4);
    pull(&lone, LINK, &feed, 3, 100000);
    lone_loaded(&lone, LINK, &feed, 3, 1, 50, 4);
    acknowledge(&lone, LINK, &feed, size);
    moves(&lone, 5);
    lone_loaded(&lone, LINK, &feed, 4, 1, 50, 5);
    acknowledge(&lone, LINK, &feed, size);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(answers_to_nothing_are_passed_over) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    lone_open(&lone, LINK, PEER);
    lone_loaded(&lone, LINK, &feed, 3, 1, 50, 4);
    lone_loaded(&lone, 99, &feed, 3, 1, 50, 4);
    lone_admitted(&lone, 99, &feed, 100, ERR_CHAIN, 0);
    acknowledge(&lone, LINK, &feed, 4000000000u);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, 0), 0);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

/* Sends what is asked for until there is no room, and counts the bytes. */
static size_t serve(struct lone *lone, uint32_t link, const struct feed_id *feed) {
    size_t sent = 0;
    for (;;) {
        const struct effect *load = lone_effect(lone, EFFECT_LOAD, link);
        if (load == NULL)
            return sent;
        uint64_t after = load->after;
        unsigned n = load->bytes_max > KIB(256) ? 2 : 1;
        size_t size = (load->bytes_max < KIB(512) ? load->bytes_max : KIB(512)) / n;
        size -= SIGNED_HEADER_SIZE + 5;
        lone_clear(lone);
        lone_loaded(lone, link, feed, after, n, size, 1000);
        sent += run_size(n, size);
    }
}

TEST(when_much_is_under_way_to_others_a_peer_gets_small_runs_and_never_none) {
    struct lone lone;
    struct feed_id feed;
    municipality(&lone, &feed);
    moves(&lone, 1000);
    size_t sent[6] = {0};
    for (unsigned n = 0; n < 6; n++) {
        lone_member(&lone, 30 + n, ROLE_RELAY, false, true);
        lone_open(&lone, 30 + n, 30 + n);
        lone_clear(&lone);
        pull(&lone, 30 + n, &feed, 0, CREDIT_PER_PEER_MAX);
        sent[n] = serve(&lone, 30 + n, &feed); /* and reads nothing */
        assert_true(sent[n] >= KIB(64));
    }
    assert_true(sent[0] > KIB(3000));
    for (unsigned n = 3; n < 6; n++)
        assert_true(sent[n] <= KIB(256 + 64));
    /* Who acknowledges gets more. */
    acknowledge(&lone, 35, &feed, sent[5]);
    assert_true(serve(&lone, 35, &feed) >= KIB(64));
    /* And who never does is not counted for ever. */
    lone_wait(&lone, 30000);
    lone_clear(&lone);
    acknowledge(&lone, 35, &feed, KIB(64));
    assert_true(serve(&lone, 35, &feed) > KIB(1000));
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_write_is_pushed_in_the_same_step_to_everybody_who_is_at_the_head_before),
        cmocka_unit_test(what_came_from_a_peer_is_not_pushed_back_but_passed_on),
        cmocka_unit_test(nothing_goes_to_a_member_that_may_not_hold_it),
        cmocka_unit_test(a_member_that_loses_its_right_while_a_run_is_loaded_is_not_sent_it),
        cmocka_unit_test(a_pull_is_answered_run_after_run_until_its_credit_is_used),
        cmocka_unit_test(one_run_at_a_time_is_loaded_for_a_feed),
        cmocka_unit_test(never_more_than_the_credit_is_under_way_to_one_peer_over_all_feeds),
        cmocka_unit_test(a_peer_that_does_not_drain_is_loaded_nothing_more_for),
        cmocka_unit_test(a_peer_at_an_older_head_gets_an_announcement_and_no_push),
        cmocka_unit_test(after_a_pull_has_come_to_the_head_the_feed_is_pushed),
        cmocka_unit_test(what_is_not_here_is_said_so),
        cmocka_unit_test(a_feed_that_the_peer_refuses_is_only_announced_from_then_on),
        cmocka_unit_test(what_moves_between_the_hellos_is_pushed_once_the_session_is_open),
        cmocka_unit_test(what_moves_while_heads_are_compared_is_announced_once_the_session_is_open),
        cmocka_unit_test(what_moves_before_the_digests_go_out_is_in_them_and_not_pushed),
        cmocka_unit_test(a_pull_from_elsewhere_makes_what_is_being_loaded_stale),
        cmocka_unit_test(a_pull_writes_off_what_was_under_way_of_its_feed),
        cmocka_unit_test(
            an_acknowledgement_of_a_run_that_was_sent_twice_does_not_make_the_next_one_durable),
        cmocka_unit_test(answers_to_nothing_are_passed_over),
        cmocka_unit_test(when_much_is_under_way_to_others_a_peer_gets_small_runs_and_never_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
