/* What happens in a simulated run, line by line: printed when asked for, hashed always, so that two
 * runs of one seed can be compared. */
#ifndef STAFET_SIM_TRACE_H
#define STAFET_SIM_TRACE_H

#include "proto/bytes.h"
#include "proto/clock.h"
#include <stdbool.h>
#include <stdint.h>

void trace_begin(bool print);
void trace_at(time_ms now);
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Bytes that went somewhere: hashed alone. */
void trace_bytes(struct bytes);
/* Of all so far. */
uint64_t trace_hash(void);

/* A broken promise: says which, and ends the process. The seed and the command that replays it have
 * been set before. */
void violation_context(const char *replay);
void violation(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
