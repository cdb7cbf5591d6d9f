/* Surveys from publishing to report, through the service as the CLI calls it, over real stores of a
 * federation without a network. */
#include "test.h"

#include "federation.h"
#include "proto/limits.h"
#include "service/inside.h"
#include "service/questionnaire.h"
#include "service/survey_pack.h"
#include "store/answers.h"
#include "store/collection.h"
#include "store/feed.h"
#include "store/record.h"
#include <stdio.h>
#include <stdlib.h>

enum { NORDBY, BIRK, SOLSIKKEN, SKOVBRYNET, EGELY, SCHOOL };
#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct federation federation;
static struct reply reply;

static int begin(void **state) {
    (void)state;
    setenv("TZ", "UTC", 1);
    federation_found(&federation);
    federation_join(&federation, "Birk", ROLE_KINDERGARTEN);
    federation_join(&federation, "Solsikken", ROLE_KINDERGARTEN);
    federation_join(&federation, "Skovbrynet", ROLE_KINDERGARTEN);
    federation_join(&federation, "Egely", ROLE_KINDERGARTEN);
    federation_join(&federation, "Søndre Skole", ROLE_SCHOOL);
    sync_all(&federation);
    reply_init(&reply);
    return 0;
}

static int end(void **state) {
    (void)state;
    reply_done(&reply);
    federation_end(&federation);
    return 0;
}

/* Calls a verb of the noun survey at a site and steps its job to the end; `args` is taken. The
 * outcome is in `reply`. */
static enum err call(size_t site, const char *verb, json_t *args) {
    static const struct asker asker = {.name = "Mette H.", .function = "leder"};
    struct service service = {.store = federation.sites[site].store};
    struct job *job;
    reply_done(&reply);
    enum err e = service_call(&service, &asker, "survey", verb, args, &reply, &job);
    while (e == OK && job != NULL && job->step(job, &reply) != JOB_DONE)
        ;
    service_job_free(job);
    json_decref(args);
    assert_int_equal(reply.error != OK, reply.document == NULL);
    assert_int_equal(reply.error != OK, *reply.text != '\0');
    return reply.error;
}

#define DA(text) "\"label\":{\"da\":\"" text "\"}"
static const char questions[] =
    "{\"questions\":[{\"code\":\"q01\"," DA("Tryg?") ",\"scale\":\"s\"},{\"code\":\"q02\"," DA(
        "Leg?") ",\"scale\":\"s\"},"
                "{\"code\":\"q03\"," DA(
                    "Mere?") ",\"text\":true}],\"scales\":{\"s\":[{\"code\":"
                             "\"1\"," DA("Nej") ",\"score\":1},"
                                                "{\"code\":\"2\"," DA(
                                                    "Tja") ",\"score\":2},{\"code\":"
                                                           "\"3\"," DA("Ja") ",\"score"
                                                                             "\":3},{"
                                                                             "\"code\":"
                                                                             "\"dk\""
                                                                             "," DA("Ve"
                                                                                    "d "
                                                                                    "ik"
                                                                                    "k"
                                                                                    "e") "}]}}";

static json_t *publish_args(const char *code) {
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "file", questions, "title", "Trivsel", "closes",
                     "2024-06-30", "code", code, "for", "kindergarten");
}

static void publish(const char *code) {
    assert_ok(call(NORDBY, "publish", publish_args(code)));
    sync_all(&federation);
}

/* What the CLI makes of a file: `n` equal answers, after what is there already. */
static void add_answers(json_t *answers, int n, int q01, int q02, const char *text) {
    for (int i = 0; i < n; i++)
        json_array_append_new(answers, text != NULL ? json_pack("[i, i, s]", q01, q02, text)
                                                    : json_pack("[i, i, i]", q01, q02, 0));
}

static json_t *import_args(const char *survey, json_t *answers, int file) {
    char digest[65];
    snprintf(digest, sizeof digest, "%064x", (unsigned)file);
    json_t *content = json_pack("{s:o, s:s}", "answers", answers, "digest", digest);
    char *text = json_dumps(content, 0);
    json_t *args = json_pack("{s:s, s:s}", "survey", survey, "file", text);
    free(text);
    json_decref(content);
    return args;
}

static enum err import(size_t site, const char *survey, int file, int n, int q01, int q02) {
    json_t *answers = json_array();
    add_answers(answers, n, q01, q02, NULL);
    return call(site, "import", import_args(survey, answers, file));
}

static json_t *survey_args(const char *survey) {
    return json_pack("{s:s}", "survey", survey);
}

static void close_early(const char *survey) {
    assert_ok(call(NORDBY, "close", json_pack("{s:s, s:b}", "survey", survey, "early", 1)));
}

static const json_t *row_of(const json_t *list, const char *site) {
    size_t i;
    const json_t *row;
    json_array_foreach(list, i, row) {
        if (strcmp(json_string_value(json_object_get(json_object_get(row, "site"), "name")),
                   site) == 0)
            return row;
    }
    return NULL;
}

