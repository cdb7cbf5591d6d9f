#include "check_inner.h"

#include "forgery.h"
#include "healing.h"
#include "people.h"
#include "proto/clock.h"
#include "proto/header.h"
#include "sometimes.h"
#include "store/check.h"
#include "store/record.h"
#include <stdio.h>

enum { ADMITTED_LEAST = 8 };

bool check_counts(const struct machine *machine) {
    return people_is_member(machine) && !machine->retired;
}

/* ---- Plaintext ---- */

void check_disks(struct world *world) {
    for (unsigned i = 0; i < world->machines_n; i++)
        if (disk_saw_canary(world->machines[i].disk))
            violation("plaintext lies on the disk of %s", world->machines[i].name);
}

static enum err may_read_record(void *context, const struct record_id *id) {
    struct machine *machine = context;
    struct arena arena;
    struct record record;
    arena_init(&arena, KIB(4096));
    enum err err = record_load(machine->node->store, COLLECTION_HANDOVER, id, &arena, &record);
    bool party = err == OK && (member_id_equal(&record.channel.parties[0], &machine->member) ||
                               member_id_equal(&record.channel.parties[1], &machine->member));
    arena_done(&arena);
    if (err == OK && !party)
        violation("%s has a record of others' handover", machine->name);
    return err;
}

static void check_reading(struct machine *machine) {
    uint64_t opened = 0, hits = 0;
    struct store *store = machine->node->store;
    if (record_each(store, COLLECTION_HANDOVER, may_read_record, machine) != OK)
        violation("%s can't read its records", machine->name);
    if (machine->role == ROLE_RELAY) {
        if (check_search(store, &machine->keys, CANARY, &opened, &hits) == OK && hits > 0)
            violation("the relay can open what it carries");
    } else if (machine->role == ROLE_MUNICIPALITY) {
        if (check_search(store, &machine->keys, CANARY " answer", &opened, &hits) != OK)
            violation("the municipality can't search");
        uint64_t all = 0;
        if (check_search(store, &machine->keys, CANARY, &opened, &all) == OK && all > hits)
            violation("the municipality can open a handover");
    } else if (check_search(store, &machine->keys, CANARY " answer", &opened, &hits) == OK &&
               hits > 0)
        violation("%s can open its own answers", machine->name);
}

/* ---- Soundness ---- */

struct findings {
    const struct machine *machine;
    size_t n;
    char first[200];
};

static void found(void *context, const struct check_finding *finding) {
    struct findings *findings = context;
    if (finding->error == ERR_SIGNATURE && forgery_is_unsigned(&finding->feed, finding->seq))
        return; /* reported, as it should be */
    if (findings->n++ == 0)
        snprintf(findings->first, sizeof findings->first, "entry %llu: %s: %s",
                 (unsigned long long)finding->seq, err_name(finding->error),
                 finding->text != NULL ? finding->text : "");
}

/* False: damaged. */
static bool is_sound(struct machine *machine, struct findings *findings) {
    struct check *check = NULL;
    bool done = false;
    uint64_t checked, total;
    machine->world->current = machine;
    enum err err = check_new(machine->node->store, true, &check);
    while (err == OK && !done)
        err = check_step(check, 10, found, findings, &done, &checked, &total);
    check_free(check);
    if (err != OK)
        snprintf(findings->first, sizeof findings->first, "%s", err_name(err));
    return err == OK && findings->n == 0;
}

bool check_is_sound(struct machine *machine) {
    struct findings findings = {.machine = machine};
    struct self self;
    machine->world->current = machine;
    bool sound = machine->node != NULL && machine_is_up(machine) &&
                 store_self(machine->node->store, &self) == OK &&
                 member_id_equal(&self.member, &machine->member) && is_sound(machine, &findings);
    if (!sound)
        sometimes(SOMETIMES_damage_detected);
    trace("%s is %s", machine->name, sound ? "sound" : findings.first);
    return sound;
}

struct incarnations {
    struct channel_id channel;
    struct member_id author;
};

