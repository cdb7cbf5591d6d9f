#include "make.h"

#include "proto/limits.h"
#include <stdlib.h>
#include <string.h>

/* ---- Headers: one valid header, one thing wrong ---- */

static void header_cases(const struct world *world, json_t *cases) {
    static const struct {
        const char *name;
        size_t at, size;
        const char *bytes;
        enum err err;
    } wrong[] = {
        {"a layout of version 2", 0, 1, "\2", ERR_VERSION},
        {"a flag set", 1, 1, "\1", ERR_FORMAT},
        {"schema 0", 2, 2, "\0\0", ERR_FORMAT},
        {"1,025 sections", 4, 2, "\4\1", ERR_LIMIT},
        {"a reserved byte set", 7, 1, "\1", ERR_FORMAT},
        {"sequence number 0", 40, 8, "\0\0\0\0\0\0\0\0", ERR_FORMAT},
        {"sequence number of 2^63", 40, 8, "\x80\0\0\0\0\0\0\0", ERR_FORMAT},
        {"entry 1 that names a previous one", 40, 8, "\0\0\0\0\0\0\0\1", ERR_FORMAT},
        {"entry 3 without a previous one", 48, 32,
         "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", ERR_FORMAT},
        {"a roster tip with an id but no number", 80, 8, "\0\0\0\0\0\0\0\0", ERR_FORMAT},
        {"a clock of 2^63", 96, 8, "\x80\0\0\0\0\0\0\0", ERR_FORMAT},
        {"seal number in the future", 136, 8, "\0\0\0\0\0\0\0\4", ERR_FORMAT},
    };
    struct bytes third = feed_part(&world->handover, 3, 3);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t header[HEADER_SIZE];
        memcpy(header, third.data, HEADER_SIZE);
        memcpy(header + wrong[i].at, wrong[i].bytes, wrong[i].size);
        json_t *v = vector_new(wrong[i].name, "header");
        is_hex(v, "bytes", header, sizeof header);
        refuse(cases, v, wrong[i].err);
    }
    uint8_t header[HEADER_SIZE];
    memcpy(header, third.data, HEADER_SIZE);
    put_u64(header + 40, 1001); /* its seal number is 1 */
    json_t *v = vector_new("seal block 1,000 envelopes back", "header");
    is_hex(v, "bytes", header, sizeof header);
    refuse(cases, v, ERR_FORMAT);
    put_u64(header + 40, 1000);
    v = vector_new("seal block 999 envelopes back is the last that is good", "header");
    is_hex(v, "bytes", header, sizeof header);
    accept(cases, v);
}

/* ---- Envelopes ---- */

static void envelope_case(json_t *cases, const char *name, struct bytes bytes, enum err err) {
    json_t *v = vector_new(name, "envelope");
    is_bytes(v, "bytes", bytes);
    refuse(cases, v, err);
}

/* A copy of handover entry 2, whose only section is sealed, with bytes overwritten. */
static void changed(const struct world *world, json_t *cases, const char *name, size_t at,
                    const char *bytes, size_t size, enum err err) {
    struct buffer copy = {0};
    struct bytes second = feed_part(&world->handover, 2, 2);
    MUST(buffer_append(&copy, second.data, second.size));
    memcpy(copy.data + at, bytes, size);
    envelope_case(cases, name, buffer_view(&copy), err);
    buffer_done(&copy);
}

