#include "link.h"
#include "monotonic.h"

#include "proto/text.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

static void drop_attempt(struct link *link) {
    struct watcher *watcher = link->net->config.watcher;
    resolve_free(link->resolve);
    link->resolve = NULL;
    watch_remove(watcher, &link->connecting);
    if (link->connecting.fd >= 0)
        close(link->connecting.fd);
    link->connecting.fd = -1;
    valve_done(&link->valve);
    watch_remove(watcher, &link->dealer_watch);
    if (link->dealer != NULL)
        zmq_close(link->dealer);
    link->dealer = NULL;
}

void dial_release(struct link *link) {
    if (link_is_dialled(link))
        drop_attempt(link);
}

static void dealer_ready(void *context, uint32_t events) {
    (void)context;
    (void)events; /* net_turn asks every socket */
}

static void hung_up(void *context) {
    struct link *link = context;
    /* While shaking it may go on with the next address: dial_turn decides. */
    if (link->state != LINK_SHAKING)
        link_end(link, ERR_CLOSED);
}

/* The local way between valve and DEALER: an abstract socket, so that nothing is left on disk. */
static enum err local_pair(struct link *link, int *ret_fd) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    char endpoint[sizeof name.sun_path + 8];
    uint64_t random;
    randombytes_buf(&random, sizeof random);
    int n = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "stafet-%d-%016" PRIx64,
                     (int)getpid(), random);
    snprintf(endpoint, sizeof endpoint, "ipc://@%s", name.sun_path + 1);
    if (zmq_bind(link->dealer, endpoint) != 0)
        return ERR_IO;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_LIMIT;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
    if (connect(fd, (const struct sockaddr *)&name, size) != 0) {
        close(fd);
        return ERR_IO;
    }
    *ret_fd = fd;
    return OK;
}

static enum err new_dealer(struct link *link) {
    enum err err = socket_new(link->net, ZMQ_DEALER, &link->dealer);
    if (err == OK)
        err = socket_set_key(link->dealer, ZMQ_CURVE_SERVERKEY, link->proved.bytes);
    if (err == OK)
        err = socket_set_key(link->dealer, ZMQ_CURVE_PUBLICKEY, link->client.bytes);
    if (err == OK)
        err = socket_set_key(link->dealer, ZMQ_CURVE_SECRETKEY, link->client_secret.bytes);
    link->dealer_watch = (struct watch){.fd = -1, .ready = dealer_ready, .context = link};
    return err == OK ? socket_watch(link->net, link->dealer, &link->dealer_watch) : err;
}

static void shake(struct link *link, time_ms now) {
    int outer = link->connecting.fd, inner = -1;
    watch_remove(link->net->config.watcher, &link->connecting);
    socket_tune(outer);
    link_set_state(link, LINK_SHAKING, now);
    enum err err = new_dealer(link);
    if (err == OK)
        err = local_pair(link, &inner);
    if (err != OK) {
        link_end(link, err);
        return;
    }
    link->connecting.fd = -1;
    err = valve_init(&link->valve, link->net->config.watcher, outer, inner, now, hung_up, link);
    if (err != OK)
        link_end(link, err);
}