static const json_t *report_row(size_t question, const char *site) {
    const json_t *item = json_array_get(json_object_get(reply.document, "questions"), question);
    return site == NULL ? json_object_get(item, "total")
                        : row_of(json_object_get(item, "sites"), site);
}

static void assert_json(const json_t *json, const char *text) {
    char *dumped =
        json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
    assert_string_equal(dumped, text);
    free(dumped);
}

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

static bool file_holds(const char *path, const char *suffix, const char *text) {
    char name[512];
    snprintf(name, sizeof name, "%s%s", path, suffix);
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        return false;
    static uint8_t content[8 * 1024 * 1024];
    size_t size = fread(content, 1, sizeof content, file);
    fclose(file);
    assert_true(size > 0 && size < sizeof content);
    return memmem(content, size, text, strlen(text)) != NULL;
}

TEST(the_collecting_site_and_the_municipality_store_no_readable_answer) {
    static const char text[] = "kanariefuglen i fri tekst";
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, 6, 3, 2, text);
    assert_ok(call(BIRK, "import", import_args("trivsel26", answers, 1)));
    sync_all(&federation);
    for (size_t site = NORDBY; site <= BIRK; site++) {
        assert_true(file_holds(federation.sites[site].path, "", "SQLite format 3"));
        assert_false(file_holds(federation.sites[site].path, "", text));
        assert_false(file_holds(federation.sites[site].path, "-wal", text));
    }
}

struct found {
    json_t *texts;
    size_t n;
    bool in_order;
};

static enum err find_text(void *context, const struct member_id *member, struct bytes answer) {
    struct found *found = context;
    struct arena arena;
    const struct answer_reply *replies;
    size_t replies_n;
    (void)member;
    arena_init(&arena, KIB(64));
    assert_ok(answer_decode(answer, &arena, &replies, &replies_n));
    for (size_t i = 0; i < replies_n; i++)
        if (replies[i].text != NULL) {
            found->in_order = found->in_order && (size_t)atoi(replies[i].text) == found->n + 1;
            json_object_set_new(found->texts, replies[i].text, json_true());
        }
    found->n++;
    arena_done(&arena);
    return OK;
}

static enum err take_id(void *context, const struct record_id *id) {
    memcpy(context, id, sizeof *id);
    return OK;
}

TEST(answers_arrive_all_and_not_in_the_order_of_the_file) {
    enum { N = 2600 };
    char text[16];
    struct record_id id;
    struct found found = {.texts = json_object(), .in_order = true};
    publish("trivsel26");
    json_t *answers = json_array();
    for (int i = 1; i <= N; i++) {
        snprintf(text, sizeof text, "%d", i);
        add_answers(answers, 1, 1 + i % 4, 1, text);
    }
    assert_ok(call(BIRK, "import", import_args("trivsel26", answers, 1)));
    sync_all(&federation);
    assert_ok(record_each(federation.sites[NORDBY].store, COLLECTION_SURVEY, take_id, &id));
    assert_ok(answers_each(federation.sites[NORDBY].store, &id, NULL, 0, find_text, &found));
    assert_int_equal(found.n, N);
    assert_int_equal(json_object_size(found.texts), N);
    assert_false(found.in_order);
    json_decref(found.texts);
}

struct sizes {
    size_t stored, entries;
};

static enum err add_size(void *context, const struct feed_info *feed,
                         const struct entry_info *entry) {
    struct sizes *sizes = context;
    (void)feed;
    sizes->stored += entry->envelope.size;
    sizes->entries++;
    assert_true(entry->envelope.size <= ENVELOPE_SIZE_MAX);
    return OK;
}

TEST(a_large_import_takes_little_more_room_than_plain_protobuf) {
    enum { N = 10000 };
    struct sizes sizes = {0};
    struct channel channel;
    struct buffer plain = {0};
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, N, 3, 2,
                "en tekst af nogenlunde saedvanlig laengde, som folk skriver den");
    const struct answer_reply replies[] = {
        {1, 3, NULL},
        {2, 2, NULL},
        {3, 0, "en tekst af nogenlunde saedvanlig laengde, som folk skriver den"}};
    assert_ok(answer_encode(replies, 3, &plain));
    assert_ok(call(BIRK, "import", import_args("trivsel26", answers, 1)));
    struct site *birk = &federation.sites[BIRK];
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    struct feed_info feed = newest_feed(birk->store, &channel, &birk->member);
    assert_ok(feed_entries(birk->store, &feed.id, 1, add_size, &sizes));
    assert_true(sizes.entries <= 12);
    assert_true(sizes.stored * 100 <= (plain.size + 2) * N * 115);
    buffer_done(&plain);
    sync_all(&federation);
    assert_ok(call(NORDBY, "status", survey_args("trivsel26")));
    assert_json(json_object_get(reply.document, "total"), "{\"answers\":10000,\"covers\":\"all\"}");
}

