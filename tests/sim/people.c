#include "people.h"

#include "memory.h"
#include "people_inner.h"
#include "proto/ticket.h"
#include "sometimes.h"
#include "store/append.h"
#include "store/roster.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TICKET_MS (360 * DAY_MS)

static const char *const names[] = {"Nordby",    "Relay", "Birk",       "Southern School",
                                    "Solsikken", "Egely", "Skovbrynet", "Vestre",
                                    "Mosen",     "Engen"};

struct people *people_new(struct world *world) {
    struct people *people = hold_zero(sizeof *people);
    people->world = world;
    return people;
}

void people_free(struct people *people) {
    for (size_t i = 0; i < people->edits_n; i++)
        hold_free(people->edits[i].seen);
    hold_free(people->edits);
    hold_free(people);
}

bool people_is_member(const struct machine *machine) {
    return !machine->cloned_from_other && machine->swapped_with == NULL &&
           !member_id_is_zero(&machine->member);
}

static void must(enum err err, const char *what) {
    if (err != OK)
        violation("%s: %s", what, err_name(err));
}

static void found(struct people *people) {
    static const char *const endpoints[] = {"tcp://m0.example:7000"};
    struct machine *machine = machine_new(people->world, names[0], ROLE_MUNICIPALITY, true);
    struct seed seed = seed_new();
    struct root_keys root;
    struct federation_id federation;
    struct self self;
    must(root_keys_derive(&seed, &root), "root keys");
    if (!machine_start(machine))
        violation("the municipality can't start");
    must(roster_found(machine->node->store, machine->name, &root, endpoints, 1, &federation),
         "founding");
    must(store_self(machine->node->store, &self), "self");
    machine->member = self.member;
}

/* Asks the municipality for a ticket. False: it can't give one now. */
static bool invite(struct people *people, struct machine *machine) {
    struct machine *town = &people->world->machines[0];
    struct reply reply;
    if (!machine_is_up(town))
        return false;
    enum err err =
        machine_call(town, "member", "invite",
                     json_pack("{s:s, s:s, s:I}", "name", machine->name, "role",
                               role_name(machine->role), "expires", (json_int_t)TICKET_MS),
                     &reply);
    const char *ticket = json_string_value(json_object_get(reply.document, "ticket"));
    if (err == OK && ticket != NULL)
        snprintf(machine->ticket, sizeof machine->ticket, "%s", ticket);
    reply_done(&reply);
    return err == OK;
}

/* Its ticket was never seen: the municipality died while it made it. */
static bool take_back_invitation(struct people *people, const struct machine *machine) {
    struct machine *town = &people->world->machines[0];
    struct reply reply;
    if (!machine_is_up(town))
        return false;
    enum err err =
        machine_call(town, "member", "uninvite", json_pack("{s:s}", "name", machine->name), &reply);
    reply_done(&reply);
    return err == OK;
}

/* Types the ticket in. */
static bool begin_join(struct machine *machine) {
    char endpoint[64];
    const char *endpoints[1] = {endpoint};
    snprintf(endpoint, sizeof endpoint, "tcp://m%u.example:7000", machine->number);
    if (!machine_is_up(machine) || *machine->ticket == '\0')
        return false;
    machine->world->current = machine;
    enum err err = OK;
    if (machine->reachable) {
        err = roster_join_begin(machine->node->store, machine->ticket, endpoints, 1);
        if (err == OK)
            err = enrol_start(machine->node);
    } else {
        struct reply reply;
        err = machine_call(machine, "join", "", json_pack("{s:s}", "ticket", machine->ticket),
                           &reply);
        reply_done(&reply);
        err = err == ERR_BUSY ? OK : err;
    }
    if (machine->node != NULL)
        machine->wake = machine->world->now;
    return machine_settle(machine) && err == OK;
}

/* A disk that has lied may have forgotten that it ever was a member's, and an old copy may ask with
 * an earlier ticket that nobody knows any more: the ticket is typed in again. */
static bool join_again(struct machine *machine) {
    struct self self;
    if (!machine_is_up(machine))
        return false;
    bool is_refused = machine->node->joining && machine->restores > 0 &&
                      machine->node->last_refusal == ERR_TICKET_UNKNOWN;
    if (machine->node->engine != NULL && !is_refused)
        return false;
    machine->world->current = machine;
    if (store_self(machine->node->store, &self) != OK || !member_id_is_zero(&self.member))
        return false;
    if (!disk_has_lied(machine->disk) && !machine->rotten && machine->restores == 0)
        violation("%s has forgotten who it is", machine->name);
    return begin_join(machine);
}

/* A municipality that was put back doesn't know the ticket, or whom it has admitted by it; or the
 * ticket was taken back and no other made, or has run out. The site is told so, and asks for
 * another. */
