#include "cli.h"
#include "views.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int cli_exit_code(enum err e) {
    switch ((unsigned)e) {
    case OK:
        return EXIT_DONE;
    case ERR_ARGUMENT:
    case ERR_FORMAT:
    case ERR_LIMIT:
    case ERR_AMBIGUOUS:
        return EXIT_USAGE;
    case ERR_TIMEOUT:
    case ERR_KEY:
    case ERR_ROSTER:
        return EXIT_NOT_YET;
    default:
        return EXIT_FAILED;
    }
}

static int exit_code_named(const char *name) {
    return strcmp(name, "usage") == 0 ? EXIT_USAGE : cli_exit_code(err_from_name(name));
}

static void print_details(const json_t *details) {
    const json_t *candidates = json_object_get(details, "candidates"), *item;
    size_t i;
    json_array_foreach(candidates, i, item) {
        if (json_is_string(item)) {
            fprintf(stderr, "  %s\n", json_string_value(item));
            continue;
        }
        const char *code = json_string_value(json_object_get(item, "code"));
        const char *id = code != NULL ? code : json_string_value(json_object_get(item, "id"));
        const char *name = json_string_value(json_object_get(item, "name"));
        fprintf(stderr, "  %s  %s\n", id != NULL ? id : "", name != NULL ? name : "");
    }
    const json_t *problems = json_object_get(details, "problems");
    json_array_foreach(problems, i, item) {
        const char *text =
            json_string_value(json_is_string(item) ? item : json_object_get(item, "text"));
        if (text != NULL)
            fprintf(stderr, "  %s\n", text);
    }
}

static int print_error(struct cli_context *cli, const char *name, const char *text,
                       const char *mend, const json_t *details) {
    if (cli->args->json) {
        json_t *error = json_pack("{s:s, s:s, s:s, s:O?}", "error", name, "text", text, "mend",
                                  mend != NULL ? mend : "", "details", details);
        char *line = error != NULL ? json_dumps(error, JSON_PRESERVE_ORDER) : NULL;
        fprintf(stderr, "%s\n", line != NULL ? line : "{\"error\": \"memory\"}");
        free(line);
        json_decref(error);
    } else {
        fprintf(stderr, "stafet: %s\n", text);
        print_details(details);
        if (mend != NULL && *mend != '\0')
            fprintf(stderr, "  %s\n", mend);
    }
    return exit_code_named(name);
}

int cli_fail(struct cli_context *cli, const char *name, struct label mend, const json_t *details,
             const char *en, const char *da, ...) {
    char text[1024];
    va_list list;
    va_start(list, da);
    vsnprintf(text, sizeof text, say(&cli->screen, en, da), list);
    va_end(list);
    reply_tidy(text);
    return print_error(cli, name, text, label_text(cli->screen.language, mend), details);
}

int cli_err(struct cli_context *cli, enum err e) {
    const char *text = label_text(cli->screen.language, err_label(e));
    return cli_fail(cli, err_name(e), err_mend(e), NULL, "%s", "%s", text);
}

int cli_failure(struct cli_context *cli, enum err e, const struct failure *failure) {
    return cli_fail(cli, err_name(e), COMMAND(failure->mend), NULL, "%s", "%s", failure->text);
}

int cli_fail_reply(struct cli_context *cli, const struct reply *reply) {
    return print_error(cli, err_name(reply->error),
                       *reply->text != '\0'
                           ? reply->text
                           : label_text(cli->screen.language, err_label(reply->error)),
                       reply->mend, reply->details);
}

const struct screen *cli_screen(struct cli_context *cli) {
    return &cli->screen;
}

