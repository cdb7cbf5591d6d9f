/* A change set, the content of open and sealed sections; and the same bytes as an answer. What is
 * read can be written, and is read back as the same. */
#include "mutate.h"

#include "proto/changeset.h"
#include "proto/text.h"
#include <string.h>

static void check_answer(struct bytes bytes) {
    struct buffer once = {0}, twice = {0};
    struct arena arena;
    const struct answer_reply *replies;
    size_t n;
    arena_init(&arena, DECODE_MEMORY_MAX);
    HOLDS(answer_decode(bytes, &arena, &replies, &n) == OK);
    HOLDS(n > 0 && n <= REPLIES_PER_ANSWER_MAX);
    for (size_t i = 0; i < n; i++)
        HOLDS(replies[i].question > 0 && (replies[i].choice > 0) != (replies[i].text != NULL));
    HOLDS(answer_encode(replies, n, &once) == OK);
    HOLDS(answer_decode(buffer_view(&once), &arena, &replies, &n) == OK);
    HOLDS(answer_encode(replies, n, &twice) == OK);
    HOLDS(bytes_equal(buffer_view(&once), buffer_view(&twice)));
    arena_done(&arena);
    buffer_done(&once);
    buffer_done(&twice);
}

static void check(const struct change_set *set) {
    struct buffer once = {0}, twice = {0};
    struct arena arena;
    struct change_set again;
    HOLDS(set->writes_n <= WRITES_PER_CHANGE_SET_MAX);
    for (size_t i = 0; i < set->writes_n; i++) {
        const struct write *write = &set->writes[i];
        HOLDS(write->value.size <= VALUE_SIZE_MAX && text_is_clean(write->value, true));
        HOLDS(write->replaces_n <= REPLACES_PER_WRITE_MAX && !record_id_is_zero(&write->record));
    }
    for (size_t i = 0; set->has_answers && i < set->answers.answers_n && i < 8; i++)
        check_answer(set->answers.answers[i]);
    HOLDS(change_set_encode(set, &once) == OK);
    arena_init(&arena, DECODE_MEMORY_MAX);
    HOLDS(change_set_decode(buffer_view(&once), &arena, &again) == OK);
    HOLDS(change_set_encode(&again, &twice) == OK);
    HOLDS(bytes_equal(buffer_view(&once), buffer_view(&twice)));
    arena_done(&arena);
    buffer_done(&once);
    buffer_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct arena arena;
    struct change_set set;
    const struct answer_reply *replies;
    size_t n;
    struct bytes bytes = {data, size < SECTION_PLAIN_MAX ? size : SECTION_PLAIN_MAX};
    arena_init(&arena, DECODE_MEMORY_MAX);
    if (DECODES(change_set_decode(bytes, &arena, &set)) == OK)
        check(&set);
    arena_reset(&arena);
    if (DECODES(answer_decode(bytes, &arena, &replies, &n)) == OK)
        check_answer(bytes);
    arena_done(&arena);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    return mutate_message(data, size, size_max, &dice);
}
