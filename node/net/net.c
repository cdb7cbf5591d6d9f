#include "link.h"

#include "monotonic.h"
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

/* What is received in a turn at most, so that what it makes the store do stays short. */
enum { FRAMES_PER_TURN = 64, RESOLVE_POLL_MS = 10, STATE_POLL_MS = 50 };
#define BYTES_PER_TURN (3 * MESSAGE_SIZE_MAX)

static void socket_ready(void *context, uint32_t events) {
    (void)context;
    (void)events; /* net_turn asks every socket */
}

static enum err bind_router(struct net *net) {
    static const char prefix[] = "tcp://127.0.0.1:";
    char endpoint[64];
    size_t size = sizeof endpoint;
    if (zmq_bind(net->router, "tcp://127.0.0.1:*") != 0 ||
        zmq_getsockopt(net->router, ZMQ_LAST_ENDPOINT, endpoint, &size) != 0 ||
        strncmp(endpoint, prefix, sizeof prefix - 1) != 0)
        return ERR_IO;
    unsigned long port = strtoul(endpoint + sizeof prefix - 1, NULL, 10);
    if (port == 0 || port > UINT16_MAX)
        return ERR_IO;
    net->router_port = (uint16_t)port;
    return OK;
}

static enum err new_router(struct net *net) {
    enum err err = socket_new(net, ZMQ_ROUTER, &net->router);
    if (err == OK)
        err = socket_set_key(net->router, ZMQ_CURVE_SECRETKEY, net->config.keys->transport.bytes);
    if (err == OK)
        err = bind_router(net);
    net->router_watch = (struct watch){.fd = -1, .ready = socket_ready};
    return err == OK ? socket_watch(net, net->router, &net->router_watch) : err;
}

static enum err new_zap(struct net *net) {
    enum err err = zap_new(net->zmq, listen_admit, net, &net->zap);
    if (err != OK)
        return err;
    net->zap_watch = (struct watch){.fd = zap_fd(net->zap), .ready = socket_ready};
    return watch_set(net->config.watcher, &net->zap_watch, EPOLLIN);
}

enum err net_new(const struct net_config *config, struct net **ret_net) {
    enum err err = ERR_MEMORY;
    struct net *net = calloc(1, sizeof *net);
    if (net == NULL)
        return err;
    net->config = *config;
    net->listener.fd = -1;
    net->zmq = zmq_ctx_new();
    if (net->zmq == NULL)
        goto done;
    err = ERR_INTERNAL;
    if (zmq_ctx_set(net->zmq, ZMQ_MAX_SOCKETS, LINKS_MAX) != 0 ||
        zmq_ctx_set(net->zmq, ZMQ_BLOCKY, 0) != 0)
        goto done;
    err = new_zap(net); /* before any socket that needs it */
    if (err == OK)
        err = new_router(net);
    if (err != OK)
        goto done;
    *ret_net = net;
    net = NULL;
done:
    net_free(net);
    return err;
}

void net_free(struct net *net) {
    if (net == NULL)
        return;
    net_unbind(net);
    for (size_t i = 0; i < net->links_n; i++)
        link_free(net->links[i]);
    watch_remove(net->config.watcher, &net->router_watch);
    if (net->router != NULL)
        zmq_close(net->router);
    watch_remove(net->config.watcher, &net->zap_watch);
    zap_free(net->zap);
    if (net->zmq != NULL)
        zmq_ctx_term(net->zmq);
    free(net);
}

/* Drops the rest of a message as it comes. */
static void drop_parts(void *socket) {
    int more = 1;
    size_t size = sizeof more;
    zmq_msg_t part;
    while (more != 0) {
        zmq_msg_init(&part);
        if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(&part);
            return;
        }
        zmq_msg_close(&part);
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0)
            return;
    }
}

/* The peer sent this and then hung up: it counts. */
static bool hung_up_after(const struct link *link) {
    return link->state == LINK_ENDED && link->reason == ERR_CLOSED && link->number != 0 &&
           !link->reported;
}

static void hand_over(struct link *link, zmq_msg_t *payload, time_ms now) {
    struct bytes frame = {.data = zmq_msg_data(payload), .size = zmq_msg_size(payload)};
    valve_received(&link->valve, frame.size, now);
    link->net->turn_bytes += frame.size;
    link->heard = now;
    if (frame.size > MESSAGE_SIZE_MAX)
        link_end(link, ERR_LIMIT);
    else if (link->state == LINK_UP || hung_up_after(link))
        link->net->config.received(link->net->config.context, link->number, frame);
}