static void envelope_cases(const struct world *world, json_t *cases) {
    enum { SECTION = SIGNED_HEADER_SIZE, CONTENT = SECTION + 5 };
    struct bytes first = feed_part(&world->handover, 1, 1),
                 second = feed_part(&world->handover, 2, 2);
    changed(world, cases, "a byte of a ciphertext changed", CONTENT + 100, "\xaa", 1, ERR_HASH);
    changed(world, cases, "a section of another kind", SECTION, "\2", 1, ERR_HASH);
    changed(world, cases, "a section of kind 0", SECTION, "\0", 1, ERR_FORMAT);
    changed(world, cases, "a section of kind 4", SECTION, "\4", 1, ERR_FORMAT);
    changed(world, cases, "a section in state 3", SECTION, "\x33", 1, ERR_FORMAT);
    changed(world, cases, "an erased section whose hash is not 32 bytes", SECTION, "\x13", 1,
            ERR_FORMAT);
    changed(world, cases, "a length that runs past the end", SECTION + 1, "\0\0\xff\xff", 4,
            ERR_FORMAT);
    changed(world, cases, "a length beyond the limit of a section", SECTION + 1, "\0\4\0\x29", 4,
            ERR_LIMIT);
    changed(world, cases, "a sealed section in an envelope without a seal", 136, "\0\0\0\0\0\0\0\0",
            8, ERR_FORMAT);
    changed(world, cases, "more sections than there are", 4, "\0\2", 2, ERR_FORMAT);
    changed(world, cases, "a section more than the body hash covers", 4, "\0\0", 2, ERR_HASH);
    envelope_case(cases, "cut inside the header", (struct bytes){second.data, 143}, ERR_FORMAT);
    envelope_case(cases, "cut inside the signature", (struct bytes){second.data, 207}, ERR_FORMAT);
    envelope_case(cases, "cut inside the seal block",
                  (struct bytes){first.data, SIGNED_HEADER_SIZE + 143}, ERR_FORMAT);
    envelope_case(cases, "cut inside a section's length", (struct bytes){second.data, SECTION + 3},
                  ERR_FORMAT);
    envelope_case(cases, "cut inside a section", (struct bytes){second.data, second.size - 1},
                  ERR_FORMAT);
    envelope_case(cases, "nothing", (struct bytes){0}, ERR_FORMAT);
    struct buffer other = {0};
    MUST(buffer_append(&other, second.data, CONTENT));
    other.data[SECTION] = 0x13;
    put_u32(other.data + SECTION + 1, 32);
    MUST(buffer_append(&other, "0123456789abcdef0123456789abcdef", 32));
    envelope_case(cases, "an erased section with another hash", buffer_view(&other), ERR_HASH);
    buffer_done(&other);
}

/* ---- Runs ---- */

struct run_case {
    struct bytes bytes;
    const struct feed_of_world *feed;
    size_t after;
    struct sign_public author;
};

static void run_refused(json_t *cases, const char *name, const struct run_case *c, enum err err) {
    json_t *v = vector_new(name, "run");
    IS_ID(v, "feed", c->feed->feed);
    is_number(v, "after_seq", c->feed->heads[c->after].seq);
    IS_ID(v, "after_id", c->feed->heads[c->after].id);
    IS_ID(v, "sign_public", c->author);
    is_bytes(v, "bytes", c->bytes);
    refuse(cases, v, err);
}

/* The handover feed with one byte changed. */
static void run_changed(const struct world *world, json_t *cases, const char *name, size_t at,
                        enum err err) {
    const struct feed_of_world *feed = &world->handover;
    struct buffer copy = {0};
    MUST(buffer_append(&copy, feed->bytes.data, feed->bytes.size));
    copy.data[at] ^= 1;
    run_refused(cases, name,
                &(struct run_case){buffer_view(&copy), feed, 0, feed->author->keys.public.sign},
                err);
    buffer_done(&copy);
}

