/* The network, in place of the one that knows ZeroMQ: answers net/net.h. A link delivers whole
 * frames in order and loses none but with itself; it may stall and go on, and one end may be gone
 * long before the other hears of it. */
#include "world.h"

#include "memory.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "proto/statement.h"
#include "sometimes.h"
#include "store/feed.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BEAT_MS_MIN = 20000,
    BEAT_MS_MORE = 10000,
    TURN_ITEMS_MAX = 8,
    CLOGGED = 16 * 1024,
    JOINS_AT_ONCE_MAX = 40
};

struct item {
    time_ms at;
    struct bytes frame; /* owned; empty: the end */
    bool stalled;
};
struct end {
    unsigned machine;
    struct net *net; /* NULL: gone */
    uint32_t link;
    bool open;      /* as far as this end knows */
    bool announced; /* the node has been told of it */
    bool silent;    /* gone without a word */
    bool left;      /* the node has closed it: it hears nothing more */
    size_t mails;   /* about it, not read yet */
    struct item *coming;
    size_t coming_n, coming_capacity, coming_bytes;
    time_ms last_at;
    time_ms beat_at; /* when it gives up; NEVER while the far end answers */
};
struct wire {
    struct end ends[2]; /* the dialler's first */
    struct member_id dialled;
    struct transport_public client, server;
};
struct dial {
    struct net *net; /* NULL: forgotten */
    time_ms at;
    struct member_id member;
    unsigned target; /* MACHINES_MAX: nobody */
    struct transport_public client, server;
    bool waits; /* for a time-out */
};
struct wires {
    struct world *world;
    struct wire **list;
    size_t n, capacity;
    struct dial *dials;
    size_t dials_n, dials_capacity;
    uint32_t links;
};

enum mail_kind { MAIL_UP, MAIL_FRAME, MAIL_LOST, MAIL_FAILED };
struct mail {
    enum mail_kind kind;
    uint32_t link;
    struct bytes frame; /* owned */
    struct member_id member;
    enum err reason;
};
struct net {
    struct net_config config;
    struct machine *machine;
    struct wires *wires;
    struct mail *inbox;
    size_t inbox_at, inbox_n, inbox_capacity;
};

struct wires *wires_new(struct world *world) {
    struct wires *wires = hold_zero(sizeof *wires);
    wires->world = world;
    return wires;
}

static void wire_free(struct wire *wire) {
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < wire->ends[i].coming_n; j++)
            free((void *)(uintptr_t)wire->ends[i].coming[j].frame.data);
        free(wire->ends[i].coming);
    }
    free(wire);
}

void wires_free(struct wires *wires) {
    for (size_t i = 0; i < wires->n; i++)
        wire_free(wires->list[i]);
    free(wires->list);
    free(wires->dials);
    free(wires);
}

static struct wire *find(const struct wires *wires, uint32_t link, int *ret_end) {
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

static struct bytes copy_of(struct bytes frame) {
    uint8_t *data = hold(NULL, frame.size);
    memcpy(data, frame.data, frame.size);
    return (struct bytes){data, frame.size};
}

static void send_item(struct wires *wires, struct wire *wire, int to, struct bytes frame) {
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
        (struct item){.at = at, .frame = frame.size > 0 ? copy_of(frame) : frame};
    end->coming_bytes += frame.size;
    if (end->coming_bytes > CLOGGED)
        sometimes(SOMETIMES_link_clogged);
}

/* `end` hears that it is over. */
static void lose(struct wire *wire, int i, enum err reason) {
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

/* ---- What is due ---- */

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
        lose(wire, i, ERR_CLOSED);
    } else if (end->open && end->net != NULL) {
        if (!end->announced) {
            end->announced = true;
            put_mail(end->net, end, (struct mail){.kind = MAIL_UP});
        }
        put_mail(end->net, end, (struct mail){.kind = MAIL_FRAME, .frame = item.frame});
    } else {
        free((void *)(uintptr_t)item.frame.data);
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
        lose(wire, i, ERR_TIMEOUT);
        send_item(wires, wire, 1 - i, (struct bytes){0});
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
    lose(oldest, 1, ERR_LIMIT);
    send_item(wires, oldest, 0, (struct bytes){0});
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
        lose(wire, 0, ERR_CLOSED);
        lose(wire, 1, ERR_CLOSED);
    }
}

static void leave(struct wires *wires, const struct net *net, bool silent) {
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
                send_item(wires, wire, 1 - end, (struct bytes){0});
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
        leave(wires, node->net, silent);
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

bool wires_are_clear(const struct wires *wires) {
    size_t most;
    return wires_under_way(wires, &most) == 0;
}

/* ---- What a node sees ---- */

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
        free((void *)(uintptr_t)net->inbox[i].frame.data);
    net->inbox_at = net->inbox_n = 0;
}

void net_free(struct net *net) {
    if (net == NULL)
        return;
    leave(net->wires, net, false);
    empty(net);
    free(net->inbox);
    free(net);
}

