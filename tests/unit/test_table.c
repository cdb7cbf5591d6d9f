#include "test.h"

#include "cli/screen.h"

#include <stdlib.h>

/* What `print` wrote; the caller frees. */
static char *captured(void (*print)(const struct screen *)) {
    char *text = NULL;
    size_t size;
    struct screen screen = {.width = 80, .out = open_memstream(&text, &size)};
    assert_non_null(screen.out);
    print(&screen);
    fclose(screen.out);
    return text;
}

static void print_names(const struct screen *screen) {
    struct table *table = table_new(screen, 3);
    table_align_right(table, 1);
    table_cell(table, STYLE_PLAIN, "Søndre Skole");
    table_cell(table, STYLE_PLAIN, "%d", 5);
    table_cell(table, STYLE_PLAIN, "x");
    table_cell(table, STYLE_PLAIN, "Birk");
    table_cell(table, STYLE_PLAIN, "%d", 412);
    table_cell(table, STYLE_PLAIN, "%s", "");
    table_print(table, 2);
}

TEST(columns_are_as_wide_as_their_widest_cell_counted_in_characters) {
    char *text = captured(print_names);
    assert_string_equal(text, "  Søndre Skole    5  x\n"
                              "  Birk          412\n");
    free(text);
}

static void print_lines(const struct screen *screen) {
    struct table *table = table_new(screen, 2);
    table_cell(table, STYLE_PLAIN, "one\ntwo\033[2J");
    table_cell(table, STYLE_PLAIN, "x");
    table_print(table, 0);
}

TEST(a_row_is_one_line_and_carries_no_control_characters) {
    char *text = captured(print_lines);
    assert_string_equal(text, "one two [2J  x\n");
    free(text);
}

static void print_nothing(const struct screen *screen) {
    table_print(table_new(screen, 2), 2);
}

TEST(an_empty_table_prints_nothing) {
    char *text = captured(print_nothing);
    assert_string_equal(text, "");
    free(text);
}

static void print_short_row(const struct screen *screen) {
    struct table *table = table_new(screen, 3);
    table_cell(table, STYLE_PLAIN, "alone");
    table_print(table, 0);
}

TEST(a_row_may_end_early) {
    char *text = captured(print_short_row);
    assert_string_equal(text, "alone\n");
    free(text);
}

TEST(width_counts_columns_not_bytes) {
    assert_int_equal(text_width("abc"), 3);
    assert_int_equal(text_width("ærø"), 3);
    assert_int_equal(text_width("e\xCC\x81"), 1); /* e and a combining acute accent */
    assert_int_equal(text_width("日本"), 4);
    assert_int_equal(text_width("عَلِيّ"), 3); /* three letters, and marks above and below them */
    assert_int_equal(text_width("a\u200bb"), 2);
    assert_int_equal(text_width("\xFF"), 1);
    assert_int_equal(text_width("\xFFx\xC3"), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell_counted_in_characters),
        cmocka_unit_test(a_row_is_one_line_and_carries_no_control_characters),
        cmocka_unit_test(an_empty_table_prints_nothing),
        cmocka_unit_test(a_row_may_end_early),
        cmocka_unit_test(width_counts_columns_not_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
