#include "caller.h"

#include "net/monotonic.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024, READS_PER_TURN = 16 };

static void leave(struct caller *caller) {
    caller->gone = true;
}

/* Answers and child records may stand in it. */
static void wipe(uint8_t *memory, size_t capacity) {
    if (memory != NULL)
        explicit_bzero(memory, capacity);
    free(memory);
}

/* Not realloc: it may leave a copy behind in freed memory. */
static bool grow(uint8_t **memory, size_t used, size_t *capacity, size_t capacity_new) {
    uint8_t *bigger = malloc(capacity_new);
    if (bigger == NULL)
        return false;
    if (used > 0)
        memcpy(bigger, *memory, used);
    wipe(*memory, *capacity);
    *memory = bigger;
    *capacity = capacity_new;
    return true;
}

/* What to wait for: nothing more is read while a request is whole, worked on, or its answer unread.
 */
static void watch_again(struct caller *caller) {
    uint32_t events = EPOLLRDHUP;
    if (caller->answer_n > 0)
        events |= EPOLLOUT;
    else if (caller->job == NULL)
        events |= EPOLLIN;
    if (watch_set(caller->control->watcher, &caller->watch, events) != OK)
        leave(caller);
}

static void write_answer(struct caller *caller, time_ms now) {
    while (caller->answer_n > 0) {
        ssize_t n = send(caller->watch.fd, caller->answer + caller->answer_at, caller->answer_n,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            if (caller->unread_since == 0)
                caller->unread_since = now;
            return;
        }
        if (n <= 0) {
            leave(caller);
            return;
        }
        caller->answer_at += (size_t)n;
        caller->answer_n -= (size_t)n;
        caller->unread_since = 0;
    }
    wipe(caller->answer, caller->answer_capacity);
    caller->answer = NULL;
    caller->answer_at = caller->answer_capacity = 0;
}

static int append_answer(const char *text, size_t size, void *context) {
    struct caller *caller = context;
    size_t used = caller->answer_at + caller->answer_n;
    if (used + size > caller->answer_capacity &&
        !grow(&caller->answer, used, &caller->answer_capacity, (used + size) * 2))
        return -1;
    memcpy(caller->answer + used, text, size);
    caller->answer_n += size;
    return 0;
}

/* Takes `object` over. */
static void give(struct caller *caller, json_t *object, time_ms now) {
    if (object == NULL || json_dump_callback(object, append_answer, caller, JSON_COMPACT) != 0 ||
        append_answer("", 1, caller) != 0)
        leave(caller);
    json_decref(object);
    if (!caller->gone)
        write_answer(caller, now);
}

static void finish(struct caller *caller, time_ms now) {
    service_job_free(caller->job);
    caller->job = NULL;
    caller->idle_since = ++caller->control->idle_n;
    if (caller->reply.error == OK && caller->reply.document == NULL)
        (void)reply_err(&caller->reply, ERR_INTERNAL);
    give(caller, call_answer(&caller->reply), now);
    reply_done(&caller->reply);
    reply_init(&caller->reply);
}

static void forget_request(struct caller *caller, size_t size) {
    memmove(caller->request, caller->request + size, caller->request_n - size);
    caller->request_n -= size;
    caller->searched = 0;
    if (caller->request_n > 0)
        return;
    caller->control->request_bytes -= caller->request_capacity;
    wipe(caller->request, caller->request_capacity);
    caller->request = NULL;
    caller->request_capacity = 0;
}

static void begin(struct caller *caller, size_t size, time_ms now) {
    struct call call;
    enum err err = call_parse((const char *)caller->request, size, &caller->reply, &call);
    forget_request(caller, size + 1);
    if (err == OK) {
        caller->more = call.more;
        caller->waiting = false;
        err = service_call(caller->control->service, &call.asker, call.noun, call.verb,
                           call.arguments, &caller->reply, &caller->job);
        if (err != OK && caller->reply.error == OK)
            (void)reply_err(&caller->reply, err);
        call_done(&call);
    }
    if (caller->job == NULL)
        finish(caller, now);
}

/* The next whole request, if any. */
static bool begin_next(struct caller *caller, time_ms now) {
    uint8_t *end = caller->request == NULL ? NULL
                                           : memchr(caller->request + caller->searched, '\0',
                                                    caller->request_n - caller->searched);
    caller->searched = caller->request_n;
    if (end == NULL)
        return false;
    begin(caller, (size_t)(end - caller->request), now);
    return true;
}

/* ERR_LIMIT: the request is too large; ERR_BUSY: those of all callers together are; ERR_MEMORY. */
static enum err make_room(struct caller *caller) {
    if (caller->request_n > CONTROL_REQUEST_MAX)
        return ERR_LIMIT;
    if (caller->request_capacity - caller->request_n >= READ_SIZE)
        return OK;
    size_t capacity = caller->request_capacity == 0 ? READ_SIZE : caller->request_capacity * 2;
    while (capacity - caller->request_n < READ_SIZE)
        capacity *= 2;
    size_t more = capacity - caller->request_capacity;
    if (caller->control->request_bytes + more > CONTROL_REQUESTS_MAX)
        return ERR_BUSY;
    if (!grow(&caller->request, caller->request_n, &caller->request_capacity, capacity))
        return ERR_MEMORY;
    caller->control->request_bytes += more;
    return OK;
}

