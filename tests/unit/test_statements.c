#include "lone.h"
#include "test.h"

#include "proto/statement.h"

enum { LINK = 11, OTHER_LINK = 12, PEER = 1, OTHER = 2, SCHOOL = 3, DAY_MS = 86400000 };

static struct buffer statement_of(const struct lone *lone, const struct channel *channel,
                                  unsigned member, uint64_t counter,
                                  const struct version_name *heads, size_t n) {
    struct seed seed = {{1}};
    struct node_keys keys;
    struct buffer bytes = {0};
    struct statement statement = {.federation = lone->federation,
                                  .member = member_n(member),
                                  .channel = lone_channel_id(lone, channel),
                                  .counter = counter,
                                  .heads = heads,
                                  .heads_n = n};
    assert_ok(node_keys_derive(&seed, &keys));
    assert_ok(statement_sign(&statement, &keys.sign, &bytes));
    return bytes;
}

static void stated(struct lone *lone, const struct channel *channel, unsigned member,
                   uint64_t counter) {
    struct buffer bytes = statement_of(lone, channel, member, counter, NULL, 0);
    lone_step(lone, (struct event){.kind = EVENT_STATED,
                                   .stated = {member_n(member), lone_channel_id(lone, channel),
                                              *channel, counter, buffer_view(&bytes)}});
    buffer_done(&bytes);
}

static void states(struct lone *lone, uint32_t link, const struct channel *channel, unsigned member,
                   uint64_t counter, const struct version_name *heads, size_t n) {
    struct buffer bytes = statement_of(lone, channel, member, counter, heads, n);
    lone_receive(lone, link,
                 &(struct message){.kind = MESSAGE_STATEMENT, .statement = buffer_view(&bytes)});
    buffer_done(&bytes);
}

static void municipality(struct lone *lone) {
    lone_init(lone, ROLE_MUNICIPALITY);
    lone_member(lone, PEER, ROLE_KINDERGARTEN, false, true);
    lone_member(lone, OTHER, ROLE_KINDERGARTEN, false, true);
    lone_member(lone, SCHOOL, ROLE_SCHOOL, false, true);
    lone_wait(lone, 5000);
    lone_clear(lone);
}

TEST(a_statement_is_made_soon_and_then_at_most_once_a_second) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    lone_feed(&lone, &notice, 0, 1);
    assert_true(engine_deadline(lone.engine) <= lone.now + 20);
    lone_wait(&lone, 20);
    assert_int_equal(lone_effects(&lone, EFFECT_STATE, 0), 1);
    for (uint64_t seq = 2; seq < 50; seq++) {
        lone.now += 10;
        lone_feed(&lone, &notice, 0, seq);
    }
    assert_int_equal(lone_effects(&lone, EFFECT_STATE, 0), 1);
    assert_true(engine_deadline(lone.engine) <= lone.now + 1000);
    lone_wait(&lone, 600);
    assert_int_equal(lone_effects(&lone, EFFECT_STATE, 0), 2);
    stated(&lone, &notice, 0, 5);
    lone_wait(&lone, 50000);
    assert_int_equal(lone_effects(&lone, EFFECT_STATE, 0), 2);
    lone_done(&lone);
}

static size_t asked_for(const struct lone *lone, const struct channel *channel) {
    struct channel_id id = lone_channel_id(lone, channel);
    size_t n = 0;
    for (size_t i = 0; i < lone->effects.n; i++)
        n += lone->effects.list[i].kind == EFFECT_STATE &&
             channel_id_equal(&lone->effects.list[i].channel_id, &id);
    return n;
}

TEST(a_statement_is_made_every_day_although_nothing_moves) {
    struct lone lone;
    municipality(&lone);
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    lone_feed(&lone, &notice, 0, 1);
    lone_wait(&lone, 20);
    stated(&lone, &notice, 0, 5);
    lone_clear(&lone);
    lone_wait(&lone, DAY_MS - 10000);
    assert_int_equal(asked_for(&lone, &notice), 0);
    lone_wait(&lone, 10000);
    assert_int_equal(asked_for(&lone, &notice), 1);
    lone_done(&lone);
}

TEST(a_statement_that_could_not_be_stored_is_asked_for_again) {
    struct lone lone;
    municipality(&lone);
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    lone_feed(&lone, &notice, 0, 1);
    lone_wait(&lone, 20);
    assert_int_equal(asked_for(&lone, &notice), 1);
    lone_wait(&lone, 60000);
    assert_int_equal(asked_for(&lone, &notice), 2);
    time_ms wait = 300000; /* five times as long each time, up to a day */
    for (size_t times = 3; times < 8; times++) {
        lone_wait(&lone, wait - 1);
        assert_int_equal(asked_for(&lone, &notice), times - 1);
        lone_wait(&lone, 1);
        assert_int_equal(asked_for(&lone, &notice), times);
        wait = wait * 5 < DAY_MS ? wait * 5 : DAY_MS;
    }
    stated(&lone, &notice, 0, 5);
    lone_wait(&lone, 3600000);
    assert_int_equal(asked_for(&lone, &notice), 7);
    lone_done(&lone);
}

