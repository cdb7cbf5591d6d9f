/* Memory runs out at each place in turn: what a verb answers is whole, or an error. */
#include "desk.h"
#include "fault.h"
#include "poll.h"
#include "proto/limits.h"
#include "service/whole.h"
#include "store/admit.h"
#include "sweep.h"
#include "test.h"

#include <stdlib.h>

/* So that memory runs out in many a slice, and not in the first alone. */
bool __wrap_slice_is_over(time_ms end);
bool __wrap_slice_is_over(time_ms end) {
    (void)end;
    return true;
}

/* A short name may be the whole id where there is no memory to look for others. */
static void forget_short_names(json_t *value) {
    const char *key;
    json_t *item;
    size_t i;
    void *next;
    json_array_foreach(value, i, item) forget_short_names(item);
    json_object_foreach_safe(value, next, key, item) {
        if (strcmp(key, "short") == 0 || strcmp(key, "record_short") == 0)
            json_object_del(value, key);
        else
            forget_short_names(item);
    }
}

/* The verb's document, without what says when; NULL and the error if it is refused. */
static json_t *ask(struct desk *desk, const char *noun, const char *verb, const char *args,
                   enum err *ret_error) {
    struct reply answer;
    struct job *job = NULL;
    json_t *values = json_loads(args, 0, NULL), *document = NULL;
    reply_init(&answer);
    enum err e = values == NULL
                     ? ERR_MEMORY
                     : service_call(desk->service, &desk->asker, noun, verb, values, &answer, &job);
    for (enum job_state state = JOB_MORE; e == OK && job != NULL && state == JOB_MORE;) {
        state = job->step(job, &answer);
        json_decref(answer.progress);
        answer.progress = NULL;
        e = answer.error;
    }
    service_job_free(job);
    if (e == OK) {
        document = json_incref(answer.document);
        forget_short_names(document);
        json_object_del(document, "now");
        json_object_del(document, "printed");
        json_object_del(document, "not_noted"); /* it says so, and the rest is there */
    }
    json_decref(values);
    reply_done(&answer);
    *ret_error = e;
    return document;
}

/* `next`: where memory fails after it has failed there. */
static void told_whole_with(struct desk *desk, const char *noun, const char *verb, const char *args,
                            unsigned (*next)(unsigned)) {
    enum err e;
    json_t *whole = ask(desk, noun, verb, args, &e);
    if (whole == NULL)
        fail_msg("%s %s: %s", noun, verb, err_name(e));
    unsigned refused_n = 0;
    bool failed = true;
    for (unsigned n = 1; failed; n = next(n)) {
        fault_arm(FAULT_MEMORY, n);
        json_t *told = ask(desk, noun, verb, args, &e);
        failed = fault_disarm();
        if (e == OK && !json_equal(told, whole))
            fail_msg("%s %s: half a document when memory fails at %u: %s", noun, verb, n,
                     json_dumps(told, 0));
        refused_n += e != OK;
        json_decref(told);
    }
    assert_true(refused_n > 5);
    json_decref(whole);
}

static void told_whole_or_not_at_all(struct desk *desk, const char *noun, const char *verb,
                                     const char *args) {
    told_whole_with(desk, noun, verb, args, sweep_next);
}

static unsigned each(unsigned n) {
    return n + 1;
}

