/* Inside the CLI: what waits for a person, one line each with its command. */
#ifndef STAFET_CLI_WAITING_H
#define STAFET_CLI_WAITING_H

#include "screen.h"

/* The lines, without heading. */
void waiting_show(const struct screen *, const json_t *items);

#endif
