/* A run, by an author whose key is known: first a byte that says who, then envelopes. What verifies
 * is whole, bears no other key, and doesn't verify with any bit of it changed. */
#include "mutate.h"

#include "proto/declaration.h"
#include "proto/hash.h"
#include "proto/run.h"
#include <stdlib.h>
#include <string.h>

static enum fuzz_letter author_of(uint8_t byte) {
    static const enum fuzz_letter letters[] = {NORDBY, BIRK, SKOLE};
    return letters[byte % 3];
}

struct place {
    struct feed_id feed;
    struct head after;
};

static enum err verify(struct bytes run, const struct place *place, enum fuzz_letter letter,
                       struct arena *arena, struct verified_run *ret_run) {
    return run_verify(run, &place->feed, &place->after, &fuzz_keys(letter)->public.sign, arena,
                      ret_run);
}

static void check_others(struct bytes run, const struct place *place, enum fuzz_letter author) {
    struct arena arena;
    struct verified_run verified;
    arena_init(&arena, run_memory_for(run.size));
    enum fuzz_letter other = author == BIRK ? SKOLE : BIRK;
    HOLDS(verify(run, place, other, &arena, &verified) == ERR_SIGNATURE);
    uint8_t *copy = fuzz_copy(run.data, run.size);
    struct hash hash = hash_of(HASH_STORE, run.data, run.size);
    for (int i = 0; i < 4; i++) {
        size_t at = get_u32(hash.bytes + 4 * i) % (run.size * 8);
        arena_reset(&arena);
        copy[at / 8] ^= (uint8_t)(1 << at % 8);
        HOLDS(verify((struct bytes){copy, run.size}, place, author, &arena, &verified) != OK);
        copy[at / 8] ^= (uint8_t)(1 << at % 8);
    }
    free(copy);
    arena_done(&arena);
}

static void check(const struct verified_run *verified, struct bytes run,
                  const struct place *place) {
    size_t at = 0;
    struct head head = place->after;
    HOLDS(feed_id_equal(&verified->feed, &place->feed) && verified->envelopes_n > 0);
    for (size_t i = 0; i < verified->envelopes_n; i++) {
        const struct envelope *envelope = &verified->envelopes[i];
        HOLDS(envelope->bytes.data == run.data + at);
        HOLDS(envelope->header.seq == head.seq + 1);
        HOLDS(envelope_id_equal(&envelope->header.prev, &head.id));
        head = (struct head){envelope->header.seq, envelope->id};
        at += envelope->bytes.size;
    }
    HOLDS(at == run.size && head.seq == verified->head.seq);
    HOLDS(envelope_id_equal(&head.id, &verified->head.id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    if (size < 1 + HEADER_SIZE)
        return 0;
    struct bytes run = {data + 1, size - 1};
    struct place place = {.after.seq = get_u64(run.data + 40) - 1};
    memcpy(place.feed.bytes, run.data + 8, sizeof place.feed.bytes);
    if (place.after.seq > 0)
        memcpy(place.after.id.bytes, run.data + 48, sizeof place.after.id.bytes);
    struct arena arena;
    struct verified_run verified;
    struct birth birth;
    arena_init(&arena, run_memory_for(run.size));
    enum fuzz_letter author = author_of(data[0]);
    if (DECODES(verify(run, &place, author, &arena, &verified)) == OK) {
        check(&verified, run, &place);
        check_others(run, &place, author);
    }
    arena_reset(&arena);
    if (DECODES(run_peek_birth(run, &arena, &birth)) == OK) {
        struct channel_id channel = channel_id_of(&birth.federation, &birth.channel);
        struct feed_id feed =
            feed_id_of(&birth.federation, &channel, &birth.author, &birth.incarnation);
        HOLDS(feed_id_equal(&feed, &place.feed) && place.after.seq == 0);
    }
    arena_done(&arena);
    return 0;
}

/* The feed's id in a first entry is set to what its birth yields, so that births are got at. */
static void mend_feed(uint8_t *data, size_t size) {
    struct arena arena;
    struct envelope envelope;
    struct declaration birth;
    size_t took;
    arena_init(&arena, DECODE_MEMORY_MAX);
    if (envelope_parse((struct bytes){data, size}, &arena, &envelope, &took) == OK &&
        envelope.header.sections_n > 0 && envelope.sections[0].state == SECTION_PRESENT &&
        declaration_decode(envelope.sections[0].content, &arena, &birth) == OK &&
        birth.kind == DECLARATION_BIRTH) {
        struct channel_id channel = channel_id_of(&birth.birth.federation, &birth.birth.channel);
        struct feed_id feed = feed_id_of(&birth.birth.federation, &channel, &birth.birth.author,
                                         &birth.birth.incarnation);
        memcpy(data + 8, feed.bytes, sizeof feed.bytes);
    }
    arena_done(&arena);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    if (size < 2 || size_max < 2)
        return LLVMFuzzerMutate(data, size, size_max);
    const struct sign_secret *author = &fuzz_keys(author_of(data[0]))->sign;
    size = 1 + mutate_run(data + 1, size - 1, size_max - 1, author, &dice);
    if (dice_chance(&dice, 30))
        mend_feed(data + 1, size - 1);
    return size;
}
