/* What handovers' verbs do on the user's side: editor, question, page. */
#include "handover.h"

#include "cli.h"
#include "editor.h"
#include "file.h"
#include "handover_html.h"
#include "handover_moment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* edit */

/* The form as the user's own language has it; NULL when it can't be had, which has been said. */
static char *form_text(struct cli_context *cli, const char *id) {
    json_t *args = json_pack("{s:s}", "id", id);
    json_t *document = cli_call(cli, "handover", "template", args);
    const char *language = say(&cli->screen, "en", "da");
    const char *text = text_at(json_object_get(document, "form"), language);
    char *copy = document != NULL ? strdup(text) : NULL;
    json_decref(document);
    json_decref(args);
    return copy;
}

static int give_up(struct cli_context *cli, struct editor *editor) {
    if (!editor_is_interrupted())
        fprintf(stderr, "%s\n  stafet handover edit ID --form %s\n",
                say(&cli->screen,
                    "What you wrote is kept until the next edit; mend it and give it with",
                    "Det, du skrev, er gemt til næste gang, der rettes; ret det, og giv det med"),
                editor->path);
    editor_close(editor, true);
    return EXIT_FAILED;
}

/* Until the service takes the form, or the user gives up. */
static int edit_until_taken(struct cli_context *cli, const char *id, struct editor *editor) {
    for (;;) {
        struct buffer text = {0};
        cli_release(cli);
        enum err e = editor_run(editor, &text);
        if (e != OK) {
            int code = cli_failure(cli, e, &editor->why);
            return e == ERR_FORMAT ? give_up(cli, editor) : (editor_close(editor, false), code);
        }
        json_t *args = json_pack("{s:s, s:s}", "id", id, "form", (const char *)text.data);
        json_t *document = cli_call(cli, "handover", "edit", args);
        json_decref(args);
        buffer_wipe(&text);
        if (document != NULL) {
            cli_show(cli, args_verb("handover", "edit"), document);
            json_decref(document);
            editor_close(editor, false);
            return EXIT_DONE;
        }
        if (cli->args->yes || editor_is_interrupted() ||
            !cli_ask(cli, say(&cli->screen, "Edit again?", "Ret igen?")))
            return give_up(cli, editor);
    }
}

/* Asked only where there is something to forget. */
static int ask_discard(struct cli_context *cli, const char *id) {
    json_t *which = json_pack("{s:s}", "id", id);
    json_t *document = cli_call(cli, "handover", "track", which);
    json_decref(which);
    if (document == NULL)
        return EXIT_FAILED;
    bool none = number_at(document, "unsent") == 0;
    int code = none || cli_confirm(cli, say(&cli->screen, "Forget all that has not been sent?",
                                            "Glem alt, der ikke er sendt?"))
                   ? -1
                   : EXIT_FAILED;
    json_decref(document);
    return code;
}

int handover_side_edit(struct cli_context *cli, json_t *args) {
    const char *id = text_at(args, "id");
    struct editor editor = {.why.language = cli->screen.language};
    if (json_is_true(json_object_get(args, "discard")))
        return ask_discard(cli, id);
    if (json_object_get(args, "form") != NULL || json_object_get(args, "fields") != NULL ||
        !editor_is_possible())
        return -1;
    char *form = form_text(cli, id);
    if (form == NULL)
        return EXIT_FAILED;
    enum err e = editor_open(&editor, cli->args->home, bytes_of_text(form));
    free(form);
    if (e != OK)
        return cli_failure(cli, e, &editor.why);
    return edit_until_taken(cli, id, &editor);
}

/* send */

static json_t *preview(struct cli_context *cli, const json_t *args) {
    json_t *asked = json_copy((json_t *)(uintptr_t)args);
    if (asked == NULL || json_object_set_new(asked, "preview", json_true()) != 0) {
        json_decref(asked);
        return NULL;
    }
    json_t *document = cli_call(cli, "handover", "send", asked);
    json_decref(asked);
    return document;
}

int handover_side_send(struct cli_context *cli, json_t *args) {
    char question[512];
    if (json_is_true(json_object_get(args, "preview")))
        return -1;
    json_t *document = preview(cli, args);
    if (document == NULL)
        return EXIT_FAILED;
    if (!cli->args->json && !cli->args->quiet)
        handover_put_changes(&cli->screen, document);
    fflush(cli->screen.out);
    const char *end = text_at(document, "end");
    const char *to = name_of(document, strcmp(end, "sender") == 0 ? "to" : "from");
    snprintf(question, sizeof question, say(&cli->screen, "Send this to %s?", "Send det til %s?"),
             to);
    int code = EXIT_FAILED;
    if (cli_confirm(cli, question)) {
        /* What was shown is what is sent: the service refuses another revision. */
        code = json_object_set(args, "revision", json_object_get(document, "revision")) == 0
                   ? -1
                   : cli_err(cli, ERR_MEMORY);
    }
    json_decref(document);
    return code;
}

/* print */

/* Only a file is written over: a link or a device could lead anywhere. */
static bool may_replace(const char *path) {
    struct stat status;
    return lstat(path, &status) != 0 ? errno == ENOENT : S_ISREG(status.st_mode);
}

