/* Screens of conflicts, and settling one in an editor. */
#include "cli.h"
#include "document.h"
#include "editor.h"
#include "file.h"
#include "handover.h"
#include "handover_moment.h"
#include "sides.h"
#include "views.h"

#include <string.h>

static void show_list(const struct screen *screen, const json_t *document) {
    const json_t *list = json_object_get(document, "conflicts"), *item;
    size_t i;
    long long too_large_n = number_at(document, "too_large");
    if (json_array_size(list) == 0 && too_large_n == 0) {
        put(screen, STYLE_PLAIN, "%s\n",
            say(screen, "There are no conflicts.", "Der er ingen konflikter."));
        return;
    }
    struct table *table = table_new(screen, 4);
    json_array_foreach(list, i, item) {
        table_cell(table, STYLE_BOLD, "%s", text_at(item, "short"));
        table_cell(table, STYLE_PLAIN, "%s (%s)", text_at(item, "child"),
                   text_at(item, "record_short"));
        table_cell(table, STYLE_PLAIN, "%s: %s", label_at(screen, item, "part_label"),
                   text_at(item, "field"));
        table_cell(table, STYLE_DIM, say(screen, "%lld sides", "%lld sider"),
                   (long long)number_at(item, "sides"));
    }
    table_print(table, 0);
    if (too_large_n > 0)
        put(screen, STYLE_WARN,
            say(screen, "In handovers that hold too much to be shown: %lld\n",
                "I overleveringer, som rummer for meget til at blive vist: %lld\n"),
            too_large_n);
}

/* show */

/* One line, as long as it gets: line feeds as a mark, so that the table stays one. */
struct line {
    struct buffer text;
    bool cut; /* memory ran out */
};

static void append_text(struct line *line, const char *text) {
    while (*text != '\0' && !line->cut) {
        size_t size = strcspn(text, "\n");
        line->cut = buffer_append(&line->text, text, size) != OK ||
                    (text[size] == '\n' && buffer_append(&line->text, "⏎", strlen("⏎")) != OK);
        text += size + (text[size] == '\n');
    }
}

static void append_piece(struct line *line, const json_t *piece) {
    if (json_object_get(piece, "same") != NULL) {
        append_text(line, text_at(piece, "same"));
        return;
    }
    append_text(line, "[");
    append_text(line, text_at(piece, "old"));
    append_text(line, "→");
    append_text(line, text_at(piece, "new"));
    append_text(line, "]");
}

static void side_text(const struct screen *screen, const json_t *side, struct line *line) {
    const json_t *diff = json_object_get(side, "diff"), *piece;
    size_t i;
    if (*text_at(side, "value") == '\0') {
        append_text(line, say(screen, "(cleared)", "(slettet)"));
        return;
    }
    append_text(line, "\"");
    if (!json_is_array(diff))
        append_text(line, text_at(side, "value"));
    json_array_foreach(diff, i, piece) append_piece(line, piece);
    append_text(line, "\"");
}

static void version_row(const struct screen *screen, struct table *table, const char *number,
                        const json_t *version, const struct line *line) {
    char when[MOMENT_MAX];
    table_cell(table, STYLE_BOLD, "%s", number);
    table_cell(table, STYLE_PLAIN, "%s", name_of(version, "site"));
    table_cell(table, STYLE_PLAIN, "%s", text_at(version, "name"));
    table_cell(table, STYLE_DIM, "%s", moment_text(screen, json_object_get(version, "at"), when));
    table_cell(table, STYLE_PLAIN, "%.*s%s", (int)line->text.size,
               line->text.size > 0 ? (const char *)line->text.data : "", line->cut ? "…" : "");
}

static void put_sides(const struct screen *screen, const json_t *document) {
    const json_t *base = json_object_get(document, "base"), *side, *version;
    const struct line nothing = {0};
    struct table *table = table_new(screen, 5);
    size_t i, j;
    if (json_is_object(base)) {
        struct line line = {0};
        append_text(&line, "\"");
        append_text(&line, text_at(base, "value"));
        append_text(&line, "\"");
        version_row(screen, table, say(screen, "from", "fra"), base, &line);
        buffer_wipe(&line.text);
    }
    json_array_foreach(json_object_get(document, "sides"), i, side) {
        char number[24];
        struct line line = {0};
        snprintf(number, sizeof number, "%lld", (long long)number_at(side, "number"));
        side_text(screen, side, &line);
        json_array_foreach(json_object_get(side, "written"), j, version)
            version_row(screen, table, j == 0 ? number : "", version, j == 0 ? &line : &nothing);
        buffer_wipe(&line.text);
    }
    table_print(table, 2);
}

