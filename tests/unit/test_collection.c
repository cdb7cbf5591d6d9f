#include "test.h"

#include "proto/limits.h"
#include "proto/text.h"
#include "store/collection.h"
#include "store/json_form.h"
#include "store/row_key.h"

#include <stdlib.h>

static const struct field *field_of(uint16_t collection, const char *name) {
    const struct field *field = collection_field_named(collection_find(collection), name);
    assert_non_null(field);
    return field;
}

static enum err check(const struct field *field, const char *value) {
    struct label why = {NULL, NULL};
    enum err e = field_check(field, bytes_of_text(value), &why);
    assert_true((e == OK) == (why.en == NULL && why.da == NULL));
    return e;
}

static enum err check_kind(enum kind kind, const char *value) {
    struct field field = {.kind = kind, .size_max = 1024};
    return check(&field, value);
}

TEST(numbers_and_names_are_unique_and_in_order) {
    size_t n;
    const struct collection *all = collection_all(&n);
    for (size_t i = 0; i < n; i++) {
        assert_ptr_equal(collection_find(all[i].number), &all[i]);
        for (size_t k = 0; k < all[i].fields_n; k++) {
            const struct field *field = &all[i].fields[k];
            assert_ptr_equal(collection_field(&all[i], field->number), field);
            assert_ptr_equal(collection_field_named(&all[i], field->name), field);
            assert_in_range(field->number, 1, FIELDS_PER_RECORD_MAX);
            assert_true(k == 0 || field[-1].number < field->number);
        }
    }
    assert_null(collection_find(999));
    assert_null(collection_field(&all[0], 999));
    assert_null(collection_field_named(&all[0], "nothing"));
}

static void check_label(const struct label *label) {
    const char *texts[] = {label->da, label->en};
    for (size_t i = 0; i < 2; i++) {
        assert_non_null(texts[i]);
        assert_true(strlen(texts[i]) > 1);
        assert_true(text_is_clean(bytes_of_text(texts[i]), false));
        assert_null(strpbrk(texts[i], "\"\\"));
    }
}

TEST(every_collection_field_part_and_choice_is_labelled_in_danish_and_english) {
    size_t n;
    const struct collection *all = collection_all(&n);
    for (size_t i = 0; i < n; i++) {
        check_label(&all[i].label);
        for (size_t k = 0; k < all[i].fields_n; k++) {
            const struct field *field = &all[i].fields[k];
            check_label(&field->label);
            for (const struct choice *choice = field->choices;
                 choice != NULL && choice->name != NULL; choice++)
                check_label(&choice->label);
            assert_true((field->kind == KIND_CHOICE) == (field->choices != NULL));
        }
    }
    for (int part = PART_HEAD; part <= PART_TRACK; part++)
        check_label(part_label((enum part)part));
    assert_null(part_label(PART_NONE));
}

TEST(every_size_fits_a_value) {
    size_t n;
    const struct collection *all = collection_all(&n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < all[i].fields_n; k++)
            assert_in_range(all[i].fields[k].size_max, 1, VALUE_SIZE_MAX);
}

TEST(the_receiver_writes_the_school_part_and_the_owner_the_others) {
    const struct collection *handover = collection_find(COLLECTION_HANDOVER);
    for (size_t i = 0; i < handover->fields_n; i++) {
        const struct field *field = &handover->fields[i];
        if (field->part == PART_SCHOOL)
            assert_int_equal(field->writers, END_RECEIVER);
        else if (field->part == PART_START_PLAN)
            assert_int_equal(field->writers, END_ANY);
        else if (field->part != PART_TRACK)
            assert_int_equal(field->writers, END_OWNER);
    }
    assert_int_equal(field_of(COLLECTION_HANDOVER, "read_by")->writers, END_RECEIVER);
    assert_int_equal(field_of(COLLECTION_HANDOVER, "consent")->policy, POLICY_WITHDRAWN_WINS);
    assert_int_equal(field_of(COLLECTION_HANDOVER, "consent")->number, HANDOVER_CONSENT);
    assert_int_equal(field_of(COLLECTION_HANDOVER, "takes_part")->policy, POLICY_UNION);
}

TEST(an_empty_value_clears_a_field_of_any_kind) {
    for (int kind = KIND_TEXT; kind <= KIND_REVISION; kind++)
        assert_ok(check_kind((enum kind)kind, ""));
}

