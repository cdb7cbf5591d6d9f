#include "test.h"

#include "cli/sheet.h"

static struct problems problems;
static struct sheet sheet;

static enum err read_text(const char *text) {
    assert_true(problems_init(&problems, LANGUAGE_EN));
    problems.file = "file.csv";
    return sheet_read(bytes_of_text(text), &problems, &sheet);
}

static void finish(void) {
    sheet_done(&sheet);
    problems_done(&problems);
}

static void assert_cell(size_t row, size_t column, const char *text, uint32_t line) {
    assert_true(row < sheet.rows_n && column < sheet.rows[row].cells_n);
    assert_string_equal(sheet.rows[row].cells[column].text, text);
    assert_int_equal(sheet.rows[row].cells[column].line, line);
}

static void assert_problem_at(int line, int column) {
    assert_int_equal(problems.n, 1);
    const json_t *problem = json_array_get(problems.list, 0);
    assert_int_equal(json_integer_value(json_object_get(problem, "line")), line);
    assert_int_equal(json_integer_value(json_object_get(problem, "column")), column);
    assert_true(json_string_length(json_object_get(problem, "mend")) > 0);
}

TEST(commas_and_line_feeds_make_cells_and_rows) {
    assert_ok(read_text("a,b,c\n1,,3\n"));
    assert_int_equal(sheet.rows_n, 2);
    assert_int_equal(sheet.rows[1].cells_n, 3);
    assert_cell(0, 2, "c", 1);
    assert_cell(1, 1, "", 2);
    assert_cell(1, 2, "3", 2);
    finish();
}

TEST(semicolons_crlf_and_a_byte_order_mark_are_read_too) {
    assert_ok(read_text("\xef\xbb\xbf\"id\";\"q01, q02\";q03\r\n1;2;3\r\n\r\n4;5;6"));
    assert_int_equal(sheet.delimiter, ';');
    assert_int_equal(sheet.rows_n, 3);
    assert_cell(0, 0, "id", 1);
    assert_cell(0, 1, "q01, q02", 1);
    assert_cell(2, 0, "4", 4);
    finish();
}

TEST(lines_are_counted_through_quoted_line_feeds) {
    assert_ok(read_text("a,b\r\n\"one\r\ntwo\r\nthree\",x\r\n\r\n   \r\ny,\"z\"\"z\"\r\n"));
    assert_int_equal(sheet.rows_n, 3);
    assert_cell(1, 0, "one\ntwo\nthree", 2);
    assert_cell(1, 1, "x", 4);
    assert_int_equal(sheet.rows[1].line, 2);
    assert_cell(2, 0, "y", 7);
    assert_cell(2, 1, "z\"z", 7);
    finish();
}

TEST(lone_carriage_returns_end_lines) {
    assert_ok(read_text("a,b\r1,2\r3,4"));
    assert_int_equal(sheet.rows_n, 3);
    assert_cell(2, 1, "4", 3);
    finish();
}

TEST(cells_are_trimmed_and_tabs_become_spaces) {
    assert_ok(read_text("a,b\n  x\ty  ,\" \n z \n\"\n"));
    assert_cell(1, 0, "x y", 2);
    assert_cell(1, 1, "z", 2);
    finish();
}

TEST(a_quote_inside_an_unquoted_cell_is_refused_with_its_place) {
    assert_err(ERR_ARGUMENT, read_text("a,b\n1,2\n3,x\"y\n"));
    assert_problem_at(3, 2);
    finish();
}

TEST(text_after_a_closing_quote_is_refused) {
    assert_err(ERR_ARGUMENT, read_text("a,b\n\"1\"x,2\n"));
    assert_problem_at(2, 1);
    finish();
}

TEST(quotes_that_never_close_are_named_where_they_begin) {
    assert_err(ERR_ARGUMENT, read_text("a,b\n1,\"two\n3,4\n5,6\n"));
    assert_problem_at(2, 2);
    finish();
}

TEST(bytes_that_are_not_utf_8_are_named) {
    assert_err(ERR_ARGUMENT, read_text("a,b\n1,bl\xe5\n"));
    assert_problem_at(2, 2);
    finish();
}

TEST(control_characters_are_refused) {
    assert_err(ERR_ARGUMENT, read_text("a,b\n1,\x1b[31mred\n"));
    assert_problem_at(2, 2);
    finish();
}

TEST(every_cell_with_a_control_character_is_named_with_the_character) {
    assert_err(ERR_ARGUMENT, read_text("a,b\n1,\x1b[31mred\n2,fine\n\xc2\x9b,3\n"));
    assert_int_equal(problems.n, 2);
    static const struct {
        int line, column;
        const char *says;
    } named[] = {{2, 2, "control character (U+001B)"}, {4, 1, "control character (U+009B)"}};
    for (size_t i = 0; i < 2; i++) {
        const json_t *problem = json_array_get(problems.list, i);
        assert_int_equal(json_integer_value(json_object_get(problem, "line")), named[i].line);
        assert_int_equal(json_integer_value(json_object_get(problem, "column")), named[i].column);
        assert_non_null(strstr(json_string_value(json_object_get(problem, "what")), named[i].says));
    }
    finish();
}

