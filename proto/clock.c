#include "clock.h"

#include "limits.h"

enum { COUNTER_BITS = 16 };
static const time_ms DAY_MS = INT64_C(24) * 60 * 60 * 1000;
static const time_ms MS_MAX =
    ((time_ms)1 << 47) - 1; /* a clock is below 2^63: PROTOCOL.md, "Header" */

static uint64_t at(time_ms ms) {
    if (ms < 0)
        ms = 0;
    if (ms > MS_MAX)
        ms = MS_MAX;
    return (uint64_t)ms << COUNTER_BITS;
}

static uint64_t later(uint64_t last, uint64_t floor) {
    return floor > last ? floor : last + 1;
}

uint64_t clock_next(uint64_t last, time_ms wall) {
    return later(last, at(wall));
}

uint64_t clock_next_day(uint64_t last, time_ms wall) {
    return later(last, at(wall < 0 ? 0 : wall - wall % DAY_MS));
}

uint64_t clock_see(uint64_t last, uint64_t remote, time_ms wall) {
    uint64_t limit = at(wall > MS_MAX - CLOCK_AHEAD_MAX_MS ? MS_MAX : wall + CLOCK_AHEAD_MAX_MS);
    uint64_t seen = remote < limit ? remote : limit;
    return seen > last ? seen : last;
}

time_ms clock_ms(uint64_t clock) {
    return (time_ms)(clock >> COUNTER_BITS);
}
