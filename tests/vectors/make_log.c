#include "make.h"

#include <stdio.h>

static void header_case(json_t *cases, const char *name, struct bytes envelope) {
    json_t *v = vector_new(name, "header");
    is_hex(v, "bytes", envelope.data, HEADER_SIZE);
    accept(cases, v);
}

static void seal_cases(const struct world *world, json_t *cases) {
    json_t *v = vector_new("a seal block is made", "seal_block_make");
    IS_ID(v, "epoch_public", world->handover_epoch.public);
    add_random(v, 64);
    accept(cases, v);
    v = vector_new("the seal block of Birk's handover feed", "seal_block");
    IS_ID(v, "epoch_public", world->handover_epoch.public);
    IS_ID(v, "epoch_secret", world->handover_epoch.secret);
    is_hex(v, "bytes", world->handover.bytes.data + SIGNED_HEADER_SIZE, SEAL_BLOCK_SIZE);
    accept(cases, v);
    v = vector_new("a grant is made for Søndre Skole", "grant_make");
    IS_ID(v, "epoch_secret", world->handover_epoch.secret);
    IS_ID(v, "seal_public", world->skole.keys.public.seal);
    add_random(v, 32);
    accept(cases, v);
    const json_t *made = accepted(cases, "a grant is made for Søndre Skole");
    v = vector_new("Søndre Skole opens it", "grant");
    IS_ID(v, "seal_public", world->skole.keys.public.seal);
    IS_ID(v, "seal_secret", world->skole.keys.seal);
    IS_ID(v, "epoch_public", world->handover_epoch.public);
    json_object_set(v, "sealed", json_object_get(made, "sealed"));
    accept(cases, v);
}

static void section_case(const struct world *world, json_t *cases, const char *name,
                         struct bytes plain, bool pad) {
    json_t *v = vector_new(name, "section_make");
    IS_ID(v, "content_key", world->handover_key);
    IS_ID(v, "feed", world->handover.feed);
    is_number(v, "seq", 2);
    is_number(v, "index", 0);
    is_bytes(v, "plain", plain);
    json_object_set_new(v, "pad", json_boolean(pad));
    add_random(v, 24);
    accept(cases, v);
    char opened[128];
    snprintf(opened, sizeof opened, "%s, and opened", name);
    json_t *open = json_copy(v);
    json_object_set_new(open, "name", json_string(opened));
    json_object_set_new(open, "type", json_string("section"));
    json_object_set(open, "sealed", json_object_get(json_object_get(v, "is"), "sealed"));
    json_object_del(open, "plain");
    json_object_del(open, "pad");
    json_object_del(open, "random");
    json_object_del(open, "is");
    accept(cases, open);
}

static void envelope_case(json_t *cases, const char *name, struct bytes bytes) {
    json_t *v = vector_new(name, "envelope");
    is_bytes(v, "bytes", bytes);
    accept(cases, v);
}

static void envelope_made(const struct world *world, json_t *cases) {
    struct feed_id feed = world->handover.feed;
    const struct head *head = &world->handover.heads[1];
    struct id8 tip = envelope_id8(&world->roster.heads[3].id);
    json_t *v = vector_new("an envelope is made", "envelope_make");
    is_hex(v, "seed", world->birk.seed.bytes, 32);
    IS_ID(v, "feed", feed);
    is_number(v, "seq", 2);
    IS_ID(v, "prev", head->id);
    is_number(v, "roster_seq", 3);
    IS_ID(v, "roster_id8", tip);
    is_number(v, "clock", (uint64_t)world_ms << 16);
    IS_ID(v, "epoch_public", world->handover_epoch.public);
    json_t *sections = json_pack("[{s:i, s:s}, {s:i, s:s, s:b}]", "kind", 2, "content", "", "kind",
                                 3, "content", "616263", "pad", 0);
    json_object_set_new(v, "sections", sections);
    add_random(v, 32 + 32 + 24);
    accept(cases, v);
}

