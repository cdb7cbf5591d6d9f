#include "sample.h"
#include "test.h"

#include "cli/survey_form.h"
#include "service/questionnaire.h"
#include <stdio.h>
#include <stdlib.h>

static struct problems problems;
static json_t *questionnaire;

#define SURVEY_HEAD "type,name,label::Dansk (da),label::English (en)\n"
#define CHOICES_HEAD "list_name,name,label::Dansk (da),label::English (en)\n"
#define GOOD_CHOICES CHOICES_HEAD "ja,1,Nej,No\nja,2,Ja,Yes\nja,dk,Ved ikke,Don't know\n"

static enum err read_form(const char *survey, const char *choices) {
    struct survey_files files = {
        .survey_name = "s.csv", .choices_name = "c.csv", .survey = bytes_of_text(survey)};
    if (choices != NULL)
        files.choices = bytes_of_text(choices);
    questionnaire = NULL;
    assert_true(problems_init(&problems, LANGUAGE_EN));
    return survey_form_read(&files, &problems, &questionnaire);
}

static void finish(void) {
    json_decref(questionnaire);
    problems_done(&problems);
}

/* Exactly one problem, there, with a text that says this, and a mend. */
static void assert_problem(const char *survey, const char *choices, const char *file, int line,
                           int column, const char *says) {
    assert_err(ERR_ARGUMENT, read_form(survey, choices));
    assert_null(questionnaire);
    if (problems.n != 1)
        json_dumpf(problems.list, stderr, JSON_INDENT(1));
    assert_int_equal(problems.n, 1);
    const json_t *problem = json_array_get(problems.list, 0);
    assert_string_equal(json_string_value(json_object_get(problem, "file")), file);
    assert_int_equal(json_integer_value(json_object_get(problem, "line")), line);
    assert_int_equal(json_integer_value(json_object_get(problem, "column")), column);
    assert_non_null(strstr(json_string_value(json_object_get(problem, "text")), says));
    assert_true(json_string_length(json_object_get(problem, "mend")) > 0);
    finish();
}

TEST(questions_and_choices_are_read_in_both_languages) {
    struct failure why = {0};
    struct questionnaire q;
    assert_ok(read_form(SURVEY_HEAD "select_one ja,q01,Tryg?,Safe?\ntext,q02,Mere?,More?\n",
                        GOOD_CHOICES));
    assert_ok(questionnaire_open(questionnaire, &q, &why));
    assert_int_equal(q.questions_n, 2);
    assert_string_equal(q.questions[0].code, "q01");
    assert_string_equal(json_string_value(json_object_get(q.questions[0].label, "en")), "Safe?");
    assert_int_equal(q.questions[0].scale->choices_n, 3);
    assert_true(q.questions[0].scale->choices[1].scored);
    assert_int_equal(q.questions[0].scale->choices[1].score, 2);
    assert_false(q.questions[0].scale->choices[2].scored);
    assert_null(q.questions[1].scale);
    char *text = questionnaire_text(&q);
    assert_string_equal(
        text, "{\"questions\":[{\"code\":\"q01\",\"label\":{\"da\":\"Tryg?\",\"en\":\"Safe?\"},"
              "\"scale\":\"ja\"},"
              "{\"code\":\"q02\",\"label\":{\"da\":\"Mere?\",\"en\":\"More?\"},\"text\":true}],"
              "\"scales\":{\"ja\":["
              "{\"code\":\"1\",\"label\":{\"da\":\"Nej\",\"en\":\"No\"},\"score\":1},"
              "{\"code\":\"2\",\"label\":{\"da\":\"Ja\",\"en\":\"Yes\"},\"score\":2},"
              "{\"code\":\"dk\",\"label\":{\"da\":\"Ved ikke\",\"en\":\"Don't know\"}}]}}");
    free(text);
    questionnaire_done(&q);
    finish();
}

TEST(a_score_column_decides_which_choices_are_on_the_scale) {
    assert_ok(read_form(SURVEY_HEAD "select_one ja,q01,Tryg?,Safe?\n",
                        "score,list_name,name,label::Dansk (da),label::English "
                        "(en)\n-2,ja,1,Nej,No\n,ja,9,Ved ikke,?\n"));
    const json_t *list = json_object_get(json_object_get(questionnaire, "scales"), "ja");
    assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 0), "score")), -2);
    assert_null(json_object_get(json_array_get(list, 1), "score"));
    finish();
}

