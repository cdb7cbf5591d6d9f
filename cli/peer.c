#include "document.h"
#include "views.h"

#include <string.h>

static const struct state_label {
    const char *state, *en, *da;
} state_labels[] = {{"none", "not connected", "ikke forbundet"},
                    {"dialling", "dialling", "kalder op"},
                    {"hello", "greeting", "hilser"},
                    {"roster", "comparing members", "sammenligner medlemmer"},
                    {"compare", "comparing", "sammenligner"},
                    {"pulling", "fetching", "henter"},
                    {"idle", "idle", "i ro"},
                    {"joining", "joining", "slutter til"},
                    {"backoff", "not reached", "ikke nået"}};

static const char *state_label(const struct screen *screen, const char *state) {
    for (size_t i = 0; i < sizeof state_labels / sizeof *state_labels; i++)
        if (strcmp(state_labels[i].state, state) == 0)
            return say(screen, state_labels[i].en, state_labels[i].da);
    return state;
}

static void show_peers(const struct screen *screen, const json_t *document) {
    if (!flag_at(document, "running")) {
        put(screen, STYLE_WARN, "%s\n",
            say(screen, "node not running: nothing is being sent",
                "noden kører ikke: intet bliver sendt"));
        return;
    }
    struct table *table = table_new(screen, 5);
    for (int i = 3; i < 5; i++)
        table_align_right(table, i);
    table_cell(table, STYLE_DIM, "%s", say(screen, "Name", "Navn"));
    table_cell(table, STYLE_DIM, "%s", say(screen, "Session", "Forbindelse"));
    table_cell(table, STYLE_DIM, "%s", say(screen, "Heard", "Hørt"));
    table_cell(table, STYLE_DIM, "%s", say(screen, "Bytes sent", "Byte sendt"));
    table_cell(table, STYLE_DIM, "%s", say(screen, "received", "modtaget"));
    size_t i;
    const json_t *peer;
    json_array_foreach(json_object_get(document, "peers"), i, peer) {
        char when[32] = "";
        int64_t heard = number_at(peer, "last_heard");
        bool equal = flag_at(peer, "equal");
        table_cell(table, STYLE_PLAIN, "%s", text_at(peer, "name"));
        table_cell(table, equal ? STYLE_GOOD : STYLE_WARN, "%s%s",
                   state_label(screen, text_at(peer, "state")),
                   equal ? say(screen, ", equal", ", ens") : "");
        table_cell(table, STYLE_PLAIN, "%s", heard > 0 ? time_text(screen, heard, when) : "");
        table_cell(table, STYLE_PLAIN, "%lld", (long long)number_at(peer, "sent"));
        table_cell(table, STYLE_PLAIN, "%lld", (long long)number_at(peer, "received"));
    }
    table_print(table, 0);
}

const struct view peer_views[] = {
    {.noun = "peer", .verb = "list", .show = show_peers},
    {.noun = NULL},
};
