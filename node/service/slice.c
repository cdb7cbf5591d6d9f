#include "slice.h"

#include <time.h>

static time_ms monotonic_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

time_ms slice_begin(void) {
    return monotonic_ms() + SLICE_MS;
}

bool slice_is_over(time_ms end) {
    return monotonic_ms() >= end;
}
