/* Inside the CLI: what waits for a person, one line each with its command. */
#ifndef STAFET_CLI_WAITING_H
#define STAFET_CLI_WAITING_H

#include "screen.h"

/* The lines, without heading. With more than `rows_max` the last row says how many are left out. */
void waiting_show(const struct screen *, const json_t *items, size_t rows_max);

#endif
