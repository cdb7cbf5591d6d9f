#include "valve.h"

#include "monotonic.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* CURVE's MESSAGE command around a payload (RFC 26), and ZMTP's frame around that (RFC 37). */
enum { CURVE_OVERHEAD = 33, FRAME_SHORT = 2, FRAME_LONG = 9, FRAME_SHORT_MAX = 255 };

/* Rounds of one ready call, so that one busy connection doesn't keep the loop from the others. */
enum { ROUNDS = 4 };

static void end(struct valve *valve) {
    if (valve->ended)
        return;
    valve->ended = true;
    valve->changed(valve->context);
}

static void leak(struct valve *valve, time_ms now) {
    size_t leaked = (size_t)((now - valve->leaked_at) * VALVE_LEAK_PER_SECOND / 1000);
    if (leaked == 0)
        return;
    valve->ahead -= leaked < valve->ahead ? leaked : valve->ahead;
    valve->leaked_at = now;
}

static size_t room(const struct valve *valve) {
    return valve->ahead < VALVE_AHEAD_MAX ? VALVE_AHEAD_MAX - valve->ahead : 0;
}

static bool may_read_outer(const struct valve *valve) {
    return valve->inwards.size == 0 && room(valve) > 0 && !valve->outer_ended;
}

/* Says what to wait for, from what is held on which side. */
static void watch_again(struct valve *valve, time_ms now) {
    bool shut = room(valve) == 0;
    if (!shut)
        valve->shut_at = 0;
    else if (valve->shut_at == 0)
        valve->shut_at = now;
    uint32_t outer = 0, inner = 0;
    if (may_read_outer(valve))
        outer |= EPOLLIN;
    if (valve->inwards.size > 0)
        inner |= EPOLLOUT;
    if (valve->outwards.size == 0)
        inner |= EPOLLIN;
    if (valve->outwards.size > 0)
        outer |= EPOLLOUT;
    if (watch_set(valve->watcher, &valve->outer, outer) != OK ||
        watch_set(valve->watcher, &valve->inner, inner) != OK)
        end(valve);
}

