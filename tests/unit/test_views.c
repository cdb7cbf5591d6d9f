#include "shown.h"

#define HOUR_MS INT64_C(3600000)

/* Below whose screen it is. */
static const char *second_line(const char *text) {
    return strchr(text, '\n') + 1;
}

static json_t *member(const char *name, bool in_sync, int has, int of, int64_t reached,
                      const char *at) {
    json_t *place =
        at != NULL ? json_pack("{s:s, s:i}", "name", at, "entries", of - has) : json_null();
    return json_pack("{s:s, s:b, s:b, s:i, s:i, s:I, s:o, s:I, s:b, s:{s:b}}", "name", name,
                     "in_sync", in_sync, "complete", has == of, "has", has, "of", of, "lacks_since",
                     (json_int_t)(has == of ? 0 : NOON_MS - 22 * HOUR_MS + 10 * 60000), "waits_at",
                     place, "reached", (json_int_t)reached, "direct", true, "session", "equal",
                     in_sync);
}

static json_t *status(bool in_sync, bool running, json_t *members, json_t *waiting) {
    return json_pack("{s:{s:s}, s:{s:s, s:s}, s:b, s:{s:b}, s:o, s:{s:b, s:i}, s:o}", "federation",
                     "name", "Nordby", "member", "name", "Birk", "role", "kindergarten", "in_sync",
                     in_sync, "node", "running", running, "members", members, "log", "restored",
                     false, "missing", 0, "waiting", waiting);
}

static json_t *two_things_waiting(void) {
    return json_pack(
        "[{s:s, s:s, s:{s:s, s:s}, s:[s, s, s]}, {s:s, s:s, s:{s:s}, s:I, s:[s, s, s]}]", "kind",
        "conflict", "name", "Alma", "label", "da", "Den første dag", "en", "The first day",
        "command", "conflict", "show", "7k2", "kind", "handover_not_read", "name", "Alma", "with",
        "name", "Søndre Skole", "at", (json_int_t)(NOON_MS - 6 * 24 * HOUR_MS), "command",
        "handover", "track", "Q4M");
}

static json_t *one_behind(void) {
    return json_pack("[o, o]", member("Nordby", true, 412, 412, NOON_MS - 2 * HOUR_MS, NULL),
                     member("Søndre Skole", false, 410, 412, NOON_MS - 23 * HOUR_MS, "Nordby"));
}

TEST(status_says_who_lacks_what_since_when_and_where_it_waits) {
    char *text =
        shown("status", "", LANGUAGE_EN, status(false, true, one_behind(), two_things_waiting()));
    assert_string_equal(text, "stafet status                                       Birk, "
                              "kindergarten in Nordby\n"
                              "NOT IN SYNC  Søndre Skole lacks 2 changes since Tue 14:10\n"
                              "  Nordby        reached 10:00        has all 412\n"
                              "  Søndre Skole  not since Tue 13:00  410 of 412; 2 wait at Nordby\n"
                              "\nWaiting for you\n"
                              "  Conflict: Alma, The first day      stafet conflict show 7k2\n"
                              "  Alma, sent 6 days ago, not read    stafet handover track Q4M\n");
    free(text);
}

TEST(status_reads_danish) {
    char *text =
        shown("status", "", LANGUAGE_DA, status(false, true, one_behind(), two_things_waiting()));
    assert_string_equal(text,
                        "stafet status                                           Birk, "
                        "børnehave i Nordby\n"
                        "IKKE SYNKRONISERET  Søndre Skole mangler 2 ændringer siden tir 14:10\n"
                        "  Nordby        nået 10:00            har alle 412\n"
                        "  Søndre Skole  ikke siden tir 13:00  410 af 412; 2 venter hos Nordby\n"
                        "\nVenter på dig\n"
                        "  Konflikt: Alma, Den første dag             stafet conflict show 7k2\n"
                        "  Alma, sendt for 6 dage siden, ikke læst    stafet handover track Q4M\n");
    free(text);
}

TEST(one_of_a_thing_is_not_many) {
    json_t *members = json_pack("[o]", member("Nordby", false, 411, 412, NOON_MS, NULL));
    json_t *document = status(false, true, members, json_array());
    json_object_set_new(json_object_get(document, "log"), "incidents", json_integer(1));
    char *text = shown("status", "", LANGUAGE_EN, document);
    assert_non_null(strstr(text, "; 1 waits here\n"));
    assert_non_null(strstr(text, "1 incident  stafet"));
    free(text);
    text = shown("search", "", LANGUAGE_EN,
                 json_pack("{s:i, s:{s:i, s:i}, s:[]}", "hits", 1, "sections", "hits", 1, "opened",
                           4, "files"));
    assert_int_equal(strncmp(text, "1 hit\n", 6), 0);
    free(text);
    text = shown(
        "survey", "check", LANGUAGE_EN,
        json_pack("{s:i, s:i, s:[s, s]}", "questions", 1, "texts", 0, "languages", "da", "en"));
    assert_non_null(strstr(text, "1 question, 0 of them free text, worded in: da, en\n"));
    free(text);
}

