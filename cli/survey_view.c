/* The survey's screens. */
#include "document.h"
#include "survey_report_view.h"
#include "views.h"
#include <string.h>

static const char *state_label(const struct screen *screen, const char *state) {
    if (strcmp(state, "open") == 0)
        return say(screen, "open", "åben");
    if (strcmp(state, "due") == 0)
        return say(screen, "over, not closed yet", "slut, ikke lukket endnu");
    return say(screen, "closed", "lukket");
}

/* "Trivsel 2026 (trivsel26): open, last day 30 Jun" */
static void put_head(const struct screen *screen, const json_t *document) {
    char day[32];
    const json_t *survey = json_object_get(document, "survey");
    put(screen, STYLE_BOLD, "%s", text_at(survey, "title"));
    if (strcmp(text_at(survey, "title"), text_at(survey, "code")) != 0)
        put(screen, STYLE_BOLD, " (%s)", text_at(survey, "code"));
    put(screen, STYLE_PLAIN, say(screen, ": %s, last day %s\n", ": %s, sidste dag %s\n"),
        state_label(screen, text_at(survey, "state")),
        date_text(screen, text_at(survey, "closes_on"), day));
}

static void put_counts(const struct screen *screen, const json_t *questionnaire) {
    size_t i;
    const json_t *language;
    long long questions = (long long)number_at(questionnaire, "questions");
    put(screen, STYLE_PLAIN,
        questions == 1 ? say(screen, "%lld question, %lld of them free text, worded in:",
                             "%lld spørgsmål, %lld af dem fri tekst, på:")
                       : say(screen, "%lld questions, %lld of them free text, worded in:",
                             "%lld spørgsmål, %lld af dem fri tekst, på:"),
        questions, (long long)number_at(questionnaire, "texts"));
    json_array_foreach(json_object_get(questionnaire, "languages"), i, language)
        put(screen, STYLE_PLAIN, "%s %s", i > 0 ? "," : "", json_string_value(language));
    put(screen, STYLE_PLAIN, "\n");
}

static void show_check(const struct screen *screen, const json_t *document) {
    put(screen, STYLE_GOOD, "%s ", say(screen, "Good.", "I orden."));
    put_counts(screen, document);
}

static void show_publish(const struct screen *screen, const json_t *document) {
    put_head(screen, document);
    put_counts(screen, json_object_get(document, "questionnaire"));
    put(screen, STYLE_PLAIN, "%s\n",
        say(screen, "Published: every member gets it as soon as it is reached.",
            "Udsendt: alle får den, så snart de kan nås."));
}

static void list_counts(const struct screen *screen, struct table *table, const json_t *survey) {
    long long answered = (long long)number_at(survey, "sites_answered"),
              imported = (long long)number_at(survey, "imported");
    if (json_object_get(survey, "sites_answered") != NULL)
        table_cell(table, STYLE_PLAIN,
                   answered == 1 ? say(screen, "%lld site answered, %lld missing",
                                       "%lld sted har svaret, %lld mangler")
                                 : say(screen, "%lld sites answered, %lld missing",
                                       "%lld steder har svaret, %lld mangler"),
                   answered, (long long)number_at(survey, "sites_missing"));
    else if (json_object_get(survey, "imported") != NULL)
        table_cell(table, STYLE_PLAIN,
                   imported == 1 ? say(screen, "%lld answer handed in", "%lld svar afleveret")
                                 : say(screen, "%lld answers handed in", "%lld svar afleveret"),
                   imported);
    else
        table_cell(table, STYLE_PLAIN, "%s", "");
}

