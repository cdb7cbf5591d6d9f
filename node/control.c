#include "caller.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 8 };

static bool may_ask(int fd) {
    struct ucred who;
    socklen_t size = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

static bool has_room(const struct control *control) {
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        if (control->callers[i] == NULL)
            return true;
    return false;
}

/* Who has connected and asks for nothing makes room: the one that has been idle for longest. False
 * when all are served. */
static bool make_room(struct control *control) {
    struct caller *idle = NULL;
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        struct caller *caller = control->callers[i];
        if (caller->gone)
            return true;
        if (caller->job == NULL && caller->answer_n == 0 &&
            (idle == NULL || caller->idle_since < idle->idle_since))
            idle = caller;
    }
    if (idle != NULL)
        idle->gone = true;
    return idle != NULL;
}

static void take(struct control *control, int fd) {
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        if (control->callers[i] != NULL)
            continue;
        if (!may_ask(fd) || caller_new(control, fd, &control->callers[i]) != OK)
            close(fd);
        return;
    }
    close(fd);
}

static void ready(void *context, uint32_t events) {
    struct control *control = context;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        /* The first is there for certain. It is taken in the next turn, when a place is free. */
        if (!has_room(control) && (i > 0 || make_room(control)))
            return;
        int fd = accept4(control->listener.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        take(control, fd);
    }
}

/* A socket's path has at most 107 bytes; a home may lie deeper. Then it is named through a
 * descriptor of the home. */
static bool bind_in(int folder, int fd, const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    size_t size = strlen(path);
    if (size < sizeof name.sun_path)
        memcpy(name.sun_path, path, size + 1);
    else
        snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/control", folder);
    return bind(fd, (const struct sockaddr *)&name, sizeof name) == 0;
}

static enum err listen_in(struct control *control, const char *home) {
    enum err err = ERR_IO;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int folder = open(home, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || folder < 0)
        goto done;
    if (unlinkat(folder, "control", 0) != 0 && errno != ENOENT)
        goto done;
    mode_t old = umask(0177);
    bool bound = bind_in(folder, fd, control->path);
    umask(old);
    if (!bound) {
        err = errno == EACCES ? ERR_DENIED : ERR_IO;
        goto done;
    }
    if (listen(fd, CONTROL_CALLERS_MAX) != 0)
        goto done;
    control->listener = (struct watch){.fd = fd, .ready = ready, .context = control};
    err = watch_set(control->watcher, &control->listener, EPOLLIN);
    fd = -1;
done:
    if (fd >= 0)
        close(fd);
    if (folder >= 0)
        close(folder);
    return err;
}

enum err control_new(struct watcher *watcher, struct service *service, const char *home,
                     struct control **ret_control) {
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL)
        return ERR_MEMORY;
    control->watcher = watcher;
    control->service = service;
    control->listener.fd = -1;
    enum err err = home_file(service_home(service), "control", control->path);
    if (err == OK)
        err = listen_in(control, home);
    if (err != OK) {
        control->path[0] = '\0';
        control_free(control);
        return err;
    }
    *ret_control = control;
    return OK;
}

void control_free(struct control *control) {
    if (control == NULL)
        return;
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        caller_free(control->callers[i]);
    watch_remove(control->watcher, &control->listener);
    if (control->listener.fd >= 0)
        close(control->listener.fd);
    if (control->path[0] != '\0')
        (void)unlink(control->path);
    free(control);
}

void control_wake(struct control *control) {
    control->woken = true;
}

bool control_turn(struct control *control, time_ms now) {
    /* News comes in bursts, and a step may ask the store a lot. */
    bool news = control->woken && now - control->woken_at >= CONTROL_WAKE_MS;
    if (news) {
        control->woken = false;
        control->woken_at = now;
    }
    bool more = false;
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        if (control->callers[i] == NULL)
            continue;
        more = caller_turn(control->callers[i], news, now) || more;
        if (control->callers[i]->gone) {
            caller_free(control->callers[i]);
            control->callers[i] = NULL;
        }
    }
    return more;
}

time_ms control_deadline(const struct control *control) {
    time_ms first = INT64_MAX;
    bool waiting = false;
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        if (control->callers[i] == NULL)
            continue;
        time_ms deadline = caller_deadline(control->callers[i]);
        waiting = waiting || control->callers[i]->waiting;
        first = deadline < first ? deadline : first;
    }
    if (control->woken && waiting && control->woken_at + CONTROL_WAKE_MS < first)
        first = control->woken_at + CONTROL_WAKE_MS;
    return first;
}

size_t control_callers_n(const struct control *control) {
    size_t n = 0;
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        n += control->callers[i] != NULL;
    return n;
}
