#include "check.h"

#include "forgery.h"
#include "memory.h"
#include "people.h"
#include "proto/clock.h"
#include "proto/hash.h"
#include "proto/header.h"
#include "sometimes.h"
#include "store/acks.h"
#include "store/acks_latest.h"
#include "store/admit.h"
#include "store/check.h"
#include "store/record.h"
#include "store/roster.h"
#include "thrift.h"
#include "vfs.h"
#include <stdio.h>
#include <string.h>

static bool counts(const struct machine *machine) {
    return people_is_member(machine) && !machine->retired;
}

/* ---- Equal heads ---- */

struct comparing {
    const struct machine *from, *to;
    char *why;
};

/* A feed that its author has forked has one branch here and another there. */
static bool is_forked_by(const struct world *world, const struct feed_id *feed) {
    const struct twice *list;
    size_t n = ledger_doubles(&list);
    (void)world;
    for (size_t i = 0; i < n; i++)
        if (feed_id_equal(&list[i].feed, feed))
            return true;
    return false;
}

static enum err compare_feed(void *context, const struct feed_info *feed) {
    struct comparing *comparing = context;
    struct feed_info there;
    const struct machine *to = comparing->to;
    if (!channel_may_hold(&feed->channel, &feed->author, &to->member, to->role) ||
        (to->forges && member_id_equal(&feed->author, &to->member)))
        return OK; /* who sends what it does not have itself is not given it */
    enum err err = feed_find(to->node->store, &feed->id, &there);
    if (err == OK && feed->forked && !there.forked) {
        snprintf(comparing->why, 256, "%s knows of a fork that %s does not know of",
                 comparing->from->name, to->name);
        return ERR_STATE;
    }
    if (feed->forked || (err == OK && there.forked) || is_forked_by(to->world, &feed->id))
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
    if (member_id_is_zero(&machine->member) && *machine->ticket != '\0' && !machine->stranger) {
        snprintf(why, 256, "%s has not joined", machine->name);
        return false;
    }
    if (!counts(machine))
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

static bool has_heard(struct world *world, char ret_why[static 256]) {
    for (unsigned i = 0; i < world->machines_n; i++)
        for (unsigned j = 0; j < world->machines_n; j++) {
            struct hearing hearing = {&world->machines[i], &world->machines[j], ret_why};
            if (i == j || !counts(hearing.from) || !counts(hearing.to))
                continue;
            world->current = hearing.to;
            if (acks_each(hearing.to->node->store, compare_word, &hearing) != OK)
                return false;
        }
    return true;
}

enum { UNHEARD_MAX = 12, ADMITTED_LEAST = 8 };

bool check_has_settled(struct world *world, char ret_why[static 256]) {
    for (unsigned i = 0; i < world->machines_n; i++)
        if (!has_joined(world, &world->machines[i], ret_why))
            return false;
    for (unsigned i = 0; i < world->machines_n; i++)
        for (unsigned j = 0; j < world->machines_n; j++) {
            struct machine *from = &world->machines[i], *to = &world->machines[j];
            if (i == j || !counts(from) || !counts(to))
                continue;
            struct comparing comparing = {from, to, ret_why};
            world->current = from;
            if (feed_each(from->node->store, compare_feed, &comparing) != OK)
                return false;
        }
    if (!wires_are_clear(world->wires))
        return false;
    if (has_heard(world, ret_why))
        return true;
    /* What came while a disk was full is not asked for: a new session finds the difference. */
    if (++world->unheard % UNHEARD_MAX == 0)
        for (unsigned i = 0; i < world->machines_n; i++)
            for (unsigned j = 0; j < i; j++)
                wires_drop(world->wires, i, j);
    return false;
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
    enum err err = check_new(machine->node->store, &check);
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
        if (!member_id_equal(&author->member, &feed->author) || author->forges || author->damaged ||
            machine->world->machines[author->original].forges)
            continue;
        if (feed->forked)
            violation("%s sees a fork of %s, which was never copied unseen", machine->name,
                      author->name);
        if (feed->voided > 0)
            violation("%s finds %llu entries of %s void, which is honest", machine->name,
                      (unsigned long long)feed->voided, author->name);
    }
    return OK;
}

