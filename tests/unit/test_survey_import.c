#include "sample.h"
#include "test.h"

#include "cli/survey_import.h"
#include <stdio.h>
#include <stdlib.h>

/* q01 with whole numbers as codes, q02 without, q03 a text. */
static const char questionnaire_json[] =
    "{\"questions\":[{\"code\":\"q01\",\"label\":{\"da\":\"Tryg\",\"en\":\"Safe\"},\"scale\":"
    "\"five\"},"
    "{\"code\":\"q02\",\"label\":{\"da\":\"Leg\",\"en\":\"Play\"},\"scale\":\"yes\"},"
    "{\"code\":\"q03\",\"label\":{\"da\":\"Mere\",\"en\":\"More\"},\"text\":true}],"
    "\"scales\":{\"five\":[{\"code\":\"0\",\"label\":{\"da\":\"Nej\",\"en\":\"No\"},\"score\":0},"
    "{\"code\":\"1\",\"label\":{\"da\":\"Måske\",\"en\":\"Maybe\"},\"score\":1},"
    "{\"code\":\"dk\",\"label\":{\"da\":\"Ved ikke\",\"en\":\"Don't know\"}}],"
    "\"yes\":[{\"code\":\"y\",\"label\":{\"da\":\"Ja\",\"en\":\"Yes\"}},{\"code\":\"n\",\"label\":{"
    "\"da\":\"Nej\",\"en\":\"No\"}}]}}";

static struct questionnaire questionnaire;
static struct problems problems;
static struct imported imported;

static enum err import_bytes(struct bytes content) {
    struct failure why = {0};
    imported = (struct imported){0};
    assert_true(problems_init(&problems, LANGUAGE_EN));
    assert_ok(questionnaire_parse(questionnaire_json, &questionnaire, &why));
    return survey_import_read(&questionnaire, "svar.csv", content, &problems, &imported);
}

static void finish(void) {
    questionnaire_done(&questionnaire);
    problems_done(&problems);
    imported_done(&imported);
}

static void assert_answers(const char *content, const char *answers) {
    assert_ok(import_bytes(bytes_of_text(content)));
    json_t *json = json_loads((const char *)imported.text.data, 0, NULL);
    assert_non_null(json);
    char *text = json_dumps(json_object_get(json, "answers"), JSON_COMPACT);
    assert_string_equal(text, answers);
    assert_int_equal(json_array_size(json_object_get(json, "answers")), imported.answers_n);
    free(text);
    json_decref(json);
    finish();
}

static void assert_problem(const char *content, int line, int column, const char *heading,
                           const char *says, const char *mend) {
    assert_err(ERR_ARGUMENT, import_bytes(bytes_of_text(content)));
    if (problems.n != 1)
        json_dumpf(problems.list, stderr, JSON_INDENT(1));
    assert_int_equal(problems.n, 1);
    assert_null(imported.text.data);
    const json_t *problem = json_array_get(problems.list, 0);
    assert_int_equal(json_integer_value(json_object_get(problem, "line")), line);
    assert_int_equal(json_integer_value(json_object_get(problem, "column")), column);
    const char *named = json_string_value(json_object_get(problem, "heading"));
    assert_string_equal(named != NULL ? named : "", heading);
    assert_non_null(strstr(json_string_value(json_object_get(problem, "text")), says));
    assert_non_null(strstr(json_string_value(json_object_get(problem, "mend")), mend));
    finish();
}

TEST(plain_csv_with_codes_as_headings_is_read) {
    assert_answers("q01,q02,q03\n0,y,godt\n1,n,\ndk,,\n", "[[1,1,\"godt\"],[2,2,0],[3,0,0]]");
}

TEST(columns_may_stand_in_any_order) {
    assert_answers("q03,q02,q01\nx,n,0\n", "[[1,2,\"x\"]]");
}

TEST(a_limesurvey_export_is_read_and_its_own_columns_dropped) {
    assert_ok(import_bytes(bytes_of_text(
        "\xef\xbb\xbf\"id\";\"submitdate\";\"token\";\"name\";\"q01. Tryg\";\"q02: Leg; "
        "ude\";\"q03 Mere\"\r\n"
        "\"1\";\"2026-05-04 07:39:00\";\"hemmelig\";\"Mette\";\"M\xc3\xa5ske\";\"Yes\";\"sagt: "
        "\"\"nej\"\",\r\nto gange\"\r\n"
        "\"2\";\"\";\"\";\"\";\"\";\"\";\"\"\r\n")));
    assert_int_equal(imported.answers_n, 1);
    assert_int_equal(imported.empty_n, 1);
    assert_int_equal(imported.dropped_columns_n, 4);
    const char *text = (const char *)imported.text.data;
    assert_non_null(strstr(text, "[2,1,\"sagt: \\\"nej\\\",\\nto gange\"]"));
    assert_null(strstr(text, "hemmelig"));
    assert_null(strstr(text, "Mette"));
    assert_null(strstr(text, "2026"));
    finish();
}