/* Writes what is held; false when the side takes no more now or has failed. */
static bool let_go(struct valve *valve, struct held *held, int fd) {
    while (held->size > 0) {
        ssize_t n = send(fd, held->data + held->at, held->size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return false;
        if (n <= 0) {
            end(valve);
            return false;
        }
        held->at += (size_t)n;
        held->size -= (size_t)n;
    }
    free(held->data);
    *held = (struct held){0};
    return true;
}

static bool hold(struct held *held, const uint8_t *data, size_t size) {
    held->data = malloc(VALVE_CHUNK);
    if (held->data == NULL)
        return false;
    memcpy(held->data, data, size);
    held->at = 0;
    held->size = size;
    return true;
}

static void remember(struct valve *valve, const uint8_t *data, size_t size) {
    size_t n = size < VALVE_LAST ? size : VALVE_LAST;
    memmove(valve->inwards_last, valve->inwards_last + n, VALVE_LAST - n);
    memcpy(valve->inwards_last + VALVE_LAST - n, data + size - n, n);
}

enum { END_OF_STREAM = -1 };

/* One chunk from one side to the other. Returns how much was read; 0: nothing now, or ended;
 * END_OF_STREAM. */
static ssize_t carry(struct valve *valve, int from, int to, struct held *held, size_t size_max) {
    static uint8_t chunk[VALVE_CHUNK]; /* one thread, one loop; empty again when this returns */
    ssize_t n = recv(from, chunk, size_max < sizeof chunk ? size_max : sizeof chunk, MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            end(valve);
        return 0;
    }
    if (n == 0)
        return END_OF_STREAM;
    size_t size = (size_t)n, sent = 0;
    if (held == &valve->inwards)
        remember(valve, chunk, size);
    ssize_t m = send(to, chunk, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (m > 0)
        sent = (size_t)m;
    else if (m < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        end(valve);
    if (sent < size && !valve->ended && !hold(held, chunk + sent, size - sent))
        end(valve);
    return n;
}

static void pump_inwards(struct valve *valve) {
    if (!let_go(valve, &valve->inwards, valve->inner.fd))
        return;
    for (int i = 0; i < ROUNDS && may_read_outer(valve) && !valve->ended; i++) {
        ssize_t n = carry(valve, valve->outer.fd, valve->inner.fd, &valve->inwards, room(valve));
        if (n == END_OF_STREAM) {
            /* What came before it is still to be received: libzmq reads it, and then hangs up
             * itself. */
            valve->outer_ended = true;
            (void)shutdown(valve->inner.fd, SHUT_WR);
        }
        if (n <= 0)
            break;
        valve->ahead += (size_t)n;
        valve->inwards_bytes += (size_t)n;
    }
}

static void pump_outwards(struct valve *valve, time_ms now) {
    if (!let_go(valve, &valve->outwards, valve->outer.fd))
        return;
    for (int i = 0; i < ROUNDS && !valve->ended && valve->outwards.size == 0; i++) {
        ssize_t n = carry(valve, valve->inner.fd, valve->outer.fd, &valve->outwards, VALVE_CHUNK);
        if (n == END_OF_STREAM)
            end(valve);
        if (n <= 0)
            break;
        valve->outwards_at = now;
        valve->outwards_bytes += (size_t)n;
    }
}

static void ready(struct valve *valve, uint32_t events, bool outer) {
    time_ms now = node_monotonic_ms();
    leak(valve, now);
    pump_outwards(valve, now);
    if (!valve->ended)
        pump_inwards(valve);
    /* A hang-up with nothing to read would be reported again and again. */
    bool reading = outer ? may_read_outer(valve) : valve->outwards.size == 0;
    if ((events & (EPOLLERR | EPOLLHUP)) != 0 && !reading)
        end(valve);
    if (!valve->ended)
        watch_again(valve, now);
}

static void outer_ready(void *context, uint32_t events) {
    ready(context, events, true);
}

static void inner_ready(void *context, uint32_t events) {
    ready(context, events, false);
}

enum err valve_init(struct valve *valve, struct watcher *watcher, int outer_fd, int inner_fd,
                    time_ms now, void (*changed)(void *context), void *context) {
    *valve = (struct valve){
        .watcher = watcher,
        .outer = {.fd = outer_fd, .ready = outer_ready, .context = valve},
        .inner = {.fd = inner_fd, .ready = inner_ready, .context = valve},
        .leaked_at = now,
        .outwards_at = now,
        .changed = changed,
        .context = context,
    };
    enum err err = watch_set(watcher, &valve->outer, EPOLLIN);
    if (err == OK)
        err = watch_set(watcher, &valve->inner, EPOLLIN);
    if (err != OK)
        valve_done(valve);
    return err;
}

static void side_done(struct valve *valve, struct watch *watch) {
    watch_remove(valve->watcher, watch);
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
}

void valve_done(struct valve *valve) {
    if (valve->watcher == NULL)
        return;
    side_done(valve, &valve->outer);
    side_done(valve, &valve->inner);
    free(valve->inwards.data);
    free(valve->outwards.data);
    *valve = (struct valve){.outer.fd = -1, .inner.fd = -1};
}

void valve_received(struct valve *valve, size_t payload, time_ms now) {
    size_t command = payload + CURVE_OVERHEAD;
    size_t size = command + (command > FRAME_SHORT_MAX ? FRAME_LONG : FRAME_SHORT);
    leak(valve, now);
    valve->ahead -= size < valve->ahead ? size : valve->ahead;
    if (!valve->ended)
        watch_again(valve, now);
}

bool valve_is_stuck(const struct valve *valve, time_ms now) {
    return valve->shut_at != 0 && now - valve->shut_at > VALVE_SHUT_MS_MAX;
}