/* Two ids under one number: only who was cloned unseen may have signed them. */
static void check_doubles(struct world *world) {
    const struct twice *list;
    size_t n = ledger_doubles(&list);
    for (size_t i = 0; i < n; i++) {
        bool excused = false;
        for (unsigned j = 0; j < world->machines_n; j++) {
            struct machine *machine = &world->machines[j];
            struct feed_info info;
            world->current = machine;
            if (!counts(machine) || feed_find(machine->node->store, &list[i].feed, &info) != OK)
                continue;
            for (unsigned k = 0; k < world->machines_n; k++)
                excused = excused || (world->machines[k].forges &&
                                      member_id_equal(&world->machines[k].member, &info.author));
        }
        if (!excused)
            violation("%s sends a second envelope under number %llu of a feed",
                      world->machines[list[i].machine].name, (unsigned long long)list[i].seq);
    }
}

/* ---- A function of the set ---- */

struct statuses {
    struct hasher hasher;
    const struct machine *other;
    struct world *world;
};

static enum err add_entry(void *context, const struct feed_info *feed,
                          const struct entry_info *entry) {
    struct statuses *statuses = context;
    (void)feed;
    hasher_add_u64(&statuses->hasher, entry->seq);
    hasher_add_u64(&statuses->hasher, (uint64_t)entry->status);
    hasher_add_u64(&statuses->hasher, (uint64_t)entry->reason);
    return OK;
}

static bool reads(const struct channel *channel, const struct machine *machine) {
    return channel_may_read(channel, &machine->member, machine->role);
}

struct feed_statuses {
    struct machine *one, *other;
    uint16_t collection; /* of the records compared */
};

static struct hash statuses_of(struct machine *machine, const struct feed_id *feed) {
    struct statuses statuses = {.world = machine->world};
    hasher_init(&statuses.hasher, HASH_STORE);
    if (feed_entries(machine->node->store, feed, 1, add_entry, &statuses) != OK)
        violation("%s can't list a feed", machine->name);
    return hasher_final(&statuses.hasher);
}

static enum err same_statuses(void *context, const struct feed_info *feed) {
    struct feed_statuses *both = context;
    struct feed_info other;
    if (!reads(&feed->channel, both->one) || !reads(&feed->channel, both->other) || feed->forked ||
        feed_find(both->other->node->store, &feed->id, &other) != OK || other.forked ||
        is_forked_by(both->one->world, &feed->id))
        return OK;
    struct hash here = statuses_of(both->one, &feed->id),
                there = statuses_of(both->other, &feed->id);
    if (!hash_equal(&here, &there))
        violation("%s and %s judge a feed of kind %d differently", both->one->name,
                  both->other->name, feed->channel.kind);
    return OK;
}

static enum err same_record(void *context, const struct record_id *id) {
    struct feed_statuses *both = context;
    struct arena arena;
    struct record here, there;
    arena_init(&arena, KIB(8192));
    enum err err = record_load(both->one->node->store, both->collection, id, &arena, &here);
    if (err == OK && reads(&here.channel, both->other)) {
        err = record_load(both->other->node->store, both->collection, id, &arena, &there);
        bool same = err == OK && here.fields_n == there.fields_n &&
                    memcmp(&here.revision, &there.revision, sizeof here.revision) == 0;
        for (size_t i = 0; same && i < here.fields_n; i++) {
            const struct field_state *a = &here.fields[i], *b = &there.fields[i];
            same = a->number == b->number && a->live_n == b->live_n && a->shown == b->shown &&
                   a->conflicted == b->conflicted;
            for (size_t j = 0; same && j < a->live_n; j++)
                same = memcmp(&a->live[j].name, &b->live[j].name, sizeof a->live[j].name) == 0 &&
                       a->live[j].value.size == b->live[j].value.size &&
                       (a->live[j].value.size == 0 ||
                        memcmp(a->live[j].value.data, b->live[j].value.data,
                               a->live[j].value.size) == 0);
        }
        if (!same)
            violation("%s and %s hold the same and show another record", both->one->name,
                      both->other->name);
    }
    arena_done(&arena);
    return err;
}

static enum err note_fork(void *context, const struct feed_info *feed) {
    *(bool *)context |= feed->forked;
    return OK;
}

