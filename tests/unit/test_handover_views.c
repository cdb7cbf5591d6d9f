#include "shown.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (24 * 60 * MINUTE_MS)
#define AT_10_15 ((json_int_t)(NOON_MS - 105 * MINUTE_MS))

/* Takes the document. */
static void assert_shows(const char *noun, const char *verb, enum language language,
                         json_t *document, const char *expected) {
    char *text = shown(noun, verb, language, document);
    assert_string_equal(text, expected);
    free(text);
}

static json_t *head(int unsent) {
    return json_pack("{s:s, s:s, s:{s:s}, s:{s:s}, s:s, s:s, s:i}", "short", "Q4M", "child", "Alma",
                     "from", "name", "Birk", "to", "name", "Søndre Skole", "end", "sender",
                     "revision", "a91cffff", "unsent", unsent);
}

/* Sent on 3 June at 10:15; `read` and `accepted` as given. */
static json_t *track(json_t *read, json_t *accepted, int unsent) {
    json_t *document = head(unsent);
    json_t *steps = json_pack(
        "[{s:s, s:b, s:n, s:s, s:s, s:s}, {s:s, s:b, s:I, s:s}, {s:s, s:b, s:I, s:{s:s}}, {s:s, "
        "s:b, s:I, s:{s:s}}, o, o]",
        "step", "agreed", "done", 1, "at", "by", "two custody holders", "on", "2026-06-03",
        "revision", "a91cffff", "step", "sent", "done", 1, "at", AT_10_15, "by", "Jonas P.", "step",
        "at_relay", "done", 1, "at", AT_10_15, "member", "name", "Nordby", "step", "delivered",
        "done", 1, "at", AT_10_15 + MINUTE_MS, "member", "name", "Søndre Skole", read, accepted);
    json_object_set_new(document, "steps", steps);
    return document;
}

static json_t *read_step(bool done) {
    return json_pack("{s:s, s:b, s:o, s:s, s:I}", "step", "read", "done", done, "at",
                     done ? json_integer(AT_10_15 + 65 * MINUTE_MS) : json_null(), "by",
                     done ? "Ole R." : "", "due", (json_int_t)(NOON_MS + 7 * DAY_MS));
}

static json_t *not_accepted(void) {
    return json_pack("{s:s, s:b, s:n, s:n}", "step", "accepted", "done", 0, "at", "by");
}

TEST(the_track_is_the_screen_that_was_aimed_at) {
    assert_shows("handover", "track", LANGUAGE_EN, track(read_step(false), not_accepted(), 0),
                 "Alma: Birk → Søndre Skole            revision a91c\n"
                 "✓ agreed     3 Jun        two custody holders\n"
                 "✓ sent       3 Jun 10:15  Jonas P.\n"
                 "✓ at relay   3 Jun 10:15  Nordby (cannot read it)\n"
                 "✓ delivered  3 Jun 10:16  signed by Søndre Skole\n"
                 "… read       due 10 Jun\n");
}

TEST(a_screen_says_when_no_node_sends_what_is_to_be_sent) {
    json_t *document = track(read_step(false), not_accepted(), 0);
    json_object_set_new(document, "running", json_false());
    assert_shows("handover", "track", LANGUAGE_EN, document,
                 "Alma: Birk → Søndre Skole            revision a91c\n"
                 "✓ agreed     3 Jun        two custody holders\n"
                 "✓ sent       3 Jun 10:15  Jonas P.\n"
                 "✓ at relay   3 Jun 10:15  Nordby (cannot read it)\n"
                 "✓ delivered  3 Jun 10:16  signed by Søndre Skole\n"
                 "… read       due 10 Jun\n"
                 "node not running: nothing is being sent\n"
                 "  stafet node run  |  stafet sync\n");
    document = head(0);
    json_object_set_new(document, "sent", json_true());
    json_object_set_new(document, "running", json_false());
    assert_shows("handover", "send", LANGUAGE_DA, document,
                 "Alma (Q4M): underskrevet, og venter på at komme til Søndre Skole, udgave a91c\n"
                 "  stafet handover track Q4M\n"
                 "noden kører ikke: intet bliver sendt\n"
                 "  stafet node run  |  stafet sync\n");
}

