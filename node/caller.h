/* Inside control: one connection and its request. */
#ifndef STAFET_NODE_CALLER_H
#define STAFET_NODE_CALLER_H

#include "control.h"
#include "proto/limits.h"

struct caller {
    struct control *control;
    struct watch watch;
    uint8_t *request; /* what has come of it, and perhaps of the next */
    size_t request_n, request_capacity, searched;
    uint8_t *answer; /* what is still to be written */
    size_t answer_at, answer_n, answer_capacity;
    struct job *job;
    struct reply reply;
    bool more;    /* wants progress */
    bool waiting; /* the job waits for news or until `wake_at` */
    time_ms wake_at;
    time_ms unread_since; /* 0: nothing lies unread */
    uint64_t idle_since; /* in the order in which callers came or were answered */
    bool gone;
};

struct control {
    struct watcher *watcher;
    struct service *service;
    struct watch listener;
    char path[HOME_PATH_MAX];
    struct caller *callers[CONTROL_CALLERS_MAX];
    size_t request_bytes; /* of all callers */
    uint64_t idle_n;
    bool woken;
    time_ms woken_at;
};

MUST_USE enum err caller_new(struct control *, int fd, struct caller **ret_caller);
void caller_free(struct caller *);
/* Takes the next request if one is whole and nothing is under way, steps its job. True: more to do
 * at once. */
bool caller_turn(struct caller *, bool news, time_ms now);
time_ms caller_deadline(const struct caller *);

/* call.c: a request as JSON to a call of the service, and its end as JSON. */
struct call {
    json_t *root; /* owned */
    char noun[32], verb[32];
    struct asker asker;
    const json_t *arguments; /* NULL: none */
    bool more;
};
/* ERR_FORMAT: not JSON; ERR_ARGUMENT: not a request; then `reply` says so. */
MUST_USE enum err call_parse(const char *text, size_t size, struct reply *, struct call *ret_call);
void call_done(struct call *);
/* The end of a call as a JSON object, new. NULL when out of memory. */
json_t *call_answer(struct reply *);
json_t *call_progress(json_t *progress); /* takes it over */

#endif
