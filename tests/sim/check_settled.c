#include "check_inner.h"

#include "store/acks.h"
#include "store/acks_latest.h"
#include <stdio.h>

/* ---- Equal heads ---- */

struct comparing {
    struct machine *from, *to;
    char *why;
};

static enum err compare_feed(void *context, const struct feed_info *feed) {
    struct comparing *comparing = context;
    struct feed_info there;
    struct machine *to = comparing->to;
    if (!channel_may_hold(&feed->channel, &feed->author, &to->member, to->role) ||
        (to->forges && member_id_equal(&feed->author, &to->member)))
        return OK; /* who sends what it does not have itself is not given it */
    to->world->current = to;
    enum err err = feed_find(to->node->store, &feed->id, &there);
    to->world->current = comparing->from;
    if (err == OK && feed->forked && !there.forked) {
        snprintf(comparing->why, 256, "%s knows of a fork that %s does not know of",
                 comparing->from->name, to->name);
        return ERR_STATE;
    }
    if (feed->forked || (err == OK && there.forked) || check_is_forked(&feed->id))
        return OK; /* each keeps the branch that came first; whose fork it is: check_feed */
    if (err == OK && there.head.seq == feed->head.seq &&
        envelope_id_equal(&there.head.id, &feed->head.id))
        return OK;
    snprintf(comparing->why, 256, "%s has entry %llu of a feed of kind %d, %s has %llu",
             comparing->from->name, (unsigned long long)feed->head.seq, feed->channel.kind,
             to->name, err == OK ? (unsigned long long)there.head.seq : 0ull);
    return ERR_STATE;
}

static enum err count_waiting(void *context, const struct feed_info *feed) {
    *(uint64_t *)context += feed->waiting;
    return OK;
}

static bool has_joined(struct world *world, struct machine *machine, char *why) {
    uint64_t waiting = 0;
    if (member_id_is_zero(&machine->member) && *machine->ticket != '\0' && !machine->stranger &&
        !machine->retired) {
        snprintf(why, 256, "%s has not joined", machine->name);
        return false;
    }
    if (!check_counts(machine))
        return true;
    world->current = machine;
    if (!machine_is_up(machine) || machine->node->engine == NULL || machine->node->joining) {
        snprintf(why, 256, "%s is not up: %s", machine->name,
                 machine->node == NULL           ? "down"
                 : disk_is_dead(machine->disk)   ? "dead"
                 : machine->node->engine == NULL ? "without an engine"
                                                 : "joining");
        return false;
    }
    if (machine->role != ROLE_RELAY &&
        (feed_each(machine->node->store, count_waiting, &waiting) != OK || waiting > 0)) {
        snprintf(why, 256, "%llu entries wait at %s", (unsigned long long)waiting, machine->name);
        return false;
    }
    return true;
}

/* Has everybody the last word of everybody whose word it has? */
struct hearing {
    struct machine *from, *to;
    char *why;
};

static enum err compare_word(void *context, const struct ack_info *ack) {
    struct hearing *hearing = context;
    struct statement last;
    struct arena arena;
    time_ms stored;
    enum err err = OK;
    if (!member_id_equal(&ack->member, &hearing->from->member))
        return OK;
    /* Sites have no business with each other's answers: what strayed there is not followed up. */
    if (ack->channel.kind == CHANNEL_ANSWERS && hearing->to->role != ROLE_MUNICIPALITY &&
        hearing->to->role != ROLE_RELAY)
        return OK;
    arena_init(&arena, KIB(512));
    hearing->from->world->current = hearing->from;
    err = acks_latest(hearing->from->node->store, &ack->member, &ack->channel_id, &arena, &last,
                      &stored);
    if (err == OK && last.counter != ack->counter) {
        snprintf(hearing->why, 256, "%s has another word of %s about a channel of kind %d",
                 hearing->to->name, hearing->from->name, ack->channel.kind);
        err = ERR_STATE;
    }
    arena_done(&arena);
    hearing->to->world->current = hearing->to;
    return err == ERR_NOT_FOUND ? OK : err;
}

bool check_has_heard(struct world *world, char ret_why[static 256]) {
    for (unsigned i = 0; i < world->machines_n; i++)
        for (unsigned j = 0; j < world->machines_n; j++) {
            struct hearing hearing = {&world->machines[i], &world->machines[j], ret_why};
            if (i == j || !check_counts(hearing.from) || !check_counts(hearing.to))
                continue;
            world->current = hearing.to;
            if (acks_each(hearing.to->node->store, compare_word, &hearing) != OK)
                return false;
        }
    return true;
}

bool check_has_settled(struct world *world, char ret_why[static 256]) {
    for (unsigned i = 0; i < world->machines_n; i++)
        if (!has_joined(world, &world->machines[i], ret_why))
            return false;
    for (unsigned i = 0; i < world->machines_n; i++)
        for (unsigned j = 0; j < world->machines_n; j++) {
            struct machine *from = &world->machines[i], *to = &world->machines[j];
            if (i == j || !check_counts(from) || !check_counts(to))
                continue;
            struct comparing comparing = {from, to, ret_why};
            world->current = from;
            if (feed_each(from->node->store, compare_feed, &comparing) != OK)
                return false;
        }
    return wires_are_clear(world->wires);
}
