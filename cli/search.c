#include "cli.h"
#include "document.h"
#include "file.h"
#include "sides.h"
#include "views.h"

#include <stdlib.h>
#include <string.h>

/* Takes the keys out of the home that was named: the service opens no path of a user's. */
static int prepare_search(struct cli_context *cli, json_t *args) {
    const char *home = json_string_value(json_object_get(args, "keys"));
    if (home == NULL)
        return -1;
    char path[4096];
    struct failure why = {.language = cli_screen(cli)->language};
    struct buffer content = {0};
    if (snprintf(path, sizeof path, "%s/keys", home) >= (int)sizeof path)
        return cli_fail(cli, "limit",
                        MEND("--keys names the home whose keys are tried",
                             "--keys er det hjem, hvis nøgler prøves"),
                        NULL, "--keys is too long", "--keys er for lang");
    enum err e = file_read_text(path, NULL, &content, &why);
    if (e != OK) {
        cli_fail(cli, err_name(e),
                 MEND("--keys names the home whose keys are tried",
                      "--keys er det hjem, hvis nøgler prøves"),
                 NULL, "%s", "%s", why.text);
        return EXIT_USAGE;
    }
    json_object_set_new(args, "keys", json_string((const char *)content.data));
    buffer_wipe(&content);
    return -1;
}

const struct side search_sides[] = {
    {.noun = "search", .verb = "", .prepare = prepare_search},
    {.noun = NULL},
};

static void show_search(const struct screen *screen, const json_t *document) {
    const json_t *sections = json_object_get(document, "sections");
    long long hits = (long long)number_at(document, "hits");
    put(screen, STYLE_BOLD,
        hits == 1 ? say(screen, "%lld hit\n", "%lld fund\n")
                  : say(screen, "%lld hits\n", "%lld fund\n"),
        hits);
    put(screen, STYLE_PLAIN,
        say(screen, "  %lld in %lld sections that the keys open\n",
            "  %lld i %lld afsnit, som nøglerne åbner\n"),
        (long long)number_at(sections, "hits"), (long long)number_at(sections, "opened"));
    long long in_files = 0, bytes = 0;
    size_t i;
    const json_t *file;
    json_array_foreach(json_object_get(document, "files"), i, file) {
        in_files += number_at(file, "hits");
        bytes += number_at(file, "bytes");
    }
    put(screen, STYLE_PLAIN,
        say(screen, "  %lld in the %zu files of the home, byte for byte (%lld bytes)\n",
            "  %lld i hjemmets %zu filer, byte for byte (%lld byte)\n"),
        in_files, json_array_size(json_object_get(document, "files")), bytes);
    json_array_foreach(json_object_get(document, "files"), i, file) if (number_at(file, "hits") > 0)
        put(screen, STYLE_PLAIN, "    %s  %lld\n", text_at(file, "name"),
            (long long)number_at(file, "hits"));
}

const struct view search_views[] = {
    {.noun = "search", .verb = "", .show = show_search},
    {.noun = NULL},
};
