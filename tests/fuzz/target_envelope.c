/* One envelope: what is read is whole, can be walked over, and keeps its id when a section is taken
 * out. */
#include "mutate.h"

#include "proto/run.h"
#include <stdlib.h>
#include <string.h>

static void check_without(const struct envelope *envelope, uint16_t index,
                          enum section_state state) {
    struct buffer out = {0};
    struct arena arena;
    struct envelope again;
    size_t size;
    arena_init(&arena, DECODE_MEMORY_MAX);
    HOLDS(envelope_without(envelope, index, state, &out) == OK);
    HOLDS(envelope_parse(buffer_view(&out), &arena, &again, &size) == OK && size == out.size);
    HOLDS(envelope_id_equal(&again.id, &envelope->id));
    HOLDS(again.sections[index].state == state);
    HOLDS(hash_equal(&again.sections[index].hash, &envelope->sections[index].hash));
    arena_done(&arena);
    buffer_done(&out);
}

static void check(const struct envelope *envelope, struct bytes input, size_t size) {
    uint8_t header[HEADER_SIZE];
    size_t skipped;
    HOLDS(size <= input.size && size <= ENVELOPE_SIZE_MAX);
    HOLDS(envelope_skip(input, &skipped) == OK && skipped == size);
    HOLDS(envelope->bytes.data == input.data && envelope->bytes.size == size);
    header_encode(&envelope->header, header);
    HOLDS(memcmp(header, input.data, sizeof header) == 0);
    for (uint16_t i = 0; i < envelope->header.sections_n; i++) {
        const struct section *section = &envelope->sections[i];
        HOLDS(section->kind != SECTION_SEALED || envelope->header.seal_seq != 0);
        if (section->state == SECTION_PRESENT) {
            struct hash hash = section_hash(section->kind, section->content);
            HOLDS(hash_equal(&hash, &section->hash));
            if (i < 4) {
                check_without(envelope, i, SECTION_ERASED);
                check_without(envelope, i, SECTION_ABSENT);
            }
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct arena arena;
    struct envelope envelope;
    size_t took, skipped;
    struct bytes input = {data, size};
    arena_init(&arena, arena_cap_for(size));
    if (DECODES(envelope_parse(input, &arena, &envelope, &took)) == OK)
        check(&envelope, input, took);
    else if (envelope_skip(input, &skipped) == OK)
        HOLDS(skipped <= size);
    arena_done(&arena);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    return mutate_run(data, size, size_max, &fuzz_keys(BIRK)->sign, &dice);
}
