/* Inside net: one connection. */
#ifndef STAFET_NODE_LINK_H
#define STAFET_NODE_LINK_H

#include "net.h"
#include "resolve.h"
#include "valve.h"
#include "zap.h"

enum { LINKS_MAX = 2048, ROUTING_ID_MAX = 255 };
/* What is handed to libzmq for one link and has not come out: no more is, so that what waits is
 * counted here. */
#define LINK_AHEAD_MAX KIB(256)
enum { CLOSING_QUIET_MS = 200, CLOSING_MS_MAX = 2000 };

enum link_state {
    LINK_RESOLVING = 1,
    LINK_CONNECTING,
    LINK_SHAKING,
    LINK_UP,
    LINK_CLOSING,
    LINK_ENDED
};

struct waiting_frame {
    struct waiting_frame *next;
    size_t size;
    uint8_t data[];
};

struct link {
    struct net *net;
    uint32_t number; /* 0 until it is up */
    enum link_state state;
    enum err reason; /* why it ended */
    bool reported;   /* or need not be: disconnected has been said */
    time_ms since;   /* of the state */
    time_ms heard;   /* the last frame */
    struct transport_public proved;
    struct valve valve;
    struct waiting_frame *waiting_first, *waiting_last;
    size_t waiting_bytes;
    uint64_t handed; /* bytes, to libzmq */

    /* accepted */
    uint32_t address;  /* of the valve's inner side, in 127.0.0.0/8: how libzmq names this
                          connection; 0: dialled */
    uint8_t source[8]; /* the address that the connection comes from (stranger.h) */
    bool known;        /* its key was admitted */
    uint8_t routing_id[ROUTING_ID_MAX];
    size_t routing_id_size;

    /* dialled */
    struct member_id member;
    char (*endpoints)[ENDPOINT_SIZE_MAX + 1];
    size_t endpoints_n, endpoint_at;
    struct transport_public client;
    struct transport_secret client_secret;
    struct resolve *resolve;
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t addresses_n, address_at;
    struct watch connecting;
    void *dealer;
    struct watch dealer_watch;
};

struct net {
    struct net_config config;
    void *zmq;
    struct zap *zap;
    struct watch zap_watch;
    void *router;
    struct watch router_watch;
    uint16_t router_port; /* on 127.0.0.1 */
    struct watch listener;
    time_ms listen_again; /* no descriptor was left; 0: listening */
    struct link *links[LINKS_MAX];
    size_t links_n; /* places in use or once used */
    uint32_t numbers, generations;
    size_t waiting_bytes; /* of all links */
    size_t turn_bytes;    /* received in this turn */
    size_t first_dealer;  /* whose turn it is */
};

static inline bool link_is_dialled(const struct link *link) {
    return link->address == 0;
}

/* A place for a new one. NULL: too many, or out of memory. */
struct link *link_new(struct net *, time_ms now);
/* Frees it and its place. */
void link_free(struct link *);
void link_set_state(struct link *, enum link_state, time_ms now);
/* Marks it ended; net_turn reports and frees it. The first reason counts. */
void link_end(struct link *, enum err reason);
struct link *link_numbered(const struct net *, uint32_t number);
struct link *link_at_address(const struct net *, uint32_t address);
/* Gives it its number and says that it is up. */
void link_up(struct link *, time_ms now);
/* Sends at once, or keeps it for later. */
MUST_USE enum err link_send(struct link *, struct bytes frame);
/* Sends what waits, as far as it goes now. */
void link_flush(struct link *);

/* dial.c. Drops descriptors and socket of a dial or dialled link. */
void dial_release(struct link *);
/* Goes on with resolving, connecting, shaking. */
void dial_turn(struct link *, time_ms now);
/* The next endpoint or address after a failure; ends the link after the last. */
void dial_next(struct link *, enum err reason, time_ms now);

/* listen.c: the other way in. `address` as ZAP and Peer-Address write it. */
void listen_ready(void *context, uint32_t events);
bool listen_admit(void *context, const char *address, const struct transport_public *key);
uint32_t listen_parse_address(const char *address);

/* socket.c */
MUST_USE enum err socket_new(struct net *, int type, void **ret_socket);
MUST_USE enum err socket_set_key(void *socket, int option, const uint8_t key[static 32]);
MUST_USE enum err socket_watch(struct net *, void *socket, struct watch *);
int socket_events(void *socket); /* ZMQ_POLLIN, ZMQ_POLLOUT */
void socket_tune(int fd);        /* a TCP connection: no delay, kept alive */

#endif
