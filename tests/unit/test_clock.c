#include "paper.h"
#include "proto/clock.h"

static const time_ms NOON = 1780315200000; /* 1 June 2026, 12.00 UTC */
static const time_ms MIDNIGHT = 1780272000000;

TEST(the_clock_follows_the_wall_and_never_goes_back) {
    uint64_t clock = clock_next(0, NOON);
    assert_true(clock == (uint64_t)NOON << 16);
    assert_true(clock_ms(clock) == NOON);
    assert_true(clock_next(clock, NOON) == clock + 1);
    assert_true(clock_next(clock, NOON - 5000) == clock + 1);
    assert_true(clock_next(clock, NOON + 1) == (uint64_t)(NOON + 1) << 16);
}

TEST(a_full_counter_carries_into_the_next_millisecond) {
    uint64_t clock = (uint64_t)NOON << 16 | 0xffff;
    assert_true(clock_next(clock, NOON) == (uint64_t)(NOON + 1) << 16);
}

TEST(the_day_clock_shows_no_time_of_day) {
    uint64_t clock = clock_next_day(0, NOON);
    assert_true(clock_ms(clock) == MIDNIGHT);
    assert_true(clock_next_day(clock, NOON + 3600000) == clock + 1);
    assert_true(clock_ms(clock_next_day(clock, MIDNIGHT + 86400000)) == MIDNIGHT + 86400000);
    assert_true(clock_ms(clock_next_day(0, MIDNIGHT)) == MIDNIGHT);
    assert_true(clock_ms(clock_next_day(0, MIDNIGHT - 1)) == MIDNIGHT - 86400000);
}

TEST(a_remote_clock_moves_ours_at_most_a_minute_past_the_wall) {
    uint64_t ours = (uint64_t)NOON << 16;
    assert_true(clock_see(ours, ours - 1, NOON) == ours);
    assert_true(clock_see(ours, ours + 7, NOON) == ours + 7);
    uint64_t limit = (uint64_t)(NOON + CLOCK_AHEAD_MAX_MS) << 16;
    assert_true(clock_see(ours, limit, NOON) == limit);
    assert_true(clock_see(ours, limit + 1, NOON) == limit);
    assert_true(clock_see(ours, UINT64_MAX, NOON) == limit);
    assert_true(clock_see(limit + 9, UINT64_MAX, NOON) == limit + 9);
}

TEST(absurd_wall_clocks_stay_below_two_to_the_63) {
    assert_true(clock_next(0, -1) == 1);
    assert_true(clock_next_day(0, -1) == 1);
    assert_true(clock_next(0, INT64_MAX) <= INT64_MAX);
    assert_true(clock_see(0, UINT64_MAX, INT64_MAX) <= INT64_MAX);
}

RUN_TESTS(T(the_clock_follows_the_wall_and_never_goes_back),
          T(a_full_counter_carries_into_the_next_millisecond),
          T(the_day_clock_shows_no_time_of_day),
          T(a_remote_clock_moves_ours_at_most_a_minute_past_the_wall),
          T(absurd_wall_clocks_stay_below_two_to_the_63))
