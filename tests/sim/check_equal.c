#include "check_inner.h"

#include "proto/hash.h"
#include "sometimes.h"
#include "store/admit.h"
#include "store/record.h"
#include "store/roster.h"
#include "thrift.h"
#include "vfs.h"
#include <string.h>

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
        check_is_forked(&feed->id))
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

struct lack {
    const struct machine *of;
    bool any;
};

static enum err find_lack(void *context, const struct feed_info *feed) {
    struct lack *lack = context;
    struct feed_info own;
    if (!member_id_equal(&feed->author, &lack->of->member))
        return OK;
    enum err err = feed_find(lack->of->node->store, &feed->id, &own);
    lack->any = lack->any || err != OK || own.head.seq < feed->head.seq;
    return err == ERR_NOT_FOUND ? OK : err;
}

/* Who sends what it does not have itself need not be given it: check_settled.c. */
static bool lacks_own(struct machine *machine, struct machine *other) {
    struct lack lack = {.of = machine};
    machine->world->current = other;
    if (machine->forges && feed_each(other->node->store, find_lack, &lack) != OK)
        violation("feeds can't be listed");
    return lack.any;
}

void check_equal(struct world *world) {
    bool forked = check_is_anything_forked(world);
    for (unsigned i = 0; i < world->machines_n; i++)
        for (unsigned j = 0; j < i; j++) {
            struct feed_statuses both = {.one = &world->machines[i], .other = &world->machines[j]};
            if (!check_counts(both.one) || !check_counts(both.other))
                continue;
            world->current = both.one;
            if (feed_each(both.one->node->store, same_statuses, &both) != OK)
                violation("feeds can't be listed");
            if (lacks_own(both.one, both.other) || lacks_own(both.other, both.one))
                continue;
            world->current = both.one;
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

void check_rebuilt(struct machine *machine) {
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
