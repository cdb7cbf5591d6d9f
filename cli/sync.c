#include "views.h"

static void show_sync(const struct screen *screen, const json_t *document) {
    (void)document;
    if (!screen->quiet)
        put(screen, STYLE_GOOD, "%s\n",
            say(screen, "Done: the readers have acknowledged all that was written here.",
                "Færdig: modtagerne har kvitteret for alt, hvad der er skrevet her."));
}

const struct view sync_views[] = {
    {.noun = "sync", .verb = "", .show = show_sync},
    {.noun = NULL},
};
