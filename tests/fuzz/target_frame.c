/* A frame as it comes over the network. What is read can be written, and is read back as the same.
 */
#include "mutate.h"

#include "proto/message.h"
#include "proto/statement.h"
#include <string.h>

static void check(const struct message *message) {
    struct buffer once = {0}, twice = {0};
    struct arena arena;
    struct message again;
    HOLDS(message_encode(message, &once) == OK);
    arena_init(&arena, arena_cap_for(once.size));
    HOLDS(message_decode(buffer_view(&once), &arena, &again) == OK && again.kind == message->kind);
    HOLDS(message_encode(&again, &twice) == OK);
    HOLDS(bytes_equal(buffer_view(&once), buffer_view(&twice)));
    arena_done(&arena);
    buffer_done(&once);
    buffer_done(&twice);
}

/* A feed's id of nothing but zeroes has the form of one, is read, and is nothing that anybody would
 * write. */
static bool is_writable(const struct message *message) {
    for (size_t i = 0; message->kind == MESSAGE_HEADS && i < message->heads.heads_n; i++)
        if (feed_id_is_zero(&message->heads.heads[i].feed))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct arena arena;
    struct message message;
    arena_init(&arena, arena_cap_for(size));
    if (DECODES(message_decode((struct bytes){data, size}, &arena, &message)) == OK &&
        is_writable(&message))
        check(&message);
    arena_done(&arena);
    return 0;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    if (size < 2 || size_max < 2 || dice_chance(&dice, 3))
        return LLVMFuzzerMutate(data, size, size_max);
    if (dice_chance(&dice, 3))
        data[0] = (uint8_t)dice_below(&dice, 18);
    if (data[0] == MESSAGE_JOIN || data[0] == MESSAGE_STATEMENT)
        return 1 + mutate_signed(data + 1, size - 1, size_max - 1,
                                 data[0] == MESSAGE_JOIN ? SIGN_JOIN : SIGN_STATEMENT,
                                 &fuzz_keys(SKOLE)->sign, &dice);
    return 1 + mutate_message(data + 1, size - 1, size_max - 1, &dice);
}
