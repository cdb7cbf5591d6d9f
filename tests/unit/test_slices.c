/* What lasts is done in slices: others are served in between, what changes in between is told as it
 * was or as it is, and who goes away ends it. Here a slice is over as soon as anything has been
 * done in it. */
#include "desk.h"
#include "poll.h"
#include "test.h"

#include "store/admit.h"
#include "store/collection.h"
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
    size_t i;
    json_t *conflict;
    json_array_foreach(json_object_get(document, "conflicts"), i, conflict)
        json_object_del(conflict, "short"); /* it goes by what other ids there are */
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

static struct desk ole;

/* Birk has told the others "gynge", was put back, and went on with `n` other values, which the
 * school keeps aside, each as a piece of its own. */
static void fork_birk(size_t n) {
    struct site *birk = &federation.sites[BIRK], *school = &federation.sites[SCHOOL];
    struct channel channel = channel_between(birk, school);
    struct record_id record = record_of(birk);
    struct version_name first = write_field(birk, &channel, &record, 10, "navn", NULL);
    sync_feeds(birk, school);
    struct feed_info feed = newest_feed(birk->store, &channel, &birk->member);
    site_backup(birk);
    write_field(birk, &channel, &record, 10, "gynge", &first);
    sync_feeds(birk, school);
    site_restore(birk, SAME_PLACE);
    for (size_t i = 0; i < n; i++)
        write_field(birk, &channel, &record, (uint16_t)(10 + i), i == 1 ? "gynge" : "tegne", NULL);
    struct head at_head = feed.head;
    for (size_t i = 0; i < n; i++) {
        struct buffer run = {0};
        struct admitted admitted;
        struct id8 id8 = envelope_id8(&at_head.id);
        assert_ok(feed_load(birk->store, &feed.id, at_head.seq, &id8, 1, &run));
        assert_err(ERR_FORK,
                   admit_run(school->store, &birk->member, &feed.id, buffer_view(&run), &admitted));
        at_head = (struct head){at_head.seq + 1, envelope_id_of(run.data)};
        buffer_done(&run);
    }
}

static int forked(void **state) {
    if (survey_begin(state) != 0)
        return -1;
    fork_birk(4);
    desk_open(&ole, &federation.sites[SCHOOL], "Ole", "");
    change(&ole, "CREATE TABLE kept AS SELECT * FROM quarantine");
    return 0;
}

static int forked_end(void **state) {
    desk_close(&ole);
    return survey_end(state);
}

/* The last of the pieces. */
static json_t *last_piece(void) {
    const json_t *list = at(desk_call(&ole, "quarantine", "list", NULL), "items");
    json_int_t number = 0;
    const json_t *item;
    size_t i;
    json_array_foreach(list, i, item) if (strcmp(at_text(item, "kind"), "fork") == 0 &&
                                          at_number(item, "number") > number) number =
        at_number(item, "number");
    assert_true(number > 0);
    return json_pack("{s:I}", "number", number);
}

TEST(others_are_served_between_the_slices_of_a_branch) {
    struct work work = begin(&ole, "quarantine", "show", last_piece());
    size_t others = 0;
    while (goes_on(&work)) {
        assert_true(json_is_array(at(desk_call(&ole, "quarantine", "list", NULL), "items")));
        others++;
    }
    assert_true(others > 8);
    assert_ok(work.reply.error);
    assert_string_equal(at_text(work.reply.document, "entries.0.writes.0.value"), "tegne");
    assert_int_equal(at_number(work.reply.document, "lost"), 1);
    leave(&work);
}

TEST(a_branch_is_shown_as_it_was_though_its_pieces_go_meanwhile) {
    json_t *args = last_piece();
    struct work work = begin(&ole, "quarantine", "show", json_incref(args));
    json_t *whole = end(&work);
    size_t steps = work.steps;
    for (size_t i = 1; i < steps; i++) {
        work = begin(&ole, "quarantine", "show", json_incref(args));
        while (work.steps < i && goes_on(&work))
            ;
        change(&ole, "UPDATE quarantine SET number = number + 100");
        json_t *told = end(&work);
        assert_true(json_equal(told, whole));
        json_decref(told);
        change(&ole, "DELETE FROM quarantine");
        change(&ole, "INSERT INTO quarantine SELECT * FROM kept");
    }
    json_decref(whole);
    json_decref(args);
}

