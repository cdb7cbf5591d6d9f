/* What the node says on standard error: one line each, for the journal; no personal data, no keys,
 * no content. In English whatever the locale: it is for those who run the machine, who search it and hold it against other nodes'. */
#ifndef STAFET_NODE_LOG_H
#define STAFET_NODE_LOG_H

#include "proto/clock.h"

#include <stdbool.h>

/* What others do makes lines: so many at once, then one in each LOG_LINE_MS, and once a minute how many were left out. Warnings are
 * counted apart. */
enum { LOG_LINES_MAX = 5000, LOG_LINE_MS = 100, LOG_LEFT_OUT_MS = 60000 };

/* One kind of lines. Zero-initialised is full. */
struct log_gate {
    int64_t spent_ms;   /* LOG_LINE_MS for each line that was let through and not earned back yet */
    time_ms at, told_at;
    uint64_t left_out;
};
/* May a line pass at `now`, which never goes back? `ret_left_out`: how many were left out before it; 0: none, or that was told less than a
 * minute ago. */
bool log_gate_pass(struct log_gate *, time_ms now, uint64_t *ret_left_out);

/* Under systemd each line carries its priority, else a time. `quiet`: warnings only. */
void log_init(bool quiet);
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
