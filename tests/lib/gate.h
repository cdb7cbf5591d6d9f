/* A node's control socket in a home without keys: "status" is refused, "federation create" would
 * work. A job of the test's own can be put where a caller's would be. */
#ifndef STAFET_TESTS_GATE_H
#define STAFET_TESTS_GATE_H

#include "net/monotonic.h"
#include "node/caller.h"
#include "test.h"

enum { GIVE_UP_MS = 20000 };

struct gate {
    char folder[256];
    char path[HOME_PATH_MAX];
    struct home home;
    struct watcher watcher;
    struct service *service;
    struct control *control;
};

void gate_init(struct gate *);
/* With the home so far below a folder of the test's own. */
void gate_init_in(struct gate *, const char *below);
void gate_done(struct gate *);
void gate_turn(struct gate *);
/* A socket that is connected to it. */
int gate_connect(const struct gate *);

/* Turns the gate until the condition holds. */
#define UNTIL(gate, condition)                                                                     \
    do {                                                                                           \
        time_ms give_up_ = node_monotonic_ms() + GIVE_UP_MS;                                       \
        while (!(condition)) {                                                                     \
            if (node_monotonic_ms() > give_up_)                                                    \
                fail_msg("never: %s", #condition);                                                 \
            gate_turn(gate);                                                                       \
        }                                                                                          \
    } while (0)

/* What the test's own job does, and has done. */
struct plan {
    int steps, steps_max; /* JOB_DONE after steps_max */
    size_t progress_size; /* of text in each piece */
    bool waits;           /* JOB_WAITING instead of JOB_MORE */
    int freed;
    time_ms deadline;
};
extern struct plan plan;

/* Puts that job where service_call would have put one, for the caller that has connected last. */
struct caller *gate_work(struct gate *, bool more);

#endif