TEST(a_branch_can_be_left_at_any_step) {
    left_at_each_step(&ole, "quarantine", "show", last_piece());
}

/* Birk and the school have each written in two fields of three handovers while apart. */
static int quarrelled(void **state) {
    if (survey_begin(state) != 0)
        return -1;
    struct site *birk = &federation.sites[BIRK], *school = &federation.sites[SCHOOL];
    struct channel channel = channel_between(birk, school);
    for (size_t i = 0; i < 3; i++) {
        struct record_id record = record_of(birk);
        write_field(birk, &channel, &record, HANDOVER_CHILD_NAME, "Alma", NULL);
        for (uint16_t field = 50; field < 52; field++) {
            write_field(birk, &channel, &record, field, "Monday", NULL);
            write_field(school, &channel, &record, field, "Tuesday", NULL);
        }
    }
    sync_feeds(birk, school);
    desk_open(&ole, school, "Ole", "");
    change(&ole, "CREATE TABLE kept AS SELECT key, live FROM version");
    return 0;
}

TEST(others_are_served_while_conflicts_are_looked_for_and_listed) {
    struct work work = begin(&ole, "conflict", "list", json_object());
    size_t others = 0;
    while (goes_on(&work)) {
        assert_non_null(at(desk_call(&ole, "handover", "list", NULL), "handovers.2"));
        others++;
    }
    assert_true(others > 18); /* six conflicts of two versions each, and three records */
    assert_ok(work.reply.error);
    assert_int_equal(json_array_size(at(work.reply.document, "conflicts")), 6);
    assert_int_equal(at_number(work.reply.document, "conflicts.5.sides"), 2);
    leave(&work);
}

TEST(a_conflict_that_ends_while_they_are_listed_is_listed_as_it_was_or_not_at_all) {
    told_before_or_after(&ole, "conflict", "list", json_object(),
                         "UPDATE version SET live = 0 WHERE key = (SELECT min(key) FROM version"
                         " WHERE field = 51)",
                         "UPDATE version SET live = (SELECT k.live FROM kept k WHERE k.key ="
                         " version.key)");
}

TEST(a_list_of_conflicts_can_be_left_at_any_step) {
    left_at_each_step(&ole, "conflict", "list", json_object());
    left_at_each_step(&ole, "waiting", "", json_object());
}

int main(void) {
#define WITH_ANSWERS(test) cmocka_unit_test_setup_teardown(test, closed_survey, closed_survey_end)
#define WITH_A_FORK(test) cmocka_unit_test_setup_teardown(test, forked, forked_end)
#define WITH_CONFLICTS(test) cmocka_unit_test_setup_teardown(test, quarrelled, forked_end)
    const struct CMUnitTest tests[] = {
        WITH_ANSWERS(others_are_served_between_the_slices_of_a_report),
        WITH_ANSWERS(a_report_is_of_the_answers_before_or_after_what_happens_meanwhile),
        WITH_ANSWERS(how_far_a_report_has_come_does_not_say_how_many_answered),
        WITH_ANSWERS(a_report_can_be_left_at_any_step),
        WITH_CONFLICTS(others_are_served_while_conflicts_are_looked_for_and_listed),
        WITH_CONFLICTS(
            a_conflict_that_ends_while_they_are_listed_is_listed_as_it_was_or_not_at_all),
        WITH_CONFLICTS(a_list_of_conflicts_can_be_left_at_any_step),
        WITH_A_FORK(others_are_served_between_the_slices_of_a_branch),
        WITH_A_FORK(a_branch_is_shown_as_it_was_though_its_pieces_go_meanwhile),
        WITH_A_FORK(a_branch_can_be_left_at_any_step),
    };
    setenv("TZ", "UTC0", 1);
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
