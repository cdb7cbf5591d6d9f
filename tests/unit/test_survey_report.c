/* Figures: when there are any, and whom they hide. */
#include "poll.h"
#include "test.h"

#include <stdlib.h>

TEST(there_are_no_figures_before_the_survey_is_closed) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
    sync_all(&federation);
    assert_err(ERR_STATE, call(NORDBY, "report", survey_args("trivsel26")));
}

TEST(the_report_counts_each_question_per_site_and_for_all) {
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, 10, 3, 2, NULL);
    add_answers(answers, 5, 1, 4, "en fri tekst om hverdagen");
    add_answers(answers, 2, 0, 3, NULL);
    add_answers(answers, 1, 4, 3, NULL);
    assert_ok(call(BIRK, "import", import_args("trivsel26", answers, 1)));
    assert_ok(import(SOLSIKKEN, "trivsel26", 1, 8, 2, 1));
    sync_all(&federation);
    close_early("trivsel26");
    assert_ok(call(NORDBY, "report", survey_args("trivsel26")));
    assert_int_equal(json_array_size(json_object_get(reply.document, "questions")), 2);
    const json_t *birk = report_row(0, "Birk");
    assert_json(json_object_get(birk, "counts"), "[5,0,10,1]");
    assert_json(json_object_get(birk, "n"), "15");
    assert_json(json_object_get(birk, "mean"), "2.3");
    assert_json(json_object_get(report_row(1, "Birk"), "counts"), "[0,10,3,5]");
    assert_json(json_object_get(report_row(1, "Birk"), "mean"), "2.2");
    assert_json(
        report_row(0, NULL),
        "{\"counts\":[5,8,10,1],\"covers\":\"all\",\"hidden\":false,\"mean\":2.2,\"n\":23}");
    char *text = json_dumps(reply.document, 0);
    assert_null(strstr(text, "hverdagen"));
    free(text);
}

TEST(a_site_with_few_answers_is_hidden_and_stays_out_of_the_total) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 12, 3, 2));
    assert_ok(import(SKOVBRYNET, "trivsel26", 1, 3, 1, 4));
    sync_all(&federation);
    close_early("trivsel26");
    assert_ok(call(NORDBY, "report", survey_args("trivsel26")));
    for (size_t question = 0; question < 2; question++) {
        const json_t *row = report_row(question, "Skovbrynet");
        assert_true(json_is_true(json_object_get(row, "hidden")));
        assert_int_equal(json_object_size(row), 5); /* site, hidden and three nulls */
        assert_true(json_is_null(json_object_get(row, "n")));
        assert_true(json_is_null(json_object_get(row, "mean")));
        assert_true(json_is_null(json_object_get(row, "counts")));
    }
    assert_json(
        report_row(0, NULL),
        "{\"counts\":[0,0,12,0],\"covers\":\"shown\",\"hidden\":false,\"mean\":3.0,\"n\":12}");
    assert_non_null(row_of(json_object_get(reply.document, "missing"), "Egely"));
}

TEST(two_hidden_sites_enter_the_total_when_they_are_five_together) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 12, 3, 2));
    assert_ok(import(SKOVBRYNET, "trivsel26", 1, 3, 1, 4));
    assert_ok(import(EGELY, "trivsel26", 1, 2, 2, 1));
    sync_all(&federation);
    close_early("trivsel26");
    assert_ok(call(NORDBY, "report", survey_args("trivsel26")));
    assert_json(
        report_row(0, NULL),
        "{\"counts\":[3,2,12,null],\"covers\":\"all\",\"hidden\":false,\"mean\":2.5,\"n\":17}");
    /* On the second question they have two on the scale between them. */
    assert_json(
        report_row(1, NULL),
        "{\"counts\":[0,12,0,0],\"covers\":\"shown\",\"hidden\":false,\"mean\":2.0,\"n\":12}");
}

/* Two surveys that differ only in what a hidden site said: everything but their names is the same,
 * to the last byte. */
