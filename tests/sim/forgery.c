#include "forgery.h"

#include "memory.h"
#include "proto/changeset.h"
#include "proto/declaration.h"
#include "proto/envelope.h"
#include "proto/message.h"
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

struct tips {
    uint64_t wanted, named; /* the entry looked for, and the roster entry that it names */
    struct envelope_id id;
};

static enum err note_tip(void *context, const struct feed_info *feed,
                         const struct entry_info *entry) {
    struct tips *tips = context;
    struct header header;
    (void)feed;
    if (entry->seq == tips->wanted && header_decode(entry->envelope.data, &header) == OK) {
        tips->named = header.roster_seq;
        tips->id = entry->id;
    }
    return OK;
}

static enum err go_back(const struct machine *machine, struct draft *draft) {
    struct roster_tip tip;
    struct tips last = {.wanted = draft->header.seq - 1}, before = {0};
    enum err err = roster_tip(machine->node->store, &tip);
    if (err == OK)
        err = feed_entries(machine->node->store, &draft->header.feed, last.wanted, note_tip, &last);
    if (err != OK || last.named < 2)
        return err == OK ? draft_add_plain(draft, SECTION_OPEN, (struct bytes){NULL, 0}) : err;
    before.wanted = last.named - 1;
    err = feed_entries(machine->node->store, &tip.feed, before.wanted, note_tip, &before);
    draft->header.roster_seq = before.wanted;
    draft->header.roster_id8 = envelope_id8(&before.id);
    return err;
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
    default: /* nothing is wrong with it but that its roster tip goes back */
        err = go_back(machine, draft);
        break;
    }
    (void)err;
    buffer_done(&bytes);
    arena_done(&arena);
}

/* ---- What has been forged ---- */

enum { FORGED_MAX = 256 };
static struct {
    struct forged {
        struct feed_id feed;
        uint64_t seq;
        struct envelope_id id;
        bool barred; /* the feed itself must be nowhere */
        bool is_unsigned;
    } list[FORGED_MAX];
    size_t n;
} forged;

void forgery_clear(void) {
    forged.n = 0;
}

static void note(const struct feed_id *feed, uint64_t seq, const struct envelope_id *id,
                 bool barred) {
    if (forged.n < FORGED_MAX)
        forged.list[forged.n++] = (struct forged){*feed, seq, *id, barred, false};
}

bool forgery_is_unsigned(const struct feed_id *feed, uint64_t seq) {
    for (size_t i = 0; i < forged.n; i++)
        if (forged.list[i].is_unsigned && forged.list[i].seq == seq &&
            feed_id_equal(&forged.list[i].feed, feed))
            return true;
    return false;
}

struct looking {
    const struct machine *machine;
    const struct forged *forged;
    struct envelope_id before;
    bool here;
};

static enum err look(void *context, const struct feed_info *feed, const struct entry_info *entry) {
    struct looking *looking = context;
    if (entry->seq + 1 == looking->forged->seq)
        looking->before = entry->id;
    if (entry->seq != looking->forged->seq || !envelope_id_equal(&entry->id, &looking->forged->id))
        return OK;
    looking->here = true;
    if (entry->status == ENTRY_VOID)
        sometimes(SOMETIMES_forged_entry_void);
    if (entry->status == ENTRY_APPLIED && feed->channel.kind != CHANNEL_ROSTER)
        violation("%s has applied what was forged", looking->machine->name);
    return OK;
}

/* Whoever gets a run that ends at a bad signature must refuse it. */
static void check_served(const struct machine *machine, const struct looking *looking) {
    const struct forged *one = looking->forged;
    struct id8 before = envelope_id8(&looking->before);
    struct buffer run = {0};
    size_t size = 0;
    if (feed_load(machine->node->store, &one->feed, one->seq - 1, &before, 1, &run) == OK &&
        envelope_skip(buffer_view(&run), &size) == OK && size == run.size)
        violation("%s serves a run that ends at a bad signature", machine->name);
    buffer_done(&run);
}

void forgery_check(struct machine *machine) {
    struct feed_info info;
    machine->world->current = machine;
    for (size_t i = 0; i < forged.n; i++) {
        struct looking looking = {.machine = machine, .forged = &forged.list[i]};
        if (feed_find(machine->node->store, &forged.list[i].feed, &info) != OK)
            continue;
        if (forged.list[i].barred)
            violation("%s holds a feed that must not be", machine->name);
        if (feed_entries(machine->node->store, &forged.list[i].feed, forged.list[i].seq - 1, look,
                         &looking) != OK)
            violation("%s can't list a feed", machine->name);
        if (looking.here && forged.list[i].is_unsigned)
            check_served(machine, &looking);
    }
}

/* ---- Forging ---- */

static enum err note_first(void *context, const struct feed_info *feed,
                           const struct entry_info *entry) {
    (void)feed;
    if (entry->seq == 1)
        *(struct envelope_id *)context = entry->id;
    return OK;
}

/* A birth in another federation, in a channel where the author may not write, a second roster, or
 * naming a roster entry at which its author was no member. */
