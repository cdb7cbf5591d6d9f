/* A statement, signed by Birk or not. */
#include "mutate.h"

#include "proto/statement.h"

/* A feed's id of nothing but zeroes has the form of one, is read, and is nothing that anybody would
 * write. */
static bool is_writable(const struct statement *statement) {
    for (size_t i = 0; i < statement->heads_n; i++)
        if (feed_id_is_zero(&statement->heads[i].feed))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct arena arena;
    struct statement statement, again;
    struct buffer out = {0};
    struct bytes bytes = {data, size};
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err read = DECODES(statement_decode(bytes, &arena, &statement));
    enum err verified = DECODES(statement_verify(bytes, &fuzz_keys(BIRK)->public.sign));
    HOLDS(statement_verify(bytes, &fuzz_keys(SKOLE)->public.sign) != OK || verified != OK);
    HOLDS(read != OK || statement.heads_n <= HEADS_PER_MESSAGE_MAX);
    if (read == OK && is_writable(&statement)) {
        HOLDS(statement_sign(&statement, &fuzz_keys(BIRK)->sign, &out) == OK);
        HOLDS(statement_verify(buffer_view(&out), &fuzz_keys(BIRK)->public.sign) == OK);
        arena.bytes_max = 2 * (size_t)DECODE_MEMORY_MAX;
        HOLDS(statement_decode(buffer_view(&out), &arena, &again) == OK);
        HOLDS(again.heads_n == statement.heads_n && again.waiting == statement.waiting &&
              again.counter == statement.counter);
    }
    arena_done(&arena);
    buffer_done(&out);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    return mutate_signed(data, size, size_max, SIGN_STATEMENT, &fuzz_keys(BIRK)->sign, &dice);
}
