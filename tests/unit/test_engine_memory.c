/* Memory runs out at every single allocation of a story in turn. Allocations inside engine_step are
 * the ones that fail: the program is linked with --wrap for them and for engine_step. */
#include "lone.h"
#include "proto/statement.h"
#include "test.h"

#include <stdlib.h>

enum { LINK = 11, OTHER_LINK = 12, PEER = 1, OTHER = 2 };

void *__real_malloc(size_t size);
void *__real_realloc(void *old, size_t size);
void __real_engine_step(struct engine *, const struct event *, struct effects *);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_engine_step(struct engine *, const struct event *, struct effects *);

static bool armed;
static unsigned until_failure, failures;

static bool fails(void) {
    if (!armed || until_failure == 0 || --until_failure != 0)
        return false;
    failures++;
    return true;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *old, size_t size) {
    return fails() ? NULL : __real_realloc(old, size);
}

void __wrap_engine_step(struct engine *engine, const struct event *event, struct effects *effects) {
    armed = true;
    __real_engine_step(engine, event, effects);
    armed = false;
}

static void hello(struct lone *lone, uint32_t link) {
    struct message message = {.kind = MESSAGE_HELLO,
                              .hello = {.version_min = 1,
                                        .version_max = 1,
                                        .federation = lone->federation,
                                        .roster_seq = 5,
                                        .roster_id8 = id8_n(5)}};
    lone_receive(lone, link, &message);
    lone_receive(lone, link, &(struct message){.kind = MESSAGE_DIGEST});
}

static void pulled(struct lone *lone, const struct channel *answers, unsigned author) {
    struct feed_id feed = lone_feed_id(lone, answers, author);
    struct version_name head = {feed, 3, id8_n(3)};
    lone_receive(lone, LINK,
                 &(struct message){.kind = MESSAGE_HEADS,
                                   .heads = {lone_channel_id(lone, answers), &head, 1, false}});
    struct bytes run = lone_run(lone, &feed, 0, 3, 50);
    size_t size = run.size;
    lone_receive(lone, LINK, &(struct message){.kind = MESSAGE_RUN, .run = {feed, 0, 3, run}});
    lone_admitted(lone, LINK, &feed, size, OK, 3);
    lone_feed(lone, answers, author, 3);
}

/* The peer's second word in a second waits. */
static void said_twice(struct lone *lone, const struct channel *channel) {
    struct seed seed = {{1}};
    struct node_keys keys;
    assert_ok(node_keys_derive(&seed, &keys));
    for (uint64_t counter = 1; counter <= 2; counter++) {
        struct buffer bytes = {0};
        struct statement statement = {.federation = lone->federation,
                                      .member = member_n(PEER),
                                      .channel = lone_channel_id(lone, channel),
                                      .counter = counter};
        assert_ok(statement_sign(&statement, &keys.sign, &bytes));
        lone_receive(
            lone, LINK,
            &(struct message){.kind = MESSAGE_STATEMENT, .statement = buffer_view(&bytes)});
        if (counter == 1)
            lone_step(lone, (struct event){.kind = EVENT_STATED,
                                           .stated = {statement.member, statement.channel, *channel,
                                                      counter, buffer_view(&bytes)}});
        buffer_done(&bytes);
    }
}

static void story(struct lone *lone) {
    struct channel answers = channel_n(CHANNEL_ANSWERS, 0, 0),
                   notice = channel_n(CHANNEL_NOTICE, 0, 0);
    lone_member(lone, PEER, ROLE_RELAY, true, true);
    lone_member(lone, OTHER, ROLE_RELAY, true, true);
    struct feed_id feed = lone_feed(lone, &notice, 0, 3);
    lone_connect(lone, LINK, PEER);
    hello(lone, LINK);
    lone_connect(lone, OTHER_LINK, OTHER);
    hello(lone, OTHER_LINK);
    for (unsigned author = 20; author < 24; author++)
        pulled(lone, &answers, author);
    lone_feed(lone, &notice, 0, 4);
    lone_receive(lone, LINK,
                 &(struct message){.kind = MESSAGE_PULL, .pull = {feed, 0, {{0}}, 10000}});
    lone_loaded(lone, LINK, &feed, 0, 4, 50, 4);
    lone_step(lone, (struct event){.kind = EVENT_STATED,
                                   .stated = {member_n(0), lone_channel_id(lone, &notice), notice,
                                              4, bytes_of_text("said")}});
    said_twice(lone, &notice);
    lone_roster(lone, 6);
    lone_wait(lone, 40000);
    lone_disconnect(lone, LINK);
    lone_wait(lone, 1000);
}

