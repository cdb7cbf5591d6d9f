#include "test.h"

#include "desk.h"
#include "proto/limits.h"
#include "service/handover.h"
#include "service/waiting.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static struct federation federation;
static struct desk nordby, mette, ole; /* the municipality, Birk, Søndre Skole */

static int setup(void **state) {
    (void)state;
    federation_found_four(&federation);
    desk_open(&nordby, &federation.sites[0], "Karen", "consultant");
    desk_open(&mette, &federation.sites[1], "Mette H.", "leader");
    desk_open(&ole, &federation.sites[2], "Ole R.", "teacher");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    desk_close(&nordby);
    desk_close(&mette);
    desk_close(&ole);
    federation_end(&federation);
    return 0;
}

/* "kind kind …" of what waits at a desk. */
static const char *waiting_at(struct desk *desk) {
    static char kinds[512];
    size_t i;
    const json_t *item;
    kinds[0] = '\0';
    json_array_foreach(at(desk_call(desk, "waiting", "", NULL), "waiting"), i, item) {
        size_t used = strlen(kinds);
        snprintf(kinds + used, sizeof kinds - used, "%s%s", used > 0 ? " " : "",
                 at_text(item, "kind"));
    }
    return kinds;
}

/* The words of the first thing's command. */
static const char *first_command(struct desk *desk) {
    static char command[256];
    size_t i;
    const json_t *word;
    command[0] = '\0';
    json_array_foreach(at(desk_call(desk, "waiting", "", NULL), "waiting.0.command"), i, word) {
        size_t used = strlen(command);
        snprintf(command + used, sizeof command - used, "%s%s", used > 0 ? " " : "",
                 json_string_value(word));
    }
    return command;
}

static json_t *only_id(const char *id) {
    return json_pack("{s:s}", "id", id);
}

static void agree(const char *id) {
    desk_call(&mette, "handover", "agree",
              json_pack("{s:s, s:s, s:s}", "id", id, "by", "both", "on", "2024-06-03"));
}

static void draft_alma(char ret_id[static ID_TEXT_MAX]) {
    const json_t *document =
        desk_call(&mette, "handover", "new",
                  json_pack("{s:s, s:{s:s, s:s}}", "to", federation.sites[2].name, "fields",
                            "child_name", "Alma", "first_day", "12 August, 9.00"));
    snprintf(ret_id, ID_TEXT_MAX, "%s", at_text(document, "short"));
}

static void send_alma(char ret_id[static ID_TEXT_MAX]) {
    draft_alma(ret_id);
    agree(ret_id);
    desk_call(&mette, "handover", "send", only_id(ret_id));
    sync_all(&federation);
}

TEST(nothing_waits_in_a_new_federation) {
    assert_string_equal(waiting_at(&nordby), "");
    assert_string_equal(waiting_at(&mette), "");
}

TEST(what_was_typed_and_not_sent_waits_at_the_sender_alone) {
    char id[ID_TEXT_MAX], command[128];
    draft_alma(id);
    assert_string_equal(waiting_at(&mette), "handover_unsent");
    snprintf(command, sizeof command, "handover show %s", id);
    assert_string_equal(first_command(&mette), command);
    assert_string_equal(waiting_at(&ole), "");
}

TEST(a_handover_waits_to_be_read_and_then_to_be_accepted) {
    char id[ID_TEXT_MAX];
    send_alma(id);
    assert_string_equal(waiting_at(&mette), "");
    assert_string_equal(waiting_at(&ole), "handover_to_read");
    desk_call(&ole, "handover", "show", only_id(id));
    assert_string_equal(waiting_at(&ole), "handover_to_accept");
    desk_call(&ole, "handover", "accept", only_id(id));
    assert_string_equal(waiting_at(&ole), "");
    assert_string_equal(waiting_at(&nordby), "");
}

TEST(a_handover_that_nobody_reads_shows_at_the_sender_after_three_days) {
    char id[ID_TEXT_MAX], command[128];
    send_alma(id);
    federation.now += 2 * DAY_MS;
    assert_string_equal(waiting_at(&mette), "");
    federation.now += DAY_MS;
    assert_string_equal(waiting_at(&mette), "handover_not_read");
    snprintf(command, sizeof command, "handover track %s", id);
    assert_string_equal(first_command(&mette), command);
    desk_call(&ole, "handover", "show", only_id(id));
    sync_all(&federation);
    assert_string_equal(waiting_at(&mette), "");
}

TEST(a_conflict_waits_on_both_sides_until_it_is_settled) {
    char id[ID_TEXT_MAX], conflict[ID_TEXT_MAX];
    send_alma(id);
    desk_call(&ole, "handover", "show", only_id(id));
    desk_call(&ole, "handover", "accept", only_id(id));
    sync_all(&federation);
    struct desk *const both[] = {&mette, &ole};
    for (int i = 0; i < 2; i++) {
        desk_call(both[i], "handover", "edit",
                  json_pack("{s:s, s:{s:s}}", "id", id, "fields", "first_day",
                            i == 0 ? "Monday" : "Tuesday"));
        if (i == 0)
            agree(id);
        desk_call(both[i], "handover", "send", only_id(id));
    }
    sync_all(&federation);
    for (int i = 0; i < 2; i++) {
        const json_t *first = at(desk_call(both[i], "waiting", "", NULL), "waiting.0");
        assert_string_equal(at_text(first, "kind"), "conflict");
        assert_string_equal(at_text(first, "name"), "Alma");
        assert_string_equal(at_text(first, "field"), "first_day");
        assert_string_equal(at_text(first, "label.en"), "The first day");
        snprintf(conflict, sizeof conflict, "%s", at_text(first, "id"));
    }
    desk_call(&ole, "conflict", "show", only_id(conflict));
    desk_call(&ole, "conflict", "resolve", json_pack("{s:s, s:s}", "id", conflict, "take", "1"));
    sync_all(&federation);
    for (int i = 0; i < 2; i++)
        assert_null(strstr(waiting_at(both[i]), "conflict"));
}

