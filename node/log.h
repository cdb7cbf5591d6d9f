/* What the node says on standard error: one line each, for the journal; no personal data, no keys,
 * no content. In English whatever the locale: it is for those who run the machine, who search it and hold it against other nodes'. */
#ifndef STAFET_NODE_LOG_H
#define STAFET_NODE_LOG_H

#include <stdbool.h>

/* Under systemd each line carries its priority, else a time. `quiet`: warnings only. */
void log_init(bool quiet);
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
