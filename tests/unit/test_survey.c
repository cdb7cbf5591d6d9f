/* Surveys from publishing to closing: who may do what, and when. */
#include "poll.h"
#include "test.h"

#include "service/inside.h"
#include "store/feed.h"
#include <stdlib.h>

static uint64_t entries_of(size_t site) {
    struct channel channel;
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    if (count_feeds(federation.sites[site].store, &channel, &federation.sites[site].member) == 0)
        return 0;
    return newest_feed(federation.sites[site].store, &channel, &federation.sites[site].member)
        .head.seq;
}

TEST(a_published_survey_reaches_every_site) {
    publish("trivsel26");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(reply.document, "survey"), "state")),
        "open");
    for (size_t site = NORDBY; site <= SCHOOL; site++) {
        assert_ok(call(site, "show", survey_args("trivsel26")));
        const json_t *survey = json_object_get(reply.document, "survey");
        assert_string_equal(json_string_value(json_object_get(survey, "title")), "Trivsel");
        assert_string_equal(json_string_value(json_object_get(survey, "closes_on")), "2024-06-30");
        assert_int_equal(json_array_size(json_object_get(
                             json_object_get(reply.document, "questionnaire"), "questions")),
                         3);
    }
}

TEST(only_the_municipality_publishes_closes_and_reports) {
    assert_err(ERR_DENIED, call(BIRK, "publish", publish_args("trivsel26")));
    publish("trivsel26");
    assert_err(ERR_DENIED, call(BIRK, "close", survey_args("trivsel26")));
    assert_err(ERR_DENIED, call(BIRK, "report", survey_args("trivsel26")));
}

TEST(a_bad_publication_is_refused_with_its_mend) {
    static const char *const changes[][2] = {
        {"code", "T"}, {"closes", "2024-06-02"}, {"title", ""}, {"for", "relay"}, {"file", "{}"}};
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        json_t *args = publish_args("trivsel26");
        json_object_set_new(args, changes[i][0], json_string(changes[i][1]));
        assert_err(ERR_ARGUMENT, call(NORDBY, "publish", args));
        assert_true(*reply.mend != '\0');
    }
    json_t *args = publish_args("x");
    json_object_del(args, "code");
    assert_err(ERR_ARGUMENT, call(NORDBY, "publish", args));
    assert_ok(call(NORDBY, "list", NULL));
    assert_int_equal(json_array_size(json_object_get(reply.document, "surveys")), 0);
}

TEST(a_code_is_given_once) {
    publish("trivsel26");
    assert_err(ERR_EXISTS, call(NORDBY, "publish", publish_args("trivsel26")));
}

TEST(a_survey_is_named_by_code_by_id_or_not_at_all_when_it_is_the_only_one) {
    assert_err(ERR_NOT_FOUND, call(BIRK, "show", NULL));
    publish("trivsel26");
    char *id =
        strdup(json_string_value(json_object_get(json_object_get(reply.document, "survey"), "id")));
    assert_ok(call(BIRK, "show", NULL));
    assert_ok(call(BIRK, "show", survey_args(id)));
    id[9] = '\0';
    assert_ok(call(BIRK, "show", survey_args(id)));
    assert_err(ERR_NOT_FOUND, call(BIRK, "show", survey_args("trivsel")));
    publish("trivsel27");
    assert_err(ERR_AMBIGUOUS, call(BIRK, "show", NULL));
    assert_int_equal(json_array_size(json_object_get(reply.details, "candidates")), 2);
    free(id);
}

