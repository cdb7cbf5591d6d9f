#include "link.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct link *link_new(struct net *net, time_ms now) {
    size_t place = 0;
    while (place < net->links_n && net->links[place] != NULL)
        place++;
    if (place == LINKS_MAX)
        return NULL;
    struct link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NULL;
    link->net = net;
    link->since = link->heard = now;
    link->valve.outer.fd = link->valve.inner.fd = -1;
    link->connecting.fd = link->dealer_watch.fd = -1;
    net->links[place] = link;
    if (place == net->links_n)
        net->links_n++;
    return link;
}

static void forget_waiting(struct link *link) {
    for (struct waiting_frame *at = link->waiting_first; at != NULL;) {
        struct waiting_frame *next = at->next;
        free(at);
        at = next;
    }
    link->waiting_first = link->waiting_last = NULL;
    link->net->waiting_bytes -= link->waiting_bytes;
    link->waiting_bytes = 0;
}

void link_free(struct link *link) {
    if (link == NULL)
        return;
    struct net *net = link->net;
    for (size_t i = 0; i < net->links_n; i++) {
        if (net->links[i] == link)
            net->links[i] = NULL;
    }
    forget_waiting(link);
    dial_release(link);
    valve_done(&link->valve);
    sodium_memzero(&link->client_secret, sizeof link->client_secret);
    free(link->endpoints);
    free(link);
}

void link_set_state(struct link *link, enum link_state state, time_ms now) {
    link->state = state;
    link->since = now;
}

void link_end(struct link *link, enum err reason) {
    if (link->state == LINK_ENDED)
        return;
    link->state = LINK_ENDED;
    link->reason = reason;
}

struct link *link_numbered(const struct net *net, uint32_t number) {
    for (size_t i = 0; i < net->links_n && number != 0; i++) {
        if (net->links[i] != NULL && net->links[i]->number == number)
            return net->links[i];
    }
    return NULL;
}

struct link *link_at_address(const struct net *net, uint32_t address) {
    for (size_t i = 0; i < net->links_n && address != 0; i++) {
        if (net->links[i] != NULL && net->links[i]->address == address)
            return net->links[i];
    }
    return NULL;
}

void link_up(struct link *link, time_ms now) {
    struct net *net = link->net;
    link_set_state(link, LINK_UP, now);
    link->heard = now;
    link->number = ++net->numbers;
    net->config.connected(net->config.context, link->number, &link->proved,
                          link_is_dialled(link) ? &link->member : NULL);
}

/* What libzmq has been handed and the valve not yet seen come out. Heartbeats come out too. */
static uint64_t in_libzmq(struct link *link) {
    if (link->handed < link->valve.outwards_bytes)
        link->handed = link->valve.outwards_bytes;
    return link->handed - link->valve.outwards_bytes;
}

/* OK, ERR_BUSY: not now, or why not at all. */
static enum err send_now(struct link *link, const void *data, size_t size) {
    void *socket = link_is_dialled(link) ? link->dealer : link->net->router;
    if (in_libzmq(link) >= LINK_AHEAD_MAX)
        return ERR_BUSY;
    if (!link_is_dialled(link) &&
        zmq_send(socket, link->routing_id, link->routing_id_size, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return errno == EAGAIN ? ERR_BUSY : ERR_CLOSED;
    if (zmq_send(socket, data, size, ZMQ_DONTWAIT) < 0)
        return errno == EAGAIN ? ERR_BUSY : ERR_CLOSED;
    link->handed += size;
    return OK;
}

/* Who has taken nothing for longest of those that something waits for. */
static struct link *most_stuck(const struct net *net) {
    struct link *stuck = NULL;
    for (size_t i = 0; i < net->links_n; i++) {
        struct link *link = net->links[i];
        if (link == NULL || link->state == LINK_ENDED || link->waiting_bytes == 0)
            continue;
        if (stuck == NULL || link->valve.outwards_at < stuck->valve.outwards_at ||
            (link->valve.outwards_at == stuck->valve.outwards_at &&
             link->waiting_bytes > stuck->waiting_bytes))
            stuck = link;
    }
    return stuck;
}

/* All links together have so much; who doesn't read makes room for who does. */
static enum err make_room(struct link *link, size_t size) {
    struct net *net = link->net;
    while (net->waiting_bytes + size > NET_WAITING_ALL_MAX) {
        struct link *stuck = most_stuck(net);
        if (stuck == NULL || stuck == link)
            return ERR_QUOTA;
        link_end(stuck, ERR_QUOTA);
        forget_waiting(stuck);
    }
    return OK;
}

static enum err keep(struct link *link, struct bytes frame) {
    if (link->waiting_bytes + frame.size > NET_WAITING_MAX)
        return ERR_QUOTA;
    enum err err = make_room(link, frame.size);
    if (err != OK)
        return err;
    struct waiting_frame *kept = malloc(sizeof *kept + frame.size);
    if (kept == NULL)
        return ERR_MEMORY;
    kept->next = NULL;
    kept->size = frame.size;
    memcpy(kept->data, frame.data, frame.size);
    if (link->waiting_last != NULL)
        link->waiting_last->next = kept;
    else
        link->waiting_first = kept;
    link->waiting_last = kept;
    link->waiting_bytes += frame.size;
    link->net->waiting_bytes += frame.size;
    return OK;
}

enum err link_send(struct link *link, struct bytes frame) {
    if (link->state != LINK_UP)
        return ERR_NOT_FOUND;
    if (frame.size > MESSAGE_SIZE_MAX)
        return ERR_LIMIT;
    enum err err = link->waiting_first != NULL ? ERR_BUSY : send_now(link, frame.data, frame.size);
    if (err == ERR_BUSY)
        err = keep(link, frame);
    if (err != OK)
        link_end(link, err);
    return err;
}

void link_flush(struct link *link) {
    while (link->waiting_first != NULL) {
        struct waiting_frame *first = link->waiting_first;
        enum err err = send_now(link, first->data, first->size);
        if (err == ERR_BUSY)
            return;
        if (err != OK) {
            link_end(link, err);
            return;
        }
        link->waiting_first = first->next;
        if (first->next == NULL)
            link->waiting_last = NULL;
        link->waiting_bytes -= first->size;
        link->net->waiting_bytes -= first->size;
        free(first);
    }
}
