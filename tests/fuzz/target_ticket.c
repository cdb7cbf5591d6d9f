/* A ticket's text, as it comes out of a mail; also a seed's words, as they are typed from paper. */
#include "mutate.h"

#include "proto/hash.h"
#include "proto/ticket.h"
#include <stdlib.h>
#include <string.h>

enum { PREFIX = 7, CHECKSUM = 4, MESSAGE_MAX = TICKET_TEXT_MAX * 5 / 8 };

static void check(const struct ticket *ticket) {
    struct buffer once = {0}, twice = {0};
    struct arena arena;
    struct ticket again;
    arena_init(&arena, DECODE_MEMORY_MAX);
    HOLDS(ticket_encode(ticket, &once) == OK);
    HOLDS(ticket_decode((const char *)once.data, &arena, &again) == OK);
    HOLDS(ticket_encode(&again, &twice) == OK);
    HOLDS(bytes_equal(buffer_view(&once), buffer_view(&twice)));
    arena_done(&arena);
    buffer_done(&once);
    buffer_done(&twice);
}

static void check_words(const char *text) {
    struct seed seed, again;
    char words[WORDS_TEXT_MAX];
    if (words_to_seed(text, &seed) != OK)
        return;
    words_of_seed(&seed, words);
    HOLDS(words_to_seed(words, &again) == OK && memcmp(&seed, &again, sizeof seed) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct arena arena;
    struct ticket ticket;
    char *text = malloc(size + 1);
    HOLDS(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    arena_init(&arena, DECODE_MEMORY_MAX);
    if (DECODES(ticket_decode(text, &arena, &ticket)) == OK)
        check(&ticket);
    check_words(text);
    arena_done(&arena);
    free(text);
    return 0;
}

/* The message below the text; the checksum is made again. False: it isn't a ticket's text. */
static bool open_text(const uint8_t *data, size_t size, uint8_t *ret_message, size_t *ret_size) {
    if (size <= PREFIX || size > TICKET_TEXT_MAX || memcmp(data, "stafet1", PREFIX) != 0)
        return false;
    char text[TICKET_TEXT_MAX + 1];
    memcpy(text, data, size);
    text[size] = '\0';
    size_t length = strlen(text) - PREFIX, bytes = length * 5 / 8;
    if (bytes < CHECKSUM || base32_read(text + PREFIX, length, ret_message, bytes) != OK)
        return false;
    *ret_size = bytes - CHECKSUM;
    return true;
}

static size_t mutate_words(uint8_t *data, size_t size_max, struct dice *dice) {
    struct seed seed;
    char words[WORDS_TEXT_MAX];
    for (size_t i = 0; i < sizeof seed.bytes; i++)
        seed.bytes[i] = (uint8_t)dice_next(dice);
    words_of_seed(&seed, words);
    size_t size = strlen(words);
    if (size > size_max)
        return 0;
    memcpy(data, words, size);
    return dice_chance(dice, 50) ? LLVMFuzzerMutate(data, size, size_max) : size;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    uint8_t message[MESSAGE_MAX + CHECKSUM];
    size_t message_size;
    fuzz_begin();
    if (dice_chance(&dice, 2) && size_max > WORDS_TEXT_MAX)
        return mutate_words(data, size_max, &dice);
    if (dice_chance(&dice, 5) || !open_text(data, size, message, &message_size))
        return LLVMFuzzerMutate(data, size, size_max);
    message_size = mutate_message(message, message_size, MESSAGE_MAX - CHECKSUM, &dice);
    struct hash hash = hash_of(HASH_TICKET, message, message_size);
    memcpy(message + message_size, hash.bytes, CHECKSUM);
    message_size += CHECKSUM;
    char text[BASE32_LENGTH(sizeof message) + 1];
    base32_write(message, message_size, text);
    size_t length = strlen(text);
    if (PREFIX + length > size_max)
        return size;
    memcpy(data, "stafet1", PREFIX);
    memcpy(data + PREFIX, text, length);
    return PREFIX + length;
}
