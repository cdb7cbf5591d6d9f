/* Inside the CLI: the words after NOUN VERB, read against the verb's parameters. */
#ifndef STAFET_CLI_VALUES_H
#define STAFET_CLI_VALUES_H

#include "problem.h"
#include "service/service.h"

/* `--name VALUE`, `--name=VALUE`, positional ones in order, FIELD=VALUE where the verb takes fields. Words from `plain_from` on are never options.
 * Sets `values`; errors as args_parse, with the places of a file that can't be read in `problems`. */
MUST_USE enum err values_take(const struct verb *, char *const *words, int n, int plain_from,
                              json_t *values, struct problems *problems, struct failure *ret_why);

/* "90", "90s", "10m", "12h", "7d" to ms. ERR_FORMAT. */
MUST_USE enum err values_duration(const char *text, int64_t *ret_ms);

#endif
