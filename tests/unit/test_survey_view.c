/* The survey's screens, as text: aligned, and never more than the document says. */
#include "shown.h"

static char *text;

static void show(enum language language, const char *verb, json_t *document) {
    free(text);
    text = shown("survey", verb, language, document);
}

static json_t *row(const char *site, int n, double mean, int a, int b, int c, int d, int e,
                   int dk) {
    return json_pack("{s:{s:s}, s:b, s:i, s:f, s:[i, i, i, i, i, i]}", "site", "name", site,
                     "hidden", 0, "n", n, "mean", mean, "counts", a, b, c, d, e, dk);
}

static json_t *hidden_row(const char *site) {
    return json_pack("{s:{s:s}, s:b, s:n, s:n, s:n}", "site", "name", site, "hidden", 1, "n",
                     "mean", "counts");
}

static json_t *choice(int score) {
    return json_pack("{s:{s:s, s:s}, s:i, s:b}", "label", "da", "Tilfreds", "en", "Satisfied",
                     "score", score, "on_scale", 1);
}

static json_t *report(void) {
    json_t *unknown = json_pack("{s:{s:s, s:s}, s:n, s:b}", "label", "da", "Ved ikke", "en",
                                "Don't know", "score", "on_scale", 0);
    json_t *total = row("", 404, 3.7, 21, 46, 87, 145, 105, 13);
    json_object_set_new(total, "covers", json_string("shown"));
    json_t *question =
        json_pack("{s:s, s:{s:s, s:s}, s:[o, o, o, o, o, o], s:[o, o, o], s:o}", "code", "q06",
                  "label", "da", "Lyttet til ved uenighed", "en", "Listened to when disagreeing",
                  "choices", choice(1), choice(2), choice(3), choice(4), choice(5), unknown,
                  "sites", row("Birk", 206, 3.9, 6, 14, 38, 84, 64, 8), hidden_row("Skovbrynet"),
                  row("Søsiden", 198, 3.4, 15, 32, 49, 61, 41, 5), "total", total);
    return json_pack("{s:{s:s, s:s}, s:[o], s:[{s:{s:s}, s:n}], s:i, s:i}", "survey", "title",
                     "Trivsel", "code", "trivsel26", "questions", question, "missing", "site",
                     "name", "Egely", "reached", "hidden_below", 5, "unreadable", 0);
}

TEST(the_report_is_an_aligned_table_with_hidden_sites_last) {
    show(LANGUAGE_EN, "report", report());
    assert_string_equal(text,
                        "Trivsel (trivsel26)\n\n"
                        "q06 Listened to when disagreeing\n"
                        "               n  mean   1   2   3    4    5  don't know\n"
                        "Birk         206   3.9   6  14  38   84   64           8\n"
                        "Søsiden      198   3.4  15  32  49   61   41           5\n"
                        "Skovbrynet     ·     ·   ·   ·   ·    ·    ·           ·\n"
                        "Shown sites  404   3.7  21  46  87  145  105          13\n"
                        "\n"
                        "Missing: Egely (never reached)\n"
                        "· fewer than 5 answers: not shown, so that nobody can be recognised\n");
}

TEST(the_report_speaks_danish_with_a_decimal_comma) {
    show(LANGUAGE_DA, "report", report());
    assert_non_null(strstr(text, "q06 Lyttet til ved uenighed\n"));
    assert_non_null(strstr(text, "Birk          206   3,9"));
    assert_non_null(strstr(text, "Viste steder "));
    assert_non_null(strstr(text, "ved ikke\n"));
    assert_non_null(strstr(text, "Mangler: Egely (aldrig nået)\n"));
}

TEST(a_list_without_scores_has_no_mean) {
    json_t *document = json_pack("{s:{s:s, s:s}, s:[{s:s, s:{s:s}, s:[{s:{s:s}, s:n}, {s:{s:s}, "
                                 "s:n}], s:[], s:{s:s, s:b, s:i, s:n, s:[i, i]}}], s:[]}",
                                 "survey", "title", "T", "code", "t", "questions", "code", "q1",
                                 "label", "da", "Sprog?", "choices", "label", "da", "Ja", "score",
                                 "label", "da", "Nej", "score", "sites", "total", "covers", "all",
                                 "hidden", 0, "n", 12, "mean", "counts", 7, 5, "missing");
    show(LANGUAGE_EN, "report", document);
    assert_non_null(strstr(text, "q1 Sprog?\n            n  ja  nej\nAll sites  12   7    5\n"));
}

TEST(status_says_fewer_than_five_and_nothing_more) {
    json_t *document = json_pack(
        "{s:{s:s, s:s, s:s, s:s}, s:s, s:[{s:{s:s}, s:n, s:b, s:I, s:i, s:i}], s:{s:s, s:n}, s:[]}",
        "survey", "title", "Trivsel", "code", "t1", "state", "open", "closes_on", "2026-06-30",
        "role", "municipality", "sites", "site", "name", "Skovbrynet", "answers", "few", 1, "last",
        (json_int_t)1000, "late", 0, "incomplete", 0, "total", "covers", "shown", "answers",
        "missing");
    show(LANGUAGE_EN, "status", document);
    assert_non_null(strstr(text, "  Skovbrynet  fewer than 5  "));
    assert_null(strstr(text, "sites"));
    assert_null(strstr(text, "Missing"));
}

TEST(a_label_in_another_language_is_better_than_none) {
    json_t *document =
        json_pack("{s:{s:s, s:s, s:s, s:s}, s:{s:[{s:s, s:{s:s}, s:b}], s:{}}}", "survey", "title",
                  "T", "code", "t1", "state", "open", "closes_on", "2026-06-30", "questionnaire",
                  "questions", "code", "q1", "label", "tr", "Daha?", "text", 1, "scales");
    show(LANGUAGE_DA, "show", document);
    assert_non_null(strstr(text, "  q1  Daha? (fri tekst)\n"));
}

static int done(void **state) {
    (void)state;
    free(text);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_report_is_an_aligned_table_with_hidden_sites_last),
        cmocka_unit_test(the_report_speaks_danish_with_a_decimal_comma),
        cmocka_unit_test(a_list_without_scores_has_no_mean),
        cmocka_unit_test(status_says_fewer_than_five_and_nothing_more),
        cmocka_unit_test(a_label_in_another_language_is_better_than_none),
    };
    return cmocka_run_group_tests(tests, NULL, done);
}