TEST(the_municipality_is_named_once_above_what_waits) {
    char *text = shown("waiting", "", LANGUAGE_EN,
                       json_pack("{s:{s:s}, s:{s:s}, s:b, s:[]}", "member", "name", "Nordby",
                                 "federation", "name", "Nordby", "running", 1, "waiting"));
    assert_int_equal(strncmp(text, "Nordby\n", 7), 0);
    free(text);
}

TEST(what_could_not_be_kept_is_said_with_its_reason) {
    static const char line[] =
        "What others sent could not be stored here (today): the disk is full";
    char *text = shown(
        "waiting", "", LANGUAGE_EN,
        json_pack("{s:{s:s}, s:{s:s}, s:b, s:[{s:s, s:s, s:{s:s, s:s}, s:I, s:[s]}]}", "member",
                  "name", "Nordby", "federation", "name", "Nordby", "running", 1, "waiting", "kind",
                  "not_kept", "error", "disk_full", "label", "en", "the disk is full", "da",
                  "disken er fuld", "since", (json_int_t)NOON_MS, "command", "sync"));
    assert_non_null(strstr(text, line));
    assert_non_null(strstr(text, "stafet sync"));
    free(text);
}

TEST(in_sync_is_said_only_of_a_document_that_says_it) {
    json_t *all = json_pack("[o]", member("Nordby", true, 3, 3, NOON_MS, NULL));
    char *text = shown("status", "", LANGUAGE_EN, status(true, true, all, json_array()));
    assert_int_equal(strncmp(second_line(text), "IN SYNC  1 other member holds all\n",
                             sizeof "IN SYNC  1 other member holds all\n" - 1),
                     0);
    free(text);
    all = json_pack("[o]", member("Nordby", false, 3, 3, NOON_MS - HOUR_MS, NULL));
    text = shown("status", "", LANGUAGE_EN, status(false, true, all, json_array()));
    assert_int_equal(strncmp(second_line(text),
                             "NOT IN SYNC  Nordby not connected, last heard 11:00\n",
                             sizeof "NOT IN SYNC  Nordby not connected, last heard 11:00\n" - 1),
                     0);
    free(text);
}

TEST(without_a_node_status_says_that_nothing_is_sent) {
    char *text = shown("status", "", LANGUAGE_EN, status(false, false, one_behind(), json_array()));
    assert_int_equal(strncmp(second_line(text),
                             "NOT IN SYNC  node not running: nothing is being sent\n",
                             sizeof "NOT IN SYNC  node not running: nothing is being sent\n" - 1),
                     0);
    free(text);
    text = shown("status", "", LANGUAGE_EN, status(false, false, json_array(), json_array()));
    assert_non_null(strstr(text, "node not running: nothing is being sent"));
    assert_null(strstr(text, "IN SYNC"));
    free(text);
}

TEST(every_view_shows_an_empty_document_without_harm) {
    for (const struct view *const *table = cli_views; *table != NULL; table++)
        for (const struct view *view = *table; view->noun != NULL; view++) {
            assert_ptr_equal(view_find(view->noun, view->verb), view);
            free(shown(view->noun, view->verb, LANGUAGE_EN, json_object()));
            free(shown(view->noun, view->verb, LANGUAGE_DA, json_object()));
        }
}

TEST(a_document_without_a_view_is_shown_as_lines) {
    char *text = NULL;
    size_t size;
    struct screen screen = {.out = open_memstream(&text, &size)};
    json_t *document =
        json_pack("{s:s, s:[i, {s:b}], s:n}", "name", "Birk", "list", 1, "yes", true, "none");
    view_plain(&screen, document);
    fclose(screen.out);
    assert_string_equal(text, "name: Birk\n"
                              "list:\n"
                              "  1: 1\n"
                              "  2:\n"
                              "    yes: true\n"
                              "none: null\n");
    json_decref(document);
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_says_who_lacks_what_since_when_and_where_it_waits),
        cmocka_unit_test(status_reads_danish),
        cmocka_unit_test(one_of_a_thing_is_not_many),
        cmocka_unit_test(the_municipality_is_named_once_above_what_waits),
        cmocka_unit_test(what_could_not_be_kept_is_said_with_its_reason),
        cmocka_unit_test(in_sync_is_said_only_of_a_document_that_says_it),
        cmocka_unit_test(without_a_node_status_says_that_nothing_is_sent),
        cmocka_unit_test(every_view_shows_an_empty_document_without_harm),
        cmocka_unit_test(a_document_without_a_view_is_shown_as_lines),
    };
    return cmocka_run_group_tests(tests, use_utc, NULL);
}