/* Whatever has failed, the engine is whole: a new session comes up, and equal is not said of what
 * could not be kept. */
static void is_whole(struct lone *lone, bool failed) {
    until_failure = 0;
    lone_clear(lone);
    lone_wait(lone, 100000);
    lone_member(lone, PEER, ROLE_RELAY, true, true);
    lone_connect(lone, 77, PEER);
    hello(lone, 77);
    assert_int_equal(lone_peer(lone, PEER).state, SESSION_IDLE);
    assert_true(failed || lone_effects(lone, EFFECT_CLOSE, 77) == 0);
}

TEST(memory_may_run_out_anywhere_and_costs_a_session_at_most) {
    unsigned n = 0, closed = 0;
    do {
        struct lone lone;
        lone_init(&lone, ROLE_MUNICIPALITY);
        failures = 0;
        until_failure = ++n;
        story(&lone);
        for (size_t i = 0; i < lone.effects.n; i++)
            closed += lone.effects.list[i].kind == EFFECT_CLOSE &&
                      lone.effects.list[i].reason == ERR_MEMORY;
        is_whole(&lone, failures != 0);
        lone_done(&lone);
    } while (failures != 0);
    print_message("memory failed at each of %u places; %u sessions were closed for it\n", n - 1,
                  closed);
    assert_true(n > 40);
    assert_true(closed > 20);
}

TEST(an_engine_that_has_missed_a_member_says_so) {
    struct lone lone;
    lone_init(&lone, ROLE_MUNICIPALITY);
    assert_false(engine_is_incomplete(lone.engine));
    until_failure = 1;
    lone_member(&lone, PEER, ROLE_RELAY, true, true);
    until_failure = 0;
    assert_true(engine_is_incomplete(lone.engine));
    lone_done(&lone);
}

TEST(a_dial_whose_session_memory_could_not_hold_is_tried_again) {
    struct lone lone;
    lone_init(&lone, ROLE_SCHOOL);
    lone_member(&lone, PEER, ROLE_MUNICIPALITY, true, true);
    lone_wait(&lone, 0);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_DIALLING);
    lone_clear(&lone);
    until_failure = 1;
    lone_step(&lone, (struct event){.kind = EVENT_CONNECTED,
                                    .link = LINK,
                                    .connected = {.member = member_n(PEER), .dialled = true}});
    until_failure = 0;
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 1);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_BACKOFF);
    lone_wait(&lone, 60000);
    assert_int_equal(lone_effects(&lone, EFFECT_DIAL, 0), 1);
    lone_done(&lone);
}

TEST(a_channel_half_made_is_not_stated_without_end) {
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    for (unsigned n = 1; n < 8; n++) {
        struct lone lone;
        lone_init(&lone, ROLE_MUNICIPALITY);
        until_failure = n;
        lone_feed(&lone, &notice, 0, 3);
        until_failure = 0;
        lone_step(&lone, (struct event){.kind = EVENT_STATED,
                                        .stated = {member_n(0), lone_channel_id(&lone, &notice),
                                                   notice, 4, bytes_of_text("said")}});
        for (int i = 0; i < 3; i++)
            lone_wait(&lone, 1000);
        assert_true(engine_deadline(lone.engine) > lone.now);
        lone_done(&lone);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_channel_half_made_is_not_stated_without_end),
        cmocka_unit_test(a_dial_whose_session_memory_could_not_hold_is_tried_again),
        cmocka_unit_test(an_engine_that_has_missed_a_member_says_so),
        cmocka_unit_test(memory_may_run_out_anywhere_and_costs_a_session_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
