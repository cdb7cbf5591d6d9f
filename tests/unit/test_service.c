/* The service as a whole: its verbs and their arguments, and what can be asked of any home. */
#include "office.h"
#include "test.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

TEST(a_verb_that_is_not_there_is_not_found) {
    struct office *office = *state;
    assert_err(ERR_NOT_FOUND, office_call(office, "member", "frobnicate", NULL));
    assert_null(office->reply.document);
}

TEST(nothing_but_founding_and_joining_works_before_there_is_a_federation) {
    struct office *office = *state;
    for (const struct verb *const *table = service_verbs; *table != NULL; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++) {
            bool needs_values = false;
            for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++)
                needs_values = needs_values || p->required;
            if (verb->access != ACCESS_FOUND && !needs_values)
                assert_err(ERR_STATE, office_call(office, verb->noun, verb->name, NULL));
        }
}

TEST(every_verb_is_declared_in_both_languages_and_runs_one_way) {
    (void)state;
    for (const struct verb *const *table = service_verbs; *table != NULL; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++) {
            assert_non_null(verb->name);
            assert_non_null(verb->summary_da);
            assert_non_null(verb->summary_en);
            assert_true((verb->run == NULL) != (verb->begin == NULL));
            assert_ptr_equal(service_verb(verb->noun, verb->name), verb);
            for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++) {
                assert_non_null(p->summary_da);
                assert_non_null(p->summary_en);
            }
        }
}

TEST(arguments_are_checked_against_the_declaration) {
    struct office *office = *state;
    office_found(office);
    static const char *const wrong[] = {
        "{}",
        "{\"name\": \"Birk\"}",
        "{\"name\": 5, \"role\": \"school\"}",
        "{\"name\": \"Birk\", \"role\": \"school\", \"expires\": \"7d\"}",
        "{\"name\": \"Birk\", \"role\": \"school\", \"expires\": -1}",
        "{\"name\": \"Birk\", \"role\": \"school\", \"colour\": \"red\"}",
        "{\"name\": \"Birk\", \"role\": \"municipality\"}",
        "{\"name\": \"\", \"role\": \"school\"}",
        "[]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_err(ERR_ARGUMENT,
                   office_call(office, "member", "invite", json_loads(wrong[i], 0, NULL)));
        assert_int_not_equal(office->reply.text[0], '\0');
    }
    assert_ok(office_call(office, "member", "list", NULL));
    assert_int_equal(json_array_size(json_object_get(office->reply.document, "invitations")), 0);
}

TEST(a_wrong_argument_is_named_as_it_is_typed) {
    struct office *office = *state;
    office_found(office);
    assert_err(ERR_ARGUMENT,
               office_call(office, "member", "invite", json_pack("{s:s}", "role", "school")));
    assert_string_equal(office->reply.text, "NAME is missing");
    static const char *const days[][2] = {
        {"2026-11-31", "--closes names a day that does not exist"},
        {"2026-13-01", "--closes names a day that does not exist"},
        {"tomorrow", "--closes must be a date like 2026-06-03"}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        assert_err(ERR_ARGUMENT,
                   office_call(office, "survey", "publish",
                               json_pack("{s:s, s:s}", "file", "x", "closes", days[i][0])));
        assert_string_equal(office->reply.text, days[i][1]);
    }
}

TEST(a_refusal_quotes_what_was_typed_without_what_is_no_text) {
    (void)state;
    struct reply reply;
    reply_init(&reply);
    assert_err(ERR_ARGUMENT, reply_fail(&reply, ERR_ARGUMENT, COMMAND("stafet"), "no \"%.3s\", %s",
                                        "ingen \"%.3s\", %s", "S\xC3\xB8\xC3\xB8", "\033[2J"));
    assert_string_equal(reply.text, "no \"S\xC3\xB8\", ?[2J");
    char cut[] = "S\xC3\xB8\xC3";
    reply_tidy(cut);
    assert_string_equal(cut, "S\xC3\xB8?");
    reply_done(&reply);
}

TEST(status_never_says_in_sync_alone_or_without_a_node) {
    struct office *office = *state;
    office_found(office);
    assert_ok(office_call(office, "status", "", NULL));
    assert_false(json_is_true(json_object_get(office->reply.document, "in_sync")));
    assert_false(
        json_is_true(json_object_get(json_object_get(office->reply.document, "node"), "running")));
}

static json_t *no_peers(void *context) {
    (void)context;
    return json_array();
}

TEST(status_never_says_in_sync_with_nobody_to_be_in_sync_with) {
    struct office *office = *state;
    office_found(office);
    office_close(office);
    struct surroundings around = {.running = true, .peers = no_peers};
    office_open(office, &around);
    assert_ok(office_call(office, "status", "", NULL));
    assert_false(json_is_true(json_object_get(office->reply.document, "in_sync")));
}

TEST(sync_needs_a_network_and_is_done_at_once_when_there_is_nobody) {
    struct office *office = *state;
    office_found(office);
    assert_err(ERR_STATE, office_call(office, "sync", "", NULL));
    office_close(office);
    struct surroundings around = {.running = true, .peers = no_peers};
    office_open(office, &around);
    assert_ok(office_call(office, "sync", "", NULL));
}

