/* Inside the CLI: one command under way. */
#ifndef STAFET_CLI_CLI_H
#define STAFET_CLI_CLI_H

#include "args.h"
#include "locate.h"
#include "screen.h"

/* Exit codes. */
enum {
    EXIT_DONE = 0,
    EXIT_FAILED = 1,  /* failed or refused */
    EXIT_USAGE = 2,   /* wrong usage or bad input */
    EXIT_NOT_YET = 3  /* not in sync, not joined yet, nothing acknowledged, no node running where one is needed */
};

struct cli_context {
    struct args *args;
    struct screen screen;
    struct asker asker;
    struct locate *locate; /* NULL until the home is needed */
    bool truncated;        /* memory ran out over a document that was being printed */
};

/* Which exit code an error is. */
int cli_exit_code(enum err);
/* Prints the reply's error as cli_fail does; returns its exit code. */
int cli_fail_reply(struct cli_context *, const struct reply *);
/* Makes `locate` if it isn't there; `create`: makes the home's folder if need be. Returns an exit code, having said why, or -1. */
int cli_locate(struct cli_context *, bool create);
/* Gives the home back while a person reads or writes: the next call takes it again. What was seen before may then have changed; the verbs that
 * follow guard themselves by a revision, a mark or a whole id. */
void cli_release(struct cli_context *);
/* Prints the document as --json or by its view. */
void cli_show(struct cli_context *, const struct verb *, const json_t *document);

/* Commands that run a node for a while or for good. */
int cli_node_run(struct cli_context *, const json_t *args);
/* Calls a verb whose job only ends with a node around it (sync, join): at the node that runs, else with one of its own. */
enum err cli_call_with_node(struct cli_context *, const struct verb *, const json_t *args, struct reply *);

#endif