TEST(text_may_have_line_feeds_and_a_line_may_not) {
    assert_ok(check_kind(KIND_TEXT, "rød grød\nmed fløde"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_LINE, "rød grød\nmed fløde"));
    assert_ok(check_kind(KIND_LINE, "rød grød"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_TEXT, "a\tb"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_TEXT, "a\r\nb"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_LINE, "a\x1b[31mb"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_LINE, "\xc2\x9b"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_LINE, "\x7f"));
}

TEST(a_nul_and_what_is_not_utf8_are_refused) {
    struct field field = {.kind = KIND_TEXT, .size_max = 64};
    struct label why;
    assert_err(ERR_ARGUMENT, field_check(&field, (struct bytes){(const uint8_t *)"a\0b", 3}, &why));
    assert_err(ERR_ARGUMENT, check_kind(KIND_TEXT, "\xff"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_TEXT, "\xc0\x80"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_TEXT, "\xed\xa0\x80"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_TEXT, "\xf4\x90\x80\x80"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_TEXT, "\xe2\x82"));
}

TEST(a_value_may_be_as_large_as_its_field_says_and_no_larger) {
    const struct field *field = field_of(COLLECTION_HANDOVER, "likes");
    char *text = malloc(field->size_max + 2);
    assert_non_null(text);
    memset(text, 'a', field->size_max + 1);
    text[field->size_max + 1] = '\0';
    assert_err(ERR_LIMIT, check(field, text));
    text[field->size_max] = '\0';
    assert_ok(check(field, text));
    free(text);
}

