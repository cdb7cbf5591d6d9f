#include "engine/backoff.h"
#include "test.h"

TEST(waits_double_from_half_a_second_to_a_minute) {
    struct backoff backoff = {0};
    struct jitter jitter = {1};
    time_ms step = BACKOFF_MS_MIN;
    for (int i = 0; i < 20; i++) {
        time_ms wait = backoff_next(&backoff, &jitter);
        assert_true(wait >= step / 2 && wait <= step);
        step = step * 2 > BACKOFF_MS_MAX ? BACKOFF_MS_MAX : step * 2;
    }
}

TEST(a_success_starts_afresh) {
    struct backoff backoff = {0};
    struct jitter jitter = {1};
    for (int i = 0; i < 10; i++)
        assert_true(backoff_next(&backoff, &jitter) > 0);
    backoff_reset(&backoff);
    assert_true(backoff_next(&backoff, &jitter) <= BACKOFF_MS_MIN);
}

TEST(two_hundred_sites_do_not_come_back_at_once) {
    unsigned early = 0, late = 0;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct backoff backoff = {.failures = 6};
        struct jitter jitter = {seed};
        time_ms wait = backoff_next(&backoff, &jitter);
        early += wait < 20000;
        late += wait > 28000;
    }
    assert_true(early > 20 && late > 5);
}

TEST(the_same_seed_gives_the_same_waits) {
    struct jitter one = {99}, two = {99}, other = {100};
    uint64_t a = jitter_below(&one, 1000000);
    assert_int_equal(a, jitter_below(&two, 1000000));
    assert_int_not_equal(a, jitter_below(&other, 1000000));
    assert_int_equal(jitter_below(&one, 1), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(waits_double_from_half_a_second_to_a_minute),
        cmocka_unit_test(a_success_starts_afresh),
        cmocka_unit_test(two_hundred_sites_do_not_come_back_at_once),
        cmocka_unit_test(the_same_seed_gives_the_same_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
