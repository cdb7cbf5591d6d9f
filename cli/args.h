/* The command line: stafet [global options] NOUN VERB …, read against the verbs' declarations into the JSON that the
 * service takes. Global options may stand anywhere.
 *
 *   --home DIR   --json   --quiet   --yes   --as "NAME, FUNCTION"   --help   --version   -- (what follows are values)
 *
 * Wherever a text is given, @FILE takes it from a file, - from standard input, and @@… is a text that begins with one @. */
#ifndef STAFET_CLI_ARGS_H
#define STAFET_CLI_ARGS_H

#include "problem.h"
#include "service/service.h"

enum { ARGS_HOME_MAX = 4096, ARGS_NAME_MAX = 201 };

struct args {
    char home[ARGS_HOME_MAX];
    bool json, quiet, yes, help, version;
    char as_name[ARGS_NAME_MAX], as_function[ARGS_NAME_MAX];
    const char *noun;         /* NULL: bare `stafet` */
    const struct verb *verb;  /* NULL: bare, or help about a noun */
    json_t *values;           /* for the verb; owned */
    struct failure why;       /* what was wrong, in the language of the locale; its mend may be empty: see --help */
    struct problems problems; /* and where in a file that it names; none of them: it was no file */
};

/* Reads the command line, the files it names, and the environment for what it leaves out (home, as). ERR_ARGUMENT, ERR_LIMIT,
 * ERR_IO, ERR_FORMAT (a file that is not UTF-8 text) with `why`; the caller calls args_done in any case. Global options are set even then, as
 * far as they were read. */
MUST_USE enum err args_parse(struct args *, int argc, char *const *argv);
void args_done(struct args *);

/* A verb by its words on the command line; also those that are the CLI's own (`node run`). NULL: none. */
const struct verb *args_verb(const char *noun, const char *name);
extern const struct verb args_own_verbs[];

/* Where a home is when nobody says: /var/lib/stafet for root if it is there, else $XDG_DATA_HOME/stafet, else
 * ~/.local/share/stafet. */
MUST_USE enum err args_default_home(char ret_home[static ARGS_HOME_MAX]);

#endif