static bool ask_for_another_ticket(struct people *people, struct machine *machine) {
    const struct machine *town = &people->world->machines[0];
    if (!machine_is_up(machine))
        return false;
    enum err refusal = machine->node->last_refusal;
    bool is_forgotten =
        town->restores > 0 && (refusal == ERR_TICKET_UNKNOWN || refusal == ERR_DENIED);
    if (machine->stranger || (!is_forgotten && refusal != ERR_TICKET_EXPIRED))
        return false;
    if (!invite(people, machine) && take_back_invitation(people, machine))
        (void)invite(people, machine); /* else the one at hand may not have been taken in */
    return begin_join(machine);
}

/* A site that begins anew is let in by its old ticket, but not by one that has run out long ago by
 * a clock that jumped: somebody at the municipality looks at it then, and sets it right. */
static bool set_the_clock(struct people *people, const struct machine *machine) {
    struct machine *town = &people->world->machines[0];
    if (!machine_is_up(machine) || !machine->node->joining ||
        machine->node->last_refusal != ERR_TICKET_UNKNOWN || town->offset < TICKET_MS)
        return false;
    trace("%s: its clock is set right", town->name);
    town->offset = 0;
    return true;
}

/* It was put back to before it joined, and the municipality to before that, and nobody else has
 * ever heard of it: it is new again. */
static bool is_forgotten(struct people *people, const struct machine *machine) {
    struct machine *town = &people->world->machines[0];
    struct roster_standing standing;
    if (!people->world->quiet || machine->restores == 0 || town->restores == 0 ||
        !machine_is_up(machine) || !machine->node->joining ||
        machine->node->last_refusal != ERR_TICKET_UNKNOWN || !machine_is_up(town))
        return false;
    struct arena arena;
    struct roster_entry entry;
    town->world->current = town;
    arena_init(&arena, KIB(64));
    enum err known = roster_member(town->node->store, &machine->member, UINT64_MAX, &arena, &entry);
    arena_done(&arena);
    return known == ERR_NOT_FOUND && roster_standing(town->node->store, &standing) == OK &&
           standing.confirmed;
}

/* Whoever isn't a member yet does the next step towards it. */
bool people_join(struct people *people, struct machine *machine) {
    struct self self;
    if (machine->cloned_from_other || machine->retired || machine->swapped_with != NULL)
        return false;
    if (!member_id_is_zero(&machine->member) && is_forgotten(people, machine)) {
        trace("%s is nobody's member any more", machine->name);
        machine->member = (struct member_id){{0}};
    }
    if (!member_id_is_zero(&machine->member))
        return set_the_clock(people, machine) || join_again(machine);
    if (*machine->ticket == '\0')
        return invite(people, machine);
    if (!machine_is_up(machine))
        return false;
    machine->world->current = machine;
    if (store_self(machine->node->store, &self) != OK)
        return false;
    if (!member_id_is_zero(&self.member)) {
        if (machine->stranger)
            violation("%s has joined with somebody else's ticket", machine->name);
        machine->member = self.member;
        sometimes(SOMETIMES_joined_over_the_network);
        return true;
    }
    if (machine->stranger && machine->node->last_refusal == ERR_TICKET_USED) {
        sometimes(SOMETIMES_ticket_refused);
        machine_stop(machine);
        machine->retired = true;
        return true;
    }
    return (machine->node->engine == NULL && begin_join(machine)) ||
           ask_for_another_ticket(people, machine);
}

/* It may die while its database is being made. */
static void begin_late(struct machine *machine) {
    struct world *world = machine->world;
    machine->restart_at = world->now + 20000 + (time_ms)roll(world, 100000);
    if (!chance(world, 50))
        return;
    machine->dying_by_power = chance(world, 60);
    disk_set_fuse(machine->disk, (int64_t)roll(world, 80));
}

void people_begin(struct people *people) {
    struct world *world = people->world;
    found(people);
    if (world->plan.faults & 1u << FAULT_RESTORE && chance(world, 50))
        machine_backup(&world->machines[0]);
    if (world->machines[0].backup != NULL && chance(world, 30))
        (void)machine_restore(&world->machines[0], false); /* nobody has joined yet */
    for (unsigned i = 1; i < world->plan.machines; i++) {
        enum role role = i == 1 ? ROLE_RELAY : i % 2 == 0 ? ROLE_KINDERGARTEN : ROLE_SCHOOL;
        struct machine *machine = machine_new(world, names[i], role, i == 1 || chance(world, 30));
        /* The last comes later. */
        if (i + 1 < world->plan.machines || chance(world, 50))
            (void)machine_start(machine);
        else
            begin_late(machine);
        (void)invite(people, machine);
        (void)begin_join(machine);
        if (chance(world, 10)) {
            world_run(world, world->now + (time_ms)roll(world, 60));
            machine_crash(machine, chance(world, 50));
        }
        world_run(world, world->now + (time_ms)roll(world, 400));
        (void)people_join(people, machine);
    }
}

