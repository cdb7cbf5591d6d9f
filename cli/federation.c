#include "document.h"
#include "file.h"
#include "sides.h"
#include "views.h"

#include <unistd.h>

/* Refuses a file that is there before anything is founded. */
static int prepare_create(struct cli_context *cli, json_t *args) {
    const char *path = json_string_value(json_object_get(args, "root_file"));
    if (path == NULL)
        return -1;
    if (json_object_get(args, "root") != NULL)
        return cli_fail(cli, "usage",
                        MEND("leave out --root-file: the words of --root are on paper already",
                             "udelad --root-file: ordene i --root står allerede på papir"),
                        NULL, "--root and --root-file exclude each other",
                        "--root og --root-file udelukker hinanden");
    if (access(path, F_OK) == 0)
        return cli_fail(cli, "exists", MEND("name another file", "vælg en anden fil"), NULL,
                        "%s is there already", "%s findes allerede", path);
    return -1;
}

/* Moves the words from the document into the file. If that fails they are shown after all: they
 * exist only once. */
static int finish_create(struct cli_context *cli, const json_t *args, const json_t *document) {
    const char *path = json_string_value(json_object_get(args, "root_file"));
    const char *words = json_string_value(json_object_get(document, "root_words"));
    if (path == NULL || words == NULL)
        return -1;
    char line[256];
    struct failure why = {.language = cli_screen(cli)->language};
    int length = snprintf(line, sizeof line, "%s\n", words);
    struct bytes content = {.data = (const uint8_t *)line, .size = (size_t)length};
    if (file_write_new(path, 0600, content, &why) != OK) {
        cli_fail(cli, "io",
                 MEND("the words are in the result instead; write them down",
                      "ordene står i resultatet i stedet; skriv dem ned"),
                 NULL, "%s", "%s", why.text);
        return -1;
    }
    json_t *shown = (json_t *)(uintptr_t)document;
    json_object_del(shown, "root_words");
    json_object_set_new(shown, "root_file", json_string(path));
    return -1;
}

const struct side federation_sides[] = {
    {.noun = "federation", .verb = "create", .prepare = prepare_create, .finish = finish_create},
    {.noun = NULL},
};

static void show_create(const struct screen *screen, const json_t *document) {
    const json_t *federation = json_object_get(document, "federation");
    const json_t *member = json_object_get(document, "member");
    const char *words = json_string_value(json_object_get(document, "root_words"));
    const char *file = json_string_value(json_object_get(document, "root_file"));
    put(screen, STYLE_BOLD, say(screen, "%s is founded.\n", "%s er grundlagt.\n"),
        text_at(federation, "name"));
    put(screen, STYLE_PLAIN, "  %s  %s\n", say(screen, "Fingerprint", "Fingeraftryk"),
        text_at(member, "fingerprint"));
    if (words != NULL) {
        put(screen, STYLE_PLAIN, "\n%s\n",
            say(screen,
                "The federation's root, shown this once. Write the words down and keep the paper "
                "locked\n"
                "away; they are needed if this node is ever lost.",
                "Føderationens rod, som kun vises nu. Skriv ordene ned, og lås papiret inde; de "
                "skal\n"
                "bruges, hvis denne node en dag går tabt."));
        put(screen, STYLE_BOLD, "  %s\n", words);
    }
    if (file != NULL)
        put(screen, STYLE_PLAIN, "\n%s %s\n",
            say(screen, "The federation's root is in", "Føderationens rod står i"), file);
    put(screen, STYLE_PLAIN, "\n%s\n  stafet node run\n  stafet member invite %s\n",
        say(screen, "Next:", "Som det næste:"),
        say(screen, "NAME --role ROLE", "NAVN --role ROLLE"));
}

const struct view federation_views[] = {
    {.noun = "federation", .verb = "create", .show = show_create},
    {.noun = NULL},
};
