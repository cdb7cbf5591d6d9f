#include "document.h"
#include "views.h"

#include <string.h>

static const char *status_label(const struct screen *screen, const char *status) {
    if (strcmp(status, "applied") == 0)
        return say(screen, "applied", "anvendt");
    if (strcmp(status, "waiting") == 0)
        return say(screen, "waiting", "venter");
    if (strcmp(status, "void") == 0)
        return say(screen, "void", "gælder ikke");
    return status;
}

static void show_record(const struct screen *screen, const json_t *document) {
    struct table *table = table_new(screen, 5);
    size_t i;
    const json_t *version;
    json_array_foreach(json_object_get(document, "versions"), i, version) {
        char when[32];
        const char *function = text_at(version, "function");
        table_cell(table, STYLE_PLAIN, "%s", time_text(screen, number_at(version, "at"), when));
        table_cell(table, STYLE_PLAIN, "%s", text_at(json_object_get(version, "author"), "name"));
        table_cell(table, STYLE_PLAIN, "%s%s%s", text_at(version, "actor"),
                   *function != '\0' ? ", " : "", function);
        table_cell(table, STYLE_PLAIN, "%s", text_at(version, "field"));
        table_cell(table, flag_at(version, "live") ? STYLE_PLAIN : STYLE_DIM, "%s",
                   flag_at(version, "live") ? say(screen, "stands", "står")
                                            : say(screen, "replaced", "erstattet"));
    }
    table_print(table, 0);
}

static void count_cell(struct table *table, long long n, const char *what) {
    if (n > 0)
        table_cell(table, STYLE_WARN, "%lld %s", n, what);
    else
        table_cell(table, STYLE_PLAIN, "%s", "");
}

static void show_feeds(const struct screen *screen, const json_t *feeds) {
    struct table *table = table_new(screen, 6);
    table_align_right(table, 2);
    table_cell(table, STYLE_DIM, "%s", say(screen, "Author", "Skrevet af"));
    table_cell(table, STYLE_DIM, "%s", say(screen, "Channel", "Kanal"));
    table_cell(table, STYLE_DIM, "%s", say(screen, "Entries", "Poster"));
    table_cell(table, STYLE_DIM, "%s", "");
    table_cell(table, STYLE_DIM, "%s", "");
    table_cell(table, STYLE_DIM, "%s", "");
    size_t i;
    const json_t *feed;
    json_array_foreach(feeds, i, feed) {
        long long waiting = (long long)number_at(feed, "waiting"),
                  voided = (long long)number_at(feed, "void");
        table_cell(table, STYLE_PLAIN, "%s", text_at(json_object_get(feed, "author"), "name"));
        table_cell(table, STYLE_PLAIN, "%s", text_at(feed, "channel"));
        table_cell(table, STYLE_PLAIN, "%lld", (long long)number_at(feed, "entries"));
        count_cell(table, waiting, say(screen, "waiting", "venter"));
        count_cell(table, voided, say(screen, "void", "gælder ikke"));
        table_cell(table, STYLE_BAD, "%s",
                   flag_at(feed, "forked") ? say(screen, "forked", "forgrenet") : "");
    }
    table_print(table, 0);
}

static void show_log(const struct screen *screen, const json_t *document) {
    if (json_object_get(document, "versions") != NULL) {
        show_record(screen, document);
        return;
    }
    show_feeds(screen, json_object_get(document, "feeds"));
    put(screen, STYLE_PLAIN, "\n");
    struct table *table = table_new(screen, 6);
    table_align_right(table, 3);
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(document, "entries"), i, entry) {
        char when[32];
        const char *status = text_at(entry, "status"),
                   *reason = error_text_at(screen, entry, "reason");
        table_cell(table, STYLE_PLAIN, "%s", time_text(screen, number_at(entry, "stored"), when));
        table_cell(table, STYLE_PLAIN, "%s", text_at(json_object_get(entry, "author"), "name"));
        table_cell(table, STYLE_PLAIN, "%s", text_at(entry, "channel"));
        table_cell(table, STYLE_PLAIN, "%lld", (long long)number_at(entry, "seq"));
        table_cell(table, STYLE_DIM, "%.8s", text_at(entry, "id"));
        table_cell(table, strcmp(status, "applied") == 0 ? STYLE_PLAIN : STYLE_WARN, "%s%s%s",
                   status_label(screen, status), reason != NULL ? ": " : "",
                   reason != NULL ? reason : "");
    }
    table_print(table, 0);
}

const struct view log_views[] = {
    {.noun = "log", .verb = "list", .show = show_log},
    {.noun = NULL},
};
