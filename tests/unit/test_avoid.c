#include "engine/avoid.h"
#include "test.h"

enum { MINUTE_MS = 60000 };

static struct feed_id feed_n(unsigned n) {
    return (struct feed_id){{(uint8_t)n, 1}};
}

static void avoid_feed(struct engine *engine, struct member *member, unsigned n) {
    struct session session = {.engine = engine, .member = member};
    struct share share = {.session = &session, .id = feed_n(n), .hinted = true};
    avoid_source(&share);
    assert_true(share.avoid_until == engine->now + MINUTE_MS);
    assert_false(share.hinted);
}

static time_ms until(const struct engine *engine, const struct member *member, unsigned n) {
    struct feed_id feed = feed_n(n);
    return avoid_until(engine, member, &feed);
}

TEST(a_member_that_is_shunned_again_is_avoided_twice_as_long_up_to_64_minutes) {
    struct engine engine = {.now = 1000};
    struct member member = {.shuns = 0};
    assert_true(until(&engine, &member, 1) == 0);
    for (unsigned times = 0; times < 9; times++) {
        time_ms wait = (time_ms)MINUTE_MS << (times < 6 ? times : 6);
        avoid_member(&engine, &member);
        assert_true(until(&engine, &member, 1) == engine.now + wait);
        engine.now += wait - 1;
        assert_true(until(&engine, &member, 2) == engine.now + 1);
        engine.now++;
        assert_true(until(&engine, &member, 1) == 0);
    }
    avoid_done(&member);
}

TEST(a_source_is_avoided_a_minute_for_the_feed_that_it_did_not_bring) {
    struct engine engine = {.now = 1000};
    struct member member = {.shuns = 0};
    avoid_feed(&engine, &member, 1);
    engine.now += 10;
    avoid_feed(&engine, &member, 2);
    assert_true(until(&engine, &member, 1) == 1000 + MINUTE_MS);
    assert_true(until(&engine, &member, 2) == 1010 + MINUTE_MS);
    assert_true(until(&engine, &member, 3) == 0);
    avoid_feed(&engine, &member, 1); /* again, in the same place */
    assert_true(until(&engine, &member, 1) == 1010 + MINUTE_MS);
    engine.now = 1010 + MINUTE_MS;
    assert_true(until(&engine, &member, 1) == 0);
    avoid_done(&member);
}

TEST(of_more_feeds_than_have_room_the_one_that_ends_first_is_forgotten) {
    struct engine engine = {.now = 1000};
    struct member member = {.shuns = 0};
    for (unsigned n = 0; n <= AVOIDED_MAX; n++, engine.now++) {
        avoid_feed(&engine, &member, n);
        assert_true(until(&engine, &member, 0) == (n < AVOIDED_MAX ? 1000 + MINUTE_MS : 0));
    }
    for (unsigned n = 1; n <= AVOIDED_MAX; n++)
        assert_true(until(&engine, &member, n) == 1000 + (time_ms)n + MINUTE_MS);
    avoid_done(&member);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_member_that_is_shunned_again_is_avoided_twice_as_long_up_to_64_minutes),
        cmocka_unit_test(a_source_is_avoided_a_minute_for_the_feed_that_it_did_not_bring),
        cmocka_unit_test(of_more_feeds_than_have_room_the_one_that_ends_first_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
