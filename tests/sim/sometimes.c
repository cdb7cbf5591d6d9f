#include "sometimes.h"

#include <string.h>

static uint64_t counts[SOMETIMES_N];

static const char *const names[SOMETIMES_N] = {
#define X(name) #name,
    SOMETIMES(X)
#undef X
};

void sometimes(enum sometimes what) {
    counts[what]++;
}

uint64_t sometimes_count(enum sometimes what) {
    return counts[what];
}

const char *sometimes_name(enum sometimes what) {
    return names[what];
}

void sometimes_clear(void) {
    memset(counts, 0, sizeof counts);
}
