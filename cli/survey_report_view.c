#include "survey_report_view.h"

#include "document.h"
#include <stdlib.h>
#include <string.h>

static const char hidden[] = "·";

const char *survey_worded(const struct screen *screen, const json_t *question) {
    const char *text = label_at(screen, question, "label"), *language;
    json_t *value;
    if (*text != '\0')
        return text;
    json_object_foreach(json_object_get(question, "label"), language,
                        value) return json_string_value(value);
    return "";
}

void survey_put_missing(const struct screen *screen, const json_t *document) {
    size_t i;
    const json_t *site, *missing = json_object_get(document, "missing");
    if (json_array_size(missing) == 0)
        return;
    put(screen, STYLE_PLAIN, "%s", say(screen, "Missing:", "Mangler:"));
    json_array_foreach(missing, i, site) {
        char when[32];
        put(screen, STYLE_PLAIN, "%s %s", i > 0 ? "," : "",
            text_at(json_object_get(site, "site"), "name"));
        if (json_is_integer(json_object_get(site, "reached")))
            put(screen, STYLE_PLAIN, say(screen, " (last reached %s)", " (sidst nået %s)"),
                time_text(screen, number_at(site, "reached"), when));
        else
            put(screen, STYLE_PLAIN, "%s", say(screen, " (never reached)", " (aldrig nået)"));
    }
    put(screen, STYLE_PLAIN, "\n");
}

static bool has_means(const json_t *choices) {
    size_t i;
    const json_t *choice;
    json_array_foreach(choices, i, choice) {
        if (json_is_integer(json_object_get(choice, "score")))
            return true;
    }
    return false;
}

/* A score as a number; other choices in words, as they stand in a sentence: "don't know". */
static void heading_cell(const struct screen *screen, struct table *table, const json_t *choice) {
    const char *label = survey_worded(screen, choice);
    if (json_is_integer(json_object_get(choice, "score"))) {
        table_cell(table, STYLE_DIM, "%lld", (long long)number_at(choice, "score"));
        return;
    }
    bool lower = label[0] >= 'A' && label[0] <= 'Z' && !(label[1] >= 'A' && label[1] <= 'Z');
    table_cell(table, STYLE_DIM, "%c%s", lower ? label[0] + 32 : label[0],
               label[0] != '\0' ? label + 1 : "");
}

static void mean_cell(const struct screen *screen, struct table *table, enum style style,
                      const json_t *mean) {
    if (!json_is_number(mean)) {
        table_cell(table, style, "%s", hidden);
        return;
    }
    char text[32];
    snprintf(text, sizeof text, "%.1f", json_number_value(mean));
    char *point = strpbrk(text, ".,");
    if (point != NULL)
        *point = *say(screen, ".", ",");
    table_cell(table, style, "%s", text);
}

static void row(const struct screen *screen, struct table *table, enum style style,
                const char *name, const json_t *figures, size_t choices_n, bool with_means) {
    bool is_hidden = flag_at(figures, "hidden");
    const json_t *counts = json_object_get(figures, "counts");
    table_cell(table, style, "%s", name);
    if (is_hidden)
        table_cell(table, style, "%s", hidden);
    else
        table_cell(table, style, "%lld", (long long)number_at(figures, "n"));
    if (with_means)
        mean_cell(screen, table, style, json_object_get(figures, "mean"));
    for (size_t i = 0; i < choices_n; i++) {
        const json_t *count = json_array_get(counts, i);
        if (!json_is_integer(count))
            table_cell(table, style, "%s", hidden);
        else
            table_cell(table, style, "%lld", (long long)json_integer_value(count));
    }
}

static void rows(const struct screen *screen, struct table *table, const json_t *question,
                 bool of_hidden, bool with_means) {
    size_t i;
    const json_t *site;
    size_t choices_n = json_array_size(json_object_get(question, "choices"));
    json_array_foreach(json_object_get(question, "sites"), i, site) {
        if (flag_at(site, "hidden") == of_hidden)
            row(screen, table, STYLE_PLAIN, text_at(json_object_get(site, "site"), "name"), site,
                choices_n, with_means);
    }
}

static void put_question(const struct screen *screen, const json_t *question) {
    const json_t *choices = json_object_get(question, "choices"), *choice;
    const json_t *total = json_object_get(question, "total");
    size_t i, choices_n = json_array_size(choices);
    bool with_means = has_means(choices);
    int columns = (int)choices_n + (with_means ? 3 : 2);
    struct table *table = table_new(screen, columns);
    for (int column = 1; column < columns; column++)
        table_align_right(table, column);
    table_cell(table, STYLE_PLAIN, "%s", "");
    table_cell(table, STYLE_DIM, "n");
    if (with_means)
        table_cell(table, STYLE_DIM, "%s", say(screen, "mean", "snit"));
    json_array_foreach(choices, i, choice) heading_cell(screen, table, choice);
    rows(screen, table, question, false, with_means);
    rows(screen, table, question, true, with_means);
    bool all = strcmp(text_at(total, "covers"), "all") == 0;
    row(screen, table, STYLE_BOLD,
        all ? say(screen, "All sites", "Alle steder") : say(screen, "Shown sites", "Viste steder"),
        total, choices_n, with_means);
    put(screen, STYLE_BOLD, "%s %s\n", text_at(question, "code"), survey_worded(screen, question));
    table_print(table, 0);
    put(screen, STYLE_PLAIN, "\n");
}

void survey_show_report(const struct screen *screen, const json_t *document) {
    size_t i;
    const json_t *question, *survey = json_object_get(document, "survey");
    put(screen, STYLE_BOLD, "%s (%s)\n\n", text_at(survey, "title"), text_at(survey, "code"));
    json_array_foreach(json_object_get(document, "questions"), i, question)
        put_question(screen, question);
    survey_put_missing(screen, document);
    put(screen, STYLE_DIM,
        say(screen, "%s fewer than %lld answers: not shown, so that nobody can be recognised\n",
            "%s under %lld svar: vises ikke, så ingen kan genkendes\n"),
        hidden, (long long)number_at(document, "hidden_below"));
    long long unreadable = (long long)number_at(document, "unreadable");
    if (unreadable > 0)
        put(screen, STYLE_WARN,
            unreadable == 1
                ? say(screen, "%lld answer does not fit the survey and is not counted\n",
                      "%lld svar passer ikke til undersøgelsen og er ikke talt med\n")
                : say(screen, "%lld answers do not fit the survey and are not counted\n",
                      "%lld svar passer ikke til undersøgelsen og er ikke talt med\n"),
            unreadable);
}
