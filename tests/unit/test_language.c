#include "stage.h"

#include "cli/problem.h"
#include "proto/key.h"
#include "proto/language.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TEST(a_language_is_known_by_its_code_and_by_a_locale) {
    static const char *const danish[] = {"da", "da_DK.UTF-8", "da.UTF-8", "da@euro"},
                             *const other[] = {"en", "de_DE.UTF-8", "C", "", "dav_KE", "DA"};
    for (size_t i = 0; i < sizeof danish / sizeof *danish; i++)
        assert_int_equal(language_named(danish[i]), LANGUAGE_DA);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_int_equal(language_named(other[i]), LANGUAGE_EN);
    assert_int_equal(language_named(NULL), LANGUAGE_EN);
    assert_int_equal(language_named(language_code(LANGUAGE_DA)), LANGUAGE_DA);
    assert_int_equal(language_named(language_code(LANGUAGE_EN)), LANGUAGE_EN);
}

TEST(the_first_variable_that_is_set_decides_the_locale) {
    static const struct {
        const char *all, *messages, *lang;
        enum language language;
    } cases[] = {{"da_DK.UTF-8", "C", "C", LANGUAGE_DA},
                 {"C", "da_DK.UTF-8", "da_DK.UTF-8", LANGUAGE_EN},
                 {"", "da_DK.UTF-8", "C", LANGUAGE_DA},
                 {"", "", "da_DK", LANGUAGE_DA},
                 {"", "", "", LANGUAGE_EN}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        setenv("LC_ALL", cases[i].all, 1);
        setenv("LC_MESSAGES", cases[i].messages, 1);
        setenv("LANG", cases[i].lang, 1);
        assert_int_equal(language_of_locale(), cases[i].language);
    }
}

TEST(a_failure_is_worded_in_its_language_with_its_values) {
    struct failure why = {.language = LANGUAGE_DA};
    assert_err(ERR_LIMIT,
               failure_say(&why, ERR_LIMIT, MEND("split it", "del den"), "%s is larger than %d",
                           "%s er større end %d", "svar.csv", 3));
    assert_string_equal(why.text, "svar.csv er større end 3");
    assert_string_equal(why.mend, "del den");
    why.language = LANGUAGE_EN;
    assert_err(ERR_DISK_FULL, failure_err(&why, ERR_DISK_FULL));
    assert_string_equal(why.text, "the disk is full");
    assert_string_equal(why.mend, "make room on the disk and repeat the command");
}

/* What is wrong in a file, as `--json` and the screen have it. */
TEST(problems_of_a_file_are_listed_in_their_language) {
    struct problems problems;
    assert_true(problems_init(&problems, LANGUAGE_DA));
    problems.file = "svar.csv";
    for (int i = 0; i < PROBLEMS_LISTED_MAX + 3; i++)
        problem_add(&problems, (struct place){14, 9, "q03"}, MEND("remove it", "fjern det"),
                    "the cell is empty", "cellen er tom");
    json_t *details = problems_details(&problems);
    assert_string_equal(at_text(details, "problems.0.text"),
                        "svar.csv, linje 14, kolonne 9 (q03): cellen er tom; fjern det");
    assert_string_equal(at_text(details, "problems.50"), "og 3 til");
    json_decref(details);
    problems_done(&problems);
}

struct refused {
    enum err error;
    const char *noun, *verb;
    json_t *args; /* taken over */
    const char *text, *mend;
};

/* In Danish it reads like this; in English it is the same error in other words. */
static void assert_refused(struct desk *desk, const struct refused *row) {
    desk->asker.language = LANGUAGE_EN;
    const struct reply *reply =
        desk_refused(desk, row->error, row->noun, row->verb, json_incref(row->args));
    char english[sizeof reply->text];
    memcpy(english, reply->text, sizeof english);
    assert_int_not_equal(*reply->mend, '\0');
    desk->asker.language = LANGUAGE_DA;
    reply = desk_refused(desk, row->error, row->noun, row->verb, row->args);
    assert_string_equal(reply->text, row->text);
    if (row->mend != NULL)
        assert_string_equal(reply->mend, row->mend);
    assert_string_not_equal(reply->text, english);
}

static json_t *field(const char *id, const char *name, const char *value) {
    return json_pack("{s:s, s:{s:s}}", "id", id, "fields", name, value);
}

