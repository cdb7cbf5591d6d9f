#include "world.h"

#include "proto/hash.h"
#include "proto/limits.h"
#include "proto/owner.h"
#include "vector.h"
#include <stdio.h>
#include <stdlib.h>

const int64_t world_ms = 1780315200000;

#define MUST(call)                                                                                 \
    do {                                                                                           \
        enum err must = (call);                                                                    \
        if (must != OK) {                                                                          \
            fprintf(stderr, "world: %s: %s\n", #call, err_text(must));                             \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void member_init(struct member_of_world *member, char letter) {
    memset(member->seed.bytes, letter, sizeof member->seed.bytes);
    memset(member->id.bytes, letter, sizeof member->id.bytes);
    MUST(node_keys_derive(&member->seed, &member->keys));
}

static void feed_init(struct feed_of_world *feed, const struct world *world,
                      struct member_of_world *author, enum channel_kind kind) {
    bool parties = kind == CHANNEL_HANDOVER;
    feed->author = author;
    feed->birth.federation = world->federation;
    feed->birth.author = author->id;
    feed->birth.incarnation = incarnation_new(world_ms);
    MUST(channel_make(kind, parties ? &world->birk.id : NULL, parties ? &world->skole.id : NULL,
                      &feed->birth.channel));
    feed->channel = channel_id_of(&world->federation, &feed->birth.channel);
    feed->feed =
        feed_id_of(&world->federation, &feed->channel, &author->id, &feed->birth.incarnation);
}

/* A draft of the feed's next entry; the first begins with the birth. */
static void entry_begin(struct feed_of_world *feed, const struct world *world,
                        struct draft *draft) {
    draft_init(draft);
    draft->header.feed = feed->feed;
    draft->header.seq = feed->n + 1;
    draft->header.prev = feed->heads[feed->n].id;
    draft->header.clock = (uint64_t)world_ms << 16 | feed->n;
    const struct head *tip = &world->roster.heads[world->roster.n];
    draft->header.roster_seq = tip->seq;
    if (tip->seq > 0)
        draft->header.roster_id8 = envelope_id8(&tip->id);
}

static void add_declaration(struct draft *draft, const struct declaration *declaration) {
    struct buffer bytes = {0};
    MUST(declaration_encode(declaration, &bytes));
    MUST(draft_add_plain(draft, SECTION_DECLARATION, buffer_view(&bytes)));
    buffer_done(&bytes);
}

static void add_birth(struct feed_of_world *feed, struct draft *draft) {
    struct declaration birth = {.kind = DECLARATION_BIRTH, .birth = feed->birth};
    add_declaration(draft, &birth);
}

static void entry_end(struct feed_of_world *feed, struct draft *draft) {
    struct envelope_id id;
    MUST(draft_sign(draft, &feed->author->keys.sign, &feed->bytes, &id));
    feed->n++;
    feed->heads[feed->n] = (struct head){draft->header.seq, id};
    feed->starts[feed->n] = feed->bytes.size;
    draft_done(draft);
}

struct bytes feed_part(const struct feed_of_world *feed, size_t first, size_t last) {
    size_t start = feed->starts[first - 1];
    return (struct bytes){feed->bytes.data + start, feed->starts[last] - start};
}

struct roster_entry world_entry(const struct world *world, const struct member_of_world *member) {
    static const char *const endpoints[] = {"tcp://stafet.nordby.example:5670"};
    struct roster_entry entry = {
        .member = member->id, .counter = 1, .status = MEMBER_ACTIVE, .keys = member->keys.public};
    struct transport_secret unused;
    if (member == &world->nordby) {
        entry.role = ROLE_MUNICIPALITY;
        entry.name = "Nordby Kommune";
        entry.endpoints = endpoints;
        entry.endpoints_n = 1;
        return entry;
    }
    entry.role = member == &world->birk ? ROLE_KINDERGARTEN : ROLE_SCHOOL;
    entry.name = member == &world->birk ? "Birk" : "Søndre Skole";
    struct seed secret = world->ticket_secret;
    if (member == &world->skole)
        secret.bytes[31] = 'U'; /* a ticket of its own */
    MUST(ticket_keys_derive(&secret, &entry.ticket, &unused));
    return entry;
}

static void add_entry(const struct world *world, struct draft *draft,
                      const struct member_of_world *m) {
    struct declaration entry = {.kind = DECLARATION_ENTRY, .entry = world_entry(world, m)};
    add_declaration(draft, &entry);
}

static void add_epoch(struct draft *draft, const struct feed_of_world *channel,
                      const struct epoch_of_world *epoch, const struct member_id *members,
                      const struct seal_public *readers, size_t n) {
    struct grant grants[4];
    for (size_t i = 0; i < n; i++) {
        grants[i].member = members[i];
        MUST(grant_seal(&epoch->secret, &readers[i], grants[i].sealed));
    }
    struct declaration declaration = {
        .kind = DECLARATION_EPOCH,
        .epoch = {channel->channel, 1, epoch->public, grants, n},
    };
    add_declaration(draft, &declaration);
}

static void write_roster(struct world *world) {
    struct draft draft;
    struct declaration founding = {.kind = DECLARATION_FOUNDING, .founding = world->founding};
    entry_begin(&world->roster, world, &draft);
    add_birth(&world->roster, &draft);
    add_declaration(&draft, &founding);
    add_entry(world, &draft, &world->nordby);
    entry_end(&world->roster, &draft);
    entry_begin(&world->roster, world, &draft);
    add_entry(world, &draft, &world->birk);
    entry_end(&world->roster, &draft);
    entry_begin(&world->roster, world, &draft);
    add_entry(world, &draft, &world->skole);
    struct member_id readers[2] = {world->nordby.id, {{0}}};
    struct seal_public keys[2] = {world->nordby.keys.public.seal, world->root.seal_public};
    MUST(epoch_new(&world->answers_epoch.public, &world->answers_epoch.secret));
    add_epoch(&draft, &world->answers, &world->answers_epoch, readers, keys, 2);
    entry_end(&world->roster, &draft);
}

static void write_handover(struct world *world) {
    static const char *const values[] = {"Alma", "12. august, kl. 9.00",
                                         "Alma vil gerne vise sin hule"};
    struct feed_of_world *feed = &world->handover;
    struct member_id readers[2] = {world->birk.id, world->skole.id};
    struct seal_public keys[2] = {world->birk.keys.public.seal, world->skole.keys.public.seal};
    struct seal_block seal;
    MUST(epoch_new(&world->handover_epoch.public, &world->handover_epoch.secret));
    MUST(seal_block_new(&world->handover_epoch.public, &world->handover_key, &seal));
    for (uint16_t i = 0; i < 3; i++) {
        struct draft draft;
        struct write write = {.record = world->record,
                              .collection = 2,
                              .field = (uint16_t)(i + 1),
                              .value = bytes_of_text(values[i])};
        struct change_set set = {
            .actor_name = "Jonas P.", .actor_function = "pædagog", .writes = &write, .writes_n = 1};
        entry_begin(feed, world, &draft);
        draft.header.seal_seq = 1;
        draft.key = world->handover_key;
        if (i == 0) {
            draft.has_seal = true;
            draft.seal = seal;
            add_birth(feed, &draft);
            add_epoch(&draft, feed, &world->handover_epoch, readers, keys, 2);
        }
        MUST(change_set_encode(&set, &world->handover_plain[i]));
        MUST(draft_add_sealed(&draft, buffer_view(&world->handover_plain[i]), true));
        entry_end(feed, &draft);
    }
}

static void write_answers(struct world *world) {
    struct answer_reply replies[2][2] = {{{1, 5, NULL}, {13, 0, "Mere tid ved afleveringen"}},
                                         {{1, 2, NULL}, {2, 6, NULL}}};
    struct buffer encoded[2] = {{0}};
    struct bytes answers[2];
    uint8_t file[] = "q01;q02;q13\n5;;Mere tid ved afleveringen\n2;6;\n";
    struct hasher h;
    for (size_t i = 0; i < 2; i++) {
        MUST(answer_encode(replies[i], 2, &encoded[i]));
        answers[i] = buffer_view(&encoded[i]);
    }
    hasher_init_keyed(&h, HASH_MARK, world->birk.keys.rest);
    hasher_add(&h, file, sizeof file - 1);
    struct change_set set = {"", "",   NULL,
                             0,  true, {world->survey, hasher_final(&h), 0, 1, answers, 2}};
    struct draft draft;
    entry_begin(&world->answers, world, &draft);
    draft.header.clock = (uint64_t)(world_ms - world_ms % 86400000) << 16;
    draft.header.seal_seq = 1;
    draft.has_seal = true;
    MUST(seal_block_new(&world->answers_epoch.public, &draft.key, &draft.seal));
    world->answers_key = draft.key;
    add_birth(&world->answers, &draft);
    MUST(change_set_encode(&set, &world->answers_plain));
    MUST(draft_add_sealed(&draft, buffer_view(&world->answers_plain), true));
    entry_end(&world->answers, &draft);
    buffer_done(&encoded[0]);
    buffer_done(&encoded[1]);
}

void world_init(struct world *world) {
    struct incarnation nonce;
    *world = (struct world){0};
    random_from("world");
    nonce = incarnation_new(world_ms);
    member_init(&world->nordby, 'N');
    member_init(&world->birk, 'B');
    member_init(&world->skole, 'S');
    memset(world->root_seed.bytes, 'R', sizeof world->root_seed.bytes);
    memset(world->ticket_secret.bytes, 'T', sizeof world->ticket_secret.bytes);
    MUST(root_keys_derive(&world->root_seed, &world->root));
    world->founding.name = "Nordby Kommune";
    world->founding.municipality = world->nordby.id;
    world->founding.keys = world->nordby.keys.public;
    MUST(founding_sign(&world->founding, &nonce, &world->root, &world->founding_record));
    world->federation = founding_federation(&world->founding);
    world->record = record_id_new(world_ms, &world->birk.id);
    world->survey = record_id_new(world_ms, &world->nordby.id);
    feed_init(&world->roster, world, &world->nordby, CHANNEL_ROSTER);
    feed_init(&world->handover, world, &world->birk, CHANNEL_HANDOVER);
    feed_init(&world->answers, world, &world->birk, CHANNEL_ANSWERS);
    write_roster(world);
    write_handover(world);
    write_answers(world);
}

void world_done(struct world *world) {
    buffer_done(&world->founding_record);
    buffer_done(&world->roster.bytes);
    buffer_done(&world->handover.bytes);
    buffer_done(&world->answers.bytes);
    buffer_done(&world->answers_plain);
    for (int i = 0; i < 3; i++)
        buffer_done(&world->handover_plain[i]);
}
