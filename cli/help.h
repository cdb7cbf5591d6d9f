/* Inside the CLI: help at every level, made from the verbs' declarations. */
#ifndef STAFET_CLI_HELP_H
#define STAFET_CLI_HELP_H

#include "args.h"
#include "screen.h"

/* About everything (`noun` NULL), a noun, or one verb. */
void help_show(const struct screen *, const char *noun, const struct verb *);

#endif
