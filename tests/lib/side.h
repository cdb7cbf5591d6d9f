/* One node's network over loopback TCP, and what it was told. */
#ifndef STAFET_TESTS_SIDE_H
#define STAFET_TESTS_SIDE_H

#include "net/link.h"
#include "net/monotonic.h"

enum { GIVE_UP_MS = 30000, SIDE_KEYS_MAX = 8 };

struct side {
    struct watcher watcher;
    struct net *net;
    struct node_keys keys;
    struct transport_public admitted[SIDE_KEYS_MAX];
    size_t admitted_n;
    char bound[ENDPOINT_SIZE_MAX + 1];
    uint32_t link; /* the newest */
    struct transport_public proved;
    size_t connected_n, disconnected_n;
    enum err reason;
    uint32_t disconnected_link;
    size_t frames_n, bytes_n;
    uint8_t last[64];
    size_t last_size;
    bool in_order;
};

/* Its keys come from this byte. */
void side_init(struct side *, uint8_t seed_byte);
void side_done(struct side *);
void side_listen(struct side *);
void side_admit(struct side *, const struct transport_public *);
void side_turn(struct side *);
void side_dial(struct side *, const struct side *to);
/* Expecting this key of whom it dials. */
void side_dial_as(struct side *, const struct side *to, const struct transport_public *server);
/* Over its newest link. */
void side_send(struct side *, const char *text);

/* Turns all sides until the condition holds. */
#define UNTIL(condition, ...)                                                                      \
    do {                                                                                           \
        struct side *sides_[] = {__VA_ARGS__};                                                     \
        time_ms give_up_ = node_monotonic_ms() + GIVE_UP_MS;                                       \
        while (!(condition)) {                                                                     \
            if (node_monotonic_ms() > give_up_)                                                    \
                fail_msg("never: %s", #condition);                                                 \
            for (size_t i_ = 0; i_ < sizeof sides_ / sizeof sides_[0]; i_++)                       \
                side_turn(sides_[i_]);                                                             \
        }                                                                                          \
    } while (0)

/* A site that listens, and one that is admitted and has dialled it. */
struct pair {
    struct side server, client;
};

void pair_init(struct pair *);
void pair_done(struct pair *);

#endif