static void show_list(const struct screen *screen, const json_t *document) {
    size_t i;
    const json_t *survey, *surveys = json_object_get(document, "surveys");
    if (json_array_size(surveys) == 0)
        put(screen, STYLE_PLAIN, "%s\n", say(screen, "No surveys.", "Ingen undersøgelser."));
    struct table *table = table_new(screen, 5);
    json_array_foreach(surveys, i, survey) {
        char day[32];
        table_cell(table, STYLE_BOLD, "%s", text_at(survey, "code"));
        table_cell(table, STYLE_PLAIN, "%s", text_at(survey, "title"));
        table_cell(table, STYLE_PLAIN, "%s", state_label(screen, text_at(survey, "state")));
        table_cell(table, STYLE_PLAIN, "%s", date_text(screen, text_at(survey, "closes_on"), day));
        list_counts(screen, table, survey);
    }
    table_print(table, 0);
    long long unreadable = (long long)number_at(document, "unreadable");
    if (unreadable > 0)
        put(screen, STYLE_WARN,
            unreadable == 1 ? say(screen, "%lld survey cannot be read by this version.\n",
                                  "%lld undersøgelse kan denne version ikke læse.\n")
                            : say(screen, "%lld surveys cannot be read by this version.\n",
                                  "%lld undersøgelser kan denne version ikke læse.\n"),
            unreadable);
}

static void put_choices(const struct screen *screen, const json_t *choices) {
    size_t i;
    const json_t *choice;
    json_array_foreach(choices, i, choice)
        put(screen, STYLE_DIM, "      %s  %s\n", text_at(choice, "code"),
            survey_worded(screen, choice));
}

static void show_survey(const struct screen *screen, const json_t *document) {
    size_t i;
    const json_t *question, *questionnaire = json_object_get(document, "questionnaire");
    const char *before = "";
    put_head(screen, document);
    json_array_foreach(json_object_get(questionnaire, "questions"), i, question) {
        const char *scale = text_at(question, "scale");
        put(screen, STYLE_PLAIN, "  %s  %s%s\n", text_at(question, "code"),
            survey_worded(screen, question),
            *scale == '\0' ? say(screen, " (free text)", " (fri tekst)") : "");
        /* A list of choices is shown once where it stands several times in a row. */
        if (*scale != '\0' && strcmp(scale, before) != 0)
            put_choices(screen, json_object_get(json_object_get(questionnaire, "scales"), scale));
        before = scale;
    }
}

static void site_row(const struct screen *screen, struct table *table, const json_t *site) {
    char when[32];
    long long incomplete = (long long)number_at(site, "incomplete");
    table_cell(table, STYLE_PLAIN, "%s", text_at(json_object_get(site, "site"), "name"));
    if (flag_at(site, "few"))
        table_cell(table, STYLE_PLAIN, "%s", say(screen, "fewer than 5", "under 5"));
    else
        table_cell(table, STYLE_PLAIN, "%lld", (long long)number_at(site, "answers"));
    table_cell(table, STYLE_PLAIN, "%s", time_text(screen, number_at(site, "last"), when));
    if (flag_at(site, "late_few"))
        table_cell(table, STYLE_WARN, "%s",
                   say(screen, "a few came too late", "nogle få kom for sent"));
    else if (number_at(site, "late") > 0)
        table_cell(table, STYLE_WARN, say(screen, "%lld came too late", "%lld kom for sent"),
                   (long long)number_at(site, "late"));
    else if (incomplete > 0)
        table_cell(
            table, STYLE_WARN,
            incomplete == 1
                ? say(screen, "%lld import still on its way", "%lld indlæsning er undervejs")
                : say(screen, "%lld imports still on their way", "%lld indlæsninger er undervejs"),
            incomplete);
    else
        table_cell(table, STYLE_PLAIN, "%s", "");
}

