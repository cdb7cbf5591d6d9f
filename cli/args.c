#include "args.h"

#include "proto/text.h"
#include "service/name.h"
#include "values.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct param run_params[] = {
    {.name = "listen",
     .kind = PARAM_TEXT,
     .summary_da = "hvor noden kan kaldes op, tcp://VÆRT:PORT; ellers som konfigureret",
     .summary_en = "where the node can be dialled, tcp://HOST:PORT; else as configured"},
    {.name = NULL},
};
const struct verb args_own_verbs[] = {
    {.noun = "node",
     .name = "run",
     .summary_da = "lad noden køre, til den bliver stoppet (det samme som stafetd)",
     .summary_en = "run the node until it is stopped (the same as stafetd)",
     .access = ACCESS_WRITE,
     .params = run_params},
    {.noun = NULL},
};

const struct verb *args_verb(const char *noun, const char *name) {
    for (const struct verb *verb = args_own_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, noun) == 0 && strcmp(verb->name, name) == 0)
            return verb;
    return service_verb(noun, name);
}

/* The noun as the tables spell it; NULL: none. */
static const char *noun_named(const char *word) {
    for (const struct verb *verb = args_own_verbs; verb->noun != NULL; verb++)
        if (strcmp(verb->noun, word) == 0)
            return verb->noun;
    for (const struct verb *const *table = service_verbs; *table != NULL; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++)
            if (strcmp(verb->noun, word) == 0)
                return verb->noun;
    return NULL;
}

/* How the command is used is its own mend. */
#define refuse(args, e, ...) failure_say(&(args)->why, (e), COMMAND(""), __VA_ARGS__)

/* One that can't be looked at is there: nothing is made elsewhere in its place. */
static bool is_there(const char *folder) {
    struct stat status;
    return stat(folder, &status) == 0 ? S_ISDIR(status.st_mode)
                                      : errno != ENOENT && errno != ENOTDIR;
}

enum err args_default_home(char ret_home[static ARGS_HOME_MAX]) {
    if (geteuid() == 0 && is_there("/var/lib/stafet")) {
        snprintf(ret_home, ARGS_HOME_MAX, "/var/lib/stafet");
        return OK;
    }
    const char *data = getenv("XDG_DATA_HOME"), *own = getenv("HOME");
    int length;
    if (data != NULL && *data == '/')
        length = snprintf(ret_home, ARGS_HOME_MAX, "%s/stafet", data);
    else if (own != NULL && *own == '/')
        length = snprintf(ret_home, ARGS_HOME_MAX, "%s/.local/share/stafet", own);
    else
        return ERR_NOT_FOUND;
    return length < ARGS_HOME_MAX ? OK : ERR_LIMIT;
}

/* "NAME, FUNCTION"; the function may be missing. */
static enum err set_asker(struct args *args, const char *text) {
    const char *comma = strchr(text, ',');
    size_t length = comma != NULL ? (size_t)(comma - text) : strlen(text);
    const char *function = comma != NULL ? comma + 1 + strspn(comma + 1, " ") : "";
    if (!text_is_clean(bytes_of_text(text), false) || name_turns(bytes_of_text(text)))
        return refuse(
            args, ERR_ARGUMENT,
            "--as holds a character that can't be seen, or turns the direction of writing",
            "--as indeholder et tegn, der ikke kan ses, eller som vender skriveretningen");
    if (length >= ARGS_NAME_MAX || strlen(function) >= ARGS_NAME_MAX)
        return refuse(args, ERR_LIMIT, "--as is longer than a name may be",
                      "--as er længere, end et navn må være");
    snprintf(args->as_name, ARGS_NAME_MAX, "%.*s", (int)length, text);
    snprintf(args->as_function, ARGS_NAME_MAX, "%s", function);
    return OK;
}

static enum err set_defaults(struct args *args) {
    const char *home = getenv("STAFET_HOME"), *as = getenv("STAFET_AS");
    enum err e = OK;
    if (args->home[0] == '\0' && home != NULL && *home != '\0') {
        if (snprintf(args->home, ARGS_HOME_MAX, "%s", home) >= ARGS_HOME_MAX)
            return refuse(args, ERR_LIMIT, "STAFET_HOME is too long", "STAFET_HOME er for lang");
    } else if (args->home[0] == '\0' && args_default_home(args->home) != OK) {
        return refuse(args, ERR_ARGUMENT,
                      "neither --home, STAFET_HOME nor HOME says where the home is",
                      "hverken --home, STAFET_HOME eller HOME siger, hvor hjemmet er");
    }
    if (args->as_name[0] != '\0')
        return OK;
    if (as != NULL && *as != '\0')
        return set_asker(args, as);
    const struct passwd *login = getpwuid(geteuid());
    if (login == NULL)
        return OK;
    bool is_named = login->pw_gecos != NULL && *login->pw_gecos != '\0' && *login->pw_gecos != ',';
    if (is_named)
        e = set_asker(args, login->pw_gecos);
    if (!is_named || e != OK) /* what the system calls its user keeps nobody from working */
        e = set_asker(args, login->pw_name);
    if (strchr(args->as_function, ',') != NULL)
        args->as_function[0] = '\0'; /* room and telephone follow the name in that field */
    return e;
}