TEST(a_choice_may_be_given_as_code_label_or_position) {
    assert_answers("q01,q02,q03\nNo,Ja,\nnej,YES,\nDK,2,\nDon't know,1,\n",
                   "[[1,1,0],[1,1,0],[3,2,0],[3,1,0]]");
}

TEST(a_position_is_not_taken_where_codes_are_numbers) {
    assert_problem("q01,q02,q03\n2,y,\n", 2, 1, "q01", "\"2\" is not a choice of q01", "0, 1, dk");
}

TEST(every_bad_cell_is_named_with_the_values_allowed) {
    assert_err(ERR_ARGUMENT,
               import_bytes(bytes_of_text("id,q01,q02,q03\n1,7,y,\n2,0,maybe,\"a\nb\"\n3,x,z,\n")));
    assert_int_equal(problems.n, 4);
    static const int places[4][2] = {{2, 2}, {3, 3}, {5, 2}, {5, 3}};
    for (size_t i = 0; i < 4; i++) {
        const json_t *problem = json_array_get(problems.list, i);
        assert_int_equal(json_integer_value(json_object_get(problem, "line")), places[i][0]);
        assert_int_equal(json_integer_value(json_object_get(problem, "column")), places[i][1]);
        assert_non_null(strstr(json_string_value(json_object_get(problem, "mend")),
                               i % 2 == 0 ? "0, 1, dk" : "y, n"));
    }
    assert_null(imported.text.data);
    finish();
}

TEST(a_text_in_a_wrong_column_is_not_repeated) {
    assert_problem(
        "q01,q02,q03\n0,\"en lang tekst\nom noget, som ingen skal laese paa en skaerm\",\n", 2, 2,
        "q02", "a longer text is not a choice", "y, n");
}

TEST(an_unknown_column_after_the_first_question_is_refused) {
    assert_problem("q01,q02,q03,interviewtime\n0,y,,55\n", 1, 4, "interviewtime",
                   "no question of this survey", "remove");
    assert_problem("q01,q02,q03,q04\n0,y,,1\n", 1, 4, "q04", "no question of this survey",
                   "remove");
}

TEST(a_missing_column_is_refused) {
    assert_problem("id,q01,q03\n1,0,\n", 1, 0, "", "q02", "add it");
}

TEST(a_column_given_twice_is_refused) {
    assert_problem("q01,q02,q03,Q01. igen\n0,y,,1\n", 1, 4, "Q01. igen", "twice", "remove");
}

TEST(a_file_of_another_survey_is_refused) {
    assert_problem("id,alder,by\n1,2,3\n", 1, 0, "", "no column has the code", "codes as headings");
}

TEST(a_row_of_another_length_is_refused) {
    assert_problem("q01,q02,q03\n0,y,a,b\n", 2, 0, "", "4 cells", "separators");
    assert_problem("q01,q02,q03\n0,y\n", 2, 0, "", "2 cells", "separators");
}

TEST(a_file_without_answers_is_refused) {
    assert_problem("q01,q02,q03\n", 0, 0, "", "no answer", "right file");
    assert_problem("q01,q02,q03\n,,\n", 0, 0, "", "no answer", "right file");
}

static void fill_text(struct buffer *text, size_t size) {
    uint8_t *start;
    buffer_clear(text);
    assert_ok(buffer_append(text, "q01,q02,q03\n0,y,", 16));
    assert_ok(buffer_extend(text, size, &start));
    memset(start, 'x', size);
}

TEST(a_text_may_be_as_long_as_the_limit_and_no_longer) {
    struct buffer text = {0};
    fill_text(&text, ANSWER_TEXT_SIZE_MAX);
    assert_ok(import_bytes(buffer_view(&text)));
    finish();
    fill_text(&text, ANSWER_TEXT_SIZE_MAX + 1);
    assert_err(ERR_ARGUMENT, import_bytes(buffer_view(&text)));
    assert_int_equal(problems.n, 1);
    finish();
    buffer_done(&text);
}

static void digest_of(const char *content, char ret_digest[static 65]) {
    assert_ok(import_bytes(bytes_of_text(content)));
    json_t *json = json_loads((const char *)imported.text.data, 0, NULL);
    const char *digest = json_string_value(json_object_get(json, "digest"));
    assert_int_equal(strlen(digest), 64);
    snprintf(ret_digest, 65, "%s", digest);
    json_decref(json);
    finish();
}