/* The link that a message to the ROUTER came over, brought up by its first frame. NULL: none that
 * may speak. */
static struct link *link_of(struct net *net, zmq_msg_t *id, zmq_msg_t *payload, time_ms now) {
    char user[HEX_TEXT_MAX];
    struct link *link =
        link_at_address(net, listen_parse_address(zmq_msg_gets(payload, "Peer-Address")));
    const char *proved = zmq_msg_gets(payload, "User-Id");
    if (link == NULL || !link->known || proved == NULL || zmq_msg_size(id) > ROUTING_ID_MAX)
        return NULL;
    hex_text(link->proved.bytes, sizeof link->proved.bytes, user);
    if (strcmp(user, proved) != 0)
        return NULL;
    if (link->state == LINK_SHAKING) {
        link->routing_id_size = zmq_msg_size(id);
        memcpy(link->routing_id, zmq_msg_data(id), link->routing_id_size);
        link_up(link, now);
    }
    return link;
}

/* One message from the ROUTER; false when none waits. */
static bool receive_router(struct net *net, time_ms now) {
    zmq_msg_t id, payload;
    zmq_msg_init(&id);
    if (zmq_msg_recv(&id, net->router, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&id);
        return false;
    }
    zmq_msg_init(&payload);
    if (zmq_msg_recv(&payload, net->router, ZMQ_DONTWAIT) >= 0) {
        struct link *link = link_of(net, &id, &payload, now);
        if (zmq_msg_more(&payload) != 0) {
            drop_parts(net->router);
            if (link != NULL)
                link_end(link, ERR_LIMIT);
        } else if (link != NULL) {
            hand_over(link, &payload, now);
        }
    }
    zmq_msg_close(&payload);
    zmq_msg_close(&id);
    return true;
}

static bool receive_dealer(struct link *link, time_ms now) {
    zmq_msg_t payload;
    zmq_msg_init(&payload);
    if (zmq_msg_recv(&payload, link->dealer, ZMQ_DONTWAIT) < 0) {
        zmq_msg_close(&payload);
        return false;
    }
    if (zmq_msg_more(&payload) != 0) {
        drop_parts(link->dealer);
        link_end(link, ERR_LIMIT);
    } else {
        hand_over(link, &payload, now);
    }
    zmq_msg_close(&payload);
    return true;
}

/* True when there may be more. Dealers take turns in being first, and each gets one frame at least.
 */
static bool receive_all(struct net *net, time_ms now) {
    bool more = true;
    net->turn_bytes = 0;
    for (int i = 0; i < FRAMES_PER_TURN && more && net->turn_bytes < BYTES_PER_TURN; i++)
        more = receive_router(net, now);
    net->first_dealer++;
    net->turn_bytes = 0;
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[(i + net->first_dealer) % net->links_n];
        if (link == NULL || link->dealer == NULL || link->state < LINK_UP)
            continue;
        bool again = receive_dealer(link, now);
        for (int n = 1; n < FRAMES_PER_TURN && again && net->turn_bytes < BYTES_PER_TURN; n++)
            again = receive_dealer(link, now);
        more = more || again;
    }
    return more;
}

static void check_time(struct link *link, bool drained, time_ms now) {
    time_ms lasts = now - link->since;
    if (link->state == LINK_CLOSING &&
        (lasts > CLOSING_MS_MAX || (link->waiting_first == NULL && lasts > CLOSING_QUIET_MS &&
                                    now - link->valve.outwards_at > CLOSING_QUIET_MS)))
        link_end(link, ERR_CLOSED);
    /* Only when all that libzmq has made of it has been taken is it the message that is too large.
     */
    if (drained && valve_is_stuck(&link->valve, now))
        link_end(link, ERR_LIMIT);
    if (link_is_dialled(link))
        return;
    if (link->state == LINK_SHAKING &&
        lasts > (link->known ? NET_SILENT_MS_MAX : NET_HANDSHAKE_MS_MAX))
        link_end(link, ERR_TIMEOUT);
    if (link->state == LINK_UP && now - link->heard > NET_IDLE_MS_MAX)
        link_end(link, ERR_TIMEOUT);
}

/* Reports and frees what has ended. An accepted link is not reported before the ROUTER has given
 * all that came over it. */