TEST(a_statement_is_passed_on_to_all_whom_it_concerns_but_not_to_where_it_came_from) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    lone_open(&lone, LINK, PEER);
    lone_open(&lone, OTHER_LINK, OTHER);
    states(&lone, LINK, &notice, PEER, 5, NULL, 0);
    const struct effect *effect = lone_effect(&lone, EFFECT_STATEMENT, LINK);
    assert_non_null(effect);
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_STATEMENT));
    stated(&lone, &notice, PEER, 5);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_STATEMENT));
    assert_false(lone_sent(&lone, LINK, MESSAGE_STATEMENT));
    lone_clear(&lone);
    states(&lone, OTHER_LINK, &notice, PEER, 5, NULL, 0);
    states(&lone, OTHER_LINK, &notice, PEER, 4, NULL, 0);
    assert_int_equal(lone_effects(&lone, EFFECT_STATEMENT, 0), 0);
    lone_done(&lone);
}

TEST(
    what_one_site_says_of_its_answers_does_not_concern_another_but_what_the_municipality_says_does) {
    struct lone lone;
    struct channel answers = channel_n(CHANNEL_ANSWERS, 0, 0),
                   handover = channel_n(CHANNEL_HANDOVER, PEER, SCHOOL);
    municipality(&lone);
    lone_open(&lone, LINK, OTHER);
    stated(&lone, &answers, PEER, 5);
    stated(&lone, &handover, PEER, 5);
    assert_false(lone_sent(&lone, LINK, MESSAGE_STATEMENT));
    stated(&lone, &answers, 0, 6);
    assert_true(lone_sent(&lone, LINK, MESSAGE_STATEMENT));
    lone_done(&lone);
}

TEST(when_the_hellos_name_the_same_statements_none_is_sent) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    stated(&lone, &notice, 0, 5);
    stated(&lone, &notice, OTHER, 5);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    lone_receive(&lone, LINK, &hello);
    assert_false(lone_sent(&lone, LINK, MESSAGE_STATEMENT));
    lone_wait(&lone, 2000);
    stated(&lone, &notice, OTHER, 6);
    assert_true(lone_sent(&lone, LINK, MESSAGE_STATEMENT));
    lone_done(&lone);
}

TEST(when_the_hellos_name_others_all_that_concern_both_are_sent) {
    struct lone lone;
    struct message m;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0),
                   answers = channel_n(CHANNEL_ANSWERS, 0, 0);
    municipality(&lone);
    stated(&lone, &notice, 0, 5);
    stated(&lone, &notice, OTHER, 5);
    stated(&lone, &answers, OTHER, 5);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.statements ^= 1;
    lone_receive(&lone, LINK, &hello);
    assert_true(lone_frame(&lone, LINK, MESSAGE_STATEMENT, 1, &m));
    assert_false(lone_frame(&lone, LINK, MESSAGE_STATEMENT, 2, &m));
    lone_done(&lone);
}

TEST(many_statements_are_sent_in_portions) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    for (unsigned i = 0; i < 60; i++)
        lone_member(&lone, 40 + i, ROLE_SCHOOL, false, true);
    struct version_name heads[100];
    for (unsigned i = 0; i < 100; i++)
        heads[i] = (struct version_name){{{1, (uint8_t)i}}, 1, {{1}}};
    for (unsigned i = 0; i < 60; i++) {
        struct buffer bytes = statement_of(&lone, &notice, 40 + i, 1, heads, 100);
        lone_step(&lone,
                  (struct event){.kind = EVENT_STATED,
                                 .stated = {member_n(40 + i), lone_channel_id(&lone, &notice),
                                            notice, 1, buffer_view(&bytes)}});
        buffer_done(&bytes);
    }
    lone_clear(&lone);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.statements ^= 1;
    lone_receive(&lone, LINK, &hello);
    struct message m;
    assert_false(lone_frame(&lone, LINK, MESSAGE_STATEMENT, 59, &m));
    for (int i = 0; i < 10; i++)
        lone_wait(&lone, 100);
    assert_true(lone_frame(&lone, LINK, MESSAGE_STATEMENT, 59, &m));
    assert_false(lone_frame(&lone, LINK, MESSAGE_STATEMENT, 60, &m));
    lone_done(&lone);
}