TEST(the_same_answers_in_another_dress_have_the_same_digest) {
    static const char *const dresses[] = {
        "q01,q02,q03\r\n0,y,godt\r\n1,n,\r\n",
        "q01;q02;q03\n0;y;godt\n1;n;\n",
        "\xef\xbb\xbfid,q01,q02,q03\n17,0,y,godt\n18,1,n,\n",
        "q01,q02,q03\n\n1,n,\n,,\n0,y,godt\n\n",
        "q03,q02,q01\n\"godt \",Ja,Nej\n,2,Maybe\n",
    };
    char first[65], digest[65];
    digest_of("q01,q02,q03\n0,y,godt\n1,n,\n", first);
    for (size_t i = 0; i < sizeof dresses / sizeof *dresses; i++) {
        digest_of(dresses[i], digest);
        assert_string_equal(digest, first);
    }
}

TEST(other_answers_have_another_digest) {
    static const char *const others[] = {
        "q01,q02,q03\n0,y,godt\n", "q01,q02,q03\n0,y,godt\n1,n,\n1,n,\n",
        "q01,q02,q03\n0,n,godt\n1,y,\n", "q01,q02,q03\n0,y,\n1,n,godt\n"};
    char first[65], digest[65];
    digest_of("q01,q02,q03\n0,y,godt\n1,n,\n", first);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        digest_of(others[i], digest);
        assert_string_not_equal(digest, first);
    }
}

/* The sample's questions, without going through their own CSV. */
static void open_sample_questions(void) {
    struct failure why = {0};
    char code[8];
    json_t *questions = json_array();
    for (int i = 1; i <= 13; i++) {
        snprintf(code, sizeof code, "q%02d", i);
        json_array_append_new(questions, i < 13 ? json_pack("{s:s, s:{s:s}, s:s}", "code", code,
                                                            "label", "da", "x", "scale", "t")
                                                : json_pack("{s:s, s:{s:s}, s:b}", "code", code,
                                                            "label", "da", "x", "text", 1));
    }
    static const char *const labels[] = {
        "Meget utilfreds", "Utilfreds",      "Hverken tilfreds eller utilfreds",
        "Tilfreds",        "Meget tilfreds", "Ved ikke"};
    static const char *const codes[] = {"1", "2", "3", "4", "5", "dk"};
    json_t *choices = json_array();
    for (int i = 0; i < 6; i++)
        json_array_append_new(
            choices, json_pack("{s:s, s:{s:s}}", "code", codes[i], "label", "da", labels[i]));
    json_t *json = json_pack("{s:o, s:{s:o}}", "questions", questions, "scales", "t", choices);
    assert_ok(questionnaire_open(json, &questionnaire, &why));
    json_decref(json);
}

TEST(the_sample_answers_are_read_whole) {
    static const struct {
        const char *name;
        size_t answers, empty, dropped;
    } samples[] = {
        {"birk.csv", 214, 2, 6}, {"solsikken.csv", 207, 0, 0}, {"skovbrynet.csv", 3, 0, 0}};
    for (size_t i = 0; i < 3; i++) {
        struct buffer content = {0};
        read_sample(samples[i].name, &content);
        open_sample_questions();
        imported = (struct imported){0};
        assert_true(problems_init(&problems, LANGUAGE_EN));
        assert_ok(survey_import_read(&questionnaire, samples[i].name, buffer_view(&content),
                                     &problems, &imported));
        assert_int_equal(imported.answers_n, samples[i].answers);
        assert_int_equal(imported.empty_n, samples[i].empty);
        assert_int_equal(imported.dropped_columns_n, samples[i].dropped);
        buffer_done(&content);
        finish();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_csv_with_codes_as_headings_is_read),
        cmocka_unit_test(columns_may_stand_in_any_order),
        cmocka_unit_test(a_limesurvey_export_is_read_and_its_own_columns_dropped),
        cmocka_unit_test(a_choice_may_be_given_as_code_label_or_position),
        cmocka_unit_test(a_position_is_not_taken_where_codes_are_numbers),
        cmocka_unit_test(every_bad_cell_is_named_with_the_values_allowed),
        cmocka_unit_test(a_text_in_a_wrong_column_is_not_repeated),
        cmocka_unit_test(an_unknown_column_after_the_first_question_is_refused),
        cmocka_unit_test(a_missing_column_is_refused),
        cmocka_unit_test(a_column_given_twice_is_refused),
        cmocka_unit_test(a_file_of_another_survey_is_refused),
        cmocka_unit_test(a_row_of_another_length_is_refused),
        cmocka_unit_test(a_file_without_answers_is_refused),
        cmocka_unit_test(a_text_may_be_as_long_as_the_limit_and_no_longer),
        cmocka_unit_test(the_same_answers_in_another_dress_have_the_same_digest),
        cmocka_unit_test(other_answers_have_another_digest),
        cmocka_unit_test(the_sample_answers_are_read_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
