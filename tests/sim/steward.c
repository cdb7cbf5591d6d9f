/* The municipality's administrator after a restore: the copy may name nobody who could bring back
 * what it lost. So it is asked for everywhere by telephone, carried over by hand, and only when
 * nobody has more the roster goes on by a person's word. */
#include "people_inner.h"
#include "sometimes.h"
#include "store/roster.h"

/* A copy was put back, and the roster can't be continued. */
static bool is_awaiting(struct machine *town, struct roster_standing *ret_standing) {
    if (!machine_is_up(town) || town->retired)
        return false;
    town->world->current = town;
    return roster_standing(town->node->store, ret_standing) == OK && !ret_standing->confirmed &&
           ret_standing->restored && !ret_standing->forked;
}

enum { READ_MS = 1000 };

/* A process that hangs answers nobody, and may find an entry in its socket when it goes on. */
static bool can_be_asked(const struct machine *machine) {
    return machine_is_up(machine) && machine->frozen_until + READ_MS <= machine->world->now;
}

/* Whoever may hold some of it can be asked now. */
static bool all_can_be_asked(struct world *world) {
    for (unsigned i = 1; i < world->machines_n; i++) {
        const struct machine *machine = &world->machines[i];
        if (!machine->retired && !machine->cloned_from_other && *machine->ticket != '\0' &&
            !can_be_asked(machine))
            return false;
    }
    return true;
}

/* What the machine has of the roster is brought in. False: it could not be asked, or it had some.
 */
static bool has_nothing_more(struct machine *town, struct machine *machine) {
    struct reply reply;
    enum err err = machine_call(machine, "roster", "export", NULL, &reply);
    json_t *file = json_pack("{s:O?}", "file", json_object_get(reply.document, "roster"));
    reply_done(&reply);
    if (err != OK) {
        json_decref(file);
        return err == ERR_NOT_FOUND || err == ERR_STATE; /* it has none yet */
    }
    err = machine_call(town, "roster", "import", file, &reply);
    bool more = err != OK || json_integer_value(json_object_get(reply.document, "new")) > 0;
    reply_done(&reply);
    if (more && err == OK)
        sometimes(SOMETIMES_roster_carried_by_hand);
    return !more;
}

/* Members whom a copy that was put back doesn't know are refused by it, and say so: what they have
 * of the roster is brought in. True: something was new. */
static bool ask_who_is_refused(struct world *world, struct machine *town) {
    struct roster_tip before, after;
    town->world->current = town;
    if (!machine_is_up(town) || town->restores == 0 || roster_tip(town->node->store, &before) != OK)
        return false;
    for (unsigned i = 1; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        if (!people_is_member(machine) || machine->retired || !machine_is_up(machine) ||
            machine->node->last_refusal != ERR_DENIED || has_nothing_more(town, machine))
            continue;
        town->world->current = town;
        return machine_is_up(town) && roster_tip(town->node->store, &after) == OK &&
               after.seq > before.seq;
    }
    return false;
}

bool people_regain_roster(struct people *people) {
    struct world *world = people->world;
    struct machine *town = &world->machines[0];
    struct roster_standing standing;
    struct reply reply;
    if (!is_awaiting(town, &standing))
        return ask_who_is_refused(world, town);
    if (!all_can_be_asked(world))
        return false;
    for (unsigned i = 1; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        if (machine->retired || machine->cloned_from_other || *machine->ticket == '\0')
            continue;
        if (!machine_is_up(machine) || !has_nothing_more(town, machine) || !machine_is_up(town))
            return true;
    }
    enum err err = machine_call(town, "roster", "confirm",
                                json_pack("{s:s}", "note", "nobody has more"), &reply);
    reply_done(&reply);
    if (err == OK)
        sometimes(SOMETIMES_roster_confirmed_by_a_person);
    return err == OK;
}

/* The municipality has signed a longer roster than anybody holds: what is missing was told to
 * others, who could not store it, and the copy is from before. The roster is never written again
 * (PROTOCOL.md, "Admission"). */
static bool roster_is_lost(struct world *world, struct machine *town) {
    struct roster_standing standing;
    if (!is_awaiting(town, &standing) || standing.proved == 0)
        return false;
    for (unsigned i = 1; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        struct feed_info roster;
        if (machine->retired)
            continue;
        if (!machine_is_up(machine))
            return false;
        world->current = machine;
        enum err err = feed_find(machine->node->store, &standing.tip.feed, &roster);
        if (err != ERR_NOT_FOUND &&
            (err != OK || roster.head.seq > standing.tip.seq || roster.waiting > 0))
            return false;
    }
    return true;
}

void people_stay_outside(struct people *people) {
    struct world *world = people->world;
    if (!roster_is_lost(world, &world->machines[0]))
        return;
    for (unsigned i = 1; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        if (machine->retired || machine->cloned_from_other ||
            (machine->node->engine != NULL && !machine->node->joining))
            continue;
        trace("%s stays outside: the end of the roster is lost", machine->name);
        machine_stop(machine);
        machine->retired = true;
    }
}