static void run_case(json_t *cases, const char *name, const struct feed_of_world *feed,
                     size_t first, size_t last) {
    json_t *v = vector_new(name, "run");
    const struct head *after = &feed->heads[first - 1];
    IS_ID(v, "feed", feed->feed);
    is_number(v, "after_seq", after->seq);
    IS_ID(v, "after_id", after->id);
    IS_ID(v, "sign_public", feed->author->keys.public.sign);
    is_bytes(v, "bytes", feed_part(feed, first, last));
    accept(cases, v);
}

/* Entry 2 of the handover feed with a signature that is rubbish, and entry 3 that names it all the
 * same. */
static void bad_middle(const struct world *world, json_t *cases) {
    const struct feed_of_world *feed = &world->handover;
    struct buffer bytes = {0};
    struct draft draft;
    struct envelope_id id;
    struct bytes second = feed_part(feed, 2, 2);
    MUST(buffer_append(&bytes, second.data, second.size));
    bytes.data[HEADER_SIZE] ^= 1;
    draft_init(&draft);
    draft.header.feed = feed->feed;
    draft.header.seq = 3;
    draft.header.prev = envelope_id_of(bytes.data);
    draft.header.clock = (uint64_t)world_ms << 16 | 9;
    MUST(draft_sign(&draft, &feed->author->keys.sign, &bytes, &id));
    draft_done(&draft);
    json_t *v = vector_new("a bad signature in the middle, covered by the chain", "run");
    IS_ID(v, "feed", feed->feed);
    is_number(v, "after_seq", 1);
    IS_ID(v, "after_id", feed->heads[1].id);
    IS_ID(v, "sign_public", feed->author->keys.public.sign);
    is_bytes(v, "bytes", buffer_view(&bytes));
    accept(cases, v);
    buffer_done(&bytes);
}

static void without_case(const struct world *world, json_t *cases, const char *name, uint64_t index,
                         uint64_t state) {
    json_t *v = vector_new(name, "without");
    is_bytes(v, "bytes", feed_part(&world->handover, 1, 1));
    is_number(v, "index", index);
    is_number(v, "state", state);
    accept(cases, v);
    char read[128];
    snprintf(read, sizeof read, "%s, as it is read", name);
    json_t *e = vector_new(read, "envelope");
    json_object_set(e, "bytes", json_object_get(json_object_get(v, "is"), "bytes"));
    accept(cases, e);
}

void make_log(const struct world *world, json_t *cases) {
    header_case(cases, "the header of the first roster entry", feed_part(&world->roster, 1, 1));
    header_case(cases, "a header that refers back to a seal block",
                feed_part(&world->handover, 3, 3));
    seal_cases(world, cases);
    section_case(world, cases, "a section without padding", bytes_of_text("hello"), false);
    section_case(world, cases, "a section padded to 512 bytes",
                 buffer_view(&world->handover_plain[1]), true);
    section_case(world, cases, "an empty section", (struct bytes){0}, false);
    envelope_made(world, cases);
    envelope_case(cases, "the first roster entry", feed_part(&world->roster, 1, 1));
    envelope_case(cases, "the first handover entry, with its seal block",
                  feed_part(&world->handover, 1, 1));
    envelope_case(cases, "a batch of answers", feed_part(&world->answers, 1, 1));
    without_case(world, cases, "the first handover entry, its sealed section erased", 2,
                 SECTION_ERASED);
    without_case(world, cases, "the first handover entry, its sealed section absent", 2,
                 SECTION_ABSENT);
    run_case(cases, "the whole roster", &world->roster, 1, 3);
    run_case(cases, "the handover feed from its second entry", &world->handover, 2, 3);
    run_case(cases, "one envelope", &world->answers, 1, 1);
    bad_middle(world, cases);
    json_t *v = vector_new("the birth of the handover feed", "birth");
    is_bytes(v, "bytes", feed_part(&world->handover, 1, 3));
    accept(cases, v);
}