TEST(a_date_must_be_in_the_calendar) {
    assert_ok(check_kind(KIND_DATE, "2026-08-12"));
    assert_ok(check_kind(KIND_DATE, "2024-02-29"));
    assert_ok(check_kind(KIND_DATE, "2000-02-29"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-02-29"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "1900-02-29"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-04-31"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-13-01"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-00-01"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-01-00"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "0000-01-01"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-8-12"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "12-08-2026"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-08-1x"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, "2026-08-12 "));
}

TEST(each_month_ends_on_its_last_day) {
    static const char *const lasts[] = {"01-31", "02-28", "03-31", "04-30", "05-31", "06-30",
                                        "07-31", "08-31", "09-30", "10-31", "11-30", "12-31"};
    for (size_t i = 0; i < sizeof lasts / sizeof *lasts; i++) {
        char date[] = "2025-mm-dd";
        memcpy(date + 5, lasts[i], 5);
        assert_ok(check_kind(KIND_DATE, date));
        date[9]++; /* no last day ends on a nine */
        assert_err(ERR_ARGUMENT, check_kind(KIND_DATE, date));
    }
}

TEST(a_choice_is_one_of_its_names) {
    const struct field *consent = field_of(COLLECTION_HANDOVER, "consent");
    assert_ok(check(consent, "given"));
    assert_ok(check(consent, "withdrawn"));
    assert_err(ERR_ARGUMENT, check(consent, "Given"));
    assert_err(ERR_ARGUMENT, check(consent, "give"));
    assert_err(ERR_ARGUMENT, check(consent, "given "));
}

TEST(a_flag_is_yes_or_no) {
    assert_ok(check_kind(KIND_FLAG, "yes"));
    assert_ok(check_kind(KIND_FLAG, "no"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_FLAG, "Yes"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_FLAG, "1"));
}

TEST(members_and_revisions_are_hexadecimal_in_lower_case) {
    assert_ok(check_kind(KIND_MEMBER, "0123456789abcdef0123456789abcdef"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_MEMBER, "0123456789ABCDEF0123456789abcdef"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_MEMBER, "0123456789abcdef0123456789abcde"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_MEMBER, "0123456789abcdef0123456789abcdeg"));
    assert_ok(check_kind(KIND_REVISION,
                         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
    assert_err(ERR_ARGUMENT, check_kind(KIND_REVISION, "0123456789abcdef0123456789abcdef"));
}

TEST(canonical_json_is_taken) {
    static const char *const good[] = {"{}",
                                       "[]",
                                       "null",
                                       "true",
                                       "false",
                                       "0",
                                       "-0",
                                       "12.5e-3",
                                       "1E+9",
                                       "\"\"",
                                       "\"æ\\n\\u00e6\\ud83d\\ude00\"",
                                       "{\"a\":1,\"b\":[1,2,{\"c\":null}]}",
                                       "[[],{},\"\"]",
                                       "{\"\":0,\"a\":0,\"aa\":0,\"b\":0}",
                                       "{\"\\u0061\":1,\"b\":2}",
                                       "{\"z\":1,\"\xc3\xa6\":2}",
                                       "{\"\xef\xbf\xbd\":1,\"\xf0\x9f\x98\x80\":2}"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (check_kind(KIND_JSON, good[i]) != OK)
            fail_msg("refused: %s", good[i]);
}

TEST(json_that_is_not_canonical_is_refused) {
    static const char *const bad[] = {" {}",
                                      "{} ",
                                      "{ }",
                                      "[1, 2]",
                                      "{\"a\": 1}",
                                      "[1\n]",
                                      "{\"b\":1,\"a\":2}",
                                      "{\"a\":1,\"a\":2}",
                                      "{\"a\":1,\"\\u0061\":2}",
                                      "{\"aa\":1,\"a\":2}",
                                      "{\"\xf0\x9f\x98\x80\":2,\"\xef\xbf\xbd\":1}",
                                      "{",
                                      "}",
                                      "[",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "{\"a\"",
                                      "{\"a\":",
                                      "{\"a\":1,",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "'a'",
                                      "\"a",
                                      "\"\\",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u0000\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"\t\"",
                                      "01",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1e",
                                      "--1",
                                      "-",
                                      "nul",
                                      "truefalse",
                                      "{}{}",
                                      "[]1",
                                      "NaN"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (check_kind(KIND_JSON, bad[i]) != ERR_ARGUMENT)
            fail_msg("taken: %s", bad[i]);
}

TEST(json_is_nested_as_deep_as_the_limit_says_and_no_deeper) {
    char text[2 * (JSON_DEPTH_MAX + 1) + 1];
    for (int depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        text[2 * depth] = '\0';
        assert_int_equal(json_form_is_canonical(bytes_of_text(text)), depth == JSON_DEPTH_MAX);
    }
}

TEST(row_keys_order_by_feed_number_and_index_and_are_bounded) {
    int64_t low, high;
    assert_ok(row_key_make(1, 5, 262143, &low));
    assert_ok(row_key_make(1, 6, 0, &high));
    assert_true(low < high);
    assert_int_equal(row_key_seq(low), 5);
    assert_int_equal(row_key_index(low), 262143);
    assert_ok(row_key_make(2, 0, 0, &low));
    assert_true(high < low);
    assert_int_equal(low >> 45, 2);
    assert_ok(row_key_make(262143, 134217727, 262143, &high));
    assert_int_equal(high, INT64_MAX);
    assert_err(ERR_LIMIT, row_key_make(262144, 1, 0, &low));
    assert_err(ERR_LIMIT, row_key_make(1, 134217728, 0, &low));
    assert_err(ERR_LIMIT, row_key_make(1, 1, 262144, &low));
    assert_err(ERR_LIMIT, row_key_make(-1, 1, 0, &low));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_names_are_unique_and_in_order),
        cmocka_unit_test(every_collection_field_part_and_choice_is_labelled_in_danish_and_english),
        cmocka_unit_test(every_size_fits_a_value),
        cmocka_unit_test(the_receiver_writes_the_school_part_and_the_owner_the_others),
        cmocka_unit_test(an_empty_value_clears_a_field_of_any_kind),
        cmocka_unit_test(text_may_have_line_feeds_and_a_line_may_not),
        cmocka_unit_test(a_nul_and_what_is_not_utf8_are_refused),
        cmocka_unit_test(a_value_may_be_as_large_as_its_field_says_and_no_larger),
        cmocka_unit_test(a_date_must_be_in_the_calendar),
        cmocka_unit_test(each_month_ends_on_its_last_day),
        cmocka_unit_test(a_choice_is_one_of_its_names),
        cmocka_unit_test(a_flag_is_yes_or_no),
        cmocka_unit_test(members_and_revisions_are_hexadecimal_in_lower_case),
        cmocka_unit_test(canonical_json_is_taken),
        cmocka_unit_test(json_that_is_not_canonical_is_refused),
        cmocka_unit_test(json_is_nested_as_deep_as_the_limit_says_and_no_deeper),
        cmocka_unit_test(row_keys_order_by_feed_number_and_index_and_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
