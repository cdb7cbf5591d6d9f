/* stafetd: a site's node, as a service manager runs it. */
#include "node.h"

#include "proto/language.h"
#include "service/service.h"
#include <errno.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if STAFET_HAS_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

static const char usage_en[] =
    "usage: stafetd [--home DIR] [--listen tcp://HOST:PORT] [--quiet]\n"
    "\n"
    "Runs the node of the home DIR until SIGTERM or SIGINT. Without --home: $STAFET_HOME, else\n"
    "/var/lib/stafet when root has one, else stafet in $XDG_DATA_HOME or ~/.local/share. A home\n"
    "is made by \"stafet federation create\" or \"stafet join\".\n"
    "\n"
    "  --home DIR      the node's folder\n"
    "  --listen ADDR   where it can be dialled, instead of what HOME/config says; '*' for\n"
    "                  any address, port 0 for any free one\n"
    "  --quiet         warnings only\n"
    "  --version, --help\n";
static const char usage_da[] =
    "brug: stafetd [--home MAPPE] [--listen tcp://VÆRT:PORT] [--quiet]\n"
    "\n"
    "Lader noden i hjemmet MAPPE køre, til der kommer SIGTERM eller SIGINT. Uden --home:\n"
    "$STAFET_HOME, ellers /var/lib/stafet, når root har det, ellers stafet i $XDG_DATA_HOME eller\n"
    "~/.local/share. Et hjem laves af \"stafet federation create\" eller \"stafet join\".\n"
    "\n"
    "  --home MAPPE    nodens mappe\n"
    "  --listen ADR    hvor den kan kaldes op, i stedet for det, der står i hjemmets fil config;\n"
    "                  '*' for alle adresser, port 0 for en ledig\n"
    "  --quiet         kun advarsler\n"
    "  --version, --help\n";

static const char *usage(void) {
    return say_in(language_of_locale(), usage_en, usage_da);
}

enum { EXIT_USAGE = 2 };

struct command {
    char home[HOME_PATH_MAX];
    struct node_options options;
};

/* One that can't be looked at is there: nothing is made elsewhere in its place. */
static bool is_there(const char *folder) {
    struct stat status;
    return stat(folder, &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* False when it is too long or nothing says where. */
static bool default_home(char home[static HOME_PATH_MAX]) {
    const char *chosen = getenv("STAFET_HOME"), *data = getenv("XDG_DATA_HOME"),
               *own = getenv("HOME");
    int n = -1;
    if (chosen != NULL && *chosen != '\0')
        n = snprintf(home, HOME_PATH_MAX, "%s", chosen);
    else if (geteuid() == 0 && is_there("/var/lib/stafet"))
        n = snprintf(home, HOME_PATH_MAX, "/var/lib/stafet");
    else if (data != NULL && *data == '/')
        n = snprintf(home, HOME_PATH_MAX, "%s/stafet", data);
    else if (own != NULL && *own != '\0')
        n = snprintf(home, HOME_PATH_MAX, "%s/.local/share/stafet", own);
    return n > 0 && n < HOME_PATH_MAX;
}

/* An exit status, or -1 to go on. */
static int read_command(int argc, char **argv, struct command *ret_command) {
    static const struct option options[] = {
        {"home", required_argument, NULL, 'd'}, {"listen", required_argument, NULL, 'l'},
        {"quiet", no_argument, NULL, 'q'},      {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},    {NULL, 0, NULL, 0}};
    const char *home = NULL;
    *ret_command = (struct command){.options = {.control = true}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 'd':
            home = optarg;
            break;
        case 'l':
            ret_command->options.listen = optarg;
            break;
        case 'q':
            ret_command->options.quiet = true;
            break;
        case 'h':
            return fputs(usage(), stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        case 'v':
            return puts("stafetd " STAFET_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        default:
            fputs(usage(), stderr);
            return EXIT_USAGE;
        }
    }
    bool found = home != NULL
                     ? snprintf(ret_command->home, HOME_PATH_MAX, "%s", home) < HOME_PATH_MAX
                     : default_home(ret_command->home);
    if (optind == argc && found)
        return -1;
    fputs(usage(), stderr);
    return EXIT_USAGE;
}

/* "stafetd: HOME: what is wrong; what to do" */
static int fail(const char *what, const struct failure *why) {
    fprintf(stderr, "stafetd: %s: %s%s%s\n", what, why->text, *why->mend != '\0' ? "; " : "",
            why->mend);
    return EXIT_FAILURE;
}

static int fail_err(const char *what, enum err err) {
    struct failure why = {.language = language_of_locale()};
    (void)failure_err(&why, err);
    return fail(what, &why);
}

static void say_ready(const struct node *node, const char *home) {
    const char *where = node_listens_on(node);
    enum language language = language_of_locale();
    fprintf(stderr,
            *where != '\0' ? say_in(language, "stafetd ready in %s, listening on %s\n",
                                    "stafetd er klar i %s og kan kaldes op på %s\n")
                           : say_in(language, "stafetd ready in %s, dialling out only%s\n",
                                    "stafetd er klar i %s og kalder kun selv op%s\n"),
            home, where);
#if STAFET_HAS_SYSTEMD
    (void)sd_notify(0, "READY=1");
#endif
}

static int serve(struct home *home, const struct node_options *options) {
    struct node *node = NULL;
    struct failure why = {.language = language_of_locale()};
    enum err err = node_new(home, options, &why, &node);
    if (err != OK)
        return fail(home->path, &why);
    say_ready(node, home->path);
    err = node_run(node, NULL, NULL, INT64_MAX);
#if STAFET_HAS_SYSTEMD
    (void)sd_notify(0, "STOPPING=1");
#endif
    node_free(node);
    return err == ERR_CANCELLED ? EXIT_SUCCESS : fail_err(home->path, err);
}

/* A short command may own the home for a moment: that is no reason not to start. Another node is.
 */
static enum err take_home(const char *path, struct home *ret_home) {
    enum { WAIT_MS = 5000, PAUSE_MS = 20 };
    time_ms until = node_monotonic_ms() + WAIT_MS;
    enum err err;
    while ((err = home_open(path, false, ret_home)) == ERR_LOCKED && node_monotonic_ms() < until)
        usleep(PAUSE_MS * 1000);
    return err;
}

/* What a run needs on its way is the same for the next. By default the C library gives it back to
 * the system between the two, and each page of it is cleared again: a quarter of what serving a
 * bootstrap costs. */
static void keep_memory(void) {
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
#endif
}

int main(int argc, char **argv) {
    struct command command;
    int status = read_command(argc, argv, &command);
    if (status >= 0)
        return status;
    node_guard_process();
    keep_memory();
    if (key_library_init() != OK)
        return fail_err("libsodium", ERR_INTERNAL);
    struct home home;
    enum err err = take_home(command.home, &home);
    struct failure why = {.language = language_of_locale()};
    struct stat there;
    if (err == ERR_NOT_FOUND && stat(command.home, &there) == 0)
        (void)failure_say(&why, err, MEND("name a folder with --home", "vælg en mappe med --home"),
                          "a home is a folder, and this is a file",
                          "et hjem er en mappe, og det her er en fil");
    else if (err == ERR_NOT_FOUND)
        (void)failure_say(&why, err, SERVICE_FOUND_MEND, "there is no home", "der er intet hjem");
    else if (err != OK)
        (void)failure_err(&why, err);
    if (err != OK)
        return fail(command.home, &why);
    status = serve(&home, &command.options);
    home_close(&home);
    return status;
}
