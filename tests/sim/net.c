/* What a node sees of the network, in place of the one that knows ZeroMQ: answers net/net.h. */
#include "frames.h"
#include "memory.h"
#include "proto/message.h"
#include "wires.h"
#include <stdio.h>
#include <stdlib.h>

enum { TURN_ITEMS_MAX = 8 };

enum err net_new(const struct net_config *config, struct net **ret_net) {
    struct net *net = hold_zero(sizeof *net);
    net->config = *config;
    net->machine = the_world->current;
    net->wires = the_world->wires;
    *ret_net = net;
    return OK;
}

static void empty(struct net *net) {
    for (size_t i = net->inbox_at; i < net->inbox_n; i++)
        hold_free((void *)(uintptr_t)net->inbox[i].frame.data);
    net->inbox_at = net->inbox_n = 0;
}

void net_free(struct net *net) {
    if (net == NULL)
        return;
    wires_leave(net->wires, net, false);
    empty(net);
    hold_free(net->inbox);
    hold_free(net);
}

void net_reset(struct net *net) {
    wires_leave(net->wires, net, false);
    empty(net);
}

enum err net_dial(struct net *net, const struct net_target *target, time_ms now) {
    struct wires *wires = net->wires;
    for (size_t i = 0; i < wires->dials_n; i++)
        if (wires->dials[i].net == net && member_id_equal(&wires->dials[i].member, &target->member))
            return ERR_EXISTS;
    struct dial dial = {.net = net,
                        .at = now + 2 + (time_ms)roll(wires->world, 30),
                        .member = target->member,
                        .target = MACHINES_MAX,
                        .client = target->client,
                        .server = target->server};
    if (target->endpoints_n == 0)
        return ERR_ARGUMENT;
    if (sscanf(target->endpoints[0], "tcp://m%u.example:", &dial.target) != 1)
        return ERR_ARGUMENT;
    if (wires->dials_n == wires->dials_capacity) {
        wires->dials_capacity = wires->dials_capacity * 2 + 16;
        wires->dials = hold(wires->dials, wires->dials_capacity * sizeof *wires->dials);
    }
    wires->dials[wires->dials_n++] = dial;
    return OK;
}

/* A machine of little memory gives less credit. */
static struct bytes with_credit(const struct machine *machine, struct bytes frame,
                                struct buffer *out) {
    struct arena arena;
    struct message message;
    arena_init(&arena, KIB(64));
    if (message_decode(frame, &arena, &message) == OK) {
        message.hello.credit = (uint32_t)machine->credit;
        if (message_encode(&message, out) != OK)
            abort();
        frame = buffer_view(out);
    }
    arena_done(&arena);
    return frame;
}

static enum err send_through(struct net *net, struct wire *wire, int end, struct bytes frame) {
    struct wires *wires = net->wires;
    struct machine *machine = net->machine;
    frame_check(machine, frame);
    wires->world->frames++;
    if (wire->ends[1 - end].coming_bytes + frame.size > NET_WAITING_MAX) {
        wire_lose(wire, end, ERR_QUOTA);
        wire_lose(wire, 1 - end, ERR_CLOSED);
        return ERR_QUOTA;
    }
    /* One that spoils its own JOIN is refused for good, and rightly. */
    if (!machine->malicious || wires->world->quiet || frame.data[0] == MESSAGE_JOIN) {
        wire_send(wires, wire, 1 - end, frame);
        return OK;
    }
    struct buffer disturbed = {0};
    disturbed.data = (uint8_t *)(uintptr_t)frame_copy(frame).data;
    disturbed.size = disturbed.capacity = frame.size;
    unsigned times = fault_disturb_frame(wires->world, machine, &disturbed);
    for (unsigned i = 0; i < times && disturbed.size > 0; i++)
        wire_send(wires, wire, 1 - end, buffer_view(&disturbed));
    hold_free(disturbed.data);
    return OK;
}

enum err net_send(struct net *net, uint32_t link, struct bytes frame) {
    struct wires *wires = net->wires;
    struct machine *machine = net->machine;
    int end;
    struct wire *wire = wire_find(wires, link, &end);
    if (wire == NULL || !wire->ends[end].open || wire->ends[end].net != net)
        return ERR_NOT_FOUND;
    if (disk_is_dead(machine->disk))
        return OK; /* it never came to it */
    if (machine->credit == 0 || frame.data[0] != MESSAGE_HELLO)
        return send_through(net, wire, end, frame);
    struct buffer other = {0};
    memory_pause();
    frame = with_credit(machine, frame, &other);
    enum err err = send_through(net, wire, end, frame);
    memory_resume();
    buffer_done(&other);
    return err;
}