/* The words that are not global options, with a mark after which everything is a value. */
struct words {
    char **list;
    int n, plain_from;
};

static enum err take_value(struct args *args, const char *name, int argc, char *const *argv,
                           int *at, const char **ret_value) {
    size_t length = strlen(name);
    if (argv[*at][length] == '=') {
        *ret_value = argv[*at] + length + 1;
        return OK;
    }
    if (*at + 1 >= argc)
        return refuse(args, ERR_ARGUMENT, "%s needs a value", "%s skal have en værdi", name);
    *ret_value = argv[++*at];
    return OK;
}

static bool is_option(const char *word, const char *name) {
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && (word[length] == '\0' || word[length] == '=');
}

static enum err take_globals(struct args *args, int argc, char *const *argv, struct words *words) {
    enum err e = OK;
    const char *value = "";
    words->plain_from = argc;
    for (int i = 1; i < argc && e == OK; i++) {
        if (strcmp(argv[i], "--") == 0) {
            words->plain_from = words->n;
            while (++i < argc)
                words->list[words->n++] = argv[i];
        } else if (is_option(argv[i], "--home")) {
            e = take_value(args, "--home", argc, argv, &i, &value);
            if (e == OK && (*value == '\0' || strlen(value) >= ARGS_HOME_MAX))
                e = refuse(args, ERR_LIMIT, "--home is empty or too long",
                           "--home er tom eller for lang");
            if (e == OK)
                snprintf(args->home, ARGS_HOME_MAX, "%s", value);
        } else if (is_option(argv[i], "--as")) {
            e = take_value(args, "--as", argc, argv, &i, &value);
            if (e == OK)
                e = set_asker(args, value);
        } else if (strcmp(argv[i], "--json") == 0) {
            args->json = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            args->quiet = true;
        } else if (strcmp(argv[i], "--yes") == 0) {
            args->yes = true;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            args->help = true;
        } else if (strcmp(argv[i], "--version") == 0) {
            args->version = true;
        } else {
            words->list[words->n++] = argv[i];
        }
    }
    return e;
}

/* NOUN, then VERB unless the noun is a command of its own. */
static enum err choose_verb(struct args *args, struct words *words, int *ret_taken) {
    *ret_taken = 0;
    if (words->n > 0 && strcmp(words->list[0], "help") == 0) {
        args->help = true;
        words->list++;
        words->n--;
    }
    if (words->n == 0)
        return OK;
    args->noun = noun_named(words->list[0]);
    if (args->noun == NULL)
        return refuse(args, ERR_ARGUMENT, "there is no command \"%.100s\"",
                      "der er ingen kommando \"%.100s\"", words->list[0]);
    *ret_taken = 1;
    args->verb = args_verb(args->noun, "");
    if (args->verb != NULL)
        return OK;
    if (words->n < 2 || words->plain_from < 2 || words->list[1][0] == '-')
        return args->help ? OK
                          : refuse(args, ERR_ARGUMENT, "stafet %s needs a verb",
                                   "stafet %s skal have et verbum efter sig", args->noun);
    args->verb = args_verb(args->noun, words->list[1]);
    *ret_taken = 2;
    return args->verb != NULL
               ? OK
               : refuse(args, ERR_ARGUMENT, "there is no command \"%s %.100s\"",
                        "der er ingen kommando \"%s %.100s\"", args->noun, words->list[1]);
}

enum err args_parse(struct args *args, int argc, char *const *argv) {
    memset(args, 0, sizeof *args);
    args->why.language = language_of_locale();
    char **list = calloc((size_t)argc + 1, sizeof *list);
    args->values = json_object();
    if (list == NULL || args->values == NULL ||
        !problems_init(&args->problems, args->why.language)) {
        free(list);
        return failure_err(&args->why, ERR_MEMORY);
    }
    struct words words = {.list = list};
    int taken = 0;
    enum err e = take_globals(args, argc, argv, &words);
    if (e == OK && !args->version)
        e = choose_verb(args, &words, &taken);
    if (e == OK && !args->help && !args->version)
        e = set_defaults(args);
    if (e == OK && !args->help && !args->version && args->verb != NULL)
        e = values_take(args->verb, words.list + taken, words.n - taken, words.plain_from - taken,
                        args->values, &args->problems, &args->why);
    free(list);
    return e;
}

void args_done(struct args *args) {
    json_decref(args->values);
    problems_done(&args->problems);
    args->values = NULL;
}