static enum err note_incarnations(void *context, const struct feed_info *feed) {
    struct incarnations *last = context;
    if (channel_id_equal(&last->channel, &feed->channel_id) &&
        member_id_equal(&last->author, &feed->author))
        sometimes(SOMETIMES_incarnation_opened);
    *last = (struct incarnations){feed->channel_id, feed->author};
    return OK;
}

/* Clocks here jump by ten years; what lies further ahead was learnt from a forger. */
static enum err check_clock(void *context, const struct feed_info *feed,
                            const struct entry_info *entry) {
    const struct machine *machine = context;
    struct header header;
    time_ms ahead = world_wall(machine) - machine->offset + 30 * 365 * DAY_MS;
    (void)feed;
    if (header_decode(entry->envelope.data, &header) == OK && clock_ms(header.clock) > ahead)
        violation("%s dates an entry far in the future", machine->name);
    return OK;
}

static enum err check_feed(void *context, const struct feed_info *feed) {
    struct machine *machine = context;
    if (member_id_equal(&feed->author, &machine->member) && !machine->forges &&
        feed_entries(machine->node->store, &feed->id, 1, check_clock, machine) != OK)
        violation("%s can't list a feed", machine->name);
    if (feed->forked)
        sometimes(SOMETIMES_fork_seen);
    for (unsigned i = 0; i < machine->world->machines_n; i++) {
        const struct machine *author = &machine->world->machines[i];
        if (!member_id_equal(&author->member, &feed->author) || check_is_foul(author))
            continue;
        if (feed->forked && !check_may_fork(author))
            violation("%s sees a fork of %s, which was never copied unseen", machine->name,
                      author->name);
        if (feed->voided > 0)
            violation("%s finds %llu entries of %s void, which is honest", machine->name,
                      (unsigned long long)feed->voided, author->name);
    }
    return OK;
}

/* ---- All ---- */

static void check_promises(struct machine *machine) {
    for (size_t i = 0; i < ledger_n(machine->ledger); i++) {
        struct feed_id feed;
        struct head head;
        struct feed_info info;
        ledger_get(machine->ledger, i, &feed, &head);
        if (disk_has_lied(machine->disk))
            return;
        if (feed_find(machine->node->store, &feed, &info) != OK || info.head.seq < head.seq)
            violation("%s has called entry %llu of a feed durable and lost it", machine->name,
                      (unsigned long long)head.seq);
    }
}

static void check_one(struct machine *machine) {
    struct findings findings = {.machine = machine};
    struct world *world = machine->world;
    struct self self;
    world->current = machine;
    check_promises(machine);
    /* A session may have ended before, but not most of them. */
    if (machine->admitted >= ADMITTED_LEAST && machine->credited < machine->admitted / 4)
        violation("%s has stored %u runs and given credit for %u", machine->name, machine->admitted,
                  machine->credited);
    check_reading(machine);
    forgery_check(machine);
    if (store_self(machine->node->store, &self) != OK ||
        !member_id_equal(&self.member, &machine->member) || self.role != machine->role)
        violation("%s has become somebody else", machine->name);
    if (!is_sound(machine, &findings))
        violation("%s is not sound: %zu findings, the first: %s", machine->name, findings.n,
                  findings.first);
    struct incarnations incarnations = {0};
    if (feed_each(machine->node->store, note_incarnations, &incarnations) != OK ||
        feed_each(machine->node->store, check_feed, machine) != OK)
        violation("%s can't list its feeds", machine->name);
}

void check_all(struct world *world) {
    check_disks(world);
    for (unsigned i = 0; i < world->machines_n; i++)
        if (disk_contains_canary(world->machines[i].disk))
            violation("plaintext lies on the disk of %s", world->machines[i].name);
    for (unsigned i = 0; i < world->machines_n; i++)
        if (check_counts(&world->machines[i]))
            check_one(&world->machines[i]);
    check_doubles(world);
    healing_check(world);
    check_equal(world);
    people_check(world->people);
    struct machine *chosen = &world->machines[1 + roll(world, world->plan.machines - 1)];
    if (check_counts(chosen) && !check_is_anything_forked(world))
        check_rebuilt(chosen);
}