void net_close(struct net *net, uint32_t link) {
    int end;
    struct wire *wire = wire_find(net->wires, link, &end);
    if (wire == NULL || !wire->ends[end].open || wire->ends[end].net != net)
        return;
    wire->ends[end].open = false;
    wire->ends[end].left = true;
    wire_send(net->wires, wire, 1 - end, (struct bytes){0});
}

void net_farewell(struct net *net, struct bytes frame) {
    struct wires *wires = net->wires;
    for (size_t i = 0; i < wires->n; i++)
        for (int end = 0; end < 2; end++)
            if (wires->list[i]->ends[end].net == net && wires->list[i]->ends[end].open) {
                wire_send(wires, wires->list[i], 1 - end, frame);
                net_close(net, wires->list[i]->ends[end].link);
            }
}

enum err net_bind(struct net *net, const char *listen,
                  char ret_bound[static ENDPOINT_SIZE_MAX + 1]) {
    (void)net;
    snprintf(ret_bound, ENDPOINT_SIZE_MAX + 1, "%s", listen);
    return OK;
}

void net_unbind(struct net *net) {
    (void)net;
}

void net_recheck(struct net *net) {
    struct wires *wires = net->wires;
    for (size_t i = 0; i < wires->n; i++) {
        struct wire *wire = wires->list[i];
        if (wire->ends[1].net != net || !wire->ends[1].open ||
            net->config.admit(net->config.context, &wire->client))
            continue;
        wire_lose(wire, 1, ERR_DENIED);
        wire_send(wires, wire, 0, (struct bytes){0});
    }
}

static void read_mail(struct net *net, const struct mail *mail) {
    int end;
    if (mail->kind == MAIL_FAILED) {
        net->config.disconnected(net->config.context, 0, &mail->member, mail->reason);
        return;
    }
    struct wire *wire = wire_find(net->wires, mail->link, &end);
    if (wire == NULL || wire->ends[end].net != net)
        return;
    wire->ends[end].mails--;
    if (wire->ends[end].left)
        return;
    if (mail->kind == MAIL_LOST) {
        net->config.disconnected(net->config.context, mail->link, &mail->member, mail->reason);
        return;
    }
    if (mail->kind == MAIL_UP) {
        struct transport_public proved = end == 0 ? wire->server : wire->client;
        struct member_id dialled = wire->dialled;
        net->config.connected(net->config.context, mail->link, &proved, end == 0 ? &dialled : NULL);
    } else
        net->config.received(net->config.context, mail->link, mail->frame);
}

bool net_turn(struct net *net, time_ms now) {
    size_t n = 1 + roll(net->wires->world, TURN_ITEMS_MAX);
    (void)now;
    for (size_t i = 0; i < n && net->inbox_at < net->inbox_n; i++) {
        struct mail mail = net->inbox[net->inbox_at++];
        trace("%s: %s link %u, %zu bytes", net->machine->name,
              mail.kind == MAIL_UP       ? "up"
              : mail.kind == MAIL_LOST   ? "lost"
              : mail.kind == MAIL_FAILED ? "failed"
                                         : message_kind_name(mail.frame.data[0]),
              mail.link, mail.frame.size);
        trace_bytes(mail.frame);
        world_event(net->wires->world);
        read_mail(net, &mail);
        hold_free((void *)(uintptr_t)mail.frame.data);
    }
    return net->inbox_at < net->inbox_n;
}

size_t net_incoming(const struct net *net) {
    (void)net; /* a message arrives whole */
    return 0;
}

bool net_is_ready(struct net *net) {
    return net->inbox_at < net->inbox_n;
}

time_ms net_deadline(const struct net *net, time_ms now) {
    (void)net, (void)now;
    return NEVER;
}

size_t net_links_n(const struct net *net) {
    size_t n = 0;
    for (size_t i = 0; i < net->wires->n; i++)
        for (int end = 0; end < 2; end++)
            n += net->wires->list[i]->ends[end].net == net;
    return n;
}

time_ms node_monotonic_ms(void) {
    return the_world->now;
}