static void sweep(struct net *net, bool drained) {
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[i];
        if (link == NULL || link->state != LINK_ENDED)
            continue;
        if (link->reason == ERR_CLOSED && !drained)
            continue;
        struct member_id member = link->member;
        uint32_t number = link->number;
        enum err reason = link->reason;
        bool report = !link->reported && (number != 0 || link_is_dialled(link));
        link_free(link);
        if (report)
            net->config.disconnected(net->config.context, number, &member, reason);
    }
}

bool net_turn(struct net *net, time_ms now) {
    if (net->listen_again != 0 && now >= net->listen_again) {
        net->listen_again = 0;
        if (watch_set(net->config.watcher, &net->listener, EPOLLIN) != OK)
            net->listen_again = now + STATE_POLL_MS;
    }
    zap_turn(net->zap);
    bool more = receive_all(net, now);
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[i];
        if (link == NULL || link->state == LINK_ENDED)
            continue;
        if (link_is_dialled(link))
            dial_turn(link, now);
        link_flush(link);
        check_time(link, !more, now);
    }
    sweep(net, !more);
    return more;
}

bool net_is_ready(struct net *net) {
    if (zap_is_ready(net->zap) || (socket_events(net->router) & ZMQ_POLLIN) != 0)
        return true;
    for (size_t i = 0; i < net->links_n; i++) {
        const struct link *link = net->links[i];
        if (link != NULL && link->dealer != NULL && link->state >= LINK_UP &&
            (socket_events(link->dealer) & ZMQ_POLLIN) != 0)
            return true;
    }
    return false;
}

size_t net_incoming(const struct net *net) {
    size_t bytes = 0;
    for (size_t i = 0; i < net->links_n; i++)
        if (net->links[i] != NULL && net->links[i]->state == LINK_UP)
            bytes += net->links[i]->valve.ahead;
    return bytes;
}

enum err net_send(struct net *net, uint32_t number, struct bytes frame) {
    struct link *link = link_numbered(net, number);
    return link == NULL ? ERR_NOT_FOUND : link_send(link, frame);
}

void net_close(struct net *net, uint32_t number) {
    struct link *link = link_numbered(net, number);
    if (link == NULL)
        return;
    link->reported = true;
    if (link->state == LINK_UP)
        link_set_state(link, LINK_CLOSING, node_monotonic_ms());
}

void net_farewell(struct net *net, struct bytes frame) {
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[i];
        if (link == NULL)
            continue;
        link->reported = true;
        if (link->state == LINK_UP && link_send(link, frame) == OK)
            link_set_state(link, LINK_CLOSING, node_monotonic_ms());
        else if (link->state != LINK_CLOSING)
            link_end(link, ERR_CANCELLED);
    }
}

void net_reset(struct net *net) {
    for (size_t i = 0; i < net->links_n; i++) {
        if (net->links[i] == NULL)
            continue;
        net->links[i]->reported = true;
        link_end(net->links[i], ERR_CANCELLED);
    }
}

void net_recheck(struct net *net) {
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[i];
        if (link != NULL && !link_is_dialled(link) && link->known &&
            !net->config.admit(net->config.context, &link->proved))
            link_end(link, ERR_DENIED);
    }
}

static time_ms link_deadline(const struct link *link, time_ms now) {
    switch (link->state) {
    case LINK_RESOLVING:
        return now + RESOLVE_POLL_MS;
    case LINK_CONNECTING:
        return link->since + NET_CONNECT_MS_MAX + 1;
    case LINK_SHAKING:
    case LINK_CLOSING:
        return now + STATE_POLL_MS;
    case LINK_ENDED:
        return now;
    case LINK_UP:
        break;
    }
    if (link->valve.shut_at != 0)
        return link->valve.shut_at + VALVE_SHUT_MS_MAX + 1;
    return link_is_dialled(link) ? INT64_MAX : link->heard + NET_IDLE_MS_MAX + 1;
}

time_ms net_deadline(const struct net *net, time_ms now) {
    time_ms first = net->listen_again != 0 ? net->listen_again : INT64_MAX;
    for (size_t i = 0; i < net->links_n; i++) {
        if (net->links[i] == NULL)
            continue;
        time_ms deadline = link_deadline(net->links[i], now);
        if (deadline < first)
            first = deadline;
    }
    return first;
}

size_t net_links_n(const struct net *net) {
    size_t n = 0;
    for (size_t i = 0; i < net->links_n; i++)
        n +=
            net->links[i] != NULL && (net->links[i]->number != 0 || link_is_dialled(net->links[i]));
    return n;
}