static void put_place(const struct screen *screen, const json_t *document) {
    char part[128];
    snprintf(part, sizeof part, "%s", label_at(screen, document, "part_label"));
    part[0] = (char)(part[0] >= 'A' && part[0] <= 'Z' ? part[0] - 'A' + 'a' : part[0]);
    put(screen, STYLE_BOLD, "%s", text_at(document, "child"));
    put(screen, STYLE_PLAIN, " (%s), %s: %s\n", text_at(document, "record_short"), part,
        text_at(document, "field"));
}

static void show_show(const struct screen *screen, const json_t *document) {
    const char *id = text_at(document, "short");
    put_place(screen, document);
    put_sides(screen, document);
    put(screen, STYLE_PLAIN,
        say(screen, "Shown meanwhile: %lld. Clock times are each site's own.\n",
            "Vist imens: %lld. Klokkeslæt er stedernes egne.\n"),
        (long long)number_at(document, "shown"));
    put(screen, STYLE_PLAIN,
        "%s  stafet conflict resolve %s --take 2 --note \"…\"  |  --value  |  --edit\n",
        say(screen, "Settle:", "Afgør:"), id);
}

static void show_resolve(const struct screen *screen, const json_t *document) {
    const char *settled = text_at(document, "settled"), *note = text_at(document, "note");
    put_place(screen, document);
    put(screen, STYLE_GOOD, "  %s: ", say(screen, "settled", "afgjort"));
    put(screen, STYLE_PLAIN, "%s\n",
        *settled != '\0' ? settled : say(screen, "(cleared)", "(slettet)"));
    if (*note != '\0')
        put(screen, STYLE_DIM, "  %s\n", note);
    put_not_running(screen, document);
}

const struct view conflict_views[] = {
    {"conflict", "list", show_list},
    {"conflict", "show", show_show},
    {"conflict", "resolve", show_resolve},
    {0},
};

/* resolve --edit */

/* A side's text; what would look like a remark there is marked as text, as in a handover's form. */
static enum err append_side(const char *text, struct buffer *out) {
    enum err e = OK;
    while (e == OK && *text != '\0') {
        size_t size = strcspn(text, "\n");
        if (*text == '#' || *text == '\\')
            e = buffer_append(out, "\\", 1);
        if (e == OK)
            e = buffer_append(out, text, size);
        if (e == OK)
            e = buffer_append(out, "\n", 1);
        text += size + (text[size] == '\n');
    }
    return e;
}

/* All sides below each other, behind marks that are taken out again: what stays is the value. */
static enum err sides_to_edit(const struct screen *screen, const json_t *document,
                              struct buffer *out) {
    const json_t *side;
    size_t i;
    const char *help =
        say(screen,
            "# Leave what shall stand there. Lines that begin with # are taken out.\n"
            "# Put \\ before a line of yours that begins with # or \\.\n",
            "# Lad det stå, der skal gælde. Linjer, der begynder med #, tages ud.\n"
            "# Sæt \\ foran en linje, der selv begynder med # eller \\.\n");
    enum err e = buffer_append(out, help, strlen(help));
    json_array_foreach(json_object_get(document, "sides"), i, side) {
        char line[512];
        const json_t *first = json_array_get(json_object_get(side, "written"), 0);
        int size =
            snprintf(line, sizeof line, "# %lld  %s  %s\n", (long long)number_at(side, "number"),
                     name_of(first, "site"), text_at(first, "name"));
        if (e == OK)
            e = buffer_append(out, line,
                              (size_t)size < sizeof line ? (size_t)size : sizeof line - 1);
        if (e == OK)
            e = append_side(text_at(side, "value"), out);
    }
    return e;
}

/* Takes out lines that begin with #, the marks of those that were meant, and blank lines at the
 * ends, in place. */
static void keep_value(struct buffer *text) {
    size_t kept = 0, start = 0;
    for (size_t at = 0; at < text->size;) {
        const uint8_t *end = memchr(text->data + at, '\n', text->size - at);
        size_t size = end != NULL ? (size_t)(end - text->data) - at + 1 : text->size - at;
        size_t mark = text->data[at] == '\\';
        if (text->data[at] != '#') {
            memmove(text->data + kept, text->data + at + mark, size - mark);
            kept += size - mark;
        }
        at += size;
    }
    while (kept > 0 && strchr("\r\n ", text->data[kept - 1]) != NULL)
        kept--;
    while (start < kept && strchr("\r\n", text->data[start]) != NULL)
        start++;
    memmove(text->data, text->data + start, kept - start);
    text->size = kept - start;
    text->data[text->size] = '\0'; /* a text from a file has a byte more for it */
}