TEST(answers_reach_the_municipality_and_are_counted_per_site) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 12, 3, 2));
    assert_ok(import(BIRK, "trivsel26", 2, 8, 3, 2));
    assert_ok(import(SOLSIKKEN, "trivsel26", 1, 7, 1, 1));
    sync_all(&federation);
    assert_ok(call(NORDBY, "status", survey_args("trivsel26")));
    const json_t *sites = json_object_get(reply.document, "sites");
    assert_int_equal(json_array_size(sites), 2);
    assert_int_equal(json_integer_value(json_object_get(row_of(sites, "Birk"), "answers")), 20);
    assert_int_equal(json_integer_value(json_object_get(row_of(sites, "Birk"), "imports")), 2);
    assert_int_equal(json_integer_value(json_object_get(row_of(sites, "Solsikken"), "answers")), 7);
    assert_json(json_object_get(reply.document, "total"), "{\"answers\":27,\"covers\":\"all\"}");
    /* The school is not asked. */
    const json_t *missing = json_object_get(reply.document, "missing");
    assert_int_equal(json_array_size(missing), 2);
    assert_non_null(row_of(missing, "Egely"));
    assert_non_null(row_of(missing, "Skovbrynet"));
    assert_ok(call(NORDBY, "list", NULL));
    const json_t *item = json_array_get(json_object_get(reply.document, "surveys"), 0);
    assert_int_equal(json_integer_value(json_object_get(item, "sites_answered")), 2);
    assert_int_equal(json_integer_value(json_object_get(item, "sites_missing")), 2);
}

TEST(status_does_not_say_how_few_answered) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 20, 3, 2));
    assert_ok(import(SKOVBRYNET, "trivsel26", 1, 3, 1, 1));
    sync_all(&federation);
    assert_ok(call(NORDBY, "status", survey_args("trivsel26")));
    const json_t *few = row_of(json_object_get(reply.document, "sites"), "Skovbrynet");
    assert_true(json_is_true(json_object_get(few, "few")));
    assert_true(json_is_null(json_object_get(few, "answers")));
    assert_json(json_object_get(reply.document, "total"), "{\"answers\":20,\"covers\":\"shown\"}");
    assert_null(row_of(json_object_get(reply.document, "missing"), "Skovbrynet"));
    assert_ok(import(EGELY, "trivsel26", 1, 2, 1, 1));
    sync_all(&federation);
    assert_ok(call(NORDBY, "status", survey_args("trivsel26")));
    assert_json(json_object_get(reply.document, "total"), "{\"answers\":25,\"covers\":\"all\"}");
}

TEST(a_site_sees_what_it_handed_in_and_when_the_municipality_has_it) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
    assert_ok(call(BIRK, "status", survey_args("trivsel26")));
    const json_t *item = json_array_get(json_object_get(reply.document, "imports"), 0);
    assert_int_equal(json_integer_value(json_object_get(item, "answers")), 6);
    assert_true(json_is_false(json_object_get(item, "received")));
    sync_all(&federation);
    sync_statements(&federation.sites[BIRK], &federation.sites[NORDBY]);
    assert_ok(call(BIRK, "status", survey_args("trivsel26")));
    item = json_array_get(json_object_get(reply.document, "imports"), 0);
    assert_true(json_is_true(json_object_get(item, "received")));
}

TEST(the_same_file_twice_is_refused_and_changes_nothing) {
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
    uint64_t before = entries_of(BIRK);
    assert_err(ERR_EXISTS, import(BIRK, "trivsel26", 1, 6, 3, 2));
    assert_int_equal(entries_of(BIRK), before);
    publish("trivsel27");
    assert_ok(import(BIRK, "trivsel27", 1, 6, 3, 2));
}

TEST(one_bad_answer_refuses_the_whole_file) {
    static const char *const bad[] = {"[5, 1, 0]",     "[-1, 1, 0]", "[1, 1, \"\"]", "[1, 1, 1]",
                                      "[1, \"x\", 0]", "[1, 1]",     "[0, 0, 0]",    "[1.5, 1, 0]",
                                      "[null, 1, 0]",  "{}",         "[1, 1, 0, 1]"};
    publish("trivsel26");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *answers = json_array();
        add_answers(answers, 700, 1, 1, NULL);
        json_array_append_new(answers, json_loads(bad[i], 0, NULL));
        assert_err(ERR_ARGUMENT, call(BIRK, "import", import_args("trivsel26", answers, 1)));
        assert_int_equal(json_integer_value(json_object_get(reply.details, "answer")), 701);
        assert_int_equal(entries_of(BIRK), 0);
    }
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
}

