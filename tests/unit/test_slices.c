/* What lasts is done in slices: others are served in between, what changes in between is told as it
 * was or as it is, and who goes away ends it. Here a slice is over as soon as anything has been
 * done in it. */
#include "desk.h"
#include "poll.h"
#include "test.h"

#include "store/replica.h"

#include <stdio.h>
#include <stdlib.h>

bool __wrap_slice_is_over(time_ms end);
bool __wrap_slice_is_over(time_ms end) {
    (void)end;
    return true;
}

/* A verb under way. */
struct work {
    struct job *job;
    struct reply reply;
    size_t steps;
};

static struct work begin(struct desk *desk, const char *noun, const char *verb, json_t *args) {
    struct work work = {0};
    reply_init(&work.reply);
    assert_ok(service_call(desk->service, &desk->asker, noun, verb, args, &work.reply, &work.job));
    json_decref(args);
    assert_non_null(work.job);
    return work;
}

static bool goes_on(struct work *work) {
    work->steps++;
    bool more = work->job->step(work->job, &work->reply) == JOB_MORE;
    json_decref(work->reply.progress);
    work->reply.progress = NULL;
    return more;
}

/* Its document; ends it. */
static json_t *end(struct work *work) {
    while (goes_on(work))
        ;
    service_job_free(work->job);
    assert_ok(work->reply.error);
    json_t *document = json_incref(work->reply.document);
    reply_done(&work->reply);
    return document;
}

static void leave(struct work *work) {
    service_job_free(work->job);
    reply_done(&work->reply);
}

static void change(struct desk *desk, const char *sql) {
    assert_ok(db_execute(desk->site->store->db, sql));
}

/* At each step in turn something happens: what is told is what would be told without it, or after
 * it. */
static void told_before_or_after(struct desk *desk, const char *noun, const char *verb,
                                 json_t *args, const char *happens, const char *undone) {
    change(desk, undone);
    struct work work = begin(desk, noun, verb, json_incref(args));
    json_t *before = end(&work);
    size_t steps = work.steps, after_n = 0;
    change(desk, happens);
    work = begin(desk, noun, verb, json_incref(args));
    json_t *after = end(&work);
    assert_false(json_equal(before, after));
    for (size_t i = 1; i < steps; i++) {
        change(desk, undone);
        work = begin(desk, noun, verb, json_incref(args));
        while (work.steps < i && goes_on(&work))
            ;
        change(desk, happens);
        json_t *told = end(&work);
        assert_true(json_equal(told, before) || json_equal(told, after));
        after_n += json_equal(told, after) ? 1 : 0;
        json_decref(told);
    }
    assert_true(after_n > 0);
    json_decref(before);
    json_decref(after);
    json_decref(args);
}

/* Left at each step in turn: nothing is held any more (LeakSanitizer), and the next is told the
 * same. */
static void left_at_each_step(struct desk *desk, const char *noun, const char *verb, json_t *args) {
    struct work work = begin(desk, noun, verb, json_incref(args));
    json_t *whole = end(&work);
    size_t steps = work.steps;
    for (size_t i = 0; i < steps; i++) {
        work = begin(desk, noun, verb, json_incref(args));
        while (work.steps < i && goes_on(&work))
            ;
        leave(&work);
    }
    work = begin(desk, noun, verb, args);
    json_t *told = end(&work);
    assert_true(json_equal(told, whole));
    json_decref(told);
    json_decref(whole);
}

static struct desk nordby;

/* Four sites have answered, one of them with too few to be shown. */
static int closed_survey(void **state) {
    if (survey_begin(state) != 0)
        return -1;
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 40, 3, 2));
    assert_ok(import(BIRK, "trivsel26", 2, 30, 1, 2));
    assert_ok(import(SOLSIKKEN, "trivsel26", 1, 8, 2, 1));
    assert_ok(import(SKOVBRYNET, "trivsel26", 1, 3, 1, 4));
    sync_all(&federation);
    close_early("trivsel26");
    desk_open(&nordby, &federation.sites[NORDBY], "Bo", "");
    change(&nordby, "CREATE TABLE kept AS SELECT * FROM answer_part");
    return 0;
}

static int closed_survey_end(void **state) {
    desk_close(&nordby);
    return survey_end(state);
}

TEST(others_are_served_between_the_slices_of_a_report) {
    struct work work = begin(&nordby, "survey", "report", json_object());
    size_t others = 0;
    while (goes_on(&work)) {
        assert_non_null(at(desk_call(&nordby, "survey", "list", NULL), "surveys.0"));
        others++;
    }
    assert_true(others > 10);
    assert_ok(work.reply.error);
    assert_int_equal(at_number(work.reply.document, "questions.0.total.n"), 78);
    leave(&work);
}

/* The figures of two states, in one report, could be set against each other. */
TEST(a_report_is_of_the_answers_before_or_after_what_happens_meanwhile) {
    static const char undone[] = "INSERT OR IGNORE INTO answer_part SELECT * FROM kept";
    told_before_or_after(&nordby, "survey", "report", json_object(),
                         "DELETE FROM answer_part WHERE answers = 30", undone);
    told_before_or_after(&nordby, "survey", "report", json_object(),
                         "DELETE FROM answer_part WHERE answers = 8", undone);
    change(&nordby, undone);
    told_before_or_after(&nordby, "survey", "report", json_object(), undone,
                         "DELETE FROM answer_part WHERE answers = 40");
}

TEST(how_far_a_report_has_come_does_not_say_how_many_answered) {
    struct work work = begin(&nordby, "survey", "report", json_object());
    for (bool more = true; more; work.steps++) {
        more = work.job->step(work.job, &work.reply) == JOB_MORE;
        assert_true(at_number(work.reply.progress, "done") <= 3);
        assert_true(!more || at_number(work.reply.progress, "of") == 3);
    }
    leave(&work);
}

TEST(a_report_can_be_left_at_any_step) {
    left_at_each_step(&nordby, "survey", "report", json_object());
}

int main(void) {
#define WITH_ANSWERS(test) cmocka_unit_test_setup_teardown(test, closed_survey, closed_survey_end)
    const struct CMUnitTest tests[] = {
        WITH_ANSWERS(others_are_served_between_the_slices_of_a_report),
        WITH_ANSWERS(a_report_is_of_the_answers_before_or_after_what_happens_meanwhile),
        WITH_ANSWERS(how_far_a_report_has_come_does_not_say_how_many_answered),
        WITH_ANSWERS(a_report_can_be_left_at_any_step),
    };
    setenv("TZ", "UTC0", 1);
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
