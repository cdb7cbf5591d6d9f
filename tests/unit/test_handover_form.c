#include "service/handover_form.h"
#include "test.h"

#include <stdlib.h>

static const struct collection *handover(void) {
    return collection_find(COLLECTION_HANDOVER);
}

static const struct field *named(const char *name) {
    const struct field *field = collection_field_named(handover(), name);
    assert_non_null(field);
    return field;
}

struct parsed {
    struct arena arena;
    const struct handover_form_entry *entries;
    size_t n;
};

static void parse(const char *text, struct parsed *parsed) {
    struct handover_form_error error = {0};
    arena_init(&parsed->arena, 1 << 20);
    assert_ok(handover_form_parse(bytes_of_text(text), handover(), &parsed->arena, &parsed->entries,
                                  &parsed->n, &error));
}

static void assert_value(const struct parsed *parsed, size_t index, const char *name,
                         const char *value) {
    assert_true(index < parsed->n);
    assert_string_equal(parsed->entries[index].field->name, name);
    assert_true(bytes_equal(parsed->entries[index].value, bytes_of_text(value)));
}

static struct handover_form_error refused(const char *text, size_t size, enum err expected) {
    struct arena arena;
    const struct handover_form_entry *entries;
    size_t n;
    struct handover_form_error error = {0};
    arena_init(&arena, 1 << 21);
    assert_err(expected, handover_form_parse((struct bytes){(const uint8_t *)text, size},
                                             handover(), &arena, &entries, &n, &error));
    arena_done(&arena);
    assert_non_null(error.what.en);
    assert_non_null(error.what.da);
    return error;
}

TEST(values_are_the_lines_below_their_field) {
    struct parsed parsed;
    parse("# a form\n[child_name] The child's name\nAlma\n\n[likes]\n# help\n\nTog\n\nog "
          "fodbold\n\n[born]\n",
          &parsed);
    assert_int_equal(parsed.n, 3);
    assert_value(&parsed, 0, "child_name", "Alma");
    assert_value(&parsed, 1, "likes", "Tog\n\nog fodbold");
    assert_value(&parsed, 2, "born", "");
    assert_int_equal(parsed.entries[1].line, 5);
    arena_done(&parsed.arena);
}

TEST(a_backslash_makes_a_line_text_whatever_it_begins_with) {
    struct parsed parsed;
    parse("[likes]\n\\# tog\n\\[born]\n\\\\o/\n", &parsed);
    assert_int_equal(parsed.n, 1);
    assert_value(&parsed, 0, "likes", "# tog\n[born]\n\\o/");
    arena_done(&parsed.arena);
}

TEST(what_windows_editors_write_is_read) {
    struct parsed parsed;
    parse("\xEF\xBB\xBF[likes]\r\nTog\tog\r\nbiler\r\n\r\n", &parsed);
    assert_value(&parsed, 0, "likes", "Tog og\nbiler");
    arena_done(&parsed.arena);
}

TEST(comments_inside_a_value_are_left_out) {
    struct parsed parsed;
    parse("[likes]\nTog\n# a remark\nbiler", &parsed);
    assert_value(&parsed, 0, "likes", "Tog\nbiler");
    arena_done(&parsed.arena);
}

TEST(an_empty_form_has_no_fields) {
    struct parsed parsed;
    parse("", &parsed);
    assert_int_equal(parsed.n, 0);
    arena_done(&parsed.arena);
    parse("\n# nothing\n\n", &parsed);
    assert_int_equal(parsed.n, 0);
    arena_done(&parsed.arena);
}

TEST(errors_name_the_line) {
    static const char unknown[] = "# a\n[child_name]\nAlma\n[childs_name]\nAlma\n";
    static const char twice[] = "[likes]\na\n\n[likes]\nb\n";
    static const char early[] = "\nAlma\n[child_name]\n";
    static const char open[] = "[likes]\n[tog\n";
    struct handover_form_error error = refused(unknown, sizeof unknown - 1, ERR_FORMAT);
    assert_int_equal(error.line, 4);
    assert_string_equal(error.name, "childs_name");
    error = refused(twice, sizeof twice - 1, ERR_FORMAT);
    assert_int_equal(error.line, 4);
    assert_string_equal(error.name, "likes");
    assert_int_equal(refused(early, sizeof early - 1, ERR_FORMAT).line, 2);
    assert_int_equal(refused(open, sizeof open - 1, ERR_FORMAT).line, 2);
}