/* What was written and not taken is nowhere else. */
static void keep_refused(struct cli_context *cli, struct editor *editor, struct bytes value) {
    char path[EDITOR_PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/value.txt", editor->folder);
    bool kept = value.size > 0 && !editor_is_interrupted() &&
                file_write_new(path, 0600, value, &editor->why) == OK;
    if (kept)
        fprintf(stderr, "%s\n  stafet conflict resolve ID --value @%s\n",
                say(&cli->screen,
                    "What you wrote is kept until the next edit; mend it and give it with",
                    "Det, du skrev, er gemt til næste gang, der rettes; ret det, og giv det med"),
                path);
    editor_close(editor, kept);
}

static int resolve_with(struct cli_context *cli, json_t *args, const json_t *shown,
                        struct editor *editor, struct bytes value) {
    /* Its whole id: another conflict of the field must not be settled with this text. */
    int failed = json_object_set(args, "id", json_object_get(shown, "id"));
    failed |=
        json_object_set_new(args, "value", json_stringn((const char *)value.data, value.size));
    failed |= json_object_del(args, "edit");
    json_t *document = failed ? NULL : cli_call(cli, "conflict", "resolve", args);
    if (document == NULL) {
        int code = failed ? cli_err(cli, ERR_MEMORY) : EXIT_FAILED;
        keep_refused(cli, editor, value);
        return code;
    }
    cli_show(cli, args_verb("conflict", "resolve"), document);
    json_decref(document);
    editor_close(editor, false);
    return EXIT_DONE;
}

/* The sides in the user's editor; `text` is what is laid before them. */
static int edit_sides(struct cli_context *cli, json_t *args, const json_t *shown,
                      struct bytes text) {
    struct editor editor = {.why.language = cli->screen.language};
    struct buffer edited = {0};
    enum err e = editor_open(&editor, cli->args->home, text);
    if (e != OK)
        return cli_failure(cli, e, &editor.why);
    cli_release(cli);
    e = editor_run(&editor, &edited);
    if (e == OK && bytes_equal(buffer_view(&edited), text)) {
        e = failure_say(&editor.why, ERR_CANCELLED,
                        MEND("repeat it and write what shall stand there, or --take N",
                             "gentag det, og skriv, hvad der skal stå der, eller --take N"),
                        "nothing was changed, so nothing is settled",
                        "intet er ændret, så intet er afgjort");
    }
    int code;
    if (e != OK) {
        code = cli_failure(cli, e, &editor.why);
        editor_close(&editor, false);
    } else {
        keep_value(&edited);
        code = resolve_with(cli, args, shown, &editor, buffer_view(&edited));
    }
    buffer_wipe(&edited);
    return code;
}

static int edit_value(struct cli_context *cli, json_t *args) {
    struct buffer text = {0};
    json_t *asked = json_pack("{s:s}", "id", text_at(args, "id"));
    json_t *shown = cli_call(cli, "conflict", "show", asked);
    json_decref(asked);
    if (shown == NULL)
        return EXIT_FAILED;
    enum err e = sides_to_edit(&cli->screen, shown, &text);
    int code = e == OK ? edit_sides(cli, args, shown, buffer_view(&text)) : cli_err(cli, e);
    buffer_wipe(&text);
    json_decref(shown);
    return code;
}

static int side_resolve(struct cli_context *cli, json_t *args) {
    if (!flag_at(args, "edit") || !editor_is_possible())
        return -1;
    if (json_object_get(args, "take") != NULL || json_object_get(args, "value") != NULL ||
        flag_at(args, "clear"))
        return cli_fail(cli, "usage",
                        MEND("--take N|SITE, --value TEXT, --edit or --clear",
                             "--take N|STED, --value TEKST, --edit eller --clear"),
                        NULL, "say in exactly one way what shall stand there",
                        "sig på præcis én måde, hvad der skal stå der");
    return edit_value(cli, args);
}

const struct side conflict_sides[] = {
    {"conflict", "list", NULL, handover_side_shown},
    {"conflict", "show", NULL, handover_side_shown},
    {"conflict", "resolve", side_resolve, NULL},
    {0},
};
