#include "wires.h"

#include "memory.h"
#include "sometimes.h"
#include <stdlib.h>
#include <string.h>

enum { BEAT_MS_MIN = 20000, BEAT_MS_MORE = 10000, CLOGGED = 16 * 1024 };

struct wires *wires_new(struct world *world) {
    struct wires *wires = hold_zero(sizeof *wires);
    wires->world = world;
    return wires;
}

static void wire_free(struct wire *wire) {
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < wire->ends[i].coming_n; j++)
            hold_free((void *)(uintptr_t)wire->ends[i].coming[j].frame.data);
        hold_free(wire->ends[i].coming);
    }
    hold_free(wire);
}

void wires_free(struct wires *wires) {
    for (size_t i = 0; i < wires->n; i++)
        wire_free(wires->list[i]);
    hold_free(wires->list);
    hold_free(wires->dials);
    hold_free(wires);
}

struct wire *wire_find(const struct wires *wires, uint32_t link, int *ret_end) {
    for (size_t i = wires->n; i-- > 0;)
        for (int end = 0; end < 2; end++)
            if (wires->list[i]->ends[end].link == link) {
                *ret_end = end;
                return wires->list[i];
            }
    return NULL;
}

static void put_mail(struct net *net, struct end *end, struct mail mail) {
    if (end != NULL) {
        mail.link = end->link;
        end->mails++;
    }
    if (net->inbox_at == net->inbox_n)
        net->inbox_at = net->inbox_n = 0;
    if (net->inbox_n == net->inbox_capacity) {
        net->inbox_capacity = net->inbox_capacity * 2 + 16;
        net->inbox = hold(net->inbox, net->inbox_capacity * sizeof *net->inbox);
    }
    net->inbox[net->inbox_n++] = mail;
    struct machine *machine = net->machine;
    time_ms at = machine->world->now + (time_ms)roll(machine->world, 3);
    if (at < machine->wake)
        machine->wake = at;
}

struct bytes frame_copy(struct bytes frame) {
    uint8_t *data = hold(NULL, frame.size);
    memcpy(data, frame.data, frame.size);
    return (struct bytes){data, frame.size};
}

void wire_send(struct wires *wires, struct wire *wire, int to, struct bytes frame) {
    struct world *world = wires->world;
    struct end *end = &wire->ends[to];
    if (end->coming_n == end->coming_capacity) {
        end->coming_capacity = end->coming_capacity * 2 + 8;
        end->coming = hold(end->coming, end->coming_capacity * sizeof *end->coming);
    }
    size_t speed = world->speed[end->machine], other = world->speed[wire->ends[1 - to].machine];
    if (speed == 0 || (other != 0 && other < speed))
        speed = other;
    time_ms at = end->last_at > world->now ? end->last_at : world->now;
    at += 1 + (time_ms)roll(world, 12) + world->lag[end->machine];
    if (speed != 0)
        at += (time_ms)(frame.size / speed);
    end->last_at = at;
    end->coming[end->coming_n++] =
        (struct item){.at = at, .frame = frame.size > 0 ? frame_copy(frame) : frame};
    end->coming_bytes += frame.size;
    if (end->coming_bytes > CLOGGED)
        sometimes(SOMETIMES_link_clogged);
}

void wire_lose(struct wire *wire, int i, enum err reason) {
    struct end *end = &wire->ends[i];
    if (!end->open || end->net == NULL)
        return;
    end->open = false;
    end->beat_at = NEVER;
    if (end->announced || i == 0)
        put_mail(end->net, end,
                 (struct mail){.kind = MAIL_LOST,
                               .member = i == 0 ? wire->dialled : (struct member_id){{0}},
                               .reason = reason});
    sometimes(SOMETIMES_link_lost);
}

static bool blocked(const struct world *world, unsigned from, unsigned to) {
    return world->cut[from][to];
}

static bool answers(const struct world *world, const struct end *near, const struct end *far) {
    return !far->silent && !blocked(world, near->machine, far->machine) &&
           !blocked(world, far->machine, near->machine) &&
           world->machines[far->machine].frozen_until <= world->now;
}

static time_ms due_of(const struct world *world, const struct wire *wire, int i) {
    const struct end *end = &wire->ends[i];
    time_ms due = NEVER;
    if (end->coming_n > 0 && !blocked(world, wire->ends[1 - i].machine, end->machine))
        due = end->coming[0].at > world->now ? end->coming[0].at : world->now;
    if (end->open && end->beat_at < due)
        due = end->beat_at > world->now ? end->beat_at : world->now;
    return due;
}

time_ms wires_next(const struct wires *wires) {
    time_ms next = NEVER;
    for (size_t i = 0; i < wires->n; i++)
        for (int end = 0; end < 2; end++) {
            time_ms due = due_of(wires->world, wires->list[i], end);
            next = due < next ? due : next;
        }
    for (size_t i = 0; i < wires->dials_n; i++)
        next = wires->dials[i].at < next ? wires->dials[i].at : next;
    return next;
}

