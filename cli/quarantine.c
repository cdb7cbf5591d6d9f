#include "document.h"
#include "views.h"

#include <string.h>

static const struct kind_label {
    const char *kind, *en, *da;
} kind_labels[] = {{"refused", "refused", "afvist"},
                   {"void", "void", "gælder ikke"},
                   {"waiting", "waiting", "venter"},
                   {"fork", "fork", "forgrening"},
                   {"incident", "incident", "hændelse"}};

static const char *kind_label(const struct screen *screen, const char *kind) {
    for (size_t i = 0; i < sizeof kind_labels / sizeof *kind_labels; i++)
        if (strcmp(kind_labels[i].kind, kind) == 0)
            return say(screen, kind_labels[i].en, kind_labels[i].da);
    return kind;
}

void view_forks(const struct screen *screen, long long forked) {
    put(screen, STYLE_BAD,
        forked == 1 ? say(screen, "%lld log has two branches: stafet quarantine list",
                          "%lld log har to grene: stafet quarantine list")
                    : say(screen, "%lld logs have two branches: stafet quarantine list",
                          "%lld logge har to grene: stafet quarantine list"),
        forked);
}

static void show_quarantine(const struct screen *screen, const json_t *document) {
    const json_t *items = json_object_get(document, "items"), *item;
    if (json_array_size(items) == 0) {
        put(screen, STYLE_PLAIN, "%s\n", say(screen, "Nothing was refused.", "Intet er afvist."));
        return;
    }
    struct table *table = table_new(screen, 6);
    table_align_right(table, 0);
    size_t i;
    json_array_foreach(items, i, item) {
        char when[32];
        const char *kind = text_at(item, "kind");
        bool alarm = strcmp(kind, "fork") == 0 || strcmp(kind, "incident") == 0;
        const char *author = text_at(json_object_get(item, "author"), "name");
        long long seq = (long long)number_at(item, "seq");
        table_cell(table, STYLE_DIM, "%lld", (long long)number_at(item, "number"));
        table_cell(table, STYLE_PLAIN, "%s", time_text(screen, number_at(item, "at"), when));
        table_cell(table, alarm ? STYLE_BAD : STYLE_WARN, "%s", kind_label(screen, kind));
        table_cell(table, STYLE_PLAIN, seq > 0 ? "%s %lld" : "%s", author, seq);
        table_cell(table, STYLE_PLAIN, "%s%s",
                   *text_at(json_object_get(item, "from"), "name") ? say(screen, "from ", "fra ")
                                                                   : "",
                   text_at(json_object_get(item, "from"), "name"));
        table_cell_fault(table, screen, item);
    }
    table_print(table, 0);
}

static void show_write(const struct screen *screen, struct table *table, const json_t *entry,
                       const json_t *write) {
    char when[32];
    const char *label = label_at(screen, write, "label");
    bool here = flag_at(write, "here");
    table_cell(table, STYLE_DIM, "%lld", (long long)number_at(entry, "seq"));
    table_cell(table, STYLE_PLAIN, "%s", time_text(screen, number_at(entry, "at"), when));
    table_cell(table, STYLE_PLAIN, "%s", text_at(write, "actor"));
    table_cell(table, STYLE_DIM, "%.6s", text_at(write, "record"));
    table_cell(table, STYLE_PLAIN, "%s", *label != '\0' ? label : text_at(write, "field"));
    table_cell(table, here ? STYLE_PLAIN : STYLE_WARN, "%s",
               here ? say(screen, "stands here", "står her")
                    : say(screen, "NOT HERE", "STÅR IKKE HER"));
    table_cell(table, STYLE_PLAIN, "%s", text_at(write, "value"));
}

static void show_branch(const struct screen *screen, const json_t *document) {
    size_t i, j, unread = 0;
    const json_t *entry, *write;
    long long answers = 0;
    put(screen, STYLE_PLAIN,
        say(screen, "A branch of %s's log from entry %lld on. It is kept aside and not merged.\n",
            "En gren af loggen fra %s, fra post %lld og frem. Den er lagt til side og ikke flettet "
            "ind.\n"),
        text_at(json_object_get(document, "author"), "name"),
        (long long)number_at(document, "seq"));
    struct table *table = table_new(screen, 7);
    table_align_right(table, 0);
    json_array_foreach(json_object_get(document, "entries"), i, entry) {
        unread += *text_at(entry, "unread") != '\0';
        answers += (long long)number_at(entry, "answers");
        json_array_foreach(json_object_get(entry, "writes"), j, write)
            show_write(screen, table, entry, write);
    }
    table_print(table, 2);
    if (answers > 0)
        put(screen, STYLE_WARN,
            say(screen, "Answers that are not counted here: %lld\n",
                "Svar, der ikke er talt med her: %lld\n"),
            answers);
    if (unread > 0)
        put(screen, STYLE_WARN,
            say(screen, "Entries that this node can't read: %zu\n",
                "Poster, som denne node ikke kan læse: %zu\n"),
            unread);
    if (number_at(document, "lost") > 0)
        put(screen, STYLE_PLAIN, "%s\n",
            say(screen, "What is not here and should be, somebody must write again.",
                "Det, der ikke står her og burde, må nogen skrive igen."));
}

const struct view quarantine_views[] = {
    {.noun = "quarantine", .verb = "list", .show = show_quarantine},
    {.noun = "quarantine", .verb = "show", .show = show_branch},
    {.noun = NULL},
};
