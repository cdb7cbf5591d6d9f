/* Inside the CLI: times and revisions as the screens of handovers and conflicts write them. */
#ifndef STAFET_CLI_HANDOVER_MOMENT_H
#define STAFET_CLI_HANDOVER_MOMENT_H

#include "document.h"

enum { MOMENT_MAX = 64 };

/* "3 Jun 10:15", with the year when it isn't this one; "" for null. Local time. */
const char *moment_text(const struct screen *, const json_t *ms, char ret_text[static MOMENT_MAX]);
/* "3 Jun", likewise. */
const char *moment_day(const struct screen *, const json_t *ms, char ret_text[static MOMENT_MAX]);
/* For paper: "3 June 2026". `ms` or, if that is null, an ISO date; "" when both are. */
const char *moment_long(enum language, const json_t *ms, const char *iso_date, char ret_text[static MOMENT_MAX]);
/* The first four characters of a revision: what people compare. "" when there is none. */
const char *moment_revision(const char *revision, char ret_text[static MOMENT_MAX]);

/* The name of the member under `key`; "" when it isn't there. */
const char *name_of(const json_t *document, const char *key);

#endif