SCENE(a_site_is_refused_in_danish) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    const struct refused rows[] = {
        {ERR_NOT_FOUND, "handover", "show", only_id("XYZ"), "der er ingen overlevering \"XYZ\" her",
         "stafet handover list"},
        {ERR_NOT_FOUND, "conflict", "show", only_id("XYZ"), "der er ingen konflikt \"XYZ\" her",
         "stafet conflict list"},
        {ERR_NOT_FOUND, "survey", "show", json_pack("{s:s}", "survey", "x"),
         "der er ingen undersøgelse \"x\" her", "stafet survey list"},
        {ERR_NOT_FOUND, "handover", "new",
         json_pack("{s:s, s:{s:s}}", "to", "Nowhere", "fields", "likes", "x"),
         "der er intet medlem \"Nowhere\" på medlemslisten her",
         "--to skal have hele navnet eller mindst seks tegn af id'et: stafet member list; stafet "
         "sync henter dem, der er kommet til for nylig"},
        {ERR_ARGUMENT, "handover", "edit", field(id, "born", "2020-02-30"),
         "born (Født): det skal være en dato som 2026-08-12", "ret værdien, eller udelad feltet"},
        {ERR_ARGUMENT, "handover", "edit", field(id, "nothing", "x"),
         "der er ikke noget felt \"nothing\"", "stafet handover template viser felterne"},
        {ERR_ARGUMENT, "handover", "edit", only_id(id), "der er ikke angivet noget at skrive",
         "stafet handover edit ID FELT=VÆRDI, eller --form FIL"},
        {ERR_FORMAT, "handover", "edit",
         json_pack("{s:s, s:s}", "id", id, "form", "# Alma\nbare tekst\n"),
         "linje 2 i skemaet: der står tekst før det første [felt]",
         "stafet handover template viser et skema, som det skal være"},
        {ERR_ARGUMENT, "handover", "agree",
         json_pack("{s:s, s:s, s:s}", "id", id, "by", "begge", "on", "9999-01-01"),
         "9999-01-01 er ude i fremtiden", "--on skal have den dag, de sagde ja"},
        {ERR_DENIED, "handover", "accept", only_id(id),
         "det er kun modtageren, der kvitterer for en overlevering",
         NULL /* a command with its id */},
        {ERR_DENIED, "member", "invite", json_pack("{s:s, s:s}", "name", "x", "role", "school"),
         "det er kun kommunen, der inviterer medlemmer", "bed kommunen om at invitere"},
        {ERR_ARGUMENT, "log", "list", json_pack("{s:i}", "limit", 0), "--limit er 1 til 100000",
         "--limit 50 viser de nyeste 50"},
        {ERR_ARGUMENT, "log", "list", json_pack("{s:s}", "limit", "x"),
         "--limit skal være et helt tal", "stafet log list --help"},
        {ERR_NOT_FOUND, "nothing", "", NULL, "der er ingen kommando \"nothing\"", "stafet --help"},
        {ERR_STATE, "sync", "", NULL, "her kører ingen node, så intet kan sendes",
         "stafet node run"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_refused(&stage->mette, &rows[i]);
}

SCENE(what_the_parents_have_not_agreed_to_is_refused_in_danish) {
    STAGE(stage);
    char id[ID_TEXT_MAX];
    draft_alma(stage, id);
    stage->mette.asker.language = LANGUAGE_DA;
    const struct reply *reply =
        desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_int_equal(
        strncmp(reply->text, "det er ikke noteret, at forældrene har sagt ja til udgave ", 58), 0);
    assert_non_null(strstr(reply->mend, " --by HVEM --on DATO"));
    agree(&stage->mette, id);
    edit(&stage->mette, id, "likes", "Toge");
    reply = desk_refused(&stage->mette, ERR_STATE, "handover", "send", only_id(id));
    assert_non_null(
        strstr(reply->text, "ændret, siden forældrene sagde ja: de sagde ja til udgave "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_language_is_known_by_its_code_and_by_a_locale),
        cmocka_unit_test(the_first_variable_that_is_set_decides_the_locale),
        cmocka_unit_test(a_failure_is_worded_in_its_language_with_its_values),
        cmocka_unit_test(problems_of_a_file_are_listed_in_their_language),
        PLAY(a_site_is_refused_in_danish),
        PLAY(what_the_parents_have_not_agreed_to_is_refused_in_danish),
    };
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
