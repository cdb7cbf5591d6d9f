#include "cli.h"
#include "help.h"
#include "progress.h"
#include "sides.h"

#include "node/node.h"
#include "proto/key.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

static bool needs_node(const struct verb *verb) {
    return *verb->name == '\0' &&
           (strcmp(verb->noun, "sync") == 0 || strcmp(verb->noun, "join") == 0);
}

static bool makes_home(const struct verb *verb) {
    return verb->access == ACCESS_FOUND &&
           (strcmp(verb->noun, "federation") == 0 || strcmp(verb->noun, "join") == 0);
}

/* Not all that was printed got where it was to go: a full disk, most likely. What a document says
 * once and never again is then said here. A reader that has gone wanted no more. */
static int check_output(struct cli_context *cli, const json_t *document, int code) {
    errno = 0;
    bool flushed = fflush(stdout) == 0;
    int number = errno;
    if (code != EXIT_DONE || (flushed && !ferror(stdout) && !cli->truncated))
        return code;
    const char *words = json_string_value(json_object_get(document, "root_words"));
    enum err e = cli->truncated && !ferror(stdout)      ? ERR_MEMORY
                 : number == ENOSPC || number == EDQUOT ? ERR_DISK_FULL
                                                        : ERR_IO;
    if (words != NULL)
        return cli_fail(cli, err_name(e),
                        MEND("it is founded; write the words down, they stand nowhere else",
                             "den er grundlagt; skriv ordene ned, de står ingen andre steder"),
                        NULL, "the result could not be written; the federation's root is %s",
                        "resultatet kunne ikke skrives; føderationens rod er %s", words);
    if (number == EPIPE)
        return EXIT_FAILED;
    return cli_fail(
        cli, err_name(e),
        MEND("what was asked is done; make room, and ask again for what it says",
             "det, der blev bedt om, er gjort; skaf plads, og spørg igen om resultatet"),
        NULL, "the result could not be written in full: %s",
        "resultatet kunne ikke skrives helt: %s", label_text(cli->screen.language, err_label(e)));
}

static int call_verb(struct cli_context *cli, const struct verb *verb) {
    json_t *values = cli->args->values;
    const struct side *side = side_find(verb->noun, verb->name);
    if (side != NULL && side->prepare != NULL) {
        int code = side->prepare(cli, values);
        if (code >= 0)
            return code;
    }
    int code = cli_locate(cli, makes_home(verb));
    if (code >= 0)
        return code;
    struct reply reply;
    reply_init(&reply);
    struct progress progress;
    progress_init(&progress, &cli->screen);
    enum err e = needs_node(verb) ? cli_call_with_node(cli, verb, values, &reply)
                                  : locate_call(cli->locate, &cli->asker, verb->noun, verb->name,
                                                values, progress_show, &progress, &reply);
    progress_done(&progress);
    if (e != OK) {
        if (reply.error == OK)
            reply_err(&reply, e);
        code = cli_fail_reply(cli, &reply);
    } else {
        code =
            side != NULL && side->finish != NULL ? side->finish(cli, values, reply.document) : -1;
        if (code < 0) {
            cli_show(cli, verb, reply.document);
            code = check_output(cli, reply.document, EXIT_DONE);
        }
    }
    reply_done(&reply);
    return code;
}

static int carry_out(struct cli_context *cli) {
    struct args *args = cli->args;
    if (args->version) {
        put(&cli->screen, STYLE_PLAIN, "stafet %s\n", STAFET_VERSION);
        return EXIT_DONE;
    }
    if (args->help) {
        help_show(&cli->screen, args->noun, args->verb);
        return EXIT_DONE;
    }
    if (args->verb == NULL)
        return call_verb(cli, service_verb("waiting", ""));
    if (strcmp(args->verb->noun, "node") == 0)
        return cli_node_run(cli, args->values);
    return call_verb(cli, args->verb);
}

static int refuse_args(struct cli_context *cli, enum err e) {
    const struct args *args = cli->args;
    json_t *details = args->problems.n > 0 ? problems_details(&args->problems) : NULL;
    char help[128];
    snprintf(help, sizeof help, "stafet %s%s%s%s--help", args->noun != NULL ? args->noun : "",
             args->noun != NULL ? " " : "", args->verb != NULL ? args->verb->name : "",
             args->verb != NULL && *args->verb->name ? " " : "");
    const char *mend = args->problems.n > 0      ? args->problems.mend
                       : *args->why.mend != '\0' ? args->why.mend
                                                 : help;
    int code = cli_fail(cli, e == ERR_ARGUMENT ? "usage" : err_name(e), COMMAND(mend), details,
                        "%s", "%s", args->why.text);
    json_decref(details);
    return e == ERR_MEMORY ? code
                           : EXIT_USAGE; /* a file that the command line names can't be read */
}

int main(int argc, char **argv) {
    node_guard_process(); /* secrets pass through this process, and some commands are a node for a
                             while */
    setlocale(LC_ALL, "");
    setlocale(LC_NUMERIC, "C"); /* JSON's numbers have a point everywhere */
    struct args args;
    struct cli_context cli = {.args = &args};
    screen_init(&cli.screen, stdout);
    enum err e = args_parse(&args, argc, argv);
    cli.screen.quiet =
        args.quiet || args.json; /* standard error is then for the error object alone */
    cli.asker = (struct asker){
        .name = args.as_name, .function = args.as_function, .language = cli.screen.language};
    int code;
    if (e != OK) {
        code = refuse_args(&cli, e);
    } else if ((e = key_library_init()) != OK) {
        code = cli_err(&cli, e);
    } else {
        code = carry_out(&cli);
    }
    code = check_output(&cli, NULL, code);
    locate_free(cli.locate);
    args_done(&args);
    return code;
}