static void refuse(struct caller *caller, enum err why, time_ms now) {
    if (why == ERR_LIMIT)
        (void)reply_fail(&caller->reply, why, MEND("divide the file", "del filen i flere"),
                         "what is given to a command may have at most %zu MiB",
                         "det, en kommando får at arbejde med, må højst fylde %zu MiB",
                         (size_t)CONTROL_REQUEST_MAX / KIB(1024));
    else
        (void)reply_err(&caller->reply, why);
    finish(caller, now);
    leave(caller);
}

static void read_request(struct caller *caller, time_ms now) {
    for (int i = 0; i < READS_PER_TURN && !caller->gone; i++) {
        enum err err = make_room(caller);
        if (err != OK) {
            refuse(caller, err, now);
            return;
        }
        ssize_t n =
            recv(caller->watch.fd, caller->request + caller->request_n, READ_SIZE, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n <= 0) {
            leave(caller);
            return;
        }
        caller->request_n += (size_t)n;
        if (memchr(caller->request + caller->request_n - (size_t)n, '\0', (size_t)n) != NULL)
            return;
    }
}

static void ready(void *context, uint32_t events) {
    struct caller *caller = context;
    time_ms now = node_monotonic_ms();
    if ((events & EPOLLIN) != 0)
        read_request(caller, now);
    if ((events & EPOLLOUT) != 0)
        write_answer(caller, now);
    /* With a request that is not worked on yet, what has been read still counts; the answer may
     * have a reader. */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0 ||
        ((events & EPOLLRDHUP) != 0 && (events & EPOLLIN) == 0))
        leave(caller);
}

static void step(struct caller *caller, time_ms now) {
    enum job_state state = caller->job->step(caller->job, &caller->reply);
    if (caller->reply.progress != NULL) {
        json_t *progress = caller->reply.progress;
        caller->reply.progress = NULL;
        if (caller->more)
            give(caller, call_progress(progress), now);
        else
            json_decref(progress);
    }
    caller->waiting = state == JOB_WAITING;
    if (caller->waiting) {
        struct store *store = service_store(caller->control->service);
        time_ms wall = store != NULL ? store_now(store) : caller->job->deadline;
        caller->wake_at = now + (caller->job->deadline > wall ? caller->job->deadline - wall : 0);
    }
    if (state == JOB_DONE)
        finish(caller, now);
}

bool caller_turn(struct caller *caller, bool news, time_ms now) {
    if (caller->gone)
        return false;
    /* Unread progress holds the job up: a slow reader costs time, not memory. */
    bool unread = caller->answer_n > 0;
    if (unread && caller->unread_since != 0 && now - caller->unread_since > CONTROL_UNREAD_MS_MAX)
        leave(caller);
    if (caller->job != NULL && !unread && (!caller->waiting || news || now >= caller->wake_at))
        step(caller, now);
    else if (caller->job == NULL && !unread)
        (void)begin_next(caller, now);
    if (!caller->gone)
        watch_again(caller);
    bool idle = caller->gone || caller->answer_n > 0;
    return !idle && (caller->job != NULL ? !caller->waiting : caller->searched < caller->request_n);
}

time_ms caller_deadline(const struct caller *caller) {
    if (caller->answer_n > 0)
        return caller->unread_since != 0 ? caller->unread_since + CONTROL_UNREAD_MS_MAX + 1
                                         : INT64_MAX;
    return caller->job != NULL && caller->waiting ? caller->wake_at : INT64_MAX;
}

enum err caller_new(struct control *control, int fd, struct caller **ret_caller) {
    struct caller *caller = calloc(1, sizeof *caller);
    if (caller == NULL)
        return ERR_MEMORY;
    caller->control = control;
    caller->idle_since = ++control->idle_n;
    caller->watch = (struct watch){.fd = fd, .ready = ready, .context = caller};
    reply_init(&caller->reply);
    enum err err = watch_set(control->watcher, &caller->watch, EPOLLIN | EPOLLRDHUP);
    if (err != OK) {
        caller->watch.fd = -1;
        caller_free(caller);
        return err;
    }
    *ret_caller = caller;
    return OK;
}

void caller_free(struct caller *caller) {
    if (caller == NULL)
        return;
    service_job_free(caller->job);
    reply_done(&caller->reply);
    watch_remove(caller->control->watcher, &caller->watch);
    if (caller->watch.fd >= 0)
        close(caller->watch.fd);
    caller->control->request_bytes -= caller->request_capacity;
    wipe(caller->request, caller->request_capacity);
    wipe(caller->answer, caller->answer_capacity);
    free(caller);
}
