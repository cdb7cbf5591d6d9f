#include "document.h"
#include "views.h"

static void show_join(const struct screen *screen, const json_t *document) {
    const json_t *federation = json_object_get(document, "federation");
    const json_t *member = json_object_get(document, "member");
    const json_t *municipality = json_object_get(document, "municipality");
    put(screen, STYLE_GOOD, say(screen, "%s is a member of %s.\n", "%s er med i %s.\n"),
        text_at(member, "name"), text_at(federation, "name"));
    put(screen, STYLE_PLAIN, "\n%s\n",
        say(screen, "Compare these words with the municipality by telephone, both ways:",
            "Sammenlign disse ord med kommunen i telefonen, begge veje:"));
    struct table *table = table_new(screen, 2);
    table_cell(table, STYLE_PLAIN, "%s", text_at(municipality, "name"));
    table_cell(table, STYLE_BOLD, "%s", text_at(municipality, "fingerprint"));
    table_cell(table, STYLE_PLAIN, "%s", text_at(member, "name"));
    table_cell(table, STYLE_BOLD, "%s", text_at(member, "fingerprint"));
    table_print(table, 2);
    put(screen, STYLE_PLAIN, "\n%s\n",
        say(screen, "If they differ, stop and tell the municipality: somebody stands between you.",
            "Er de ikke ens, så stop, og sig det til kommunen: nogen står imellem jer."));
}

const struct view join_views[] = {
    {.noun = "join", .verb = "", .show = show_join},
    {.noun = NULL},
};
