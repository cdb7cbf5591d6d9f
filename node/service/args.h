/* Inside the service: a call's arguments against the verb's declaration. */
#ifndef STAFET_NODE_ARGS_H
#define STAFET_NODE_ARGS_H

#include "service.h"

/* The longest span that PARAM_DURATION takes: a year. */
#define DURATION_MAX_MS (INT64_C(366) * 24 * 3600 * 1000)

/* Every required parameter is there, nothing is there that the verb does not take, and each has the JSON type of its kind.
 * ERR_ARGUMENT with details {"field": name}. */
MUST_USE enum err args_check(const struct verb *, const json_t *args, struct reply *);

#endif
