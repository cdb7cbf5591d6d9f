#include "healing.h"

#include "check_inner.h"
#include "memory.h"
#include "sometimes.h"
#include "store/outgoing.h"
#include <string.h>

enum { BORN_MAX = 1024, WORDS_MAX = 256 };

/* ---- All along ---- */

/* Feeds begun by a machine on the disk that it has now. */
static struct {
    struct {
        unsigned machine; /* MACHINES_MAX: on a disk that it has no more */
        struct feed_id feed;
    } list[BORN_MAX];
    size_t n;
    bool copied[MACHINES_MAX];
} born;

/* What has been written since all is quiet. */
static struct {
    struct word {
        unsigned machine;
        struct version_name name;
        struct channel channel;
        bool after_fork; /* the author knows of a fork of its own in the channel */
    } list[WORDS_MAX];
    size_t n;
    bool noted;
} words;

void healing_clear(void) {
    memset(&born, 0, sizeof born);
    memset(&words, 0, sizeof words);
}

void healing_copied(const struct machine *machine) {
    born.copied[machine->number] = true;
    for (size_t i = 0; i < born.n; i++)
        if (born.list[i].machine == machine->number)
            born.list[i].machine = MACHINES_MAX;
}

static bool is_born_here(const struct machine *machine, const struct feed_id *feed) {
    for (size_t i = 0; i < born.n; i++)
        if (born.list[i].machine == machine->number && feed_id_equal(&born.list[i].feed, feed))
            return true;
    return false;
}

static void note_birth(const struct machine *machine, const struct feed_id *feed) {
    if (born.n == BORN_MAX)
        violation("there are more than %d feeds", BORN_MAX);
    born.list[born.n].machine = machine->number;
    born.list[born.n++].feed = *feed;
}

/* The roster has one incarnation only: a copy goes on with it when all others have told its tip. */
static void check_writing(const struct machine *machine, const struct feed_info *feed) {
    if (feed->forked)
        violation("%s goes on with a feed that it knows to be forked", machine->name);
    if (feed->channel.kind == CHANNEL_ROSTER)
        return;
    if (feed->head.seq == 0)
        note_birth(machine, &feed->id);
    else if (born.copied[machine->number] && !is_born_here(machine, &feed->id))
        violation("%s goes on with a feed of what it is a copy of", machine->name);
}

enum err __real_outgoing_write(struct store *store, struct feed_row *feed,
                               const struct outgoing *out, struct version_name *ret_written);
enum err __wrap_outgoing_write(struct store *store, struct feed_row *feed,
                               const struct outgoing *out, struct version_name *ret_written);

enum err __wrap_outgoing_write(struct store *store, struct feed_row *feed,
                               const struct outgoing *out, struct version_name *ret_written) {
    const struct machine *machine = the_world->current;
    const struct feed_info before = feed->info;
    enum err err = __real_outgoing_write(store, feed, out, ret_written);
    if (err == OK)
        check_writing(machine, &before);
    if (err == OK && words.noted && words.n < WORDS_MAX)
        words.list[words.n++] =
            (struct word){machine->number, *ret_written, feed->info.channel, false};
    return err;
}

/* ---- When all is quiet ---- */

/* What it forged itself may have spoilt a feed of its own for good. */
static bool speaks(const struct machine *machine) {
    return check_counts(machine) && !machine->signs_falsely && machine->role != ROLE_RELAY;
}

struct own {
    const struct machine *machine;
    struct channel channels[WORDS_MAX];
    bool forked[WORDS_MAX];
    size_t n;
};

static enum err note_own(void *context, const struct feed_info *feed) {
    struct own *own = context;
    size_t i = 0;
    if (!member_id_equal(&feed->author, &own->machine->member) ||
        feed->channel.kind == CHANNEL_ROSTER)
        return OK;
    while (i < own->n && memcmp(&own->channels[i], &feed->channel, sizeof feed->channel) != 0)
        i++;
    if (i == WORDS_MAX)
        return ERR_LIMIT;
    if (i == own->n)
        own->n++;
    own->channels[i] = feed->channel;
    own->forked[i] = own->forked[i] || feed->forked;
    return OK;
}

static const struct machine *other_party(const struct world *world, const struct machine *machine,
                                         const struct channel *channel) {
    for (unsigned i = 1; i < world->machines_n; i++) {
        const struct machine *other = &world->machines[i];
        if (check_counts(other) && other != machine &&
            (member_id_equal(&channel->parties[0], &other->member) ||
             member_id_equal(&channel->parties[1], &other->member)))
            return other;
    }
    return NULL;
}

static const struct machine *any_other_site(const struct world *world,
                                            const struct machine *machine) {
    for (unsigned i = 0; i < world->machines_n; i++) {
        const struct machine *other =
            &world->machines[(machine->number + 1 + i) % world->machines_n];
        if (check_counts(other) && other != machine && other->role != ROLE_RELAY &&
            other->role != ROLE_MUNICIPALITY)
            return other;
    }
    return NULL;
}

