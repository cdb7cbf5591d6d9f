#include "forge.h"
#include "proto/limits.h"
#include "store/collection.h"

#include <stdlib.h>

void forge_begin(struct forge *forge, const struct site *author, const struct feed_info *feed) {
    *forge = (struct forge){.author = author, .feed = feed->id, .head = feed->head};
    draft_init(&forge->draft);
}

void forge_next(struct forge *forge) {
    struct roster_tip tip;
    uint64_t before = forge->draft.header.clock;
    MUST(roster_tip(forge->author->store, &tip));
    draft_done(&forge->draft);
    draft_init(&forge->draft);
    forge->draft.header =
        (struct header){.schema = SCHEMA_CURRENT,
                        .feed = forge->feed,
                        .seq = forge->head.seq + 1,
                        .prev = forge->head.id,
                        .roster_seq = tip.seq,
                        .roster_id8 = tip.id8,
                        .clock = clock_next(before, store_now(forge->author->store))};
}

void forge_plain(struct forge *forge, enum section_kind kind, struct bytes content) {
    MUST(draft_add_plain(&forge->draft, kind, content));
}

void forge_declaration(struct forge *forge, const struct declaration *declaration) {
    struct buffer content = {0};
    MUST(declaration_encode(declaration, &content));
    forge_plain(forge, SECTION_DECLARATION, buffer_view(&content));
    buffer_done(&content);
}

void forge_seal(struct forge *forge, const struct epoch_public *epoch) {
    MUST(seal_block_new(epoch, &forge->draft.key, &forge->draft.seal));
    forge->draft.has_seal = true;
    forge->draft.header.seal_seq = forge->draft.header.seq;
}

void forge_sealed(struct forge *forge, struct bytes plain) {
    MUST(draft_add_sealed(&forge->draft, plain, true));
}

void forge_set(const struct record_id *record, uint16_t field, const char *value,
               struct buffer *out) {
    struct write write = {.record = *record,
                          .collection = COLLECTION_HANDOVER,
                          .field = field,
                          .value = bytes_of_text(value)};
    struct change_set set = {
        .actor_name = "X", .actor_function = "", .writes = &write, .writes_n = 1};
    MUST(change_set_encode(&set, out));
}

void forge_sign(struct forge *forge, const struct sign_secret *secret, struct buffer *run) {
    struct envelope_id id;
    MUST(draft_sign(&forge->draft, secret != NULL ? secret : &forge->author->keys.sign, run, &id));
    forge->head = (struct head){forge->draft.header.seq, id};
}

void forge_end(struct forge *forge) {
    draft_done(&forge->draft);
}

static enum err epoch_visit(void *context, const struct feed_info *feed,
                            const struct entry_info *entry) {
    struct epoch_public *epoch = context;
    struct envelope envelope;
    struct arena arena;
    size_t size;
    (void)feed;
    arena_init(&arena, DECODE_MEMORY_MAX);
    MUST(envelope_parse(entry->envelope, &arena, &envelope, &size));
    if (envelope.has_seal)
        *epoch = envelope.seal.epoch;
    arena_done(&arena);
    return OK;
}

struct epoch_public forge_epoch(struct store *store, const struct feed_id *feed) {
    struct epoch_public epoch = {{0}}, none = {{0}};
    MUST(feed_entries(store, feed, 1, epoch_visit, &epoch));
    if (memcmp(&epoch, &none, sizeof epoch) == 0)
        abort();
    return epoch;
}

void forge_birth(struct forge *forge, struct site *author, const struct channel *channel,
                 struct buffer *run) {
    struct federation *federation = author->federation;
    struct declaration birth = {.kind = DECLARATION_BIRTH};
    birth.birth = (struct birth){.federation = federation->id,
                                 .channel = *channel,
                                 .author = author->member,
                                 .incarnation = incarnation_new(federation->now)};
    struct channel_id id = channel_id_of(&federation->id, channel);
    struct feed_info feed = {
        .id = feed_id_of(&federation->id, &id, &author->member, &birth.birth.incarnation)};
    forge_begin(forge, author, &feed);
    forge_next(forge);
    forge_declaration(forge, &birth);
    forge_sign(forge, NULL, run);
}
