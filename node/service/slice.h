/* Inside the service: how long one step of a job works (service.h). At least one piece of work is
 * done between two looks. */
#ifndef STAFET_NODE_SERVICE_SLICE_H
#define STAFET_NODE_SERVICE_SLICE_H

#include "proto/clock.h"
#include "proto/err.h"
#include <stdbool.h>

enum { SLICE_MS = 10 };

/* When a slice that begins now is over, on a clock that only slices know. */
time_ms slice_begin(void);
bool slice_is_over(time_ms end);

/* Piece after piece of a job's work, until all is done, one fails or the slice is over. */
typedef enum err slice_work(void *job, bool *ret_done);
MUST_USE static inline enum err slice_run(slice_work *work, void *job, bool *ret_done) {
    time_ms end = slice_begin();
    enum err e;
    do
        e = work(job, ret_done);
    while (e == OK && !*ret_done && !slice_is_over(end));
    return e;
}

#endif