static void write_one(struct world *world, struct machine *machine, const struct channel *channel,
                      const struct machine *to, bool after_fork) {
    size_t before = words.n;
    enum err err = people_write_last(world->people, machine, channel->kind, to);
    if (err != OK)
        violation("%s can't write in a channel of kind %d when all is quiet: %s", machine->name,
                  channel->kind, err_name(err));
    if (words.n == before)
        violation("%s has written nothing in a channel of kind %d", machine->name, channel->kind);
    for (size_t i = before; i < words.n; i++)
        words.list[i].after_fork = after_fork && words.list[i].channel.kind == channel->kind;
}

static void write_all(struct world *world, struct machine *machine) {
    static struct own own;
    bool handed_over = false, municipality = machine->role == ROLE_MUNICIPALITY, answered = false;
    own = (struct own){.machine = machine};
    world->current = machine;
    if (feed_each(machine->node->store, note_own, &own) != OK)
        violation("%s can't list its feeds", machine->name);
    for (size_t i = 0; i < own.n; i++) {
        const struct channel *channel = &own.channels[i];
        const struct machine *to = other_party(world, machine, channel);
        if (channel->kind == CHANNEL_HANDOVER && to == NULL)
            continue;
        handed_over = handed_over || channel->kind == CHANNEL_HANDOVER;
        answered = answered || channel->kind == CHANNEL_ANSWERS;
        write_one(world, machine, channel, to, own.forked[i]);
    }
    const struct machine *to = any_other_site(world, machine);
    if (municipality && own.n == 0)
        write_one(world, machine, &(struct channel){.kind = CHANNEL_NOTICE}, NULL, false);
    if (!municipality && !answered)
        write_one(world, machine, &(struct channel){.kind = CHANNEL_ANSWERS}, NULL, false);
    if (!municipality && !handed_over && to != NULL)
        write_one(world, machine, &(struct channel){.kind = CHANNEL_HANDOVER}, to, false);
}

void healing_write(struct world *world, bool town) {
    words.noted = true;
    for (unsigned i = 0; i < world->machines_n; i++)
        if (speaks(&world->machines[i]) && (world->machines[i].role == ROLE_MUNICIPALITY) == town)
            write_all(world, &world->machines[i]);
    words.noted = false;
}

/* ---- Everywhere ---- */

struct hearing {
    const struct word *word;
    const struct machine *machine;
    bool here;
};

static enum err hear(void *context, const struct feed_info *feed, const struct entry_info *entry) {
    struct hearing *hearing = context;
    const struct word *word = hearing->word;
    struct id8 id8 = envelope_id8(&entry->id);
    if (entry->seq != word->name.seq)
        return OK;
    hearing->here = id8_equal(&id8, &word->name.id8);
    if (channel_may_read(&feed->channel, &hearing->machine->member, hearing->machine->role) &&
        entry->status != ENTRY_APPLIED)
        violation("%s has what %s wrote last in a channel of kind %d, and it is %s: %s",
                  hearing->machine->name, hearing->machine->world->machines[word->machine].name,
                  feed->channel.kind, entry->status == ENTRY_VOID ? "void" : "waiting",
                  err_name(entry->reason));
    return OK;
}

/* Is there an entry of its number, where it may be held? Which one is looked at later. */
static bool has_arrived(struct world *world, const struct word *word, char why[static 256]) {
    const struct machine *author = &world->machines[word->machine];
    for (unsigned i = 0; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        struct feed_info feed;
        if (!check_counts(machine) ||
            !channel_may_hold(&word->channel, &author->member, &machine->member, machine->role))
            continue;
        world->current = machine;
        if (feed_find(machine->node->store, &word->name.feed, &feed) != OK ||
            feed.head.seq < word->name.seq) {
            snprintf(why, 256, "%s does not have what %s wrote last", machine->name, author->name);
            return false;
        }
    }
    return true;
}

bool healing_has_arrived(struct world *world, char why[static 256]) {
    bool all = true;
    for (size_t i = 0; all && i < words.n; i++)
        all = has_arrived(world, &words.list[i], why);
    return all;
}

static void check_word(struct world *world, const struct word *word) {
    const struct machine *author = &world->machines[word->machine];
    for (unsigned i = 0; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        struct hearing hearing = {.word = word, .machine = machine};
        struct feed_info feed;
        if (!check_counts(machine) ||
            !channel_may_hold(&word->channel, &author->member, &machine->member, machine->role))
            continue;
        world->current = machine;
        if (feed_find(machine->node->store, &word->name.feed, &feed) == OK &&
            feed_entries(machine->node->store, &word->name.feed, word->name.seq, hear, &hearing) !=
                OK)
            violation("%s can't list a feed", machine->name);
        if (!hearing.here)
            violation("%s does not have entry %llu that %s wrote last in a channel of kind %d",
                      machine->name, (unsigned long long)word->name.seq, author->name,
                      word->channel.kind);
        if (feed.forked)
            violation("%s wrote last in a feed that %s knows to be forked", author->name,
                      machine->name);
    }
    if (word->after_fork)
        sometimes(SOMETIMES_fork_healed);
}

void healing_check(struct world *world) {
    for (size_t i = 0; i < words.n; i++)
        check_word(world, &words.list[i]);
}
