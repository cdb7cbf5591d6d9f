#include "lone.h"
#include "test.h"

#include "proto/limits.h"
#include "proto/statement.h"

enum { TALKER = 1, FORGER = 2, OTHERS = 20, TALKER_LINK = 101, FORGER_LINK = 102 };
enum { HEADS_N = 4096 };

static void municipality(struct lone *lone) {
    lone_init(lone, ROLE_MUNICIPALITY);
    for (unsigned n = 1; n <= OTHERS; n++)
        lone_member(lone, n, ROLE_KINDERGARTEN, false, true);
    lone_wait(lone, 5000);
    for (unsigned n = 1; n <= OTHERS; n++)
        lone_open(lone, 100 + n, n);
    lone_clear(lone);
}

static struct buffer statement_of(const struct lone *lone, unsigned member, uint64_t counter,
                                  size_t heads_n) {
    static struct version_name heads[HEADS_N];
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    struct seed seed = {{1}};
    struct node_keys keys;
    struct buffer bytes = {0};
    for (size_t i = 0; i < heads_n; i++)
        heads[i] = (struct version_name){
            .feed = {{(uint8_t)(i >> 8), (uint8_t)i, 1}}, .seq = 1, .id8 = id8_n(1)};
    struct statement statement = {.federation = lone->federation,
                                  .member = member_n(member),
                                  .channel = lone_channel_id(lone, &notice),
                                  .counter = counter,
                                  .heads = heads,
                                  .heads_n = heads_n};
    assert_ok(node_keys_derive(&seed, &keys));
    assert_ok(statement_sign(&statement, &keys.sign, &bytes));
    return bytes;
}

/* The peer sends it, and what of it goes to the store is counted. */
static size_t states(struct lone *lone, uint32_t link, struct bytes statement) {
    size_t before = lone_effects(lone, EFFECT_STATEMENT, link);
    lone_receive(lone, link, &(struct message){.kind = MESSAGE_STATEMENT, .statement = statement});
    return lone_effects(lone, EFFECT_STATEMENT, link) - before;
}

static void stored(struct lone *lone, unsigned member, uint64_t counter, struct bytes statement) {
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    lone_step(lone, (struct event){.kind = EVENT_STATED,
                                   .stated = {member_n(member), lone_channel_id(lone, &notice),
                                              notice, counter, statement}});
}

/* Statements that went out, and their bytes. */
static size_t passed_on(struct lone *lone, size_t *ret_bytes) {
    size_t n = 0, bytes = 0;
    for (unsigned member = 1; member <= OTHERS; member++) {
        struct message m;
        for (unsigned i = 0; lone_frame(lone, 100 + member, MESSAGE_STATEMENT, i, &m); i++) {
            n++;
            bytes += m.statement.size;
        }
    }
    *ret_bytes = bytes;
    return n;
}

TEST(of_many_statements_in_a_second_the_first_is_taken_and_then_the_latest) {
    struct lone lone;
    municipality(&lone);
    size_t taken = 0;
    for (uint64_t counter = 1; counter <= 10; counter++) {
        struct buffer bytes = statement_of(&lone, TALKER, counter, 1);
        size_t one = states(&lone, TALKER_LINK, buffer_view(&bytes));
        if (one != 0)
            stored(&lone, TALKER, counter, buffer_view(&bytes));
        taken += one;
        lone_wait(&lone, 50);
        buffer_done(&bytes);
    }
    assert_int_equal(taken, 1);
    lone_clear(&lone);
    lone_wait(&lone, 600);
    assert_int_equal(lone_effects(&lone, EFFECT_STATEMENT, TALKER_LINK), 1);
    struct buffer latest = statement_of(&lone, TALKER, 10, 1);
    const struct effect *effect = lone_effect(&lone, EFFECT_STATEMENT, TALKER_LINK);
    assert_true(bytes_equal(effect->bytes, buffer_view(&latest)));
    buffer_done(&latest);
    lone_done(&lone);
}

TEST(of_two_statements_under_one_number_the_first_to_come_is_taken) {
    struct lone lone;
    municipality(&lone);
    struct buffer before = statement_of(&lone, TALKER, 1, 1),
                  first = statement_of(&lone, TALKER, 2, 1),
                  second = statement_of(&lone, TALKER, 2, 2);
    assert_int_equal(states(&lone, TALKER_LINK, buffer_view(&before)), 1);
    stored(&lone, TALKER, 1, buffer_view(&before));
    assert_int_equal(states(&lone, TALKER_LINK, buffer_view(&first)), 0);
    assert_int_equal(states(&lone, TALKER_LINK, buffer_view(&second)), 0);
    lone_clear(&lone);
    lone_wait(&lone, 1100);
    const struct effect *effect = lone_effect(&lone, EFFECT_STATEMENT, TALKER_LINK);
    assert_non_null(effect);
    assert_true(bytes_equal(effect->bytes, buffer_view(&first)));
    buffer_done(&before);
    buffer_done(&first);
    buffer_done(&second);
    lone_done(&lone);
}

TEST(what_is_said_in_anothers_name_takes_nobodys_turn) {
    struct lone lone;
    municipality(&lone);
    struct buffer first = statement_of(&lone, TALKER, 1, 1);
    stored(&lone, TALKER, 1, buffer_view(&first));
    lone_wait(&lone, 2000);
    lone_clear(&lone);
    struct buffer forged = statement_of(&lone, TALKER, UINT64_MAX / 4, 1);
    struct buffer real = statement_of(&lone, TALKER, 2, 1);
    /* Never stored, as its signature is wrong; before and after it the member itself is heard. */
    for (int i = 0; i < 5; i++)
        (void)states(&lone, FORGER_LINK, buffer_view(&forged));
    assert_int_equal(states(&lone, TALKER_LINK, buffer_view(&real)), 1);
    buffer_done(&first);
    buffer_done(&forged);
    buffer_done(&real);
    lone_done(&lone);
}