TEST(notes_hints_required_and_unused_lists_are_passed_over_with_a_notice) {
    assert_ok(
        read_form("type,name,label::Dansk (da),hint::Dansk (da),required\n"
                  "note,n1,Velkommen,,\nselect_one ja,q01,Tryg?,,yes\n",
                  "list_name,name,label::Dansk (da)\nja,1,Nej\nja,2,Ja\nandre,1,A\nandre,2,B\n"));
    assert_int_equal(json_array_size(problems.notices), 4);
    assert_int_equal(json_array_size(json_object_get(questionnaire, "questions")), 1);
    assert_null(json_object_get(json_object_get(questionnaire, "scales"), "andre"));
    finish();
}

TEST(an_unknown_type_is_refused_with_line_and_column) {
    assert_problem(SURVEY_HEAD "text,q01,a,b\ninteger,q02,a,b\n", GOOD_CHOICES, "s.csv", 3, 1,
                   "integer");
    assert_problem("label::Dansk (da),type,name\na,select_multiple ja,q01\nb,text,q02\n", NULL,
                   "s.csv", 2, 2, "select_multiple");
}

TEST(what_would_trace_the_respondent_is_refused_with_the_reason) {
    assert_err(ERR_ARGUMENT, read_form(SURVEY_HEAD "deviceid,d,a,b\ntext,q02,a,b\n", NULL));
    assert_non_null(strstr(
        json_string_value(json_object_get(json_array_get(problems.list, 0), "mend")), "device"));
    finish();
}

TEST(unknown_missing_and_repeated_columns_are_named) {
    assert_problem("type,name,label::Dansk (da),relevant\ntext,q01,a,\n", NULL, "s.csv", 1, 4,
                   "relevant");
    assert_problem("type,label::Dansk (da)\ntext,a\n", NULL, "s.csv", 1, 0, "\"name\" is missing");
    assert_problem("type,name,name,label::Dansk (da)\ntext,q01,q01,a\n", NULL, "s.csv", 1, 3,
                   "twice");
    assert_problem("type,name\ntext,q01\n", NULL, "s.csv", 1, 0, "labels");
    assert_problem("type,name,label\ntext,q01,a\n", NULL, "s.csv", 1, 3, "language");
}

TEST(a_name_that_is_not_proper_or_stands_twice_is_named) {
    assert_problem(SURVEY_HEAD "text,1q,a,b\ntext,q2,a,b\n", NULL, "s.csv", 2, 2, "1q");
    assert_problem(SURVEY_HEAD "text,q1,a,b\n\ntext,Q1,a,b\n", NULL, "s.csv", 4, 2, "twice");
}

TEST(every_question_needs_a_label_in_every_language) {
    assert_problem(SURVEY_HEAD "text,q1,a,\n", NULL, "s.csv", 2, 4, "label");
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n", CHOICES_HEAD "ja,1,Nej,No\nja,2,,Yes\n",
                   "c.csv", 3, 3, "label");
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n",
                   "list_name,name,label::Dansk (da)\nja,1,Nej\nja,2,Ja\n", "c.csv", 1, 0,
                   "\"en\"");
}

TEST(a_cell_beyond_the_last_heading_is_named_and_a_blank_one_is_none) {
    assert_problem(SURVEY_HEAD "select_one ja,q1,Tryg, glad?,Safe?\n", GOOD_CHOICES, "s.csv", 2, 5,
                   "beyond");
    assert_problem(SURVEY_HEAD "note,n1,Velkommen,Welcome,x\ntext,q1,a,b\n", NULL, "s.csv", 2, 5,
                   "beyond");
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n",
                   CHOICES_HEAD "ja,1,Nej,No\nja,2,Ja,Yes, oh yes\n", "c.csv", 3, 5, "beyond");
    assert_ok(read_form(SURVEY_HEAD "select_one ja,q1,a,b, ,\n", GOOD_CHOICES));
    finish();
}

TEST(a_list_must_be_given_known_and_long_enough) {
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\nselect_one ja,q2,a,b\n", NULL, "s.csv", 2, 1,
                   "choices");
    assert_problem(SURVEY_HEAD "select_one nej,q1,a,b\n", GOOD_CHOICES, "s.csv", 2, 1, "nej");
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n", CHOICES_HEAD "ja,1,Nej,No\n", "s.csv", 2,
                   1, "fewer");
}

TEST(choices_that_cannot_be_told_apart_are_refused) {
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n", CHOICES_HEAD "ja,A,Nej,No\nja,a,Ja,Yes\n",
                   "c.csv", 3, 2, "twice");
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n", CHOICES_HEAD "ja,1,Nej,No\nja,2,Ja,no\n",
                   "c.csv", 3, 4, "told");
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n", CHOICES_HEAD "ja,1,2,No\nja,2,Ja,Yes\n",
                   "c.csv", 3, 3, "told");
}

