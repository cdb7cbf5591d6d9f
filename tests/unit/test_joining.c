#include "lone.h"
#include "test.h"

#include <string.h>

enum { LINK = 11, OTHER_LINK = 12, PEER = 1 };

/* ---- The joiner ---- */

static void joiner(struct lone *lone) {
    lone_init_joiner(lone, bytes_of_text("the JOIN frame"));
    lone_wait(lone, 0);
    assert_int_equal(lone_effects(lone, EFFECT_DIAL, 0), 1);
    assert_true(member_id_is_zero(&lone_effect(lone, EFFECT_DIAL, 0)->member));
    lone_clear(lone);
    lone_connect(lone, LINK, PEER);
}

TEST(a_joiner_shows_the_one_that_it_asks) {
    struct lone lone;
    struct peer_info info;
    joiner(&lone);
    assert_int_equal(engine_peers_n(lone.engine), 1);
    assert_true(engine_peer(lone.engine, 0, &info));
    assert_true(member_id_is_zero(&info.member));
    assert_false(engine_peer(lone.engine, 1, &info));
    lone_done(&lone);
}

TEST(a_joiner_sends_its_join_and_is_enrolled) {
    struct lone lone;
    joiner(&lone);
    const struct effect *sent = lone_effect(&lone, EFFECT_SEND, LINK);
    assert_non_null(sent);
    assert_true(bytes_equal(sent->bytes, bytes_of_text("the JOIN frame")));
    lone_clear(&lone);
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_JOINED, .joined = {member_n(4), 8, id8_n(8)}});
    const struct effect *enrolled = lone_effect(&lone, EFFECT_ENROLLED, LINK);
    assert_non_null(enrolled);
    struct member_id member = member_n(4);
    assert_true(member_id_equal(&enrolled->member, &member));
    assert_int_equal(enrolled->after, 8);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_CLOSED);
    lone_clear(&lone);
    lone_wait(&lone, 1000000);
    assert_int_equal(lone_effects(&lone, EFFECT_DIAL, 0), 0);
    lone_done(&lone);
}

TEST(a_joiner_that_is_refused_is_told_why_and_does_not_insist) {
    struct lone lone;
    joiner(&lone);
    lone_receive(
        &lone, LINK,
        &(struct message){.kind = MESSAGE_ERROR, .error = {.code = ERR_TICKET_USED, .text = ""}});
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_TICKET_USED);
    lone_clear(&lone);
    lone_wait(&lone, 1000000);
    assert_int_equal(lone_effects(&lone, EFFECT_DIAL, 0), 0);
    lone_done(&lone);
}

TEST(what_another_time_would_not_change_ends_a_join_and_all_else_is_asked_again) {
    static const enum err final[] = {ERR_TICKET_UNKNOWN, ERR_TICKET_USED, ERR_TICKET_EXPIRED,
                                     ERR_DENIED,         ERR_FEDERATION,  ERR_SIGNATURE,
                                     ERR_FORMAT,         ERR_VERSION,     ERR_ARGUMENT};
    static const enum err passing[] = {ERR_BUSY,      ERR_IO,    ERR_MEMORY, ERR_DISK_FULL,
                                       ERR_CANCELLED, ERR_STATE, ERR_LIMIT,  ERR_ROSTER};
    enum { FINAL_N = sizeof final / sizeof *final, PASSING_N = sizeof passing / sizeof *passing };
    for (size_t i = 0; i < (size_t)FINAL_N + PASSING_N; i++) {
        struct lone lone;
        enum err code = i < FINAL_N ? final[i] : passing[i - FINAL_N];
        joiner(&lone);
        lone_receive(&lone, LINK,
                     &(struct message){.kind = MESSAGE_ERROR, .error = {.code = code, .text = ""}});
        assert_err(code, lone_effect(&lone, EFFECT_CLOSE, LINK)->reason);
        lone_clear(&lone);
        lone_wait(&lone, 1000000);
        assert_int_equal(lone_effects(&lone, EFFECT_DIAL, 0) > 0, i >= FINAL_N);
        lone_done(&lone);
    }
}

TEST(a_joiner_whose_issuer_is_busy_or_away_asks_again) {
    struct lone lone;
    joiner(&lone);
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_ERROR, .error = {.code = ERR_BUSY, .text = ""}});
    lone_clear(&lone);
    lone_wait(&lone, 500);
    assert_int_equal(lone_effects(&lone, EFFECT_DIAL, 0), 1);
    lone_connect(&lone, OTHER_LINK, PEER);
    lone_clear(&lone);
    lone_wait(&lone, 30000);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, OTHER_LINK)->reason, ERR_TIMEOUT);
    lone_wait(&lone, 60000);
    assert_int_equal(lone_effects(&lone, EFFECT_DIAL, 0), 1);
    lone_done(&lone);
}