/* With a fork somewhere, what stands on its branches differs from place to place. */
static bool is_anything_forked(struct world *world) {
    const struct twice *list;
    bool forked = ledger_doubles(&list) > 0;
    for (unsigned i = 0; i < world->machines_n && !forked; i++) {
        world->current = &world->machines[i];
        if (counts(world->current) &&
            feed_each(world->current->node->store, note_fork, &forked) != OK)
            violation("feeds can't be listed");
    }
    return forked;
}

static void check_equal(struct world *world) {
    bool forked = is_anything_forked(world);
    for (unsigned i = 0; i < world->machines_n; i++)
        for (unsigned j = 0; j < i; j++) {
            struct feed_statuses both = {.one = &world->machines[i], .other = &world->machines[j]};
            if (!counts(both.one) || !counts(both.other))
                continue;
            world->current = both.one;
            if (feed_each(both.one->node->store, same_statuses, &both) != OK)
                violation("feeds can't be listed");
            for (both.collection = COLLECTION_SURVEY;
                 !forked && both.collection <= COLLECTION_HANDOVER; both.collection++)
                if (record_each(both.one->node->store, both.collection, same_record, &both) != OK)
                    violation("records can't be listed");
        }
}

/* ---- Rebuilt from the sections alone ---- */

struct rebuilding {
    struct store *from, *to;
    bool roster;
};

static enum err copy_feed(void *context, const struct feed_info *feed) {
    struct rebuilding *rebuilding = context;
    struct buffer run = {0};
    struct admitted admitted;
    struct head head = {0};
    enum err err = OK;
    bool one_by_one = chance(the_world, 30);
    if ((feed->channel.kind == CHANNEL_ROSTER) != rebuilding->roster)
        return OK;
    while (err == OK && head.seq < feed->head.seq) {
        struct id8 id8 = envelope_id8(&head.id);
        buffer_clear(&run);
        err = feed_load(rebuilding->from, &feed->id, head.seq, &id8,
                        one_by_one ? 1 : 1 + roll(the_world, RUN_SIZE_MAX / 16), &run);
        if (err == OK)
            err = admit_run(rebuilding->to, &feed->author, &feed->id, buffer_view(&run), &admitted);
        head = admitted.feed.head;
    }
    buffer_done(&run);
    return err;
}

static time_ms wall(void *context) {
    return world_wall(context);
}

static void rebuild(struct machine *machine) {
    struct world *world = machine->world;
    struct disk *disk = disk_new(&(struct disk_nature){.sector = 512, .powersafe = true}, 1);
    struct store_config config = {.path = "/sim/31/replica.db",
                                  .vfs = VFS_NAME,
                                  .keys = &machine->keys,
                                  .now = wall,
                                  .context = machine,
                                  .place = {{1}},
                                  .disk = {{1}}};
    struct rebuilding rebuilding = {.from = machine->node->store};
    struct hash here, there;
    bool more = true;
    world->current = machine;
    thrift_fill(disk);
    vfs_set_disk(31, disk);
    enum err err = store_open(&config, &rebuilding.to);
    if (err == OK)
        err = roster_join_begin(rebuilding.to, machine->ticket, NULL, 0);
    if (err == OK)
        err = roster_join_answered(rebuilding.to);
    for (int pass = 1; err == OK && pass >= 0; pass--) {
        rebuilding.roster = pass == 1;
        err = feed_each(rebuilding.from, copy_feed, &rebuilding);
    }
    while (err == OK && more)
        err = admit_waiting(rebuilding.to, 1000, &more);
    if (err == OK)
        err = store_digest(rebuilding.from, &here);
    if (err == OK)
        err = store_digest(rebuilding.to, &there);
    if (err != OK)
        violation("%s can't be rebuilt from its sections: %s", machine->name, err_name(err));
    if (!hash_equal(&here, &there))
        violation("%s, rebuilt from its sections, is another", machine->name);
    sometimes(SOMETIMES_replica_rebuilt_from_its_sections);
    store_close(rebuilding.to);
    vfs_set_disk(31, NULL);
    disk_free(disk);
}

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
        if (counts(&world->machines[i]))
            check_one(&world->machines[i]);
    check_doubles(world);
    check_equal(world);
    people_check(world->people);
    struct machine *chosen = &world->machines[1 + roll(world, world->plan.machines - 1)];
    if (counts(chosen) && !is_anything_forked(world))
        rebuild(chosen);
}
