/* File descriptors that the loop waits on: a thin cover over epoll, level-triggered. */
#ifndef STAFET_NODE_WATCH_H
#define STAFET_NODE_WATCH_H

#include "proto/clock.h"
#include "proto/err.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

/* One descriptor and who hears of it. Filled by the owner; it must not move while it is added. */
struct watch {
    int fd;
    uint32_t events; /* EPOLLIN, EPOLLOUT; kept by watch_set */
    void (*ready)(void *context, uint32_t events);
    void *context;
    bool added; /* kept by watch_set and watch_remove */
};

enum { WATCHER_BATCH = 64 };

struct watcher {
    int epoll_fd;
    struct epoll_event
        batch[WATCHER_BATCH]; /* being dispatched: a watch removed meanwhile is taken out of it */
    int batch_n;
};

MUST_USE enum err watcher_init(struct watcher *);
void watcher_done(struct watcher *);

/* Waits for `events` on it from now on; adds it if need be. 0 waits for nothing but a hang-up. */
MUST_USE enum err watch_set(struct watcher *, struct watch *, uint32_t events);
/* Before the descriptor is closed. Nothing when it is not added. */
void watch_remove(struct watcher *, struct watch *);

/* Waits at most `timeout_ms` (-1: for ever) and calls whoever is ready. ERR_IO. */
MUST_USE enum err watcher_turn(struct watcher *, int timeout_ms);

#endif
