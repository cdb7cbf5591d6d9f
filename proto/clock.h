/* A hybrid logical clock in 64 bits: 48 bits of Unix milliseconds, 16 bits of counter. Causality never
 * rests on it; it orders what people see. (S. Kulkarni et al., "Logical Physical Clocks", 2014.) */
#ifndef STAFET_PROTO_CLOCK_H
#define STAFET_PROTO_CLOCK_H

#include <stdint.h>

typedef int64_t time_ms; /* Unix time, or a span */

/* The next own clock: later than `last` and not before `wall`. */
uint64_t clock_next(uint64_t last, time_ms wall);
/* The same for channels that their writer can't read: the UTC day of `wall` and a counter, so that no time
 * of day shows. */
uint64_t clock_next_day(uint64_t last, time_ms wall);
/* `last` after seeing `remote`, which counts at most CLOCK_AHEAD_MAX_MS past `wall`. */
uint64_t clock_see(uint64_t last, uint64_t remote, time_ms wall);
time_ms clock_ms(uint64_t clock);

#endif
