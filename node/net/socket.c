#include "link.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <zmq.h>

/* Not in Debian 12's header, but in its library: refuse when no handler answers for the domain. */
enum { ZAP_ENFORCE_DOMAIN = 93 };

struct option {
    int name, value;
};

static const struct option common[] = {
    {ZMQ_HANDSHAKE_IVL, NET_HANDSHAKE_MS_MAX},
    {ZMQ_HEARTBEAT_IVL, 10000},
    {ZMQ_HEARTBEAT_TIMEOUT, 20000},
    {ZMQ_HEARTBEAT_TTL, 30000},
    {ZMQ_SNDHWM, 8},
    {ZMQ_RCVHWM, 8},
    {ZMQ_IMMEDIATE, 1},
    {ZMQ_LINGER, 0},
    {ZMQ_RECONNECT_IVL_MAX, 60000},
    {ZMQ_CONNECT_TIMEOUT, NET_CONNECT_MS_MAX},
    {ZMQ_BACKLOG, 64},
};
static const struct option server[] = {
    {ZMQ_CURVE_SERVER, 1},
    {ZMQ_ROUTER_MANDATORY, 1},
    {ZAP_ENFORCE_DOMAIN, 1},
};

static bool set_all(void *socket, const struct option *options, size_t n) {
    for (size_t i = 0; i < n; i++) {
        if (zmq_setsockopt(socket, options[i].name, &options[i].value, sizeof options[i].value) !=
            0)
            return false;
    }
    return true;
}

enum err socket_new(struct net *net, int type, void **ret_socket) {
    void *socket = zmq_socket(net->zmq, type);
    if (socket == NULL)
        return ERR_LIMIT;
    /* What is counted is the frame as encrypted. */
    int64_t size_max = (int64_t)MESSAGE_SIZE_MAX + 64;
    bool set = set_all(socket, common, sizeof common / sizeof common[0]) &&
               zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max) == 0;
    if (set && type == ZMQ_ROUTER)
        set = set_all(socket, server, sizeof server / sizeof server[0]) &&
              zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, ZAP_DOMAIN, sizeof ZAP_DOMAIN - 1) == 0;
    if (!set) {
        zmq_close(socket);
        return ERR_INTERNAL;
    }
    *ret_socket = socket;
    return OK;
}

enum err socket_set_key(void *socket, int option, const uint8_t key[static 32]) {
    return zmq_setsockopt(socket, option, key, 32) == 0 ? OK : ERR_INTERNAL;
}

enum err socket_watch(struct net *net, void *socket, struct watch *watch) {
    size_t size = sizeof watch->fd;
    if (zmq_getsockopt(socket, ZMQ_FD, &watch->fd, &size) != 0)
        return ERR_INTERNAL;
    return watch_set(net->config.watcher, watch, EPOLLIN);
}

int socket_events(void *socket) {
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 ? events : 0;
}

void socket_tune(int fd) {
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}