TEST(a_joiner_that_has_to_wait_for_a_person_learns_so) {
    struct lone lone;
    joiner(&lone);
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_PENDING, .text = "compare the words"});
    const struct effect *pending = lone_effect(&lone, EFFECT_PENDING, LINK);
    assert_non_null(pending);
    assert_true(bytes_equal(pending->bytes, bytes_of_text("compare the words")));
    lone_wait(&lone, 31000);
    assert_null(lone_effect(&lone, EFFECT_CLOSE, LINK));
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_JOINED, .joined = {member_n(4), 8, id8_n(8)}});
    assert_non_null(lone_effect(&lone, EFFECT_ENROLLED, LINK));
    lone_done(&lone);
}

TEST(nothing_but_an_answer_is_taken_by_a_joiner) {
    struct lone lone;
    joiner(&lone);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_DIGEST});
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_STATE);
    lone_done(&lone);
}

/* ---- The issuer ---- */

static struct buffer join_frame(const struct lone *lone) {
    struct seed seed = {{3}};
    struct node_keys keys;
    struct buffer body = {0}, frame = {0};
    assert_ok(node_keys_derive(&seed, &keys));
    struct message message = {.kind = MESSAGE_JOIN,
                              .join.request = {.federation = lone->federation,
                                               .ticket = {{5}},
                                               .member = member_n(4),
                                               .keys = keys.public}};
    assert_ok(join_sign(&message.join, &keys.sign, &body));
    assert_ok(message_encode(&message, &frame));
    buffer_done(&body);
    return frame;
}

static void stranger(struct lone *lone, uint32_t link) {
    lone_step(lone,
              (struct event){.kind = EVENT_CONNECTED, .link = link, .connected.proved = {{5}}});
}

TEST(a_ticket_admits_a_join_and_nothing_else) {
    struct lone lone;
    struct message m;
    lone_init(&lone, ROLE_MUNICIPALITY);
    stranger(&lone, LINK);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, LINK), 0);
    struct buffer join = join_frame(&lone);
    lone_step(&lone,
              (struct event){.kind = EVENT_RECEIVED, .link = LINK, .received = buffer_view(&join)});
    const struct effect *effect = lone_effect(&lone, EFFECT_JOIN, LINK);
    assert_non_null(effect);
    assert_true(bytes_equal(effect->bytes, buffer_view(&join)));
    assert_int_equal(effect->proved.bytes[0], 5);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, LINK), 0);
    lone_step(&lone, (struct event){.kind = EVENT_JOINED,
                                    .link = LINK,
                                    .joined = {OK, member_n(4), 8, id8_n(8)}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_JOINED, 0, &m));
    assert_int_equal(m.joined.roster_seq, 8);
    lone_clear(&lone);
    /* The reply may have been lost: the same again gets the same answer. */
    lone_step(&lone,
              (struct event){.kind = EVENT_RECEIVED, .link = LINK, .received = buffer_view(&join)});
    assert_non_null(lone_effect(&lone, EFFECT_JOIN, LINK));
    lone_step(&lone, (struct event){.kind = EVENT_JOINED,
                                    .link = LINK,
                                    .joined = {.error = ERR_TICKET_EXPIRED}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_TICKET_EXPIRED);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 1);
    buffer_done(&join);
    lone_done(&lone);
}

TEST(any_other_frame_of_a_stranger_ends_it) {
    const enum message_kind kinds[] = {MESSAGE_DIGEST, MESSAGE_PENDING, MESSAGE_ERROR, MESSAGE_BYE};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct lone lone;
        lone_init(&lone, ROLE_MUNICIPALITY);
        stranger(&lone, LINK);
        struct message message = {.kind = kinds[i]};
        if (kinds[i] == MESSAGE_ERROR)
            message.error = (struct message_error){.code = ERR_BUSY, .text = ""};
        else if (kinds[i] != MESSAGE_DIGEST)
            message.text = "";
        lone_receive(&lone, LINK, &message);
        assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 1);
        assert_int_equal(engine_peers_n(lone.engine), 0);
        lone_done(&lone);
    }
}

TEST(a_stranger_that_says_nothing_is_closed_and_only_so_many_may_wait) {
    struct lone lone;
    lone_init(&lone, ROLE_MUNICIPALITY);
    for (uint32_t link = 1; link <= 65; link++)
        stranger(&lone, link);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, 0), 1);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, 65)->reason, ERR_BUSY);
    lone_wait(&lone, 30000);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, 0), 65);
    stranger(&lone, 100);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, 100), 0);
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_joiner_shows_the_one_that_it_asks),
        cmocka_unit_test(a_joiner_sends_its_join_and_is_enrolled),
        cmocka_unit_test(a_joiner_that_is_refused_is_told_why_and_does_not_insist),
        cmocka_unit_test(
            what_another_time_would_not_change_ends_a_join_and_all_else_is_asked_again),
        cmocka_unit_test(a_joiner_whose_issuer_is_busy_or_away_asks_again),
        cmocka_unit_test(a_joiner_that_has_to_wait_for_a_person_learns_so),
        cmocka_unit_test(nothing_but_an_answer_is_taken_by_a_joiner),
        cmocka_unit_test(a_ticket_admits_a_join_and_nothing_else),
        cmocka_unit_test(any_other_frame_of_a_stranger_ends_it),
        cmocka_unit_test(a_stranger_that_says_nothing_is_closed_and_only_so_many_may_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
