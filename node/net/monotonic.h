#ifndef STAFET_NODE_MONOTONIC_H
#define STAFET_NODE_MONOTONIC_H

#include "proto/clock.h"

/* Milliseconds since some start, never going back, the machine's sleep included: the clock of every
 * deadline in the node. */
time_ms node_monotonic_ms(void);

#endif