/* Somebody found a ticket that has been used. */
static void try_a_used_ticket(struct people *people) {
    struct world *world = people->world;
    struct machine *victim = &world->machines[1 + roll(world, world->plan.machines - 1)];
    if (people->strangers > 0 || !people_is_member(victim) || world->machines_n == MACHINES_MAX)
        return;
    people->strangers++;
    struct machine *stranger = machine_new(world, "Stranger", victim->role, false);
    stranger->stranger = true;
    memcpy(stranger->ticket, victim->ticket, sizeof stranger->ticket);
    if (machine_start(stranger))
        (void)begin_join(stranger);
}

/* The people at one machine look at what there is. */
static void look_around(struct machine *machine) {
    static const char *const looks[][2] = {
        {"status", ""},     {"waiting", ""},        {"member", "list"},
        {"peer", "list"},   {"handover", "list"},   {"conflict", "list"},
        {"survey", "list"}, {"quarantine", "list"}, {"log", "list"}};
    size_t which = roll(machine->world, sizeof looks / sizeof *looks);
    struct reply reply;
    enum err err = machine_call(machine, looks[which][0], looks[which][1], NULL, &reply);
    reply_done(&reply);
    if (err != OK)
        sometimes(SOMETIMES_call_refused);
}

void people_acknowledged(struct machine *machine) {
    struct world *world = machine->world;
    world->current = machine;
    machine->writes++;
    memory_pause();
    (void)!feed_each(machine->node->store, people_promise, machine);
    memory_resume();
}

enum err people_promise(void *context, const struct feed_info *feed) {
    struct machine *machine = context;
    if (member_id_equal(&feed->author, &machine->member))
        ledger_put(machine->ledger, &feed->id, &feed->head);
    return OK;
}

/* Whoever works at a machine that was put back and has no network yet: most of what is done then.
 */
static struct machine *somebody_alone(struct world *world) {
    for (unsigned i = 0; i < world->machines_n; i++)
        if (world->machines[i].alone_until > world->now && chance(world, 80))
            return &world->machines[i];
    return NULL;
}

struct machine *people_somebody(struct people *people) {
    struct world *world = people->world;
    struct machine *alone = somebody_alone(world);
    for (int i = 0; i < 8; i++) {
        struct machine *machine =
            alone != NULL && i == 0 ? alone : &world->machines[roll(world, world->machines_n)];
        if (machine_is_up(machine) && people_is_member(machine) && !machine->rotten &&
            machine->frozen_until <= world->now)
            return machine;
    }
    return NULL;
}

/* Somebody goes on working at a copy, and never learns that it is one. */
static bool act_at_a_clone(struct people *people) {
    struct world *world = people->world;
    for (unsigned i = world->plan.machines; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        if (!machine->cloned_from_other || !machine_is_up(machine) ||
            chance(world, machine->forges ? 40 : 75))
            continue;
        if (machine->forges && chance(world, 50) &&
            machine_is_up(&world->machines[machine->original]))
            machine = &world->machines[machine->original];
        if (machine->role == ROLE_MUNICIPALITY)
            look_around(machine);
        else if (chance(world, 50))
            people_edit(people, machine);
        else
            people_import(people, machine);
        return true;
    }
    return false;
}

void people_act(struct people *people) {
    struct world *world = people->world;
    if (people_regain_roster(people) || act_at_a_clone(people))
        return;
    for (unsigned i = 1; i < world->machines_n; i++)
        if (people_join(people, &world->machines[i]))
            return;
    struct machine *machine = people_somebody(people);
    if (machine == NULL)
        return;
    size_t what = roll(world, 20);
    if (what == 0)
        look_around(machine);
    else if (what == 1)
        try_a_used_ticket(people);
    else if (machine->role == ROLE_MUNICIPALITY)
        people_survey(people, machine);
    else if (machine->role == ROLE_RELAY)
        look_around(machine);
    else if (what < 6)
        people_import(people, machine);
    else if (what < 8)
        people_hand_over(people, machine);
    else if (what < 16)
        people_edit(people, machine);
    else if (what < 17)
        people_accept(people, machine);
    else
        people_resolve(people, machine);
}

enum err people_write_last(struct people *people, struct machine *machine, enum channel_kind kind,
                           const struct machine *to) {
    enum err err = kind == CHANNEL_NOTICE    ? people_publish_last(people, machine)
                   : kind == CHANNEL_ANSWERS ? people_import_last(people, machine)
                                             : people_hand_over_last(people, machine, to);
    if (err == OK)
        people_acknowledged(machine);
    return err;
}

void people_check(struct people *people) {
    people_check_answers(people);
    people_check_edits(people);
}
