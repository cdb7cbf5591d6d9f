#include "watch.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

enum err watcher_init(struct watcher *watcher) {
    watcher->batch_n = 0;
    watcher->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    return watcher->epoll_fd < 0 ? ERR_IO : OK;
}

void watcher_done(struct watcher *watcher) {
    if (watcher->epoll_fd >= 0)
        close(watcher->epoll_fd);
    watcher->epoll_fd = -1;
}

enum err watch_set(struct watcher *watcher, struct watch *watch, uint32_t events) {
    if (watch->added && watch->events == events)
        return OK;
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int operation = watch->added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(watcher->epoll_fd, operation, watch->fd, &event) != 0)
        return errno == ENOMEM || errno == ENOSPC ? ERR_LIMIT : ERR_IO;
    watch->added = true;
    watch->events = events;
    return OK;
}

void watch_remove(struct watcher *watcher, struct watch *watch) {
    if (!watch->added)
        return;
    (void)epoll_ctl(watcher->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    watch->added = false;
    for (int i = 0; i < watcher->batch_n; i++) {
        if (watcher->batch[i].data.ptr == watch)
            watcher->batch[i].data.ptr = NULL;
    }
}

enum err watcher_turn(struct watcher *watcher, int timeout_ms) {
    int n = epoll_wait(watcher->epoll_fd, watcher->batch, WATCHER_BATCH, timeout_ms);
    if (n < 0)
        return errno == EINTR ? OK : ERR_IO;
    watcher->batch_n = n;
    for (int i = 0; i < n; i++) {
        struct watch *watch = watcher->batch[i].data.ptr;
        if (watch != NULL)
            watch->ready(watch->context, watcher->batch[i].events);
    }
    watcher->batch_n = 0;
    return OK;
}
