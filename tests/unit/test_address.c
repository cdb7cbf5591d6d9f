#include "lone.h"
#include "test.h"

enum { LINK = 11, OTHER_LINK = 12, TOWN = 1, OTHER = 2 };

static const char *const here[] = {"tcp://birk.example:7450", "tcp://192.0.2.7:7450"};

static void want(struct lone *lone, bool wanted, size_t n) {
    lone_step(lone,
              (struct event){.kind = EVENT_ADDRESS,
                             .address = {.wanted = wanted, .endpoints = here, .endpoints_n = n}});
}

/* As lone_open, and what is said with it can be looked at. */
static void open_session(struct lone *lone, uint32_t link, unsigned member) {
    lone_connect(lone, link, member);
    struct message hello = lone_hello(lone, link);
    hello.hello.member = member_n(member);
    lone_receive(lone, link, &hello);
    assert_int_equal(lone_peer(lone, member).state, SESSION_IDLE);
}

TEST(the_municipality_is_told_once_a_session_and_nobody_else) {
    struct lone lone;
    struct message m;
    lone_init(&lone, ROLE_KINDERGARTEN);
    lone_member(&lone, TOWN, ROLE_MUNICIPALITY, true, true);
    lone_member(&lone, OTHER, ROLE_RELAY, true, true);
    want(&lone, true, 2);
    open_session(&lone, LINK, TOWN);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ADDRESS, 0, &m));
    assert_int_equal(m.address.endpoints_n, 2);
    assert_string_equal(m.address.endpoints[0], here[0]);
    open_session(&lone, OTHER_LINK, OTHER);
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_ADDRESS));
    lone_clear(&lone);
    lone_wait(&lone, 60000);
    assert_false(lone_sent(&lone, LINK, MESSAGE_ADDRESS));
    lone_disconnect(&lone, LINK);
    open_session(&lone, LINK + 10, TOWN);
    assert_true(lone_sent(&lone, LINK + 10, MESSAGE_ADDRESS));
    lone_done(&lone);
}

TEST(a_change_is_told_at_once_and_what_the_roster_says_is_not_told_again) {
    struct lone lone;
    struct message m;
    lone_init(&lone, ROLE_SCHOOL);
    lone_member(&lone, TOWN, ROLE_MUNICIPALITY, true, true);
    lone_open(&lone, LINK, TOWN);
    assert_false(lone_sent(&lone, LINK, MESSAGE_ADDRESS));
    lone_clear(&lone);
    want(&lone, true, 1);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ADDRESS, 0, &m));
    assert_int_equal(m.address.endpoints_n, 1);
    lone_clear(&lone);
    want(&lone, true, 0);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ADDRESS, 0, &m));
    assert_int_equal(m.address.endpoints_n, 0);
    lone_clear(&lone);
    want(&lone, false, 0);
    lone_wait(&lone, 3600000);
    assert_false(lone_sent(&lone, LINK, MESSAGE_ADDRESS));
    lone_done(&lone);
}

TEST(without_an_answer_it_is_said_again_after_ten_minutes) {
    struct lone lone;
    lone_init(&lone, ROLE_SCHOOL);
    lone_member(&lone, TOWN, ROLE_MUNICIPALITY, true, true);
    want(&lone, true, 1);
    open_session(&lone, LINK, TOWN);
    assert_true(lone_sent(&lone, LINK, MESSAGE_ADDRESS));
    lone_clear(&lone);
    assert_true(engine_deadline(lone.engine) <= lone.now + 600000);
    lone_wait(&lone, 599999);
    assert_false(lone_sent(&lone, LINK, MESSAGE_ADDRESS));
    lone_wait(&lone, 1);
    assert_true(lone_sent(&lone, LINK, MESSAGE_ADDRESS));
    lone_done(&lone);
}

TEST(the_municipality_hands_on_what_a_member_says_of_itself_and_answers_a_refusal) {
    struct lone lone;
    struct message m;
    lone_init(&lone, ROLE_MUNICIPALITY);
    lone_member(&lone, OTHER, ROLE_SCHOOL, false, true);
    lone_open(&lone, LINK, OTHER);
    lone_clear(&lone);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_ADDRESS, .address = {here, 2}});
    const struct effect *effect = lone_effect(&lone, EFFECT_ADDRESS, LINK);
    assert_non_null(effect);
    struct member_id id = member_n(OTHER);
    assert_true(member_id_equal(&effect->member, &id));
    lone_clear(&lone);
    lone_step(&lone, (struct event){.kind = EVENT_ADDRESSED, .link = LINK});
    assert_false(lone_sent(&lone, LINK, MESSAGE_ERROR));
    lone_step(&lone,
              (struct event){.kind = EVENT_ADDRESSED, .link = LINK, .addressed.error = ERR_QUOTA});
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_QUOTA);
    lone_step(&lone,
              (struct event){.kind = EVENT_ADDRESSED, .link = 99, .addressed.error = ERR_IO});
    lone_done(&lone);
}

TEST(a_member_that_says_it_again_and_again_is_not_looked_at_any_more_for_a_while) {
    struct lone lone;
    struct message m;
    const struct message said = {.kind = MESSAGE_ADDRESS, .address = {here, 2}};
    lone_init(&lone, ROLE_MUNICIPALITY);
    lone_member(&lone, OTHER, ROLE_SCHOOL, false, true);
    lone_member(&lone, OTHER + 1, ROLE_SCHOOL, false, true);
    size_t looked_at = 0;
    for (uint32_t link = LINK; link < LINK + 5; link++) { /* a new session changes nothing */
        lone_open(&lone, link, OTHER);
        for (int i = 0; i < 5; i++) {
            lone_clear(&lone);
            lone_receive(&lone, link, &said);
            looked_at += lone_effect(&lone, EFFECT_ADDRESS, link) != NULL;
        }
    }
    assert_int_equal(looked_at, 16);
    assert_true(lone_frame(&lone, LINK + 4, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_QUOTA);
    lone_open(&lone, OTHER_LINK + 10, OTHER + 1);
    lone_receive(&lone, OTHER_LINK + 10, &said);
    assert_non_null(lone_effect(&lone, EFFECT_ADDRESS, OTHER_LINK + 10));
    lone_wait(&lone, 600000);
    lone_clear(&lone);
    lone_receive(&lone, LINK + 4, &said);
    assert_non_null(lone_effect(&lone, EFFECT_ADDRESS, LINK + 4));
    lone_done(&lone);
}

TEST(a_site_that_is_told_an_address_refuses_it) {
    struct lone lone;
    struct message m;
    lone_init(&lone, ROLE_SCHOOL);
    lone_member(&lone, TOWN, ROLE_MUNICIPALITY, true, true);
    lone_open(&lone, LINK, TOWN);
    lone_clear(&lone);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_ADDRESS, .address = {here, 1}});
    assert_null(lone_effect(&lone, EFFECT_ADDRESS, LINK));
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &m));
    assert_int_equal(m.error.code, ERR_DENIED);
    assert_null(lone_effect(&lone, EFFECT_CLOSE, LINK));
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_municipality_is_told_once_a_session_and_nobody_else),
        cmocka_unit_test(a_change_is_told_at_once_and_what_the_roster_says_is_not_told_again),
        cmocka_unit_test(without_an_answer_it_is_said_again_after_ten_minutes),
        cmocka_unit_test(
            the_municipality_hands_on_what_a_member_says_of_itself_and_answers_a_refusal),
        cmocka_unit_test(
            a_member_that_says_it_again_and_again_is_not_looked_at_any_more_for_a_while),
        cmocka_unit_test(a_site_that_is_told_an_address_refuses_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
