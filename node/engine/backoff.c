#include "backoff.h"

uint64_t jitter_below(struct jitter *jitter, uint64_t below) {
    uint64_t z = jitter->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

time_ms backoff_next(struct backoff *backoff, struct jitter *jitter) {
    time_ms step = BACKOFF_MS_MAX;
    if (backoff->failures < 7) {
        step = (time_ms)BACKOFF_MS_MIN << backoff->failures;
        backoff->failures++;
    }
    if (step > BACKOFF_MS_MAX)
        step = BACKOFF_MS_MAX;
    return step / 2 + (time_ms)jitter_below(jitter, (uint64_t)(step / 2 + 1));
}

void backoff_reset(struct backoff *backoff) {
    backoff->failures = 0;
}