TEST(a_hidden_site_leaves_no_trace_in_any_key_of_the_report) {
    static const char *const codes[2] = {"en", "to"};
    char *texts[2];
    for (int i = 0; i < 2; i++) {
        publish(codes[i]);
        assert_ok(import(BIRK, codes[i], 1, 12, 3, 2));
        assert_ok(import(SOLSIKKEN, codes[i], 1, 9, 1, 4));
        json_t *answers = json_array();
        add_answers(answers, i == 0 ? 1 : 4, i == 0 ? 3 : 1, 4, i == 0 ? NULL : "tekst");
        add_answers(answers, i == 0 ? 0 : 30, 0, 4, NULL);
        assert_ok(call(SKOVBRYNET, "import", import_args(codes[i], answers, 1)));
        sync_all(&federation);
        close_early(codes[i]);
    }
    for (int i = 0; i < 2; i++) {
        assert_ok(call(NORDBY, "report", survey_args(codes[i])));
        assert_int_equal(json_object_del(reply.document, "survey"), 0);
        texts[i] = json_dumps(reply.document, JSON_SORT_KEYS);
    }
    assert_string_equal(texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

TEST(answers_that_come_after_closing_are_late_and_never_in_the_figures) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
    sync_all(&federation);
    assert_ok(import(BIRK, "trivsel26", 2, 7, 1, 1));
    assert_ok(import(SOLSIKKEN, "trivsel26", 1, 9, 1, 1));
    close_early("trivsel26");
    sync_all(&federation);
    assert_ok(call(NORDBY, "report", survey_args("trivsel26")));
    assert_json(json_object_get(report_row(0, "Birk"), "counts"), "[0,0,6,0]");
    assert_null(report_row(0, "Solsikken"));
    assert_non_null(row_of(json_object_get(reply.document, "missing"), "Solsikken"));
    assert_ok(call(NORDBY, "status", survey_args("trivsel26")));
    const json_t *sites = json_object_get(reply.document, "sites");
    assert_int_equal(json_integer_value(json_object_get(row_of(sites, "Birk"), "answers")), 6);
    assert_int_equal(json_integer_value(json_object_get(row_of(sites, "Birk"), "late")), 7);
    assert_int_equal(json_integer_value(json_object_get(row_of(sites, "Solsikken"), "late")), 9);
    /* A site with none in time is no secret, and keeps nobody else's from the total. */
    assert_json(json_object_get(reply.document, "total"), "{\"answers\":6,\"covers\":\"all\"}");
}

TEST(status_does_not_say_how_few_came_too_late) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
    sync_all(&federation);
    assert_ok(import(SKOVBRYNET, "trivsel26", 1, 3, 1, 1));
    close_early("trivsel26");
    sync_all(&federation);
    assert_ok(call(NORDBY, "status", survey_args("trivsel26")));
    const json_t *late = row_of(json_object_get(reply.document, "sites"), "Skovbrynet");
    assert_true(json_is_true(json_object_get(late, "late_few")));
    assert_true(json_is_null(json_object_get(late, "late")));
    assert_int_equal(json_integer_value(json_object_get(late, "answers")), 0);
}

static bool is_late(size_t import) {
    const json_t *imports = json_object_get(reply.document, "imports");
    return json_is_true(json_object_get(json_array_get(imports, import), "late"));
}

TEST(a_site_says_which_of_its_answers_came_too_late_once_it_knows_of_the_closing) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
    sync_all(&federation);
    close_early("trivsel26");
    /* Neither knows of it yet. */
    assert_ok(import(BIRK, "trivsel26", 2, 7, 1, 1));
    assert_ok(import(SOLSIKKEN, "trivsel26", 1, 9, 1, 1));
    assert_ok(call(BIRK, "status", survey_args("trivsel26")));
    assert_false(is_late(0) || is_late(1));
    sync_all(&federation);
    assert_ok(call(BIRK, "status", survey_args("trivsel26")));
    assert_int_equal(json_array_size(json_object_get(reply.document, "imports")), 2);
    assert_false(is_late(0));
    assert_true(is_late(1));
    assert_ok(call(SOLSIKKEN, "status", survey_args("trivsel26")));
    assert_true(is_late(0));
    assert_err(ERR_STATE, import(BIRK, "trivsel26", 3, 1, 1, 1));
    assert_non_null(strstr(reply.mend, "never counted"));
}

TEST(a_survey_closed_before_any_answer_came_reports_nobody) {
    publish("trivsel26");
    close_early("trivsel26");
    assert_ok(call(NORDBY, "report", survey_args("trivsel26")));
    assert_json(report_row(0, NULL),
                "{\"counts\":[0,0,0,0],\"covers\":\"all\",\"hidden\":false,\"mean\":null,\"n\":0}");
    assert_int_equal(json_array_size(json_object_get(reply.document, "missing")), 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FEDERATION(there_are_no_figures_before_the_survey_is_closed),
        WITH_FEDERATION(the_report_counts_each_question_per_site_and_for_all),
        WITH_FEDERATION(a_site_with_few_answers_is_hidden_and_stays_out_of_the_total),
        WITH_FEDERATION(two_hidden_sites_enter_the_total_when_they_are_five_together),
        WITH_FEDERATION(a_hidden_site_leaves_no_trace_in_any_key_of_the_report),
        WITH_FEDERATION(answers_that_come_after_closing_are_late_and_never_in_the_figures),
        WITH_FEDERATION(status_does_not_say_how_few_came_too_late),
        WITH_FEDERATION(
            a_site_says_which_of_its_answers_came_too_late_once_it_knows_of_the_closing),
        WITH_FEDERATION(a_survey_closed_before_any_answer_came_reports_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