TEST(too_many_answers_at_once_are_refused) {
    publish("trivsel26");
    json_t *answers = json_array();
    add_answers(answers, 20001, 1, 1, NULL);
    assert_err(ERR_LIMIT, call(BIRK, "import", import_args("trivsel26", answers, 1)));
    assert_err(ERR_LIMIT, call(BIRK, "import", import_args("trivsel26", json_array(), 1)));
}

/* A site whose program does not keep to the rules: its answer is left out and said to be. */
TEST(an_answer_that_does_not_fit_the_survey_counts_nowhere) {
    struct record_id id;
    struct channel channel;
    struct buffer good = {0}, bad = {0}, large = {0};
    struct version_name written;
    const struct answer_reply fits[] = {{1, 3, NULL}}, does_not[] = {{1, 9, NULL}};
    static struct answer_reply many[REPLIES_PER_ANSWER_MAX];
    static char text[200];
    publish("trivsel26");
    assert_ok(record_each(federation.sites[BIRK].store, COLLECTION_SURVEY, take_id, &id));
    assert_ok(answer_encode(fits, 1, &good));
    assert_ok(answer_encode(does_not, 1, &bad));
    /* Admitted like any other, but larger than this survey's could be. */
    memset(text, 'x', sizeof text - 1);
    for (size_t i = 0; i < REPLIES_PER_ANSWER_MAX; i++)
        many[i] = (struct answer_reply){.question = (uint32_t)(i + 1), .text = text};
    assert_ok(answer_encode(many, REPLIES_PER_ANSWER_MAX, &large));
    struct bytes encoded[8];
    for (size_t i = 0; i < 8; i++)
        encoded[i] = buffer_view(i < 6 ? &good : i < 7 ? &bad : &large);
    struct change_set set = {
        .actor_name = "",
        .actor_function = "",
        .has_answers = true,
        .answers = {.survey = id, .mark = {{7}}, .parts = 1, .answers = encoded, .answers_n = 8}};
    MUST(channel_make(CHANNEL_ANSWERS, NULL, NULL, &channel));
    struct change change = {.channel = channel, .sets = &set, .sets_n = 1};
    assert_ok(append_change(federation.sites[BIRK].store, &change, &written));
    sync_all(&federation);
    close_early("trivsel26");
    assert_ok(call(NORDBY, "report", survey_args("trivsel26")));
    assert_json(json_object_get(report_row(0, "Birk"), "counts"), "[0,0,6,0]");
    assert_int_equal(json_integer_value(json_object_get(reply.document, "unreadable")), 2);
    buffer_done(&good);
    buffer_done(&bad);
    buffer_done(&large);
}

TEST(parts_fill_their_sections_and_envelopes_stay_within_limits) {
    static const size_t sizes[] = {1, 74, 300, 5000, ANSWER_SIZE_MAX};
    static uint8_t content[ANSWER_SIZE_MAX];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        size_t n = 6000, parts_n, at = 0, in_envelope = 0;
        struct pack_part *parts;
        struct bytes *answers = calloc(n, sizeof *answers);
        for (size_t i = 0; i < n; i++)
            answers[i] = (struct bytes){content, sizes[s]};
        assert_ok(pack_plan(answers, n, &parts, &parts_n));
        for (size_t i = 0; i < parts_n; i++) {
            assert_int_equal(parts[i].first, at);
            assert_in_range(parts[i].answers_n, 1, ANSWERS_PER_BATCH_MAX);
            at += parts[i].answers_n;
            in_envelope = parts[i].ends_envelope ? 0 : in_envelope + 1;
            assert_true(in_envelope < PACK_ENVELOPE_SECTIONS_MAX);
        }
        assert_int_equal(at, n);
        assert_true(parts[parts_n - 1].ends_envelope);
        free(parts);
        free(answers);
    }
    struct bytes large = {content, ANSWER_SIZE_MAX + 1};
    struct pack_part *parts;
    size_t parts_n;
    assert_err(ERR_LIMIT, pack_plan(&large, 1, &parts, &parts_n));
}

#define WITH_FEDERATION(test) cmocka_unit_test_setup_teardown(test, begin, end)
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
        WITH_FEDERATION(the_collecting_site_and_the_municipality_store_no_readable_answer),
        WITH_FEDERATION(answers_arrive_all_and_not_in_the_order_of_the_file),
        WITH_FEDERATION(a_large_import_takes_little_more_room_than_plain_protobuf),
        WITH_FEDERATION(too_many_answers_at_once_are_refused),
        WITH_FEDERATION(an_answer_that_does_not_fit_the_survey_counts_nowhere),
        cmocka_unit_test(parts_fill_their_sections_and_envelopes_stay_within_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