TEST(a_score_that_is_no_whole_number_is_refused) {
    assert_problem(SURVEY_HEAD "select_one ja,q1,a,b\n",
                   "list_name,name,label::Dansk (da),label::English "
                   "(en),score\nja,1,Nej,No,1\nja,2,Ja,Yes,2.5\n",
                   "c.csv", 3, 5, "2.5");
}

TEST(every_problem_of_both_files_is_listed) {
    assert_err(ERR_ARGUMENT, read_form(SURVEY_HEAD "integer,q1,a,b\ntext,q 2,a,b\ntext,q3,a,\n",
                                       CHOICES_HEAD "ja,1,Nej,No\nja,2 2,Ja,Yes\n"));
    assert_int_equal(problems.n, 4);
    finish();
}

TEST(a_broken_choices_file_does_not_hide_the_surveys_problems) {
    assert_err(ERR_ARGUMENT, read_form(SURVEY_HEAD "select_one ja,q1,a,b\ninteger,q2,a,b\n",
                                       "list_name,name\nja,\"1\n"));
    assert_int_equal(problems.n, 2);
    finish();
}

TEST(a_survey_without_questions_is_refused) {
    assert_problem(SURVEY_HEAD, NULL, "s.csv", 0, 0, "no question");
}

TEST(a_questionnaire_larger_than_a_field_is_refused) {
    struct buffer text = {0};
    char row[1200];
    assert_ok(buffer_append(&text, SURVEY_HEAD, strlen(SURVEY_HEAD)));
    for (int i = 0; i < 70; i++) {
        snprintf(row, sizeof row, "text,q%d,%0500d,%0500d\n", i, i, i);
        assert_ok(buffer_append(&text, row, strlen(row)));
    }
    assert_ok(buffer_append(&text, "", 1));
    assert_problem((const char *)text.data, NULL, "s.csv", 0, 0, "64 KiB");
    buffer_done(&text);
}

TEST(a_code_comes_from_the_files_name) {
    char code[33];
    assert_true(survey_form_code("/home/x/Trivsel 2026.csv", code));
    assert_string_equal(code, "trivsel-2026");
    assert_true(survey_form_code("trivsel26.csv", code));
    assert_string_equal(code, "trivsel26");
    assert_false(survey_form_code("2026.csv", code));
    assert_false(survey_form_code("-", code));
}

TEST(the_sample_survey_has_twelve_items_and_one_free_text) {
    struct buffer survey = {0}, choices = {0};
    struct failure why = {0};
    struct questionnaire q;
    read_sample("trivsel26.csv", &survey);
    read_sample("trivsel26-choices.csv", &choices);
    struct survey_files files = {"trivsel26.csv", "trivsel26-choices.csv", buffer_view(&survey),
                                 buffer_view(&choices)};
    assert_true(problems_init(&problems, LANGUAGE_EN));
    assert_ok(survey_form_read(&files, &problems, &questionnaire));
    assert_int_equal(json_array_size(problems.notices), 0);
    assert_ok(questionnaire_open(questionnaire, &q, &why));
    assert_int_equal(q.questions_n, 13);
    assert_null(q.questions[12].scale);
    for (size_t i = 0; i < 12; i++) {
        assert_int_equal(q.questions[i].scale->choices_n, 6);
        assert_false(scale_counts(q.questions[i].scale, 5));
    }
    questionnaire_done(&q);
    buffer_done(&survey);
    buffer_done(&choices);
    finish();
}

static void assert_not_a_questionnaire(const char *text) {
    struct failure why = {0};
    struct questionnaire q;
    assert_err(ERR_ARGUMENT, questionnaire_parse(text, &q, &why));
    assert_true(*why.text != '\0');
}