static void publish(const char *closes) {
    static const char questions[] =
        "{\"questions\":[{\"code\":\"q01\",\"label\":{\"da\":\"Tryg?\"},\"scale\":\"s\"}],"
        "\"scales\":{\"s\":[{\"code\":\"1\",\"label\":{\"da\":\"Nej\"},\"score\":1},"
        "{\"code\":\"2\",\"label\":{\"da\":\"Ja\"},\"score\":2}]}}";
    desk_call(&nordby, "survey", "publish",
              json_pack("{s:s, s:s, s:s, s:s, s:s}", "file", questions, "title", "Trivsel",
                        "closes", closes, "code", "trivsel26", "for", "kindergarten"));
    sync_all(&federation);
}

TEST(a_survey_waits_at_the_sites_that_are_asked_and_once_it_is_over_at_the_municipality) {
    publish("2024-06-30");
    assert_string_equal(waiting_at(&mette), "survey_to_import");
    assert_string_equal(first_command(&mette), "survey import trivsel26 FILE");
    assert_string_equal(waiting_at(&ole), "");
    assert_string_equal(waiting_at(&nordby), "");
    federation.now += 60 * DAY_MS;
    assert_string_equal(waiting_at(&mette), "");
    assert_string_equal(waiting_at(&nordby), "survey_to_close");
    assert_string_equal(first_command(&nordby), "survey close trivsel26");
    desk_call(&nordby, "survey", "close", json_pack("{s:s}", "survey", "trivsel26"));
    assert_string_equal(waiting_at(&nordby), "");
}

TEST(many_handovers_are_looked_at_one_by_one_and_one_that_goes_meanwhile_is_left_out) {
    struct waiting *waiting;
    struct reply reply;
    char ids[4][ID_TEXT_MAX];
    bool done = false;
    size_t pieces = 0;
    for (size_t i = 0; i < 4; i++)
        draft_alma(ids[i]);
    reply_init(&reply);
    assert_ok(waiting_new(mette.service, &waiting));
    for (; !done; pieces++) { /* each slice is over when it begins */
        assert_ok(waiting_step(waiting, 0, &reply, &done));
        if (pieces == 1)
            for (size_t i = 0; i < 4; i++)
                desk_call(&mette, "handover", "edit",
                          json_pack("{s:s, s:b}", "id", ids[i], "discard", 1));
    }
    assert_int_equal(pieces, 1 + 4 + 1); /* conflicts, handovers, surveys */
    assert_int_equal(json_array_size(waiting_items(waiting)), 1);
    waiting_free(waiting);
    reply_done(&reply);
}

/* The other site may write whatever it likes into a record that both own. */
TEST(a_handover_that_the_other_site_blew_up_keeps_no_other_from_being_shown) {
    char large[ID_TEXT_MAX], id[ID_TEXT_MAX];
    struct record_id record;
    struct channel channel = channel_between(&federation.sites[1], &federation.sites[2]);
    char *value = calloc(1, VALUE_SIZE_MAX + 1);
    assert_non_null(value);
    memset(value, 'x', VALUE_SIZE_MAX);
    send_alma(large);
    assert_ok(record_find(ole.site->store, COLLECTION_HANDOVER, large, &record));
    for (size_t size = 0; size <= HANDOVER_ARENA_MAX; size += VALUE_SIZE_MAX) {
        struct version_name written;
        assert_ok(try_write(&federation.sites[2], &channel, COLLECTION_HANDOVER, &record, 900,
                            value, NULL, &written));
    }
    free(value);
    sync_all(&federation);
    draft_alma(id);
    assert_string_equal(waiting_at(&mette), "handover_too_large handover_unsent");
    desk_call(&mette, "status", "", NULL);
    desk_call(&mette, "conflict", "list", NULL);
    const json_t *list = desk_call(&mette, "handover", "list", NULL);
    assert_int_equal(json_array_size(at(list, "handovers")), 2);
    assert_string_equal(at_text(list, "handovers.0.state"), "too_large");
    assert_string_equal(at_text(list, "handovers.1.child"), "Alma");
    const struct reply *reply = desk_refused(&mette, ERR_LIMIT, "handover", "show", only_id(large));
    assert_non_null(strstr(reply->text, "more than can be shown"));
}

#define FOUR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        FOUR(nothing_waits_in_a_new_federation),
        FOUR(what_was_typed_and_not_sent_waits_at_the_sender_alone),
        FOUR(a_handover_that_the_other_site_blew_up_keeps_no_other_from_being_shown),
        FOUR(a_handover_waits_to_be_read_and_then_to_be_accepted),
        FOUR(a_handover_that_nobody_reads_shows_at_the_sender_after_three_days),
        FOUR(a_conflict_waits_on_both_sides_until_it_is_settled),
        FOUR(many_handovers_are_looked_at_one_by_one_and_one_that_goes_meanwhile_is_left_out),
        FOUR(a_survey_waits_at_the_sites_that_are_asked_and_once_it_is_over_at_the_municipality),
    };
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