/* Which of the home and its keys it is, and why. */
static int fail_denied(struct cli_context *cli, const char *home) {
    char keys[ARGS_HOME_MAX + 8];
    struct stat status = {0};
    snprintf(keys, sizeof keys, "%s/keys", home);
    bool of_home = stat(home, &status) != 0 || status.st_uid != geteuid() ||
                   (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    const char *path = of_home ? home : keys, *wanted = of_home ? "0700" : "0600";
    char mend[ARGS_HOME_MAX + 128];
    const struct label owner = MEND("run the command as the user who owns it",
                                    "kør kommandoen som den bruger, der ejer det");
    if (stat(path, &status) != 0)
        return cli_fail(cli, err_name(ERR_DENIED), owner, NULL, "%s may not be looked at",
                        "%s har du ikke adgang til", path);
    if (status.st_uid != geteuid())
        return cli_fail(cli, err_name(ERR_DENIED), owner, NULL, "%s belongs to another user",
                        "%s tilhører en anden bruger", path);
    snprintf(mend, sizeof mend,
             say(&cli->screen, "see who has been there, then: chmod %s %s",
                 "se efter, hvem der har været der, og så: chmod %s %s"),
             wanted, path);
    return cli_fail(cli, err_name(ERR_DENIED), COMMAND(mend), NULL,
                    "%s is open to others: it has mode %04o and must have %s",
                    "%s er åben for andre: den har rettighederne %04o og skal have %s", path,
                    (unsigned)(status.st_mode & 07777), wanted);
}

/* The innermost part of the path that is there: what stands in the way, or where nothing can be
 * made.
 */
static void innermost(const char *path, char ret_there[static ARGS_HOME_MAX],
                      struct stat *ret_status) {
    snprintf(ret_there, ARGS_HOME_MAX, "%s", path);
    while (stat(ret_there, ret_status) != 0 && strcmp(ret_there, "/") != 0 &&
           strcmp(ret_there, ".") != 0) {
        char *slash = strrchr(ret_there, '/');
        if (slash == NULL)
            snprintf(ret_there, ARGS_HOME_MAX, ".");
        else
            slash[slash == ret_there] = '\0';
    }
}

/* A home that is not there, or can't be made. */
static int fail_missing(struct cli_context *cli, const char *home, bool create, enum err e) {
    char there[ARGS_HOME_MAX];
    struct stat status = {.st_mode = S_IFDIR};
    const struct label other =
        MEND("name another folder with --home", "vælg en anden mappe med --home");
    innermost(home, there, &status);
    if (!S_ISDIR(status.st_mode))
        return cli_fail(cli, err_name(e), other, NULL,
                        "%s can't be a home: %s is a file, not a folder",
                        "%s kan ikke være et hjem: %s er en fil og ikke en mappe", home, there);
    if (create)
        return cli_fail(cli, err_name(e), other, NULL,
                        "the home %s can't be made: no folder can be made in %s",
                        "hjemmet %s kan ikke laves: der kan ikke laves mapper i %s", home, there);
    return cli_fail(
        cli, err_name(e),
        MEND("stafet federation create …, or stafet join TICKET; or --home says where it is",
             "stafet federation create …, eller stafet join BILLET; eller sig med --home, hvor "
             "det er"),
        NULL, "there is no home at %s", "der er intet hjem i %s", home);
}

int cli_locate(struct cli_context *cli, bool create) {
    if (cli->locate != NULL)
        return -1;
    const char *home = cli->args->home;
    enum err e = locate_new(home, create, LOCATE_WAIT_MS, &cli->locate);
    switch ((unsigned)e) {
    case OK:
        return -1;
    case ERR_NOT_FOUND:
        return fail_missing(cli, home, create, e);
    case ERR_DENIED:
        return create && access(home, F_OK) != 0 ? fail_missing(cli, home, create, e)
                                                 : fail_denied(cli, home);
    case ERR_BUSY:
        return cli_fail(cli, err_name(e),
                        MEND("try again when it has ended", "prøv igen, når det er færdigt"), NULL,
                        "another process owns the home %s and does not answer",
                        "et andet program bruger hjemmet %s og svarer ikke", home);
    default:
        return cli_fail(cli, err_name(e), err_mend(e), NULL, "the home %s cannot be opened: %s",
                        "hjemmet %s kan ikke åbnes: %s", home,
                        label_text(cli->screen.language, err_label(e)));
    }
}

void cli_release(struct cli_context *cli) {
    locate_free(cli->locate);
    cli->locate = NULL;
}

json_t *cli_call(struct cli_context *cli, const char *noun, const char *verb, json_t *args) {
    struct reply reply;
    reply_init(&reply);
    json_t *document = NULL;
    if (cli_locate(cli, false) >= 0)
        return NULL;
    if (locate_call(cli->locate, &cli->asker, noun, verb, args, NULL, NULL, &reply) == OK)
        document = json_incref(reply.document);
    else
        cli_fail_reply(cli, &reply);
    reply_done(&reply);
    return document;
}

bool cli_ask(struct cli_context *cli, const char *question) {
    cli_release(cli);
    fprintf(stderr, "%s [%s] ", question, say(&cli->screen, "y/N", "j/N"));
    /* All of the line: what is left of a long one would answer the next question. */
    int first = getchar(), last = first;
    while (last != EOF && last != '\n')
        last = getchar();
    if (last == EOF)
        fputc('\n', stderr);
    return last == '\n' && (first == 'y' || first == 'Y' || first == 'j' || first == 'J');
}

bool cli_confirm(struct cli_context *cli, const char *question) {
    if (cli->args->yes)
        return true;
    if (!isatty(STDIN_FILENO)) {
        cli_fail(cli, "cancelled", MEND("--yes answers yes", "--yes svarer ja"), NULL,
                 "this asks first: %s", "her spørges først: %s", question);
        return false;
    }
    if (cli_ask(cli, question))
        return true;
    cli_fail(cli, "cancelled", MEND("y goes on", "j går videre"), NULL,
             "nothing was done: the answer was not yes", "intet er gjort: svaret var ikke ja");
    return false;
}

void cli_show(struct cli_context *cli, const struct verb *verb, const json_t *document) {
    if (cli->args->json) {
        if (json_dumpf(document, cli->screen.out,
                       JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(15)) != 0)
            cli->truncated = true;
        fputc('\n', cli->screen.out);
        return;
    }
    const struct view *view = view_find(verb->noun, verb->name);
    if (view != NULL)
        view->show(&cli->screen, document);
    else
        view_plain(&cli->screen, document);
}
