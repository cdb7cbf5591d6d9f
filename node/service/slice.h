/* Inside the service: how long one step of a job works (service.h). At least one piece of work is done between two looks. */
#ifndef STAFET_NODE_SERVICE_SLICE_H
#define STAFET_NODE_SERVICE_SLICE_H

#include "proto/clock.h"
#include <stdbool.h>

enum { SLICE_MS = 10 };

/* When a slice that begins now is over, on a clock that only slices know. */
time_ms slice_begin(void);
bool slice_is_over(time_ms end);

#endif