TEST(tabs_between_columns_are_one_clear_problem) {
    assert_err(ERR_ARGUMENT, read_text("type\tname\tlabel\ntext\tq1\tWhy?\n"));
    assert_problem_at(1, 0);
    assert_non_null(strstr(
        json_string_value(json_object_get(json_array_get(problems.list, 0), "what")), "by tabs"));
    finish();
}

TEST(an_empty_file_is_refused) {
    assert_err(ERR_ARGUMENT, read_text("\xef\xbb\xbf\r\n\r\n"));
    assert_problem_at(0, 0);
    finish();
}

static void fill_cell(struct buffer *text, size_t size) {
    uint8_t *start;
    buffer_clear(text);
    assert_ok(buffer_append(text, "a\n", 2));
    assert_ok(buffer_extend(text, size, &start));
    memset(start, 'x', size);
    assert_ok(buffer_append(text, "", 1));
}

TEST(a_cell_may_be_as_long_as_the_limit_and_no_longer) {
    struct buffer text = {0};
    fill_cell(&text, SHEET_CELL_SIZE_MAX);
    assert_ok(read_text((const char *)text.data));
    finish();
    fill_cell(&text, SHEET_CELL_SIZE_MAX + 1);
    assert_err(ERR_ARGUMENT, read_text((const char *)text.data));
    assert_problem_at(2, 1);
    finish();
    buffer_done(&text);
}

TEST(too_many_columns_are_refused) {
    struct buffer text = {0};
    for (int i = 0; i < SHEET_COLUMNS_MAX; i++)
        assert_ok(buffer_append(&text, "a,", 2));
    assert_ok(buffer_append(&text, "", 1));
    assert_err(ERR_ARGUMENT, read_text((const char *)text.data));
    assert_problem_at(1, SHEET_COLUMNS_MAX + 1);
    finish();
    buffer_done(&text);
}

TEST(all_problems_are_counted_and_the_first_ones_listed_as_text) {
    assert_true(problems_init(&problems, LANGUAGE_EN));
    problems.file = "file.csv";
    for (uint32_t i = 1; i <= PROBLEMS_LISTED_MAX + 3; i++)
        problem_add(&problems, (struct place){i, 2, "q01"}, MEND("mend it", "ret det"), "wrong %u",
                    "forkert %u", i);
    assert_int_equal(problems.n, PROBLEMS_LISTED_MAX + 3);
    json_t *details = problems_details(&problems);
    const json_t *list = json_object_get(details, "problems");
    assert_int_equal(json_array_size(list), PROBLEMS_LISTED_MAX + 1);
    assert_string_equal(json_string_value(json_object_get(json_array_get(list, 6), "text")),
                        "file.csv, line 7, column 2 (q01): wrong 7; mend it");
    assert_string_equal(json_string_value(json_array_get(list, PROBLEMS_LISTED_MAX)), "and 3 more");
    json_decref(details);
    problems_done(&problems);
}

TEST(a_long_cell_is_cut_between_characters) {
    assert_true(problems_init(&problems, LANGUAGE_EN));
    char cell[600] = {0};
    for (size_t i = 0; i < 299; i++)
        memcpy(cell + 2 * i, "\xc3\xb8", 2);
    for (size_t shift = 0; shift < 2; shift++) {
        problem_add(&problems, (struct place){0}, PROBLEMS_MEND, "%s%s", "%s%s", shift ? "x" : "",
                    cell);
        const json_t *problem = json_array_get(problems.list, shift);
        assert_non_null(json_object_get(problem, "text"));
        assert_true(json_string_length(json_object_get(problem, "text")) >= 398);
    }
    problems_done(&problems);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_line_feeds_make_cells_and_rows),
        cmocka_unit_test(semicolons_crlf_and_a_byte_order_mark_are_read_too),
        cmocka_unit_test(lines_are_counted_through_quoted_line_feeds),
        cmocka_unit_test(lone_carriage_returns_end_lines),
        cmocka_unit_test(cells_are_trimmed_and_tabs_become_spaces),
        cmocka_unit_test(a_quote_inside_an_unquoted_cell_is_refused_with_its_place),
        cmocka_unit_test(text_after_a_closing_quote_is_refused),
        cmocka_unit_test(quotes_that_never_close_are_named_where_they_begin),
        cmocka_unit_test(bytes_that_are_not_utf_8_are_named),
        cmocka_unit_test(control_characters_are_refused),
        cmocka_unit_test(every_cell_with_a_control_character_is_named_with_the_character),
        cmocka_unit_test(tabs_between_columns_are_one_clear_problem),
        cmocka_unit_test(an_empty_file_is_refused),
        cmocka_unit_test(a_cell_may_be_as_long_as_the_limit_and_no_longer),
        cmocka_unit_test(too_many_columns_are_refused),
        cmocka_unit_test(all_problems_are_counted_and_the_first_ones_listed_as_text),
        cmocka_unit_test(a_long_cell_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
