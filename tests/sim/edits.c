/* What must stand in a handover's fields in the end. */
#include "check_inner.h"
#include "people_inner.h"
#include "store/collection.h"
#include <string.h>

static const uint16_t edited[] = {EDITED_FIRST, EDITED_SECOND};

/* Does anybody whose word counts hold it? Then it must not be lost. */
static bool is_held(const struct world *world, const struct version_name *name) {
    if (registry_has_other(name))
        return false; /* what they hold under its number is that */
    for (unsigned i = 0; i < world->machines_n; i++) {
        const struct machine *machine = &world->machines[i];
        if (machine->rotten || machine->retired || disk_has_lied(machine->disk))
            continue;
        for (size_t j = 0; j < ledger_n(machine->ledger); j++) {
            struct feed_id feed;
            struct head head;
            ledger_get(machine->ledger, j, &feed, &head);
            if (feed_id_equal(&feed, &name->feed) && head.seq >= name->seq)
                return true;
        }
    }
    return false;
}

static bool is_live(const struct field_state *state, const struct version_name *name) {
    for (size_t i = 0; state != NULL && i < state->live_n; i++)
        if (memcmp(&state->live[i].name, name, sizeof *name) == 0)
            return true;
    return false;
}

static bool may_be_replaced(const struct people *people, const struct edit *edit) {
    for (size_t i = 0; i < people->edits_n; i++) {
        const struct edit *other = &people->edits[i];
        if (other->handover == edit->handover && other->field == edit->field &&
            people_saw(other, &edit->name))
            return true;
    }
    return false;
}

/* On a branch of a fork, or beside what its author has forged: what was written in another
 * incarnation since counts as ever. */
static bool is_spoilt(struct world *world, const struct edit *edit) {
    bool spoilt = world->machines[edit->machine].signs_falsely || check_is_forked(&edit->name.feed);
    for (unsigned i = 0; i < world->machines_n && !spoilt; i++) {
        struct feed_info feed;
        world->current = &world->machines[i];
        spoilt = people_is_member(world->current) && !world->current->retired &&
                 feed_find(world->current->node->store, &edit->name.feed, &feed) == OK &&
                 feed.forked;
    }
    return spoilt;
}

static void check_edit(struct people *people, struct machine *machine, const struct edit *edit) {
    const struct handover *handover = &people->handovers[edit->handover];
    struct arena arena;
    const struct field_state *state = NULL;
    if (!edit->acknowledged || is_spoilt(people->world, edit) ||
        !is_held(people->world, &edit->name))
        return;
    arena_init(&arena, KIB(4096));
    bool there = people_look(machine, &handover->record, edit->field, &arena, &state);
    if (!there || (!is_live(state, &edit->name) && !may_be_replaced(people, edit)))
        violation("\"%s\", written at %s under %llu, is lost at %s; %zu live", edit->value,
                  people->world->machines[edit->machine].name, (unsigned long long)edit->name.seq,
                  machine->name, there && state != NULL ? state->live_n : 0);
    for (size_t i = 0; edit->certain && i < edit->seen_n; i++)
        if (is_live(state, &edit->seen[i]))
            violation("a value that \"%s\" has replaced stands again at %s", edit->value,
                      machine->name);
    arena_done(&arena);
}

static enum err count_conflict(void *context, const struct conflict *conflict) {
    (void)conflict;
    ++*(size_t *)context;
    return OK;
}

/* Every field with two different values is listed as a conflict. */
static void check_conflicts(struct people *people, struct machine *machine) {
    size_t listed = 0, seen = 0;
    machine->world->current = machine;
    if (conflict_each(machine->node->store, count_conflict, &listed) != OK)
        violation("%s can't list its conflicts", machine->name);
    for (size_t i = 0; i < people->handovers_n; i++)
        for (size_t j = 0; j < sizeof edited / sizeof *edited; j++) {
            struct arena arena;
            const struct field_state *state = NULL;
            arena_init(&arena, KIB(4096));
            if (people->handovers[i].sent &&
                people_look(machine, &people->handovers[i].record, edited[j], &arena, &state) &&
                state != NULL && state->live_n > 1) {
                bool differ = false;
                for (size_t k = 1; k < state->live_n; k++)
                    differ = differ || state->live[k].value.size != state->live[0].value.size ||
                             memcmp(state->live[k].value.data, state->live[0].value.data,
                                    state->live[0].value.size) != 0;
                seen += differ;
            }
            arena_done(&arena);
        }
    if (listed < seen)
        violation("%s lists %zu conflicts of %zu", machine->name, listed, seen);
}

void people_check_edits(struct people *people) {
    struct world *world = people->world;
    for (unsigned i = 0; i < world->plan.machines; i++) {
        struct machine *machine = &world->machines[i];
        if (!people_is_member(machine) || machine->role == ROLE_RELAY ||
            machine->role == ROLE_MUNICIPALITY)
            continue;
        for (size_t j = 0; j < people->edits_n; j++) {
            const struct handover *handover = &people->handovers[people->edits[j].handover];
            if (handover->from == i || handover->to == i)
                check_edit(people, machine, &people->edits[j]);
        }
        check_conflicts(people, machine);
    }
}