#define L "\"label\":{\"da\":\"x\"}"
TEST(a_published_questionnaire_is_checked_again) {
    struct failure why = {0};
    struct questionnaire q;
    assert_ok(questionnaire_parse(
        "{\"questions\":[{\"code\":\"a\"," L ",\"text\":true}],\"scales\":{}}", &q, &why));
    questionnaire_done(&q);
    assert_not_a_questionnaire("[]");
    assert_not_a_questionnaire("{\"questions\":[],\"scales\":{}}");
    assert_not_a_questionnaire("{\"questions\":[{\"code\":\"a\"," L "}],\"scales\":{}}");
    assert_not_a_questionnaire("{\"questions\":[{\"code\":\"a\"," L
                               ",\"scale\":\"s\"}],\"scales\":{}}");
    assert_not_a_questionnaire("{\"questions\":[{\"code\":\"a\"," L
                               ",\"text\":true,\"x\":1}],\"scales\":{}}");
    assert_not_a_questionnaire(
        "{\"questions\":[{\"code\":\"a\",\"label\":{},\"text\":true}],\"scales\":{}}");
    assert_not_a_questionnaire("{\"questions\":[{\"code\":\"a\",\"label\":{\"da\":\"x\\u0007\"},"
                               "\"text\":true}],\"scales\":{}}");
    assert_not_a_questionnaire("{\"code\":\"T\",\"questions\":[{\"code\":\"a\"," L
                               ",\"text\":true}],\"scales\":{}}");
    assert_not_a_questionnaire("{\"questions\":[{\"code\":\"a\"," L
                               ",\"text\":true},{\"code\":\"A\"," L
                               ",\"text\":true}],\"scales\":{}}");
    assert_not_a_questionnaire("{\"questions\":[{\"code\":\"a\"," L
                               ",\"text\":true}],\"scales\":{\"s\":[{\"code\":\"1\"," L "}]}}");
    assert_not_a_questionnaire("{\"questions\":[{\"code\":\"a\"," L
                               ",\"text\":true}],\"scales\":{\"s\":[{\"code\":\"1\"," L
                               ",\"score\":1.5},{\"code\":\"2\"," L "}]}}");
}

TEST(an_answer_must_fit_its_questionnaire) {
    struct failure why_not = {0};
    struct questionnaire q;
    struct label why;
    size_t index;
    assert_ok(questionnaire_parse("{\"questions\":[{\"code\":\"a\"," L
                                  ",\"scale\":\"s\"},{\"code\":\"b\"," L ",\"text\":true}],"
                                  "\"scales\":{\"s\":[{\"code\":\"1\"," L "},{\"code\":\"2\"," L
                                  "}]}}",
                                  &q, &why_not));
    const struct answer_reply good[] = {{1, 2, NULL}, {2, 0, "godt"}};
    const struct answer_reply bad[][1] = {{{0, 1, NULL}}, {{3, 1, NULL}},  {{1, 0, NULL}},
                                          {{1, 3, NULL}}, {{1, 0, "x"}},   {{2, 1, NULL}},
                                          {{2, 0, ""}},   {{2, 0, "\x1b"}}};
    const struct answer_reply twice[] = {{1, 2, NULL}, {1, 2, NULL}};
    assert_ok(questionnaire_check(&q, good, 2, &why, &index));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_err(ERR_ARGUMENT, questionnaire_check(&q, bad[i], 1, &why, &index));
    assert_err(ERR_ARGUMENT, questionnaire_check(&q, twice, 2, &why, &index));
    assert_int_equal(index, 1);
    assert_err(ERR_ARGUMENT, questionnaire_check(&q, good, 0, &why, &index));
    questionnaire_done(&q);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_and_choices_are_read_in_both_languages),
        cmocka_unit_test(a_score_column_decides_which_choices_are_on_the_scale),
        cmocka_unit_test(notes_hints_required_and_unused_lists_are_passed_over_with_a_notice),
        cmocka_unit_test(an_unknown_type_is_refused_with_line_and_column),
        cmocka_unit_test(what_would_trace_the_respondent_is_refused_with_the_reason),
        cmocka_unit_test(unknown_missing_and_repeated_columns_are_named),
        cmocka_unit_test(a_name_that_is_not_proper_or_stands_twice_is_named),
        cmocka_unit_test(every_question_needs_a_label_in_every_language),
        cmocka_unit_test(a_cell_beyond_the_last_heading_is_named_and_a_blank_one_is_none),
        cmocka_unit_test(a_list_must_be_given_known_and_long_enough),
        cmocka_unit_test(choices_that_cannot_be_told_apart_are_refused),
        cmocka_unit_test(a_score_that_is_no_whole_number_is_refused),
        cmocka_unit_test(every_problem_of_both_files_is_listed),
        cmocka_unit_test(a_broken_choices_file_does_not_hide_the_surveys_problems),
        cmocka_unit_test(a_survey_without_questions_is_refused),
        cmocka_unit_test(a_questionnaire_larger_than_a_field_is_refused),
        cmocka_unit_test(a_code_comes_from_the_files_name),
        cmocka_unit_test(the_sample_survey_has_twelve_items_and_one_free_text),
        cmocka_unit_test(a_published_questionnaire_is_checked_again),
        cmocka_unit_test(an_answer_must_fit_its_questionnaire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