/* S + L instead of S in the last signature. */
static void not_canonical(const struct world *world, json_t *cases) {
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,       0xd6,
                                      0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
    const struct feed_of_world *feed = &world->handover;
    struct buffer copy = {0};
    MUST(buffer_append(&copy, feed->bytes.data, feed->bytes.size));
    uint8_t *s = copy.data + feed->starts[2] + HEADER_SIZE + 32;
    unsigned carry = 0;
    for (int i = 0; i < 32; i++) {
        carry += (unsigned)s[i] + order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
    run_refused(cases, "signature with non-canonical S",
                &(struct run_case){buffer_view(&copy), feed, 0, feed->author->keys.public.sign},
                ERR_SIGNATURE);
    buffer_done(&copy);
}

static void run_cases(const struct world *world, json_t *cases) {
    const struct feed_of_world *feed = &world->handover;
    struct sign_public birk = world->birk.keys.public.sign, skole = world->skole.keys.public.sign,
                       neutral = {{1}};
    struct bytes all = feed_part(feed, 1, 3);
    struct buffer mixed = {0};
    size_t second = feed->starts[1], third = feed->starts[2];
    run_changed(world, cases, "middle byte changed", second + SIGNED_HEADER_SIZE + 50, ERR_HASH);
    run_changed(world, cases, "a middle header changed", second + 100, ERR_CHAIN);
    run_changed(world, cases, "a middle signature changed", second + HEADER_SIZE, ERR_CHAIN);
    run_changed(world, cases, "the last header changed", third + 100, ERR_SIGNATURE);
    run_changed(world, cases, "the last signature changed", third + HEADER_SIZE, ERR_SIGNATURE);
    not_canonical(world, cases);
    run_refused(cases, "signed by another member", &(struct run_case){all, feed, 0, skole},
                ERR_SIGNATURE);
    run_refused(cases, "author's key of small order", &(struct run_case){all, feed, 0, neutral},
                ERR_SIGNATURE);
    run_refused(cases, "no envelopes", &(struct run_case){{0}, feed, 0, birk}, ERR_FORMAT);
    run_refused(cases, "bytes after the last envelope",
                &(struct run_case){{all.data, third + 1}, feed, 0, birk}, ERR_FORMAT);
    run_refused(cases, "the first entries left out",
                &(struct run_case){feed_part(feed, 2, 3), feed, 0, birk}, ERR_CHAIN);
    run_refused(cases, "entries that are here already", &(struct run_case){all, feed, 1, birk},
                ERR_CHAIN);
    run_refused(cases, "another feed's envelopes",
                &(struct run_case){all, &world->answers, 0, birk}, ERR_CHAIN);
    struct feed_of_world elsewhere = *feed;
    elsewhere.heads[1].id = world->answers.heads[1].id;
    run_refused(cases, "prev of another feed",
                &(struct run_case){feed_part(feed, 2, 3), &elsewhere, 1, birk}, ERR_CHAIN);
    MUST(buffer_append(&mixed, feed->bytes.data, second));
    MUST(buffer_append(&mixed, feed->bytes.data + third, all.size - third));
    run_refused(cases, "a middle entry left out",
                &(struct run_case){buffer_view(&mixed), feed, 0, birk}, ERR_CHAIN);
    MUST(buffer_append(&mixed, feed->bytes.data + second, third - second));
    run_refused(cases, "entries in another order",
                &(struct run_case){buffer_view(&mixed), feed, 0, birk}, ERR_CHAIN);
    buffer_done(&mixed);
    json_t *v = vector_new("a run of 560 KiB and one byte", "run");
    IS_ID(v, "feed", feed->feed);
    is_number(v, "after_seq", 0);
    IS_ID(v, "after_id", feed->heads[0].id);
    IS_ID(v, "sign_public", birk);
    is_text(v, "bytes", "01*573441");
    refuse(cases, v, ERR_LIMIT);
}

/* ---- Births ---- */

/* Entry `seq` by Birk, whose section 0 is `content`. */
static void birth_refused(const struct world *world, json_t *cases, const char *name, uint64_t seq,
                          enum section_kind kind, struct bytes content, enum err err) {
    struct draft draft;
    struct buffer bytes = {0};
    struct envelope_id id;
    draft_init(&draft);
    draft.header.feed = world->handover.feed;
    draft.header.seq = seq;
    draft.header.clock = 1;
    if (seq > 1)
        draft.header.prev = world->handover.heads[1].id;
    MUST(draft_add_plain(&draft, kind, content));
    MUST(draft_sign(&draft, &world->birk.keys.sign, &bytes, &id));
    json_t *v = vector_new(name, "birth");
    is_bytes(v, "bytes", buffer_view(&bytes));
    refuse(cases, v, err);
    draft_done(&draft);
    buffer_done(&bytes);
}

static void birth_cases(const struct world *world, json_t *cases) {
    struct declaration d = {.kind = DECLARATION_BIRTH, .birth = world->handover.birth};
    struct buffer birth = encoded_declaration(&d), erased = {0};
    birth_refused(world, cases, "birth in entry 2", 2, SECTION_DECLARATION, buffer_view(&birth),
                  ERR_CHAIN);
    birth_refused(world, cases, "a birth in an open section", 1, SECTION_OPEN, buffer_view(&birth),
                  ERR_FORMAT);
    buffer_done(&birth);
    d.birth.author = world->skole.id;
    birth = encoded_declaration(&d);
    birth_refused(world, cases, "a birth that does not yield the feed's id", 1, SECTION_DECLARATION,
                  buffer_view(&birth), ERR_HASH);
    buffer_done(&birth);
    d = (struct declaration){.kind = DECLARATION_ENTRY, .entry = world_entry(world, &world->birk)};
    birth = encoded_declaration(&d);
    birth_refused(world, cases, "another declaration in the birth's place", 1, SECTION_DECLARATION,
                  buffer_view(&birth), ERR_FORMAT);
    buffer_done(&birth);
    struct arena arena;
    struct envelope first;
    size_t size;
    arena_init(&arena, SIZE_MAX);
    MUST(envelope_parse(feed_part(&world->handover, 1, 1), &arena, &first, &size));
    MUST(envelope_without(&first, 0, SECTION_ERASED, &erased));
    json_t *v = vector_new("a birth that was erased", "birth");
    is_bytes(v, "bytes", buffer_view(&erased));
    refuse(cases, v, ERR_FORMAT);
    buffer_done(&erased);
    arena_done(&arena);
}

void make_hostile_log(const struct world *world, json_t *cases) {
    header_cases(world, cases);
    envelope_cases(world, cases);
    run_cases(world, cases);
    birth_cases(world, cases);
}