TEST(the_track_speaks_danish_too) {
    assert_shows("handover", "track", LANGUAGE_DA, track(read_step(true), not_accepted(), 2),
                 "Alma: Birk → Søndre Skole            udgave a91c\n"
                 "✓ aftalt      3. juni        two custody holders\n"
                 "✓ sendt       3. juni 10:15  Jonas P.\n"
                 "✓ hos relæet  3. juni 10:15  Nordby (kan ikke læse det)\n"
                 "✓ afleveret   3. juni 10:16  underskrevet af Søndre Skole\n"
                 "✓ læst        3. juni 11:20  Ole R.\n"
                 "… overtaget\n"
                 "2 felter er ikke sendt:  stafet handover show Q4M\n");
}

TEST(an_acceptance_of_another_revision_says_which_and_is_not_ticked) {
    json_t *accepted = json_pack("{s:s, s:b, s:I, s:s, s:s}", "step", "accepted", "done", 0, "at",
                                 AT_10_15 + 70 * MINUTE_MS, "by", "Ole R.", "revision", "77b2ffff");
    assert_shows("handover", "track", LANGUAGE_EN, track(read_step(true), accepted, 0),
                 "Alma: Birk → Søndre Skole            revision a91c\n"
                 "✓ agreed     3 Jun        two custody holders\n"
                 "✓ sent       3 Jun 10:15  Jonas P.\n"
                 "✓ at relay   3 Jun 10:15  Nordby (cannot read it)\n"
                 "✓ delivered  3 Jun 10:16  signed by Søndre Skole\n"
                 "✓ read       3 Jun 11:20  Ole R.\n"
                 "… accepted   3 Jun 11:25  Ole R.  (revision 77b2)\n");
}

static json_t *author(const char *site, const char *name, int64_t at) {
    return json_pack("{s:{s:s}, s:s, s:s, s:I}", "site", "name", site, "name", name, "function", "",
                     "at", (json_int_t)at);
}

static json_t *conflict(void) {
    json_t *base = author("Birk", "Jonas P.", NOON_MS - 108 * MINUTE_MS);
    json_object_set_new(base, "value", json_string("12 August, 9.00"));
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:{s:s, s:s}, s:o, s:[{s:i, s:s, s:[{s:s}, {s:s, s:s}], s:[o]}, "
        "{s:i, s:s, s:[{s:s, s:s}, {s:s}], s:[o]}], s:i}",
        "short", "7k2", "child", "Alma", "record_short", "Q4M", "field", "first_day", "part_label",
        "en", "Plan for the start", "da", "Plan for starten", "base", base, "sides", "number", 1,
        "value", "12 August, 8.30", "diff", "same", "12 August, ", "old", "9.00", "new", "8.30",
        "written", author("Birk", "Mette H.", NOON_MS + DAY_MS - 235 * MINUTE_MS), "number", 2,
        "value", "13 August, 9.00", "diff", "old", "12", "new", "13", "same", " August, 9.00",
        "written", author("Søndre Skole", "Ole R.", NOON_MS + DAY_MS - 250 * MINUTE_MS), "shown",
        1);
}

TEST(a_conflict_is_the_screen_that_was_aimed_at) {
    assert_shows(
        "conflict", "show", LANGUAGE_EN, conflict(),
        "Alma (Q4M), plan for the start: first_day\n"
        "  from  Birk          Jonas P.  3 Jun 10:12  \"12 August, 9.00\"\n"
        "  1     Birk          Mette H.  4 Jun 08:05  \"12 August, [9.00→8.30]\"\n"
        "  2     Søndre Skole  Ole R.    4 Jun 07:50  \"[12→13] August, 9.00\"\n"
        "Shown meanwhile: 1. Clock times are each site's own.\n"
        "Settle:  stafet conflict resolve 7k2 --take 2 --note \"…\"  |  --value  |  --edit\n");
}

TEST(without_a_common_origin_the_values_stand_as_they_are) {
    json_t *document = conflict();
    json_object_set_new(document, "base", json_null());
    json_object_set_new(json_array_get(json_object_get(document, "sides"), 0), "diff", json_null());
    json_object_set_new(json_array_get(json_object_get(document, "sides"), 1), "diff", json_null());
    json_object_set_new(json_array_get(json_object_get(document, "sides"), 1), "value",
                        json_string(""));
    assert_shows(
        "conflict", "show", LANGUAGE_DA, document,
        "Alma (Q4M), plan for starten: first_day\n"
        "  1  Birk          Mette H.  4. juni 08:05  \"12 August, 8.30\"\n"
        "  2  Søndre Skole  Ole R.    4. juni 07:50  (slettet)\n"
        "Vist imens: 1. Klokkeslæt er stedernes egne.\n"
        "Afgør:  stafet conflict resolve 7k2 --take 2 --note \"…\"  |  --value  |  --edit\n");
}