static void connect_ready(void *context, uint32_t events) {
    struct link *link = context;
    (void)events;
    int error = 0;
    socklen_t size = sizeof error;
    /* What comes next has its own time, however long this took. */
    time_ms now = node_monotonic_ms();
    if (getsockopt(link->connecting.fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
        dial_next(link, ERR_CLOSED, now);
    else
        shake(link, now);
}

static bool connect_address(struct link *link, const struct address *address, time_ms now) {
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    link->connecting = (struct watch){.fd = fd, .ready = connect_ready, .context = link};
    link_set_state(link, LINK_CONNECTING, now);
    int rc = connect(fd, (const struct sockaddr *)&address->storage, address->size);
    if (rc == 0 || errno == EINPROGRESS)
        return watch_set(link->net->config.watcher, &link->connecting, EPOLLOUT) == OK;
    return false;
}

static bool connect_some_address(struct link *link, time_ms now) {
    while (link->address_at < link->addresses_n) {
        drop_attempt(link);
        if (connect_address(link, &link->addresses[link->address_at++], now))
            return true;
    }
    return false;
}

static bool resolve_some_endpoint(struct link *link, time_ms now) {
    while (link->endpoint_at < link->endpoints_n) {
        drop_attempt(link);
        link->addresses_n = link->address_at = 0;
        const char *endpoint = link->endpoints[link->endpoint_at++];
        if (resolve_new(endpoint, &link->resolve) == OK) {
            link_set_state(link, LINK_RESOLVING, now);
            return true;
        }
    }
    return false;
}

void dial_next(struct link *link, enum err reason, time_ms now) {
    /* The reason that says most: somebody answered and refused. */
    if (link->reason != ERR_DENIED)
        link->reason = reason;
    reason = link->reason;
    if (connect_some_address(link, now) || resolve_some_endpoint(link, now))
        return;
    drop_attempt(link);
    link_end(link, reason);
}

static void turn_resolving(struct link *link, time_ms now) {
    bool done = resolve_done(link->resolve, link->addresses, &link->addresses_n);
    if (!done && now - link->since < NET_CONNECT_MS_MAX)
        return;
    if (done && connect_some_address(link, now))
        return;
    dial_next(link, done ? ERR_CLOSED : ERR_TIMEOUT, now);
}

/* Whose key isn't admitted is told so, in the clear, and then cut: an ERROR command with ZAP's
 * status (RFC 37, RFC 27). A connection that just ends says nothing about the key, whatever came
 * before: a far end that has died or a network that has failed must not pass for a refusal. */
static bool was_refused(const struct valve *valve) {
    static const uint8_t command[VALVE_LAST] = "\5ERROR\003400";
    return memcmp(valve->inwards_last, command, VALVE_LAST) == 0;
}

static void turn_shaking(struct link *link, time_ms now) {
    /* libzmq attaches the connection to its socket once CURVE has proved the far end. */
    if ((socket_events(link->dealer) & ZMQ_POLLOUT) != 0)
        link_up(link, now);
    else if (link->valve.ended || link->valve.outer_ended)
        dial_next(link, was_refused(&link->valve) ? ERR_DENIED : ERR_CLOSED, now);
    else if (now - link->since > NET_HANDSHAKE_MS_MAX)
        dial_next(link, ERR_TIMEOUT, now);
}

void dial_turn(struct link *link, time_ms now) {
    if (link->state == LINK_RESOLVING)
        turn_resolving(link, now);
    else if (link->state == LINK_CONNECTING && now - link->since > NET_CONNECT_MS_MAX)
        dial_next(link, ERR_TIMEOUT, now);
    else if (link->state == LINK_SHAKING)
        turn_shaking(link, now);
}

static enum err copy_endpoints(struct link *link, const struct net_target *target) {
    link->endpoints = calloc(target->endpoints_n + 1, sizeof *link->endpoints);
    if (link->endpoints == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < target->endpoints_n; i++) {
        /* What a roster says is data from elsewhere. */
        if (!text_is_endpoint(target->endpoints[i]))
            continue;
        memcpy(link->endpoints[link->endpoints_n++], target->endpoints[i],
               strlen(target->endpoints[i]) + 1);
    }
    return link->endpoints_n > 0 ? OK : ERR_ARGUMENT;
}

static bool is_under_way(const struct net *net, const struct member_id *member) {
    for (size_t i = 0; i < net->links_n; i++) {
        const struct link *link = net->links[i];
        if (link != NULL && link_is_dialled(link) && link->state < LINK_CLOSING &&
            member_id_equal(&link->member, member))
            return true;
    }
    return false;
}

enum err net_dial(struct net *net, const struct net_target *target, time_ms now) {
    if (is_under_way(net, &target->member))
        return ERR_EXISTS;
    struct link *link = link_new(net, now);
    if (link == NULL)
        return ERR_LIMIT;
    link->member = target->member;
    link->proved = target->server;
    link->client = target->client;
    link->client_secret = target->client_secret;
    link->state = LINK_RESOLVING;
    enum err err = copy_endpoints(link, target);
    if (err == OK && !resolve_some_endpoint(link, now))
        err = ERR_ARGUMENT;
    if (err != OK)
        link_free(link);
    return err;
}
