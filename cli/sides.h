/* Inside the CLI: what each noun's verbs do on the CLI's side, one table a file, ended by an entry whose noun is NULL. */
#ifndef STAFET_CLI_SIDES_H
#define STAFET_CLI_SIDES_H

#include "screen.h"

extern const struct side conflict_sides[];
extern const struct side export_sides[];
extern const struct side federation_sides[];
extern const struct side handover_sides[];
extern const struct side member_sides[];
extern const struct side roster_sides[];
extern const struct side search_sides[];
extern const struct side survey_sides[];
extern const struct side verify_sides[];

const struct side *side_find(const char *noun, const char *verb); /* NULL: none */

#endif
