#include "waiting.h"

#include "document.h"
#include "views.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_BYTES = 768 };

/* "6 days ago", "today"; by the clock of whoever wrote, which may be ahead. */
static const char *ago(const struct screen *screen, int64_t at, char buffer[static 48]) {
    long days = days_ago(screen, at);
    if (days <= 0)
        snprintf(buffer, 48, "%s", say(screen, "today", "i dag"));
    else if (days == 1)
        snprintf(buffer, 48, "%s", say(screen, "yesterday", "i går"));
    else
        snprintf(buffer, 48, say(screen, "%ld days ago", "for %ld dage siden"), days);
    return buffer;
}

static const char *name_of(const struct screen *screen, const json_t *item) {
    const char *name = text_at(item, "name");
    return *name != '\0' ? name : say(screen, "(no name)", "(uden navn)");
}

static void handover_line(const struct screen *screen, const json_t *item, const char *kind,
                          char line[static LINE_MAX_BYTES]) {
    char when[48];
    const char *name = name_of(screen, item);
    const char *other = text_at(json_object_get(item, "with"), "name");
    ago(screen, number_at(item, "at"), when);
    if (strcmp(kind, "handover_too_large") == 0)
        snprintf(line, LINE_MAX_BYTES, "%s",
                 say(screen, "A handover that holds too much to be shown",
                     "En overlevering, som rummer for meget til at blive vist"));
    else if (strcmp(kind, "handover_unsent") == 0)
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "%s, changed and not sent to %s", "%s, ændret og ikke sendt til %s"),
                 name, other);
    else if (strcmp(kind, "handover_not_read") == 0)
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "%s, sent %s, not read", "%s, sendt %s, ikke læst"), name, when);
    else if (strcmp(kind, "handover_to_read") == 0)
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "%s, from %s %s, not read", "%s, fra %s %s, ikke læst"), name, other,
                 when);
    else
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "%s, from %s %s, not accepted", "%s, fra %s %s, ikke overtaget"), name,
                 other, when);
}

static void line_of(const struct screen *screen, const json_t *item,
                    char line[static LINE_MAX_BYTES]) {
    const char *kind = text_at(item, "kind");
    char date[48];
    if (strcmp(kind, "conflict") == 0)
        snprintf(line, LINE_MAX_BYTES, say(screen, "Conflict: %s, %s", "Konflikt: %s, %s"),
                 name_of(screen, item), label_at(screen, item, "label"));
    else if (strncmp(kind, "handover_", strlen("handover_")) == 0)
        handover_line(screen, item, kind, line);
    else if (strcmp(kind, "survey_to_import") == 0)
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "%s, answers until %s", "%s, svar til og med %s"),
                 name_of(screen, item), date_text(screen, text_at(item, "closes_on"), date));
    else if (strcmp(kind, "survey_to_close") == 0)
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "%s, ended %s, not closed", "%s, sluttede %s, ikke lukket"),
                 name_of(screen, item), date_text(screen, text_at(item, "closes_on"), date));
    else if (strcmp(kind, "incidents") == 0)
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "Incidents and forks: %lld", "Hændelser og forgreninger: %lld"),
                 (long long)number_at(item, "n"));
    else if (strcmp(kind, "not_kept") == 0)
        snprintf(line, LINE_MAX_BYTES,
                 say(screen, "What others sent could not be stored here (%s): %s",
                     "Det, andre har sendt, kunne ikke gemmes her (%s): %s"),
                 ago(screen, number_at(item, "since"), date), label_at(screen, item, "label"));
    else if (strcmp(kind, "roster_unconfirmed") == 0)
        snprintf(
            line, LINE_MAX_BYTES,
            say(screen,
                "Restored: nobody is admitted before a person has confirmed the roster; members "
                "that have not said the same since the start: %lld",
                "Gendannet: ingen bliver optaget, før nogen har bekræftet medlemslisten; "
                "medlemmer, der ikke har sagt det samme siden starten: %lld"),
            (long long)number_at(item, "n"));
    else if (strcmp(kind, "address_untold") == 0)
        snprintf(line, LINE_MAX_BYTES, "%s",
                 say(screen, "Others do not know this node's new address yet",
                     "De andre kender ikke nodens nye adresse endnu"));
    else
        snprintf(line, LINE_MAX_BYTES, "%s", kind);
}

static void command_of(const json_t *item, char command[static LINE_MAX_BYTES]) {
    size_t used = (size_t)snprintf(command, LINE_MAX_BYTES, "stafet");
    size_t i;
    const json_t *word;
    json_array_foreach(json_object_get(item, "command"), i, word) {
        const char *text = json_string_value(word);
        if (text != NULL && used + strlen(text) + 2 < LINE_MAX_BYTES)
            used += (size_t)snprintf(command + used, LINE_MAX_BYTES - used, " %s", text);
    }
}

void waiting_show(const struct screen *screen, const json_t *items, size_t rows_max) {
    struct table *table = table_new(screen, 3);
    size_t n = json_array_size(items), shown = n <= rows_max ? n : rows_max - 1;
    size_t i;
    const json_t *item;
    json_array_foreach(items, i, item) {
        if (i == shown)
            break;
        char line[LINE_MAX_BYTES], command[LINE_MAX_BYTES];
        const char *kind = text_at(item, "kind");
        line_of(screen, item, line);
        command_of(item, command);
        bool pressing = strcmp(kind, "not_kept") == 0 || strcmp(kind, "incidents") == 0 ||
                        strcmp(kind, "conflict") == 0 || strcmp(kind, "roster_unconfirmed") == 0;
        table_cell(table, pressing ? STYLE_WARN : STYLE_PLAIN, "%s", line);
        table_cell(table, STYLE_PLAIN, "%s", "");
        table_cell(table, STYLE_BOLD, "%s", command);
    }
    table_print(table, 2);
    if (shown < n)
        put(screen, STYLE_PLAIN,
            say(screen, "  … and %zu more  stafet waiting\n", "  … og %zu til  stafet waiting\n"),
            n - shown);
}

static void show_waiting(const struct screen *screen, const json_t *document) {
    const json_t *items = json_object_get(document, "waiting");
    const char *name = text_at(json_object_get(document, "member"), "name");
    const char *federation = text_at(json_object_get(document, "federation"), "name");
    bool alike = strcmp(name, federation) == 0; /* the municipality */
    put(screen, STYLE_BOLD, "%s%s%s\n", name, alike ? "" : ", ", alike ? "" : federation);
    if (!flag_at(document, "running"))
        put(screen, STYLE_WARN, "%s\n",
            say(screen, "node not running: nothing is being sent  (stafet node run)",
                "noden kører ikke: intet bliver sendt  (stafet node run)"));
    if (json_array_size(items) == 0)
        put(screen, STYLE_PLAIN, "%s\n",
            say(screen, "Nothing waits for you. (stafet --help)",
                "Intet venter på dig. (stafet --help)"));
    else
        put(screen, STYLE_PLAIN, "%s\n", say(screen, "Waiting for you", "Venter på dig"));
    waiting_show(screen, items, SIZE_MAX);
}

const struct view waiting_views[] = {
    {.noun = "waiting", .verb = "", .show = show_waiting},
    {.noun = NULL},
};