TEST(search_counts_a_text_in_every_file_of_the_home) {
    struct office *office = *state;
    office_found(office);
    char path[400];
    snprintf(path, sizeof path, "%s/home/left-behind", office->folder);
    FILE *file = fopen(path, "wb");
    for (int i = 0; i < 65536 - 3; i++)
        fputc('.', file);
    fputs("canary", file); /* across the border of two chunks */
    fputs("cancanary", file);
    fclose(file);
    assert_ok(office_call(office, "search", "", json_pack("{s:s}", "text", "canary")));
    assert_int_equal(json_integer_value(json_object_get(office->reply.document, "hits")), 2);
    assert_ok(office_call(office, "search", "", json_pack("{s:s}", "text", "not-there-at-all")));
    assert_int_equal(json_integer_value(json_object_get(office->reply.document, "hits")), 0);
    assert_ok(office_call(office, "search", "", json_pack("{s:s}", "text", "Nordby")));
    assert_true(json_integer_value(json_object_get(office->reply.document, "hits")) > 0);
}

static void put_file(const struct office *office, const char *name, const char *text) {
    char path[400];
    snprintf(path, sizeof path, "%s/home/%s", office->folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* What an editor that was killed has left lies in a folder of its own. */
TEST(search_looks_into_folders_and_at_files_whatever_they_are_called) {
    struct office *office = *state;
    char path[400];
    office_found(office);
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/home/edit-abc%s", office->folder, i == 0 ? "" : "/swap");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    put_file(office, "edit-abc/form.txt", "a canary");
    put_file(office, "edit-abc/swap/form.swp", "another canary, and a canary");
    put_file(office, "S\xf8ndre", "one canary");
    assert_ok(office_call(office, "search", "", json_pack("{s:s}", "text", "canary")));
    assert_int_equal(json_integer_value(json_object_get(office->reply.document, "hits")), 4);
    size_t i, seen = 0;
    const json_t *file;
    json_array_foreach(json_object_get(office->reply.document, "files"), i, file) {
        const char *name = json_string_value(json_object_get(file, "name"));
        json_int_t hits = json_integer_value(json_object_get(file, "hits"));
        if (strcmp(name, "edit-abc/form.txt") == 0 || strcmp(name, "S?ndre") == 0)
            seen += hits == 1;
        if (strcmp(name, "edit-abc/swap/form.swp") == 0)
            seen += hits == 2;
    }
    assert_int_equal(seen, 3);
    for (size_t depth = 0; depth < 20; depth++) {
        size_t end = strlen(path);
        snprintf(path + end, sizeof path - end, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
    }
    assert_err(ERR_LIMIT, office_call(office, "search", "", json_pack("{s:s}", "text", "canary")));
}

TEST(verify_finds_a_fresh_replica_sound) {
    struct office *office = *state;
    office_found(office);
    assert_ok(office_call(office, "verify", "", NULL));
    assert_true(json_is_true(json_object_get(office->reply.document, "sound")));
    assert_int_equal(json_integer_value(json_object_get(office->reply.document, "envelopes")), 1);
}

TEST(the_log_lists_the_newest_entries) {
    struct office *office = *state;
    office_found(office);
    assert_ok(office_call(office, "log", "list", NULL));
    const json_t *entry = json_array_get(json_object_get(office->reply.document, "entries"), 0);
    assert_string_equal(json_string_value(json_object_get(entry, "channel")), "roster");
    assert_string_equal(json_string_value(json_object_get(entry, "status")), "applied");
    assert_err(ERR_NOT_FOUND,
               office_call(office, "log", "list", json_pack("{s:s}", "record", "ZZZZ")));
    assert_err(ERR_ARGUMENT, office_call(office, "log", "list", json_pack("{s:i}", "limit", 0)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_HOME(a_verb_that_is_not_there_is_not_found),
        IN_A_HOME(nothing_but_founding_and_joining_works_before_there_is_a_federation),
        cmocka_unit_test(every_verb_is_declared_in_both_languages_and_runs_one_way),
        IN_A_HOME(arguments_are_checked_against_the_declaration),
        IN_A_HOME(a_wrong_argument_is_named_as_it_is_typed),
        cmocka_unit_test(a_refusal_quotes_what_was_typed_without_what_is_no_text),
        IN_A_HOME(status_never_says_in_sync_alone_or_without_a_node),
        IN_A_HOME(status_never_says_in_sync_with_nobody_to_be_in_sync_with),
        IN_A_HOME(sync_needs_a_network_and_is_done_at_once_when_there_is_nobody),
        IN_A_HOME(search_counts_a_text_in_every_file_of_the_home),
        IN_A_HOME(search_looks_into_folders_and_at_files_whatever_they_are_called),
        IN_A_HOME(verify_finds_a_fresh_replica_sound),
        IN_A_HOME(the_log_lists_the_newest_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