TEST(an_import_that_is_cancelled_half_way_leaves_nothing) {
    static const struct asker asker = {.name = "", .function = ""};
    struct service service = {.store = federation.sites[BIRK].store};
    struct job *job;
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, 1200, 1, 1, NULL);
    json_t *args = import_args("trivsel26", answers, 1);
    reply_done(&reply);
    assert_ok(service_call(&service, &asker, "survey", "import", args, &reply, &job));
    json_decref(args);
    for (int i = 0; i < 3; i++)
        assert_int_equal(job->step(job, &reply), JOB_MORE);
    assert_int_equal(json_integer_value(json_object_get(reply.progress, "done")), 1200);
    service_job_free(job);
    assert_int_equal(entries_of(BIRK), 0);
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
}

TEST(who_is_not_asked_cannot_import) {
    publish("trivsel26");
    assert_err(ERR_DENIED, import(SCHOOL, "trivsel26", 1, 6, 3, 2));
    assert_err(ERR_DENIED, import(NORDBY, "trivsel26", 1, 6, 3, 2));
    json_t *args = publish_args("alle");
    json_object_del(args, "for");
    assert_ok(call(NORDBY, "publish", args));
    sync_all(&federation);
    assert_ok(import(SCHOOL, "alle", 1, 6, 3, 2));
}

TEST(an_import_is_taken_on_the_closing_day_and_refused_after_it) {
    publish("trivsel26");
    federation.now += 27 * DAY_MS; /* 30 June */
    assert_ok(import(BIRK, "trivsel26", 1, 6, 3, 2));
    federation.now += DAY_MS;
    assert_err(ERR_STATE, import(BIRK, "trivsel26", 2, 6, 3, 2));
    assert_ok(call(NORDBY, "close", survey_args("trivsel26")));
}

TEST(a_closed_survey_takes_no_more_and_is_closed_once) {
    publish("trivsel26");
    close_early("trivsel26");
    sync_all(&federation);
    assert_err(ERR_STATE, import(BIRK, "trivsel26", 1, 6, 3, 2));
    assert_err(ERR_STATE,
               call(NORDBY, "close", json_pack("{s:s, s:b}", "survey", "trivsel26", "early", 1)));
    assert_ok(call(BIRK, "show", NULL));
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(reply.document, "survey"), "state")),
        "closed");
}

TEST(closing_before_the_last_day_must_be_said) {
    publish("trivsel26");
    assert_err(ERR_STATE, call(NORDBY, "close", survey_args("trivsel26")));
    assert_non_null(strstr(reply.mend, "--early"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FEDERATION(a_published_survey_reaches_every_site),
        WITH_FEDERATION(only_the_municipality_publishes_closes_and_reports),
        WITH_FEDERATION(a_bad_publication_is_refused_with_its_mend),
        WITH_FEDERATION(a_code_is_given_once),
        WITH_FEDERATION(a_survey_is_named_by_code_by_id_or_not_at_all_when_it_is_the_only_one),
        WITH_FEDERATION(answers_reach_the_municipality_and_are_counted_per_site),
        WITH_FEDERATION(status_does_not_say_how_few_answered),
        WITH_FEDERATION(a_site_sees_what_it_handed_in_and_when_the_municipality_has_it),
        WITH_FEDERATION(the_same_file_twice_is_refused_and_changes_nothing),
        WITH_FEDERATION(one_bad_answer_refuses_the_whole_file),
        WITH_FEDERATION(an_import_that_is_cancelled_half_way_leaves_nothing),
        WITH_FEDERATION(who_is_not_asked_cannot_import),
        WITH_FEDERATION(an_import_is_taken_on_the_closing_day_and_refused_after_it),
        WITH_FEDERATION(a_closed_survey_takes_no_more_and_is_closed_once),
        WITH_FEDERATION(closing_before_the_last_day_must_be_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
