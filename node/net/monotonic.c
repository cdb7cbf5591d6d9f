#include "monotonic.h"

#include <time.h>

time_ms node_monotonic_ms(void) {
    struct timespec now;
    /* CLOCK_BOOTTIME, so that a laptop's sleep counts: its peers have gone meanwhile. */
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
