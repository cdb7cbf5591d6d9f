#include "test.h"

#include "cli/screen.h"

#include <stdlib.h>
#include <time.h>

/* Wednesday, 3 June 2026, 12:00 UTC. */
static const int64_t noon_ms = INT64_C(1780488000) * 1000;
static const int64_t hour_ms = INT64_C(3600) * 1000;

static int use_utc(void **state) {
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

static const char *at(enum language language, int64_t unix_ms) {
    static char buffer[32];
    struct screen screen = {.out = stdout, .language = language, .now_ms = noon_ms};
    return time_text(&screen, unix_ms, buffer);
}

TEST(a_time_is_as_short_as_its_distance_allows) {
    assert_string_equal(at(LANGUAGE_EN, noon_ms - 2 * hour_ms), "10:00");
    assert_string_equal(at(LANGUAGE_EN, noon_ms - 13 * hour_ms), "Tue 23:00");
    assert_string_equal(at(LANGUAGE_EN, noon_ms - 6 * 24 * hour_ms), "Thu 12:00");
    assert_string_equal(at(LANGUAGE_EN, noon_ms - 7 * 24 * hour_ms), "27 May");
    assert_string_equal(at(LANGUAGE_EN, noon_ms - 365 * 24 * hour_ms), "3 Jun 2025");
    assert_string_equal(at(LANGUAGE_EN, noon_ms + 24 * hour_ms), "4 Jun");
}

static int64_t ms_at(int month, int day, int hour, int minute) {
    struct tm at = {.tm_year = 126,
                    .tm_mon = month - 1,
                    .tm_mday = day,
                    .tm_hour = hour,
                    .tm_min = minute,
                    .tm_isdst = -1};
    return (int64_t)mktime(&at) * 1000;
}

/* Summer time begins on 29 March and ends on 25 October. */
TEST(days_are_counted_by_the_calendar_and_not_by_hours) {
    struct screen screen = {.out = stdout};
    setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
    tzset();
    screen.now_ms = ms_at(6, 3, 0, 30);
    assert_int_equal(days_ago(&screen, ms_at(6, 3, 0, 10)), 0);
    assert_int_equal(days_ago(&screen, ms_at(6, 2, 23, 50)), 1);
    assert_int_equal(days_ago(&screen, ms_at(6, 1, 23, 50)), 2);
    assert_int_equal(days_ago(&screen, ms_at(6, 4, 0, 10)), -1);
    screen.now_ms = ms_at(3, 30, 0, 30);
    assert_int_equal(days_ago(&screen, ms_at(3, 28, 23, 50)), 2);
    screen.now_ms = ms_at(10, 25, 23, 50);
    assert_int_equal(days_ago(&screen, ms_at(10, 25, 0, 10)), 0);
    setenv("TZ", "UTC", 1);
    tzset();
}

TEST(danish_times_read_danish) {
    assert_string_equal(at(LANGUAGE_DA, noon_ms - 13 * hour_ms), "tir 23:00");
    assert_string_equal(at(LANGUAGE_DA, noon_ms - 7 * 24 * hour_ms), "27. maj");
    assert_string_equal(at(LANGUAGE_DA, noon_ms - 365 * 24 * hour_ms), "3. juni 2025");
}

TEST(a_date_keeps_its_day_and_drops_this_year) {
    char buffer[32];
    struct screen screen = {.out = stdout, .now_ms = noon_ms};
    assert_string_equal(date_text(&screen, "2026-06-12", buffer), "12 Jun");
    assert_string_equal(date_text(&screen, "2027-01-01", buffer), "1 Jan 2027");
    assert_string_equal(date_text(&screen, "soon", buffer), "soon");
}

TEST(the_language_is_the_first_that_the_environment_names) {
    struct screen screen;
    setenv("LANG", "da_DK.UTF-8", 1);
    unsetenv("LC_ALL");
    unsetenv("LC_MESSAGES");
    screen_init(&screen, stdout);
    assert_int_equal(screen.language, LANGUAGE_DA);
    setenv("LC_ALL", "C", 1);
    screen_init(&screen, stdout);
    assert_int_equal(screen.language, LANGUAGE_EN);
    assert_string_equal(say(&screen, "yes", "ja"), "yes");
    unsetenv("LC_ALL");
    unsetenv("LANG");
}

TEST(there_is_no_colour_away_from_a_terminal) {
    char *text = NULL;
    size_t size;
    struct screen screen;
    FILE *out = fopen("/dev/null", "w");
    assert_non_null(out);
    screen_init(&screen, out);
    assert_false(screen.colour);
    assert_int_equal(screen.width, 80);
    fclose(out);
    screen.out = open_memstream(&text, &size);
    put(&screen, STYLE_BAD, "NOT %s", "IN SYNC");
    fclose(screen.out);
    assert_string_equal(text, "NOT IN SYNC");
    free(text);
    screen.colour = true;
    screen.out = open_memstream(&text, &size);
    put(&screen, STYLE_BAD, "x");
    fclose(screen.out);
    assert_string_equal(text, "\033[31mx\033[0m");
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_as_short_as_its_distance_allows),
        cmocka_unit_test(days_are_counted_by_the_calendar_and_not_by_hours),
        cmocka_unit_test(danish_times_read_danish),
        cmocka_unit_test(a_date_keeps_its_day_and_drops_this_year),
        cmocka_unit_test(the_language_is_the_first_that_the_environment_names),
        cmocka_unit_test(there_is_no_colour_away_from_a_terminal),
    };
    return cmocka_run_group_tests(tests, use_utc, NULL);
}