TEST(a_binary_file_is_refused) {
    static const char binary[] = "[likes]\n\0\n";
    refused(binary, sizeof binary - 1, ERR_FORMAT);
}

TEST(a_form_beyond_the_limit_is_refused_and_one_at_it_is_read) {
    size_t size = HANDOVER_FORM_SIZE_MAX;
    char *text = malloc(size + 1);
    assert_non_null(text);
    memset(text, 'a', size + 1);
    memcpy(text, "[likes]\n", 8);
    refused(text, size + 1, ERR_LIMIT);
    struct arena arena;
    const struct handover_form_entry *entries;
    size_t n;
    struct handover_form_error error;
    arena_init(&arena, 1 << 21);
    assert_ok(handover_form_parse((struct bytes){(const uint8_t *)text, size}, handover(), &arena,
                                  &entries, &n, &error));
    assert_int_equal(entries[0].value.size, size - 8);
    arena_done(&arena);
    free(text);
}

static void assert_round_trip(struct bytes value) {
    for (size_t language = FORM_EN; language <= FORM_DA; language++) {
        struct handover_form_entry entries[] = {
            {.field = named("likes"), .value = value},
            {.field = named("first_day"), .value = bytes_of_text("12 August")}};
        struct buffer text = {0};
        struct arena arena;
        const struct handover_form_entry *read;
        size_t n;
        struct handover_form_error error;
        arena_init(&arena, 1 << 20);
        assert_ok(handover_form_write((enum handover_form_language)language, "Handover", entries, 2,
                                      &text));
        assert_ok(handover_form_parse(buffer_view(&text), handover(), &arena, &read, &n, &error));
        assert_int_equal(n, 2);
        assert_ptr_equal(read[0].field, entries[0].field);
        assert_true(bytes_equal(read[0].value, value));
        assert_true(bytes_equal(read[1].value, entries[1].value));
        arena_done(&arena);
        buffer_done(&text);
    }
}

TEST(what_is_written_is_read_back_as_the_same_values) {
    static const char *const values[] = {
        "",        "Tog",     "a\n\nb",    "# tog",      "[likes]", "\\",
        "\n",      "\n\n",    "a\n",       "\na",        " \n \n ", "  a  ",
        "a\n \nb", "a\n#\n[", "\\# a\n\\", "æøå\n\n\nå", "]",       "a\n\n",
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_round_trip(bytes_of_text(values[i]));
}

TEST(random_values_round_trip) {
    static const char letters[] = "a \n\n#[\\]ø";
    srand(20260603);
    for (int round = 0; round < 3000; round++) {
        char value[64];
        size_t size = (size_t)rand() % sizeof value;
        for (size_t i = 0; i < size; i++)
            value[i] = letters[(size_t)rand() % (sizeof letters - 1)];
        assert_round_trip((struct bytes){(const uint8_t *)value, size});
    }
}

TEST(a_form_shows_parts_labels_and_help_in_the_users_language) {
    struct handover_form_entry entry = {.field = named("likes")};
    struct buffer text = {0};
    assert_ok(handover_form_write(FORM_DA, "Overlevering", &entry, 1, &text));
    assert_ok(buffer_append(&text, "", 1));
    assert_non_null(strstr((const char *)text.data, "# == Barnets egne ord =="));
    assert_non_null(
        strstr((const char *)text.data, "[likes] Det kan jeg godt lide\n# Skriv barnets egne ord"));
    buffer_clear(&text);
    assert_ok(handover_form_write(FORM_EN, "Handover", &entry, 1, &text));
    assert_ok(buffer_append(&text, "", 1));
    assert_non_null(
        strstr((const char *)text.data, "[likes] What I like\n# Write the child's own words"));
    buffer_done(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_the_lines_below_their_field),
        cmocka_unit_test(a_backslash_makes_a_line_text_whatever_it_begins_with),
        cmocka_unit_test(what_windows_editors_write_is_read),
        cmocka_unit_test(comments_inside_a_value_are_left_out),
        cmocka_unit_test(an_empty_form_has_no_fields),
        cmocka_unit_test(errors_name_the_line),
        cmocka_unit_test(a_binary_file_is_refused),
        cmocka_unit_test(a_form_beyond_the_limit_is_refused_and_one_at_it_is_read),
        cmocka_unit_test(what_is_written_is_read_back_as_the_same_values),
        cmocka_unit_test(random_values_round_trip),
        cmocka_unit_test(a_form_shows_parts_labels_and_help_in_the_users_language),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