static bool invent(struct machine *machine, struct birth *ret_birth, struct header *ret_header,
                   bool *ret_barred) {
    struct world *world = machine->world;
    struct self self;
    struct roster_tip tip;
    struct envelope_id first = {{0}};
    if (store_self(machine->node->store, &self) != OK || self.role == 0 ||
        roster_tip(machine->node->store, &tip) != OK || tip.seq < 2)
        return false;
    struct birth birth = {.federation = self.federation,
                          .channel = {.kind = CHANNEL_NOTICE},
                          .author = self.member,
                          .incarnation = incarnation_new(world_wall(machine))};
    struct header header = {.roster_seq = tip.seq, .roster_id8 = tip.id8};
    *ret_barred = true;
    switch (roll(world, 4)) {
    case 0:
        birth.federation.bytes[0] ^= 1;
        birth.channel.kind = CHANNEL_ANSWERS;
        break;
    case 1:
        birth.channel.kind = CHANNEL_ROSTER;
        header.roster_seq = 0;
        header.roster_id8 = (struct id8){{0}};
        break;
    case 2:
        break;
    default:
        if (machine->role == ROLE_RELAY ||
            feed_entries(machine->node->store, &tip.feed, 1, note_first, &first) != OK)
            return false;
        birth.channel.kind = CHANNEL_ANSWERS;
        header.roster_seq = 1;
        header.roster_id8 = envelope_id8(&first);
        *ret_barred = false;
        break;
    }
    *ret_birth = birth;
    *ret_header = header;
    return true;
}

static void send_birth(struct machine *machine, const struct feed_id *feed, struct bytes run) {
    struct buffer frame = {0};
    if (message_encode(&(struct message){.kind = MESSAGE_RUN,
                                         .run = {.feed = *feed, .head = 1, .envelopes = run}},
                       &frame) == OK &&
        wires_inject(machine->world->wires, machine, buffer_view(&frame)) > 0)
        sometimes(SOMETIMES_birth_forged);
    buffer_done(&frame);
}

void forgery_bear(struct machine *machine) {
    struct declaration declaration = {.kind = DECLARATION_BIRTH};
    struct draft draft;
    struct buffer bytes = {0}, run = {0};
    struct envelope_id id;
    bool barred;
    if (!machine_is_up(machine) || member_id_is_zero(&machine->member) ||
        machine->role == ROLE_MUNICIPALITY)
        return;
    machine->world->current = machine;
    draft_init(&draft);
    if (!invent(machine, &declaration.birth, &draft.header, &barred))
        return;
    struct channel_id channel =
        channel_id_of(&declaration.birth.federation, &declaration.birth.channel);
    draft.header.schema = 1;
    draft.header.feed = feed_id_of(&declaration.birth.federation, &channel,
                                   &declaration.birth.author, &declaration.birth.incarnation);
    draft.header.seq = 1;
    machine->forges = machine->signs_falsely = true;
    if (declaration_encode(&declaration, &bytes) == OK &&
        draft_add_plain(&draft, SECTION_DECLARATION, buffer_view(&bytes)) == OK &&
        draft_sign(&draft, &machine->keys.sign, &run, &id) == OK) {
        note(&draft.header.feed, 1, &id, barred);
        send_birth(machine, &draft.header.feed, buffer_view(&run));
    }
    draft_done(&draft);
    buffer_done(&bytes);
    buffer_done(&run);
}

bool forgery_take_section_out(struct buffer *frame) {
    struct arena arena;
    struct message message;
    struct envelope envelope;
    struct buffer run = {0}, out = {0};
    size_t size;
    arena_init(&arena, KIB(2048));
    memory_pause();
    bool done = message_decode(buffer_view(frame), &arena, &message) == OK &&
                envelope_parse(message.run.envelopes, &arena, &envelope, &size) == OK &&
                envelope.header.sections_n > 0 &&
                envelope_without(&envelope, (uint16_t)(envelope.header.sections_n - 1),
                                 SECTION_ABSENT, &run) == OK &&
                buffer_append(&run, message.run.envelopes.data + size,
                              message.run.envelopes.size - size) == OK;
    message.run.envelopes = buffer_view(&run);
    done = done && message_encode(&message, &out) == OK && out.size <= frame->capacity;
    if (done) {
        memcpy(frame->data, out.data, out.size);
        frame->size = out.size;
    }
    memory_resume();
    buffer_done(&run);
    buffer_done(&out);
    arena_done(&arena);
    return done;
}

/* The signature in the middle is none, and covered by the one that follows. */
static enum err sign_twice(struct machine *machine, struct draft *draft, struct buffer *run) {
    struct envelope_id id;
    struct header header = draft->header;
    struct draft next;
    enum err err = draft_sign(draft, &machine->keys.sign, run, &id);
    if (err != OK)
        return err;
    if (!chance(machine->world, 35)) {
        note(&header.feed, header.seq, &id, false);
        return OK;
    }
    uint8_t *signature = run->data + HEADER_SIZE;
    signature[roll(machine->world, 64)] ^= 0x10u;
    id = envelope_id_of(run->data);
    note(&header.feed, header.seq, &id, false);
    if (forged.n > 0)
        forged.list[forged.n - 1].is_unsigned = true;
    draft_init(&next);
    next.header = header;
    next.header.seq++;
    next.header.prev = id;
    err = draft_add_plain(&next, SECTION_OPEN, (struct bytes){NULL, 0});
    if (err == OK)
        err = draft_sign(&next, &machine->keys.sign, run, &id);
    if (err == OK) {
        note(&header.feed, next.header.seq, &id, false);
        sometimes(SOMETIMES_bad_signature_hidden);
    }
    draft_done(&next);
    return err;
}

void forgery_write(struct machine *machine) {
    struct world *world = machine->world;
    struct pick pick = {.machine = machine};
    struct roster_tip tip;
    struct draft draft;
    struct buffer run = {0};
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
    memory_pause(); /* half a forgery may be none */
    content(world, machine, &draft);
    memory_resume();
    machine->forges = machine->signs_falsely = true;
    if (sign_twice(machine, &draft, &run) == OK &&
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