TEST(large_statements_are_passed_on_more_seldom_than_they_are_made) {
    struct lone lone;
    municipality(&lone);
    size_t in = 0, out = 0, frames = 0;
    for (uint64_t counter = 1; counter <= 20; counter++) { /* one a second */
        struct buffer bytes = statement_of(&lone, TALKER, counter, HEADS_N);
        assert_int_equal(states(&lone, TALKER_LINK, buffer_view(&bytes)), 1);
        in += bytes.size;
        stored(&lone, TALKER, counter, buffer_view(&bytes));
        for (int i = 0; i < 10; i++) {
            size_t sent;
            frames += passed_on(&lone, &sent);
            out += sent;
            lone_clear(&lone);
            lone_wait(&lone, 110);
        }
        buffer_done(&bytes);
    }
    assert_true(frames >= OTHERS - 1); /* it does go out */
    assert_true(out <= 2 * in);
    lone_done(&lone);
}

TEST(small_statements_are_passed_on_once_a_second_and_the_latest_always) {
    struct lone lone;
    municipality(&lone);
    struct message m;
    size_t sent, n = 0;
    for (uint64_t counter = 1; counter <= 10; counter++) {
        struct buffer bytes = statement_of(&lone, TALKER, counter, 1);
        stored(&lone, TALKER, counter, buffer_view(&bytes));
        n += passed_on(&lone, &sent);
        lone_clear(&lone);
        lone_wait(&lone, 50);
        buffer_done(&bytes);
    }
    assert_int_equal(n, OTHERS);
    lone_clear(&lone);
    lone_wait(&lone, 600);
    struct buffer latest = statement_of(&lone, TALKER, 10, 1);
    assert_true(lone_frame(&lone, FORGER_LINK, MESSAGE_STATEMENT, 0, &m));
    assert_true(bytes_equal(m.statement, buffer_view(&latest)));
    lone_clear(&lone);
    lone_wait(&lone, 5000);
    assert_false(lone_sent(&lone, FORGER_LINK, MESSAGE_STATEMENT));
    buffer_done(&latest);
    lone_done(&lone);
}

TEST(what_waits_of_one_peer_is_bounded) {
    struct lone lone;
    municipality(&lone);
    for (unsigned member = 1; member <= OTHERS; member++) {
        struct buffer bytes = statement_of(&lone, member, 1, 1);
        assert_int_equal(states(&lone, 100 + member, buffer_view(&bytes)), 1);
        stored(&lone, member, 1, buffer_view(&bytes));
        buffer_done(&bytes);
    }
    for (unsigned member = 1; member <= OTHERS; member++) {
        struct buffer bytes = statement_of(&lone, member, 2, HEADS_N);
        assert_int_equal(states(&lone, FORGER_LINK, buffer_view(&bytes)), 0);
        buffer_done(&bytes);
    }
    lone_clear(&lone);
    lone_wait(&lone, 2000);
    size_t bytes = 0;
    for (size_t i = 0; i < lone.effects.n; i++)
        if (lone.effects.list[i].kind == EFFECT_STATEMENT)
            bytes += lone.effects.list[i].bytes.size;
    assert_true(bytes > 0 && bytes <= KIB(256));
    lone_done(&lone);
}

/* A node hears two peers at once, and the one that comes second has the newer words. */
TEST(as_many_wait_as_a_federation_may_say_in_a_second) {
    struct lone lone;
    municipality(&lone);
    for (uint64_t counter = 1; counter <= 2; counter++)
        for (unsigned member = 1; member <= OTHERS; member++) {
            struct buffer bytes = statement_of(&lone, member, counter, 1);
            assert_int_equal(states(&lone, TALKER_LINK, buffer_view(&bytes)), counter == 1);
            if (counter == 1)
                stored(&lone, member, 1, buffer_view(&bytes));
            buffer_done(&bytes);
        }
    lone_clear(&lone);
    lone_wait(&lone, 1100);
    assert_int_equal(lone_effects(&lone, EFFECT_STATEMENT, TALKER_LINK), OTHERS);
    lone_done(&lone);
}

TEST(what_was_known_at_the_start_keeps_nothing_newer_waiting) {
    struct lone lone;
    municipality(&lone);
    for (unsigned member = 1; member <= OTHERS; member++) {
        struct buffer bytes = statement_of(&lone, member, 1, 1);
        stored(&lone, member, 1, buffer_view(&bytes));
        buffer_done(&bytes);
    }
    for (unsigned member = 1; member <= OTHERS; member++) {
        struct buffer bytes = statement_of(&lone, member, 2, 1);
        assert_int_equal(states(&lone, TALKER_LINK, buffer_view(&bytes)), 1);
        buffer_done(&bytes);
    }
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_many_statements_in_a_second_the_first_is_taken_and_then_the_latest),
        cmocka_unit_test(of_two_statements_under_one_number_the_first_to_come_is_taken),
        cmocka_unit_test(what_is_said_in_anothers_name_takes_nobodys_turn),
        cmocka_unit_test(large_statements_are_passed_on_more_seldom_than_they_are_made),
        cmocka_unit_test(small_statements_are_passed_on_once_a_second_and_the_latest_always),
        cmocka_unit_test(what_waits_of_one_peer_is_bounded),
        cmocka_unit_test(as_many_wait_as_a_federation_may_say_in_a_second),
        cmocka_unit_test(what_was_known_at_the_start_keeps_nothing_newer_waiting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
