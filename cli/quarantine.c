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

const struct view quarantine_views[] = {
    {.noun = "quarantine", .verb = "list", .show = show_quarantine},
    {.noun = NULL},
};
