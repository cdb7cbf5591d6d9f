#include "link.h"

#include "monotonic.h"
#include "stranger.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 64, LISTEN_REST_MS = 1000, ACCEPTS_PER_TURN = 16 };

/* Inner sides have addresses of their own in 127.0.0.0/8, so that libzmq's word for where a message
 * came from names the connection. The lower 24 bits: not 127.0.x.x, where others live, and not the
 * broadcast address. */
enum { ADDRESS_FIRST = 0x010000, ADDRESS_LAST = 0xfeffff };

uint32_t listen_parse_address(const char *address) {
    struct in_addr in;
    if (address == NULL || inet_pton(AF_INET, address, &in) != 1)
        return 0;
    return ntohl(in.s_addr);
}

static uint32_t next_address(struct net *net) {
    uint32_t address;
    do {
        uint32_t low = ADDRESS_FIRST + net->generations++ % (ADDRESS_LAST - ADDRESS_FIRST + 1);
        address = (uint32_t)127 << 24 | low;
    } while (link_at_address(net, address) != NULL);
    return address;
}

/* A connection from `address` to the ROUTER's port on this machine. */
static enum err connect_router(const struct net *net, uint32_t address, int *ret_fd) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_LIMIT;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons(net->router_port)};
    socket_tune(fd);
    if (bind(fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
        close(fd);
        return ERR_IO;
    }
    *ret_fd = fd;
    return OK;
}

static void hung_up(void *context) {
    link_end(context, ERR_CLOSED);
}

static void take(struct net *net, int outer, const struct sockaddr_storage *peer) {
    time_ms now = node_monotonic_ms();
    int inner = -1;
    struct link *link = stranger_make_room(net, now) ? link_new(net, now) : NULL;
    if (link == NULL) {
        close(outer);
        return;
    }
    link->address = next_address(net);
    stranger_from(link, peer);
    link->state = LINK_SHAKING;
    socket_tune(outer);
    if (connect_router(net, link->address, &inner) != OK) {
        close(outer);
        link_free(link);
        return;
    }
    if (valve_init(&link->valve, net->config.watcher, outer, inner, now, hung_up, link) != OK)
        link_free(link);
}

void listen_ready(void *context, uint32_t events) {
    struct net *net = context;
    (void)events;
    for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t size = sizeof peer;
        int fd = accept4(net->listener.fd, (struct sockaddr *)&peer, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            take(net, fd, &peer);
            continue;
        }
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            /* Nothing to accept with: looking again at once would only burn time. */
            watch_remove(net->config.watcher, &net->listener);
            net->listen_again = node_monotonic_ms() + LISTEN_REST_MS;
        }
        return;
    }
}

static void keep_few_of_one_key(struct net *net, const struct link *newest) {
    size_t n = 0;
    struct link *oldest = NULL;
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[i];
        if (link == NULL || link_is_dialled(link) || !link->known || link->state == LINK_ENDED ||
            memcmp(&link->proved, &newest->proved, sizeof link->proved) != 0)
            continue;
        n++;
        if (link != newest && (oldest == NULL || link->since < oldest->since))
            oldest = link;
    }
    if (n > NET_PER_KEY_MAX && oldest != NULL)
        link_end(oldest, ERR_LIMIT);
}

bool listen_admit(void *context, const char *address, const struct transport_public *key) {
    struct net *net = context;
    /* Who came past the listener (from this machine) has no link, and is not let in. */
    struct link *link = link_at_address(net, listen_parse_address(address));
    if (link == NULL || link->state != LINK_SHAKING || !net->config.admit(net->config.context, key))
        return false;
    link->known = true;
    link->proved = *key;
    keep_few_of_one_key(net, link);
    return true;
}

static enum err bound_error(void) {
    if (errno == EADDRINUSE)
        return ERR_EXISTS;
    if (errno == EADDRNOTAVAIL)
        return ERR_NOT_FOUND;
    return errno == EACCES ? ERR_DENIED : ERR_IO;
}

static enum err bind_address(const struct address *address, int *ret_fd) {
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return ERR_IO;
    int on = 1, off = 0;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (address->storage.ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, (const struct sockaddr *)&address->storage, address->size) != 0 ||
        listen(fd, LISTEN_BACKLOG) != 0) {
        enum err err = bound_error();
        close(fd);
        return err;
    }
    *ret_fd = fd;
    return OK;
}

/* HOST as it was given, and the port that was really taken. */
static enum err bound_endpoint(int fd, const char *listen_at,
                               char ret_bound[static ENDPOINT_SIZE_MAX + 1]) {
    struct sockaddr_storage storage = {0};
    socklen_t size = sizeof storage;
    if (getsockname(fd, (struct sockaddr *)&storage, &size) != 0)
        return ERR_IO;
    /* The port stands at the same place in IPv4's and IPv6's. */
    struct sockaddr_in name;
    memcpy(&name, &storage, sizeof name);
    int host = (int)(strrchr(listen_at, ':') - listen_at);
    int n = snprintf(ret_bound, ENDPOINT_SIZE_MAX + 1, "%.*s:%u", host, listen_at,
                     ntohs(name.sin_port));
    return n > ENDPOINT_SIZE_MAX ? ERR_LIMIT : OK;
}

enum err net_bind(struct net *net, const char *listen_at,
                  char ret_bound[static ENDPOINT_SIZE_MAX + 1]) {
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t n = 0;
    int fd = -1;
    if (net->listener.fd >= 0)
        return ERR_STATE;
    enum err err = resolve_local(listen_at, addresses, &n);
    if (err != OK)
        return err;
    for (size_t i = 0; i < n && fd < 0; i++)
        err = bind_address(&addresses[i], &fd);
    if (err == OK)
        err = bound_endpoint(fd, listen_at, ret_bound);
    if (err == OK) {
        net->listener = (struct watch){.fd = fd, .ready = listen_ready, .context = net};
        err = watch_set(net->config.watcher, &net->listener, EPOLLIN);
    }
    if (err != OK) {
        net->listener.fd = -1;
        if (fd >= 0)
            close(fd);
    }
    return err;
}

void net_unbind(struct net *net) {
    watch_remove(net->config.watcher, &net->listener);
    if (net->listener.fd >= 0)
        close(net->listener.fd);
    net->listener.fd = -1;
    net->listen_again = 0;
}
