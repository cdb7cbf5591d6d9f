#include "document.h"
#include "sides.h"
#include "views.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* The node may run in another folder: the path is made absolute here. */
static int prepare_sqlite(struct cli_context *cli, json_t *args) {
    const char *path = text_at(args, "file");
    char folder[PATH_MAX], whole[PATH_MAX * 2];
    if (*path == '/')
        return -1;
    if (getcwd(folder, sizeof folder) == NULL)
        return cli_fail(
            cli, "io", MEND("name the file with its whole path", "skriv filen med hele sin sti"),
            NULL, "the present folder cannot be told", "den mappe, du står i, kan ikke findes");
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    json_object_set_new(args, "file", json_string(whole));
    return -1;
}

const struct side export_sides[] = {
    {.noun = "export", .verb = "sqlite", .prepare = prepare_sqlite},
    {.noun = NULL},
};

static void show_sqlite(const struct screen *screen, const json_t *document) {
    put(screen, STYLE_PLAIN, say(screen, "Written: %s\n", "Skrevet: %s\n"),
        text_at(document, "file"));
}

const struct view export_views[] = {
    {.noun = "export", .verb = "sqlite", .show = show_sqlite},
    {.noun = NULL},
};
