#include "cli.h"
#include "document.h"
#include "sides.h"
#include "views.h"

#include <string.h>

static void show_findings(const struct screen *screen, const json_t *document) {
    struct table *table = table_new(screen, 3);
    size_t i;
    const json_t *finding;
    json_array_foreach(json_object_get(document, "findings"), i, finding) {
        long long seq = (long long)number_at(finding, "seq");
        table_cell(table, STYLE_PLAIN, "%s", text_at(json_object_get(finding, "author"), "name"));
        if (seq > 0)
            table_cell(table, STYLE_PLAIN, say(screen, "envelope %lld", "kuvert %lld"), seq);
        else
            table_cell(table, STYLE_PLAIN, "%s", "");
        table_cell_fault(table, screen, finding);
    }
    table_print(table, 2);
}

/* What its author didn't sign came so, and would come so again. */
static bool a_copy_helps(const json_t *document) {
    size_t i;
    const json_t *finding;
    json_array_foreach(json_object_get(document, "findings"), i, finding) {
        if (strcmp(text_at(finding, "reason"), err_name(ERR_SIGNATURE)) != 0)
            return true;
    }
    return false;
}

static void show_verify(const struct screen *screen, const json_t *document) {
    long long checked = (long long)number_at(document, "envelopes");
    long long forked = (long long)number_at(document, "forked");
    if (flag_at(document, "sound")) {
        put(screen, STYLE_GOOD,
            say(screen, "Sound: %lld envelopes, their chains, signatures and records.\n",
                "I orden: %lld kuverter med kæder, underskrifter og poster.\n"),
            checked);
    } else {
        put(screen, STYLE_BAD,
            say(screen, "DAMAGED: %lld of %lld envelopes or parts of the database\n",
                "BESKADIGET: %lld af %lld kuverter eller dele af databasen\n"),
            (long long)number_at(document, "findings_n"), checked);
        show_findings(screen, document);
        if (a_copy_helps(document))
            put(screen, STYLE_PLAIN, "%s\n",
                say(screen,
                    "Stop the node, keep replica.db aside and put back a copy of it; what that "
                    "lacks is fetched from the others. README.md: Restoring a backup",
                    "Stands noden, gem replica.db et andet sted, og læg en kopi af den tilbage; "
                    "hvad den mangler, hentes hos de andre. README.md: Restoring a backup"));
    }
    if (forked > 0) {
        view_forks(screen, forked);
        put(screen, STYLE_PLAIN, "\n");
    }
}

/* Damage is a failure, and its document is shown all the same. */
static int finish_verify(struct cli_context *cli, const json_t *args, const json_t *document) {
    (void)args;
    if (flag_at(document, "sound"))
        return -1;
    cli_show(cli, cli->args->verb, document);
    return EXIT_FAILED;
}

const struct view verify_views[] = {
    {.noun = "verify", .verb = "", .show = show_verify},
    {.noun = NULL},
};
const struct side verify_sides[] = {
    {.noun = "verify", .verb = "", .finish = finish_verify},
    {.noun = NULL},
};