static void write_in(struct desk *desk, const char *id, const char *field, const char *value) {
    desk_call(desk, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", id, "fields", field, value));
    if (strcmp(desk->site->name, "Birk") == 0)
        desk_call(desk, "handover", "agree",
                  json_pack("{s:s, s:s, s:s}", "id", id, "by", "both", "on", "2024-06-03"));
    desk_call(desk, "handover", "send", json_pack("{s:s}", "id", id));
}

TEST(a_survey_is_told_whole_or_not_at_all) {
    struct desk nordby, birk;
    publish("trivsel26");
    assert_ok(import(BIRK, "trivsel26", 1, 9, 3, 2));
    assert_ok(import(SOLSIKKEN, "trivsel26", 1, 8, 2, 1));
    assert_ok(import(SKOVBRYNET, "trivsel26", 1, 3, 1, 4));
    sync_all(&federation);
    close_early("trivsel26");
    sync_all(&federation);
    desk_open(&nordby, &federation.sites[NORDBY], "Bo", "");
    desk_open(&birk, &federation.sites[BIRK], "Mette", "");
    told_whole_or_not_at_all(&nordby, "survey", "report", "{}");
    told_whole_with(&nordby, "survey", "status", "{}", each); /* and nothing is left behind */
    told_whole_or_not_at_all(&nordby, "survey", "list", "{}");
    told_whole_or_not_at_all(&nordby, "survey", "show", "{}");
    told_whole_or_not_at_all(&birk, "survey", "status", "{}");
    told_whole_or_not_at_all(&birk, "survey", "list", "{}");
    desk_close(&nordby);
    desk_close(&birk);
}

TEST(a_handover_is_told_whole_or_not_at_all) {
    struct desk birk, school;
    char id[ID_TEXT_MAX], args[ID_TEXT_MAX + 16];
    desk_open(&birk, &federation.sites[BIRK], "Mette", "leader");
    desk_open(&school, &federation.sites[SCHOOL], "Ole", "teacher");
    snprintf(id, sizeof id, "%s",
             at_text(desk_call(&birk, "handover", "new",
                               json_pack("{s:s, s:{s:s}}", "to", federation.sites[SCHOOL].name,
                                         "fields", "child_name", "Alma")),
                     "id"));
    snprintf(args, sizeof args, "{\"id\": \"%s\"}", id);
    write_in(&birk, id, "first_day", "12 August");
    sync_all(&federation);
    write_in(&birk, id, "first_day", "13 August");
    write_in(&school, id, "first_day", "14 August");
    sync_all(&federation);
    desk_call(&birk, "handover", "edit",
              json_pack("{s:s, s:{s:s}}", "id", id, "fields", "likes", "Tog"));
    told_whole_or_not_at_all(&birk, "handover", "show", args);
    told_whole_or_not_at_all(&birk, "handover", "print", args);
    told_whole_or_not_at_all(&birk, "handover", "track", args);
    told_whole_or_not_at_all(&birk, "handover", "list", "{}");
    told_whole_or_not_at_all(&birk, "conflict", "list", "{}");
    told_whole_or_not_at_all(&birk, "waiting", "", "{}");
    told_whole_or_not_at_all(&birk, "status", "", "{}");
    told_whole_or_not_at_all(&birk, "log", "list", "{\"limit\": 3}");
    told_whole_or_not_at_all(&birk, "member", "list", "{}");
    told_whole_or_not_at_all(&birk, "roster", "show", "{}");
    desk_close(&birk);
    desk_close(&school);
}

/* A text of `size` escapes and others in an object: where the buffer that it is read into has to
 * grow differs. */
static json_t *text_of(size_t size) {
    char text[200] = "";
    for (size_t i = 0; i < size; i++)
        text[i] = i % 3 == 0 ? '"' : i % 3 == 1 ? '\\' : 'x';
    return json_pack("{s:s, s:[i, b, n]}", "text", text, "more", (int)size, 1);
}

TEST(a_text_is_read_whole_or_not_at_all) {
    for (size_t size = 1; size < 140; size++) {
        json_t *whole = text_of(size), *read = NULL;
        char *text = json_dumps(whole, 0);
        enum err e = ERR_MEMORY;
        bool failed = true;
        for (unsigned at = 1; failed; at++) {
            fault_arm(FAULT_MEMORY, at);
            e = whole_load(bytes_of_text(text), JSON_REJECT_DUPLICATES, NULL, &read);
            failed = fault_disarm();
            if (failed)
                assert_err(ERR_MEMORY, e);
        }
        assert_ok(e);
        assert_true(json_equal(whole, read));
        json_decref(read);
        json_decref(whole);
        free(text);
    }
}

TEST(what_is_no_json_is_not_taken_for_want_of_memory) {
    json_error_t where;
    json_t *read = NULL;
    assert_err(ERR_FORMAT, whole_load(bytes_of_text("{\"a\": 1"), 0, &where, &read));
    assert_string_not_equal(where.text, "");
    assert_err(ERR_FORMAT, whole_load(bytes_of_text("{} {}"), 0, &where, &read));
    assert_err(ERR_FORMAT, whole_load(bytes_of_text(""), 0, NULL, &read));
    assert_null(read);
}

TEST(a_branch_is_told_whole_or_not_at_all) {
    struct desk school;
    struct site *birk = &federation.sites[BIRK], *reader = &federation.sites[SCHOOL];
    struct channel channel = channel_between(birk, reader);
    struct record_id record = record_of(birk);
    struct buffer run = {0};
    struct admitted admitted;
    write_field(birk, &channel, &record, 10, "navn", NULL);
    sync_feeds(birk, reader);
    struct feed_info feed = newest_feed(birk->store, &channel, &birk->member);
    struct id8 id8 = envelope_id8(&feed.head.id);
    site_backup(birk);
    write_field(birk, &channel, &record, 11, "gynge", NULL);
    sync_feeds(birk, reader);
    site_restore(birk, SAME_PLACE);
    for (uint16_t i = 0; i < 5; i++)
        write_field(birk, &channel, &record, 11 + i, i == 0 ? "gynge" : "tegne", NULL);
    assert_ok(feed_load(birk->store, &feed.id, feed.head.seq, &id8, KIB(512), &run));
    assert_err(ERR_FORK,
               admit_run(reader->store, &birk->member, &feed.id, buffer_view(&run), &admitted));
    buffer_done(&run);
    desk_open(&school, reader, "Ole", "teacher");
    told_whole_or_not_at_all(&school, "quarantine", "show", "{\"number\": 1}");
    desk_close(&school);
}

/* Memory that can be made to run out: this program's malloc is, Jansson's own is not. */
static void *take(size_t size) {
    return malloc(size);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FEDERATION(a_survey_is_told_whole_or_not_at_all),
        WITH_FEDERATION(a_handover_is_told_whole_or_not_at_all),
        cmocka_unit_test(a_text_is_read_whole_or_not_at_all),
        cmocka_unit_test(what_is_no_json_is_not_taken_for_want_of_memory),
        WITH_FEDERATION(a_branch_is_told_whole_or_not_at_all),
    };
    fault_install();
    json_set_alloc_funcs(take, free);
    whole_watch();
    setenv("TZ", "UTC0", 1);
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