static void put_received(const struct screen *screen, const json_t *document) {
    size_t i;
    const json_t *site, *total = json_object_get(document, "total");
    struct table *table = table_new(screen, 4);
    table_align_right(table, 1);
    json_array_foreach(json_object_get(document, "sites"), i, site) site_row(screen, table, site);
    if (json_is_integer(json_object_get(total, "answers"))) {
        bool all = strcmp(text_at(total, "covers"), "all") == 0;
        table_cell(table, STYLE_BOLD, "%s",
                   all ? say(screen, "All sites", "Alle steder")
                       : say(screen, "Shown sites", "Viste steder"));
        table_cell(table, STYLE_BOLD, "%lld", (long long)number_at(total, "answers"));
        table_cell(table, STYLE_PLAIN, "%s", "");
        table_cell(table, STYLE_PLAIN, "%s", "");
    }
    table_print(table, 2);
    survey_put_missing(screen, document);
}

static void put_handed_in(const struct screen *screen, const json_t *document) {
    size_t i;
    const json_t *import, *imports = json_object_get(document, "imports");
    if (json_array_size(imports) == 0)
        put(screen, STYLE_PLAIN, "  %s\n",
            say(screen, "Nothing has been imported here.", "Intet er indlæst her."));
    struct table *table = table_new(screen, 3);
    table_align_right(table, 1);
    json_array_foreach(imports, i, import) {
        char when[32];
        bool received = flag_at(import, "received");
        bool late = flag_at(import, "late");
        table_cell(table, STYLE_PLAIN, "%s", time_text(screen, number_at(import, "at"), when));
        table_cell(table, STYLE_PLAIN, "%lld", (long long)number_at(import, "answers"));
        table_cell(table, received && !late ? STYLE_GOOD : STYLE_WARN, "%s",
                   late ? say(screen, "too late: not counted", "for sent: tæller ikke med")
                   : received
                       ? say(screen, "the municipality has them", "kommunen har dem")
                       : say(screen, "not with the municipality yet", "endnu ikke hos kommunen"));
    }
    table_print(table, 2);
}

static void show_status(const struct screen *screen, const json_t *document) {
    put_head(screen, document);
    if (strcmp(text_at(document, "role"), "municipality") == 0)
        put_received(screen, document);
    else
        put_handed_in(screen, document);
}

static void show_import(const struct screen *screen, const json_t *document) {
    long long answers = (long long)number_at(document, "answers");
    put(screen, STYLE_PLAIN,
        answers == 1 ? say(screen,
                           "%lld answer to %s is sealed to the municipality. No readable copy is "
                           "kept here.\n",
                           "%lld svar på %s er forseglet til kommunen. Her bliver ingen læselig "
                           "kopi.\n")
                     : say(screen,
                           "%lld answers to %s are sealed to the municipality. No readable copy "
                           "is kept here.\n",
                           "%lld svar på %s er forseglet til kommunen. Her bliver ingen læselig "
                           "kopi.\n"),
        answers, text_at(json_object_get(document, "survey"), "code"));
    put_not_running(screen, document);
}

static void show_close(const struct screen *screen, const json_t *document) {
    long long left_out_n = number_at(document, "feeds_left_out");
    put_head(screen, document);
    survey_put_missing(screen, document);
    if (left_out_n > 0)
        put(screen, STYLE_WARN,
            say(screen,
                "Some sites began anew so often that not all of it could be counted: left out "
                "%lld\n",
                "Nogle steder er begyndt forfra så ofte, at ikke alt kunne tælles med: udeladt "
                "%lld\n"),
            left_out_n);
    put(screen, STYLE_PLAIN, "  stafet survey report %s\n",
        text_at(json_object_get(document, "survey"), "code"));
}

const struct view survey_views[] = {
    {.noun = "survey", .verb = "check", .show = show_check},
    {.noun = "survey", .verb = "publish", .show = show_publish},
    {.noun = "survey", .verb = "list", .show = show_list},
    {.noun = "survey", .verb = "show", .show = show_survey},
    {.noun = "survey", .verb = "status", .show = show_status},
    {.noun = "survey", .verb = "import", .show = show_import},
    {.noun = "survey", .verb = "close", .show = show_close},
    {.noun = "survey", .verb = "report", .show = survey_show_report},
    {.noun = NULL},
};