int handover_side_print(struct cli_context *cli, json_t *args) {
    const char *language = json_string_value(json_object_get(args, "language"));
    const char *out = json_string_value(json_object_get(args, "out"));
    if (language != NULL && strcmp(language, "da") != 0 && strcmp(language, "en") != 0)
        return cli_fail(
            cli, "usage",
            MEND("--language da, or --language en", "--language da eller --language en"), NULL,
            "there is no page in \"%s\"", "der er ingen side på \"%s\"", language);
    bool to_screen = out != NULL && strcmp(out, "-") == 0;
    if (to_screen && cli->args->json)
        return cli_fail(cli, "usage", MEND("--out FILE", "--out FIL"), NULL,
                        "standard output has the JSON, so it can't have the page",
                        "standardoutput har JSON, så siden kan ikke stå der også");
    if (out != NULL && !to_screen && !may_replace(out))
        return cli_fail(cli, "argument", MEND("name a file with --out", "vælg en fil med --out"),
                        NULL, "%s is not a regular file, so it is not written over",
                        "%s er ikke en almindelig fil, så den overskrives ikke", out);
    if (out != NULL && !to_screen && !json_is_true(json_object_get(args, "force")) &&
        access(out, F_OK) == 0)
        return cli_fail(cli, "exists", MEND("--force writes over it", "--force overskriver den"),
                        NULL, "%s is there already", "%s findes allerede", out);
    return -1;
}

/* Beside the old file first, so that a full disk costs nobody the old page. */
static enum err write_over(const char *path, struct bytes page, struct failure *why) {
    char beside[4096];
    int size = snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid());
    if (size < 0 || (size_t)size >= sizeof beside)
        return failure_say(why, ERR_LIMIT, MEND("shorten it", "forkort det"),
                           "the name of the file is too long", "filens navn er for langt");
    if (!may_replace(path))
        return failure_say(why, ERR_ARGUMENT,
                           MEND("name a file with --out", "vælg en fil med --out"),
                           "%.300s is not a regular file, so it is not written over",
                           "%.300s er ikke en almindelig fil, så den overskrives ikke", path);
    enum err e = file_write_new(beside, 0600, page, why);
    if (e == OK && rename(beside, path) != 0) { /* in place of the name: no link is followed */
        unlink(beside);
        e = failure_say(why, ERR_IO, MEND("name a file with --out", "vælg en fil med --out"),
                        "%.300s could not be written over", "%.300s kunne ikke overskrives", path);
    }
    return e;
}

static enum err write_out(struct cli_context *cli, struct bytes page, struct failure *why) {
    return fwrite(page.data, 1, page.size, cli->screen.out) == page.size ? OK
                                                                         : failure_err(why, ERR_IO);
}

/* On a full disk everything can still be read. */
int handover_side_shown(struct cli_context *cli, const json_t *args __attribute__((unused)),
                        const json_t *document) {
    const char *why = error_text_at(&cli->screen, document, "not_noted");
    if (why != NULL && !cli->args->quiet && !cli->args->json)
        fprintf(stderr,
                say(&cli->screen,
                    "stafet: what was seen here could not be noted on this node (%s)\n",
                    "stafet: hvad der er set her, kunne ikke noteres på denne node (%s)\n"),
                why);
    return -1;
}

int handover_side_printed(struct cli_context *cli, const json_t *args, const json_t *document) {
    const char *out = json_string_value(json_object_get(args, "out"));
    const char *wanted = json_string_value(json_object_get(args, "language"));
    enum language language = wanted == NULL   ? cli->screen.language
                             : *wanted == 'd' ? LANGUAGE_DA
                                              : LANGUAGE_EN;
    char name[128];
    struct failure why = {.language = cli->screen.language};
    struct buffer page = {0};
    handover_side_shown(cli, args, document);
    if (out == NULL && cli->args->json)
        return -1;
    snprintf(name, sizeof name, "handover-%s.html", text_at(document, "short"));
    if (out == NULL)
        out = name;
    enum err e = handover_html(document, language, &page);
    if (e != OK)
        (void)failure_err(&why, e);
    else if (strcmp(out, "-") == 0)
        e = write_out(cli, buffer_view(&page), &why);
    else if (json_is_true(json_object_get(args, "force")))
        e = write_over(out, buffer_view(&page), &why);
    else
        e = file_write_new(out, 0600, buffer_view(&page), &why);
    buffer_wipe(&page);
    if (e != OK)
        return e == ERR_EXISTS ? cli_fail(cli, err_name(e),
                                          MEND("--force writes over it", "--force overskriver den"),
                                          NULL, "%s", "%s", why.text)
                               : cli_failure(cli, e, &why);
    if (!cli->args->json && !cli->args->quiet && strcmp(out, "-") != 0)
        put(&cli->screen, STYLE_PLAIN,
            say(&cli->screen, "%s: open it in a browser and print it\n",
                "%s: åbn den i en browser, og udskriv den\n"),
            out);
    return cli->args->json ? -1 : EXIT_DONE;
}
