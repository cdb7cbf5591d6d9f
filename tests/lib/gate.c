#include "gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

void gate_init_in(struct gate *gate, const char *below) {
    assert_ok(key_library_init());
    temp_folder(gate->folder);
    int n = snprintf(gate->path, sizeof gate->path, "%s/%s", gate->folder, below);
    assert_true(n > 0 && n < (int)sizeof gate->path);
    assert_ok(home_open(gate->path, true, &gate->home));
    assert_ok(watcher_init(&gate->watcher));
    assert_ok(service_new(&gate->home, NULL, &gate->service));
    assert_ok(control_new(&gate->watcher, gate->service, gate->path, &gate->control));
}

void gate_init(struct gate *gate) {
    gate_init_in(gate, "home");
}

void gate_done(struct gate *gate) {
    control_free(gate->control);
    service_free(gate->service);
    watcher_done(&gate->watcher);
    home_close(&gate->home);
    temp_remove(gate->folder);
}

void gate_turn(struct gate *gate) {
    assert_ok(watcher_turn(&gate->watcher, 1));
    (void)control_turn(gate->control, node_monotonic_ms());
}

int gate_connect(const struct gate *gate) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%.*s", (int)sizeof name.sun_path - 1,
             gate->control->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

struct plan plan;

static enum job_state planned_step(struct job *job, struct reply *reply) {
    plan.steps++;
    if (plan.progress_size > 0) {
        char *text = calloc(1, plan.progress_size + 1);
        memset(text, 'x', plan.progress_size);
        json_decref(reply->progress);
        reply->progress = json_pack("{s:i, s:s}", "done", plan.steps, "what", text);
        free(text);
    }
    if (plan.steps >= plan.steps_max) {
        assert_ok(reply_give(reply, json_pack("{s:i}", "steps", plan.steps)));
        return JOB_DONE;
    }
    job->deadline = plan.deadline;
    return plan.waits ? JOB_WAITING : JOB_MORE;
}

static void planned_free(struct job *job) {
    plan.freed++;
    free(job);
}

struct caller *gate_work(struct gate *gate, bool more) {
    struct caller *caller = NULL;
    UNTIL(gate, control_callers_n(gate->control) > 0);
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        caller = gate->control->callers[i] != NULL ? gate->control->callers[i] : caller;
    caller->job = calloc(1, sizeof *caller->job);
    *caller->job = (struct job){.step = planned_step, .free = planned_free};
    caller->more = more;
    caller->waiting = false;
    return caller;
}
