/* Inside the CLI: progress on standard error, for terminals only, of what lasts longer than a second. */
#ifndef STAFET_CLI_PROGRESS_H
#define STAFET_CLI_PROGRESS_H

#include "screen.h"

struct progress {
    const struct screen *screen;
    int64_t started_ms, shown_ms;
    bool wanted, shown;
};
void progress_init(struct progress *, const struct screen *);
/* A locate_progress; the context is the struct progress. */
void progress_show(void *context, const json_t *piece);
/* Wipes the line. */
void progress_done(struct progress *);

#endif
