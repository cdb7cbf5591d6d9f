/* Inside the service: what waits for a person here. */
#ifndef STAFET_NODE_WAITING_H
#define STAFET_NODE_WAITING_H

#include "service.h"

/* An array of {"kind", …, "command": [words]}, most pressing first (cli/JSON.md). */
MUST_USE enum err waiting_items(struct service *, json_t **ret_items);

#endif
