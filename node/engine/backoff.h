/* How long to wait before dialling again: twice as long each time, with jitter so that two hundred
 * sites that lost the municipality at once don't come back at once. */
#ifndef STAFET_NODE_ENGINE_BACKOFF_H
#define STAFET_NODE_ENGINE_BACKOFF_H

#include "proto/clock.h"

enum { BACKOFF_MS_MIN = 500, BACKOFF_MS_MAX = 60000 };

/* The engine's own small generator, so that a simulation can be repeated. Not for secrets. (Steele,
 * Lea, Flood, "Fast Splittable Pseudorandom Number Generators", 2014: SplitMix64.) */
struct jitter {
    uint64_t state;
};
/* From 0 to `below` - 1; `below` at least 1. */
uint64_t jitter_below(struct jitter *, uint64_t below);

/* Zero-initialised is fresh. */
struct backoff {
    unsigned failures;
};
/* The next wait, between half of and the whole present step; the step doubles from BACKOFF_MS_MIN
 * to BACKOFF_MS_MAX. */
time_ms backoff_next(struct backoff *, struct jitter *);
/* After a success. */
void backoff_reset(struct backoff *);

#endif