TEST(lists_show_the_child_the_way_and_what_is_to_be_done) {
    json_t *draft = head(3), *sent = head(1), *contested = head(0);
    json_object_set_new(draft, "state", json_string("draft"));
    json_object_set_new(sent, "state", json_string("read"));
    json_object_set_new(contested, "state", json_string("delivered"));
    json_object_set_new(contested, "end", json_string("receiver"));
    json_object_set_new(contested, "conflicts", json_integer(2));
    assert_shows("handover", "list", LANGUAGE_EN,
                 json_pack("{s:[o, o, o]}", "handovers", draft, sent, contested),
                 "Q4M  Alma  Birk → Søndre Skole  not sent\n"
                 "Q4M  Alma  Birk → Søndre Skole  read          1 not sent\n"
                 "Q4M  Alma  Birk → Søndre Skole  not read yet  2 conflicts\n");
    assert_shows("conflict", "list", LANGUAGE_DA, json_pack("{s:[]}", "conflicts"),
                 "Der er ingen konflikter.\n");
}

static json_t *field(const char *name, const char *en, const char *value) {
    return json_pack("{s:s, s:{s:s, s:s}, s:s, s:n, s:n, s:n}", "field", name, "label", "en", en,
                     "da", en, "value", value, "by", "draft", "conflict");
}

TEST(a_form_marks_what_is_not_sent_and_what_is_in_conflict_with_the_command) {
    json_t *document = head(1), *likes = field("likes", "What I like", "Trains"),
           *day = field("first_day", "The first day", "x");
    json_object_set_new(likes, "draft", json_string("Trains\nand cars"));
    json_object_set_new(likes, "overtaken", json_false());
    json_object_set_new(day, "conflict",
                        json_pack("{s:s, s:[s, s]}", "short", "7k2", "values", "12 August", ""));
    json_object_set_new(document, "state", json_string("read"));
    json_object_set_new(document, "parts",
                        json_pack("[{s:{s:s}, s:[o, o]}, {s:{s:s}, s:[]}]", "label", "en",
                                  "All of it", "fields", likes, day, "label", "en",
                                  "The receiver's part", "fields"));
    assert_shows("handover", "show", LANGUAGE_EN, document,
                 "Alma: Birk → Søndre Skole            revision a91c\n"
                 "Q4M  read\n"
                 "\nAll of it\n"
                 "  What I like  likes\n"
                 "    Trains\n"
                 "    Not sent:\n"
                 "    Trains\n"
                 "    and cars\n"
                 "  The first day  first_day\n"
                 "    12 August\n"
                 "    (cleared)\n"
                 "    In conflict:  stafet conflict show 7k2\n"
                 "\nThe receiver's part\n"
                 "  nothing yet\n"
                 "\nWhen the parents agree:  stafet handover agree Q4M --by \"…\" --on DATE\n");
}

TEST(a_preview_says_to_whom_and_what_changes) {
    json_t *document = head(1);
    json_object_set_new(document, "sent", json_false());
    json_object_set_new(document, "agreement",
                        json_pack("{s:s, s:s}", "by", "mother", "on", "2026-06-02"));
    json_object_set_new(document, "changes",
                        json_pack("[{s:{s:s}, s:s, s:s, s:b}]", "label", "en", "What I like", "old",
                                  "Trains", "new", "Trains\nand cars", "overtaken", 1));
    assert_shows("handover", "send", LANGUAGE_EN, document,
                 "Alma (Q4M): Birk → Søndre Skole, revision a91c\n"
                 "  agreed by mother on 2 Jun\n"
                 "  What I like\n"
                 "    − Trains\n"
                 "    + Trains\n"
                 "    + and cars\n"
                 "    Somebody else has written here meanwhile: both values will stay until they "
                 "are settled.\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_track_is_the_screen_that_was_aimed_at),
        cmocka_unit_test(the_track_speaks_danish_too),
        cmocka_unit_test(a_screen_says_when_no_node_sends_what_is_to_be_sent),
        cmocka_unit_test(an_acceptance_of_another_revision_says_which_and_is_not_ticked),
        cmocka_unit_test(a_conflict_is_the_screen_that_was_aimed_at),
        cmocka_unit_test(without_a_common_origin_the_values_stand_as_they_are),
        cmocka_unit_test(lists_show_the_child_the_way_and_what_is_to_be_done),
        cmocka_unit_test(a_form_marks_what_is_not_sent_and_what_is_in_conflict_with_the_command),
        cmocka_unit_test(a_preview_says_to_whom_and_what_changes),
    };
    return cmocka_run_group_tests(tests, use_utc, NULL);
}