static void deliver(struct wire *wire, int i) {
    struct end *end = &wire->ends[i];
    struct item item = end->coming[0];
    memmove(end->coming, end->coming + 1, --end->coming_n * sizeof *end->coming);
    end->coming_bytes -= item.frame.size;
    if (item.stalled)
        sometimes(SOMETIMES_link_stalled_and_went_on);
    if (item.frame.size == 0) {
        wire_lose(wire, i, ERR_CLOSED);
    } else if (end->open && end->net != NULL) {
        if (!end->announced) {
            end->announced = true;
            put_mail(end->net, end, (struct mail){.kind = MAIL_UP});
        }
        put_mail(end->net, end, (struct mail){.kind = MAIL_FRAME, .frame = item.frame});
    } else {
        hold_free((void *)(uintptr_t)item.frame.data);
    }
}

static void beat(struct wires *wires, struct wire *wire, int i) {
    struct world *world = wires->world;
    struct end *end = &wire->ends[i];
    if (!end->open || end->net == NULL)
        return;
    if (answers(world, end, &wire->ends[1 - i])) {
        end->beat_at = NEVER;
    } else if (end->beat_at == NEVER) {
        end->beat_at = world->now + BEAT_MS_MIN + (time_ms)roll(world, BEAT_MS_MORE);
    } else if (end->beat_at <= world->now) {
        if (wire->ends[1 - i].open)
            sometimes(SOMETIMES_link_half_open);
        wire_lose(wire, i, ERR_TIMEOUT);
        wire_send(wires, wire, 1 - i, (struct bytes){0});
    }
    if (end->open && end->coming_n > 0 && blocked(world, wire->ends[1 - i].machine, end->machine))
        end->coming[0].stalled = true;
}

static void failed(struct dial *dial, enum err reason) {
    if (dial->net == NULL)
        return;
    sometimes(reason == ERR_DENIED ? SOMETIMES_dial_denied : SOMETIMES_dial_timed_out);
    put_mail(dial->net, NULL,
             (struct mail){.kind = MAIL_FAILED, .member = dial->member, .reason = reason});
}

/* One key may have so many accepted links; one more replaces the oldest. */
static void make_room(struct wires *wires, unsigned machine, const struct transport_public *key) {
    struct wire *oldest = NULL;
    int n = 0;
    for (size_t i = 0; i < wires->n; i++) {
        struct wire *wire = wires->list[i];
        if (!wire->ends[1].open || wire->ends[1].machine != machine ||
            memcmp(&wire->client, key, sizeof *key) != 0)
            continue;
        oldest = oldest == NULL ? wire : oldest;
        n++;
    }
    if (n < NET_PER_KEY_MAX)
        return;
    wire_lose(oldest, 1, ERR_LIMIT);
    wire_send(wires, oldest, 0, (struct bytes){0});
}

static void connect_wire(struct wires *wires, struct dial *dial) {
    struct world *world = wires->world;
    struct machine *target = &world->machines[dial->target];
    make_room(wires, dial->target, &dial->client);
    struct wire *wire = hold_zero(sizeof *wire);
    wire->dialled = dial->member;
    wire->client = dial->client;
    wire->server = dial->server;
    struct net *nets[2] = {dial->net, target->node->net};
    for (int i = 0; i < 2; i++)
        wire->ends[i] = (struct end){.machine = nets[i]->machine->number,
                                     .net = nets[i],
                                     .link = ++wires->links,
                                     .open = true,
                                     .beat_at = NEVER};
    if (wires->n == wires->capacity) {
        wires->capacity = wires->capacity * 2 + 16;
        wires->list = hold(wires->list, wires->capacity * sizeof(struct wire *));
    }
    wires->list[wires->n++] = wire;
    wire->ends[0].announced = true;
    put_mail(dial->net, &wire->ends[0], (struct mail){.kind = MAIL_UP});
}

static bool lets_in(struct machine *target, const struct dial *dial) {
    struct machine *before = target->world->current;
    if (memcmp(&target->keys.public.transport, &dial->server, sizeof dial->server) != 0)
        return false;
    target->world->current = target;
    const struct net_config *config = &target->node->net->config;
    bool admitted = config->admit(config->context, &dial->client);
    target->world->current = before;
    return admitted;
}