TEST(a_peers_own_statement_confirms_that_it_holds_what_was_pushed) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    struct feed_id feed = lone_feed(&lone, &notice, 0, 3);
    lone_open(&lone, LINK, PEER);
    lone_feed(&lone, &notice, 0, 4);
    assert_false(lone_peer(&lone, PEER).equal);
    struct version_name head = {feed, 4, id8_n(4)};
    states(&lone, LINK, &notice, OTHER, 5, &head, 1);
    assert_false(lone_peer(&lone, PEER).equal);
    states(&lone, LINK, &notice, PEER, 5, &head, 1);
    lone_step(&lone, (struct event){.kind = EVENT_LOADED,
                                    .link = LINK,
                                    .loaded = {.feed = feed, .after = 3, .error = ERR_NOT_FOUND}});
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_statement_that_tells_of_more_ends_equal_and_is_pulled_if_no_push_comes) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    struct feed_id feed = lone_feed(&lone, &notice, 0, 3);
    lone_open(&lone, LINK, PEER);
    struct version_name head = {feed, 4, id8_n(4)};
    states(&lone, LINK, &notice, PEER, 5, &head, 1);
    assert_false(lone_peer(&lone, PEER).equal);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_wait(&lone, 2000);
    assert_true(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(a_stored_statement_tells_which_head_it_was_whose_number_a_run_has_told) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    struct feed_id feed = lone_feed(&lone, &notice, 0, 3);
    struct version_name head = {feed, 9, id8_n(9)};
    struct buffer bytes = statement_of(&lone, &notice, PEER, 5, &head, 1);
    lone_step(&lone, (struct event){.kind = EVENT_STATED,
                                    .stated = {member_n(PEER), lone_channel_id(&lone, &notice),
                                               notice, 5, buffer_view(&bytes)}});
    buffer_done(&bytes);
    lone_open(&lone, LINK, PEER);
    struct bytes run = lone_run(&lone, &feed, 3, 1, 50);
    size_t size = run.size;
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_RUN, .run = {feed, 3, 9, run}});
    lone_admitted(&lone, LINK, &feed, size, OK, 4);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_PULLING);
    lone_feed(&lone, &notice, 0, 9);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(an_older_statement_takes_back_nothing_of_what_a_peer_has_said) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    struct feed_id feed = lone_feed(&lone, &notice, 0, 3);
    struct version_name head = {feed, 9, id8_n(9)}, older = {feed, 3, id8_n(3)};
    lone_open(&lone, LINK, PEER);
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_HEADS,
                                   .heads = {lone_channel_id(&lone, &notice), &head, 1, false}});
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_PULLING);
    states(&lone, LINK, &notice, PEER, 5, &older, 1);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_PULLING);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_statement_of_another_federation_ends_the_session) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    lone_open(&lone, LINK, PEER);
    lone.federation.bytes[5] ^= 1;
    states(&lone, LINK, &notice, PEER, 5, NULL, 0);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_FEDERATION);
    lone_done(&lone);
}

TEST(an_own_statement_that_comes_back_is_handed_on_even_if_it_is_older_than_the_one_here) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    municipality(&lone);
    stated(&lone, &notice, 0, 9);
    lone_open(&lone, LINK, PEER);
    states(&lone, LINK, &notice, 0, 9, NULL, 0); /* the very same */
    assert_int_equal(lone_effects(&lone, EFFECT_STATEMENT, 0), 0);
    states(&lone, LINK, &notice, 0, 5, NULL, 0);
    assert_int_equal(lone_effects(&lone, EFFECT_STATEMENT, LINK), 1);
    states(&lone, LINK, &notice, 0, 10, NULL, 0);
    assert_int_equal(lone_effects(&lone, EFFECT_STATEMENT, LINK), 2);
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_is_made_soon_and_then_at_most_once_a_second),
        cmocka_unit_test(a_statement_that_could_not_be_stored_is_asked_for_again),
        cmocka_unit_test(a_statement_is_made_every_day_although_nothing_moves),
        cmocka_unit_test(
            a_statement_is_passed_on_to_all_whom_it_concerns_but_not_to_where_it_came_from),
        cmocka_unit_test(
            what_one_site_says_of_its_answers_does_not_concern_another_but_what_the_municipality_says_does),
        cmocka_unit_test(when_the_hellos_name_the_same_statements_none_is_sent),
        cmocka_unit_test(when_the_hellos_name_others_all_that_concern_both_are_sent),
        cmocka_unit_test(many_statements_are_sent_in_portions),
        cmocka_unit_test(a_peers_own_statement_confirms_that_it_holds_what_was_pushed),
        cmocka_unit_test(a_statement_that_tells_of_more_ends_equal_and_is_pulled_if_no_push_comes),
        cmocka_unit_test(a_stored_statement_tells_which_head_it_was_whose_number_a_run_has_told),
        cmocka_unit_test(an_older_statement_takes_back_nothing_of_what_a_peer_has_said),
        cmocka_unit_test(a_statement_of_another_federation_ends_the_session),
        cmocka_unit_test(
            an_own_statement_that_comes_back_is_handed_on_even_if_it_is_older_than_the_one_here),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