void net_reset(struct net *net) {
    leave(net->wires, net, false);
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

/* Is what a machine says of itself there? */
static void look_at_statement(struct machine *from, struct bytes bytes) {
    struct arena arena;
    struct statement statement;
    bool sure = from->restores == 0 && !from->damaged && !from->rotten && !from->forges &&
                !from->cloned_from_other && from->swapped_with == NULL &&
                !disk_has_lied(from->disk) && !member_id_is_zero(&from->member);
    /* What a copy of it has stated comes back to it and goes out again. */
    for (unsigned i = 0; i < from->world->machines_n; i++)
        sure = sure && (from->world->machines[i].original != from->number || i == from->number);
    if (!sure)
        return;
    arena_init(&arena, KIB(512));
    memory_pause();
    if (statement_decode(bytes, &arena, &statement) == OK &&
        member_id_equal(&statement.member, &from->member))
        for (size_t i = 0; i < statement.heads_n; i++) {
            struct feed_info info;
            enum err err = feed_find(from->node->store, &statement.heads[i].feed, &info);
            if (err == ERR_NOT_FOUND || (err == OK && info.head.seq < statement.heads[i].seq))
                violation("%s states that it holds entry %llu of a feed, and does not", from->name,
                          (unsigned long long)statement.heads[i].seq);
        }
    memory_resume();
    arena_done(&arena);
}

/* What no frame may ever be, and what it promises. */
static void look_at(struct machine *from, struct bytes frame) {
    if (frame.size == 0 || frame.size > MESSAGE_SIZE_MAX)
        violation("%s sends a frame of %zu bytes", from->name, frame.size);
    if (has_canary(frame.data, frame.size))
        violation("%s sends plaintext in a frame of type %u", from->name, frame.data[0]);
    if (frame.data[0] == MESSAGE_JOIN && from->joins > 0)
        sometimes(SOMETIMES_ticket_repeated);
    from->joins += frame.data[0] == MESSAGE_JOIN;
    from->credited += frame.data[0] == MESSAGE_CREDIT;
    if (from->joins > JOINS_AT_ONCE_MAX + (uint64_t)from->world->now / 500)
        violation("%s asks to join without end", from->name);
    if (frame.data[0] == MESSAGE_STATEMENT) {
        struct message said;
        struct arena none;
        arena_init(&none, KIB(64));
        if (message_decode(frame, &none, &said) == OK)
            look_at_statement(from, said.statement);
        arena_done(&none);
    }
    if (frame.data[0] != MESSAGE_RUN)
        return;
    struct arena arena;
    struct message message;
    arena_init(&arena, KIB(64));
    memory_pause();
    struct bytes rest = {0};
    if (message_decode(frame, &arena, &message) == OK)
        rest = message.run.envelopes;
    size_t size;
    while (rest.size > 0 && envelope_skip(rest, &size) == OK) {
        struct envelope_id id = envelope_id_of(rest.data);
        uint64_t seq = 0;
        for (int i = 0; i < 8; i++)
            seq = seq << 8 | rest.data[40 + i];
        if (!registry_put(&message.run.feed, seq, &id))
            ledger_double(&message.run.feed, seq, from->number);
        rest.data += size;
        rest.size -= size;
    }
    arena_done(&arena);
    memory_resume();
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

unsigned wires_inject(struct wires *wires, struct machine *machine, struct bytes frame) {
    unsigned n = 0;
    for (size_t i = 0; i < wires->n && machine->node != NULL; i++)
        for (int end = 0; end < 2; end++)
            if (wires->list[i]->ends[end].net == machine->node->net &&
                wires->list[i]->ends[end].open) {
                send_item(wires, wires->list[i], 1 - end, frame);
                n++;
            }
    return n;
}

static enum err send_through(struct net *net, struct wire *wire, int end, struct bytes frame);

enum err net_send(struct net *net, uint32_t link, struct bytes frame) {
    struct wires *wires = net->wires;
    struct machine *machine = net->machine;
    int end;
    struct wire *wire = find(wires, link, &end);
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

static enum err send_through(struct net *net, struct wire *wire, int end, struct bytes frame) {
    struct wires *wires = net->wires;
    struct machine *machine = net->machine;
    look_at(machine, frame);
    wires->world->frames++;
    if (wire->ends[1 - end].coming_bytes + frame.size > NET_WAITING_MAX) {
        lose(wire, end, ERR_QUOTA);
        lose(wire, 1 - end, ERR_CLOSED);
        return ERR_QUOTA;
    }
    /* One that spoils its own JOIN is refused for good, and rightly. */
    if (!machine->malicious || wires->world->quiet || frame.data[0] == MESSAGE_JOIN) {
        send_item(wires, wire, 1 - end, frame);
        return OK;
    }
    struct buffer disturbed = {0};
    disturbed.data = (uint8_t *)(uintptr_t)copy_of(frame).data;
    disturbed.size = disturbed.capacity = frame.size;
    unsigned times = fault_disturb_frame(wires->world, machine, &disturbed);
    for (unsigned i = 0; i < times && disturbed.size > 0; i++)
        send_item(wires, wire, 1 - end, buffer_view(&disturbed));
    free(disturbed.data);
    return OK;
}

void net_close(struct net *net, uint32_t link) {
    int end;
    struct wire *wire = find(net->wires, link, &end);
    if (wire == NULL || !wire->ends[end].open || wire->ends[end].net != net)
        return;
    wire->ends[end].open = false;
    wire->ends[end].left = true;
    send_item(net->wires, wire, 1 - end, (struct bytes){0});
}

void net_farewell(struct net *net, struct bytes frame) {
    struct wires *wires = net->wires;
    for (size_t i = 0; i < wires->n; i++)
        for (int end = 0; end < 2; end++)
            if (wires->list[i]->ends[end].net == net && wires->list[i]->ends[end].open) {
                send_item(wires, wires->list[i], 1 - end, frame);
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
        lose(wire, 1, ERR_DENIED);
        send_item(wires, wire, 0, (struct bytes){0});
    }
}

static void read_mail(struct net *net, const struct mail *mail) {
    int end;
    if (mail->kind == MAIL_FAILED) {
        net->config.disconnected(net->config.context, 0, &mail->member, mail->reason);
        return;
    }
    struct wire *wire = find(net->wires, mail->link, &end);
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
        free((void *)(uintptr_t)mail.frame.data);
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
