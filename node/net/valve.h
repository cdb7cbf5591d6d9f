/* A valve: carries bytes between a TCP connection and libzmq, and lets in no more than it has to.
 *
 * libzmq buffers a message of many frames whole before anybody sees the first of them; its
 * high-water mark counts messages and its size limit counts frames, so neither bounds it (measured:
 * one message of 3,000 frames takes 170 MB). So libzmq doesn't own the TCP connections here: it
 * listens on the local machine only, and each connection from or to another node passes through a
 * valve. The valve counts what it has passed inwards and what has come out as received messages;
 * when VALVE_AHEAD_MAX bytes are in between it shuts. An honest peer's bytes then wait in its own
 * TCP buffers until the messages before them have been taken; a valve that stays shut means a
 * message beyond the limits, and the link is closed.
 *
 *     peer ══TCP══ outer │ valve │ inner ══local══ libzmq ══ net.c
 *                                                  (CURVE, end to end between the nodes)
 *
 * It doesn't look into the bytes: they are CURVE's. It remembers the last that came, since what
 * ends a handshake is said in the clear. */
#ifndef STAFET_NODE_VALVE_H
#define STAFET_NODE_VALVE_H

#include "proto/clock.h"
#include "proto/limits.h"
#include "watch.h"
#include <stddef.h>

/* What may be in libzmq of one connection without having been received as a message: two messages
 * of full size. */
#define VALVE_AHEAD_MAX (2 * (MESSAGE_SIZE_MAX + 256))
enum {
    VALVE_SHUT_MS_MAX =
        5000, /* shut for so long, while everything received is taken: too large a message */
    VALVE_LEAK_PER_SECOND =
        64, /* bytes that don't count: heartbeats come in and are never received as messages */
    VALVE_CHUNK = 64 * 1024,
    VALVE_LAST = 10 /* bytes */
};

/* Bytes read on one side that the other did not take yet. */
struct held {
    uint8_t *data; /* VALVE_CHUNK, or NULL */
    size_t at, size;
};

struct valve {
    struct watcher *watcher; /* borrowed */
    struct watch outer, inner;
    struct held inwards, outwards;
    size_t ahead;
    time_ms leaked_at, shut_at /* 0: open */, outwards_at /* last bytes out */;
    uint64_t inwards_bytes, outwards_bytes; /* carried so far */
    uint8_t inwards_last[VALVE_LAST];       /* the last at the end; zero before the first */
    bool outer_ended;                       /* the peer sends no more */
    bool ended;                             /* libzmq hung up, or one side failed */
    void (*changed)(void *context);         /* called when it has ended */
    void *context;
};

/* Takes both descriptors, which must not block, over. On failure they are closed too. */
MUST_USE enum err valve_init(struct valve *, struct watcher *, int outer_fd, int inner_fd,
                             time_ms now, void (*changed)(void *context), void *context);
void valve_done(struct valve *);
/* A message of `payload` bytes has come out of libzmq; opens the valve again if it may. */
void valve_received(struct valve *, size_t payload, time_ms now);
/* Has it been shut for longer than any honest message takes? */
bool valve_is_stuck(const struct valve *, time_ms now);

#endif