/* False: it waits on. */
static bool dial_now(struct wires *wires, struct dial *dial) {
    struct world *world = wires->world;
    if (dial->net == NULL)
        return true;
    unsigned from = dial->net->machine->number, to = dial->target;
    struct machine *target = to < world->machines_n ? &world->machines[to] : NULL;
    bool deaf = target != NULL && (blocked(world, from, to) || blocked(world, to, from) ||
                                   target->frozen_until > world->now);
    if (deaf && !dial->waits) {
        dial->waits = true;
        dial->at = world->now + NET_CONNECT_MS_MAX;
        return false;
    }
    if (target == NULL || deaf)
        failed(dial, ERR_TIMEOUT);
    else if (!machine_is_up(target) || !target->reachable || target->node->net == NULL)
        failed(dial, ERR_CLOSED);
    else if (!lets_in(target, dial))
        failed(dial, ERR_DENIED);
    else
        connect_wire(wires, dial);
    return true;
}

static void prune(struct wires *wires) {
    size_t kept = 0;
    for (size_t i = 0; i < wires->n; i++) {
        struct wire *wire = wires->list[i];
        if (wire->ends[0].open || wire->ends[1].open || wire->ends[0].mails > 0 ||
            wire->ends[1].mails > 0)
            wires->list[kept++] = wire;
        else
            wire_free(wire);
    }
    wires->n = kept;
}

void wires_step(struct wires *wires) {
    struct world *world = wires->world;
    for (size_t i = 0; i < wires->dials_n;) {
        if (wires->dials[i].at > world->now || !dial_now(wires, &wires->dials[i]))
            i++;
        else
            wires->dials[i] = wires->dials[--wires->dials_n];
    }
    for (size_t i = 0; i < wires->n; i++) {
        struct wire *wire = wires->list[i];
        for (int end = 0; end < 2; end++) {
            while (wire->ends[end].coming_n > 0 && wire->ends[end].coming[0].at <= world->now &&
                   !blocked(world, wire->ends[1 - end].machine, wire->ends[end].machine))
                deliver(wire, end);
            beat(wires, wire, end);
        }
    }
    prune(wires);
}

void wires_cut(struct wires *wires, unsigned from, unsigned to, bool cut) {
    wires->world->cut[from][to] = cut;
    for (size_t i = 0; i < wires->n; i++)
        for (int end = 0; end < 2; end++)
            beat(wires, wires->list[i], end);
}

void wires_drop(struct wires *wires, unsigned a, unsigned b) {
    for (size_t i = 0; i < wires->n; i++) {
        struct wire *wire = wires->list[i];
        unsigned one = wire->ends[0].machine, two = wire->ends[1].machine;
        if (!((one == a && two == b) || (one == b && two == a)))
            continue;
        wire_lose(wire, 0, ERR_CLOSED);
        wire_lose(wire, 1, ERR_CLOSED);
    }
}

void wires_leave(struct wires *wires, const struct net *net, bool silent) {
    for (size_t i = 0; i < wires->n; i++) {
        struct wire *wire = wires->list[i];
        for (int end = 0; end < 2; end++) {
            if (wire->ends[end].net != net)
                continue;
            bool was_open = wire->ends[end].open;
            wire->ends[end].open = false;
            wire->ends[end].net = NULL;
            wire->ends[end].mails = 0;
            wire->ends[end].silent = silent;
            if (was_open && !silent)
                wire_send(wires, wire, 1 - end, (struct bytes){0});
            beat(wires, wire, 1 - end);
        }
    }
    for (size_t i = 0; i < wires->dials_n; i++)
        if (wires->dials[i].net == net)
            wires->dials[i].net = NULL;
}

void wires_crashed(struct wires *wires, unsigned machine, bool silent) {
    const struct node *node = wires->world->machines[machine].node;
    if (node != NULL && node->net != NULL)
        wires_leave(wires, node->net, silent);
}

size_t wires_under_way(const struct wires *wires, size_t *ret_most_of_one) {
    size_t sum = 0, most = 0;
    for (size_t i = 0; i < wires->n; i++)
        for (int end = 0; end < 2; end++) {
            size_t bytes = wires->list[i]->ends[end].coming_bytes;
            sum += bytes;
            most = bytes > most ? bytes : most;
        }
    *ret_most_of_one = most;
    return sum;
}

size_t wires_of(const struct wires *wires, unsigned machine) {
    size_t n = 0;
    for (size_t i = 0; i < wires->n; i++)
        for (int end = 0; end < 2; end++)
            n += wires->list[i]->ends[end].machine == machine &&
                 wires->list[i]->ends[end].net != NULL;
    return n;
}

bool wires_are_clear(const struct wires *wires) {
    size_t most;
    return wires_under_way(wires, &most) == 0;
}

unsigned wires_inject(struct wires *wires, struct machine *machine, struct bytes frame) {
    unsigned n = 0;
    for (size_t i = 0; i < wires->n && machine->node != NULL; i++)
        for (int end = 0; end < 2; end++)
            if (wires->list[i]->ends[end].net == machine->node->net &&
                wires->list[i]->ends[end].open) {
                wire_send(wires, wires->list[i], 1 - end, frame);
                n++;
            }
    return n;
}
