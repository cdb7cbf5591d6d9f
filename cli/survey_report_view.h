/* Inside the CLI: the report's screen, and what it shares with the survey's others. */
#ifndef STAFET_CLI_SURVEY_REPORT_VIEW_H
#define STAFET_CLI_SURVEY_REPORT_VIEW_H

#include "screen.h"

void survey_show_report(const struct screen *, const json_t *document);
/* "Missing: Egely (last reached 12 March)", of the document's "missing"; nothing when none is. */
void survey_put_missing(const struct screen *, const json_t *document);
/* The "label" of a question or choice in the screen's language, else in whichever there is. */
const char *survey_worded(const struct screen *, const json_t *question);

#endif
