#include "forgery.h"

#include "memory.h"
#include "proto/changeset.h"
#include "proto/declaration.h"
#include "proto/envelope.h"
#include "sometimes.h"
#include "store/admit.h"
#include "store/roster.h"
#include <string.h>

struct pick {
    const struct machine *machine;
    struct feed_info feed;
    size_t n;
};

static enum err pick_feed(void *context, const struct feed_info *feed) {
    struct pick *pick = context;
    if (member_id_equal(&feed->author, &pick->machine->member) &&
        feed->channel.kind != CHANNEL_ROSTER && roll(pick->machine->world, ++pick->n) == 0)
        pick->feed = *feed;
    return OK;
}

static void content(struct world *world, const struct machine *machine, struct draft *draft) {
    struct buffer bytes = {0};
    struct declaration declaration = {.kind = DECLARATION_ENTRY};
    uint8_t rubbish[64];
    struct arena arena;
    enum err err = ERR_INTERNAL;
    arena_init(&arena, KIB(64));
    switch (roll(world, 3)) {
    case 0: /* rubbish that claims to be public */
        disk_noise(machine->disk, rubbish, sizeof rubbish);
        err = draft_add_plain(draft, SECTION_OPEN, (struct bytes){rubbish, sizeof rubbish});
        break;
    case 1: /* makes itself somebody else, in a feed that has no roster entries */
        if (roster_member(machine->node->store, &machine->member, UINT64_MAX, &arena,
                          &declaration.entry) == OK) {
            declaration.entry.counter += 5;
            err = declaration_encode(&declaration, &bytes);
        }
        if (err == OK)
            err = draft_add_plain(draft, SECTION_DECLARATION, buffer_view(&bytes));
        break;
    default: /* a roster tip from before it was a member */
        draft->header.roster_seq = 1;
        err = draft_add_plain(draft, SECTION_OPEN, (struct bytes){rubbish, 0});
        break;
    }
    (void)err;
    buffer_done(&bytes);
    arena_done(&arena);
}

void forgery_write(struct machine *machine) {
    struct world *world = machine->world;
    struct pick pick = {.machine = machine};
    struct roster_tip tip;
    struct draft draft;
    struct buffer run = {0};
    struct envelope_id id;
    struct admitted admitted;
    if (!machine_is_up(machine) || member_id_is_zero(&machine->member) ||
        machine->role == ROLE_MUNICIPALITY)
        return;
    world->current = machine;
    if (feed_each(machine->node->store, pick_feed, &pick) != OK || pick.n == 0 ||
        pick.feed.head.seq == 0 || roster_tip(machine->node->store, &tip) != OK)
        return;
    draft_init(&draft);
    draft.header = (struct header){.schema = 1,
                                   .feed = pick.feed.id,
                                   .seq = pick.feed.head.seq + 1,
                                   .prev = pick.feed.head.id,
                                   .roster_seq = tip.seq,
                                   .roster_id8 = tip.id8,
                                   .clock = INT64_C(1) << 60};
    content(world, machine, &draft);
    machine->forges = true;
    if (draft_sign(&draft, &machine->keys.sign, &run, &id) == OK &&
        admit_run(machine->node->store, &machine->member, &pick.feed.id, buffer_view(&run),
                  &admitted) == OK)
        sometimes(SOMETIMES_forged_envelope_sent);
    draft_done(&draft);
    buffer_done(&run);
    machine->wake = world->now;
    (void)machine_settle(machine);
}

struct machine *forgery_equivocate(struct machine *machine) {
    struct world *world = machine->world;
    machine->forges = true;
    struct machine *clone = machine_clone(machine, true);
    /* While they hear of each other they go on together: apart, each signs its own. */
    for (unsigned i = 0; i < world->machines_n; i++)
        if (i != machine->number)
            fault_cut(world, machine->number, i, 20000 + (time_ms)roll(world, 60000));
    if (clone != NULL)
        clone->forges = true;
    return clone;
}
