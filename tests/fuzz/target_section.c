/* A sealed section: its nonce and ciphertext, or anything. Only what was sealed with this key for
 * this place opens; what opens had its length, and zeroes after it. */
#include "mutate.h"

#include "proto/section.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { NONCE = 24, TAG = 16, PLACE = 32 + 8 + 2 };

static const struct content_key key = {{7}};
static const struct section_place here = {.feed = {{1}}, .seq = 5, .index = 2};

static void place_bytes(const struct section_place *place, uint8_t ret_bytes[static PLACE]) {
    memcpy(ret_bytes, place->feed.bytes, 32);
    put_u64(ret_bytes + 32, place->seq);
    put_u16(ret_bytes + 40, place->index);
}

/* False: the seal does not hold. */
static bool unseal(const uint8_t *data, size_t size, uint8_t *ret_plain) {
    uint8_t place[PLACE];
    place_bytes(&here, place);
    return size >= NONCE + TAG && crypto_aead_xchacha20poly1305_ietf_decrypt(
                                      ret_plain, NULL, NULL, data + NONCE, size - NONCE, place,
                                      sizeof place, data, key.bytes) == 0;
}

static void check(const uint8_t *data, size_t size, struct bytes opened) {
    uint8_t *plain = calloc(1, size);
    HOLDS(plain != NULL && unseal(data, size, plain));
    size_t padded = size - NONCE - TAG;
    HOLDS(padded >= 4 && get_u32(plain) == opened.size && opened.size + 4 <= padded);
    HOLDS(opened.size == 0 || memcmp(plain + 4, opened.data, opened.size) == 0);
    for (size_t i = 4 + opened.size; i < padded; i++)
        HOLDS(plain[i] == 0);
    free(plain);
}

static void check_sealing(struct bytes plain) {
    for (int pad = 0; pad < 2; pad++) {
        struct buffer sealed = {0}, opened = {0};
        struct section_place there = here;
        HOLDS(section_seal(&key, &here, plain, pad, &sealed) == OK);
        HOLDS(section_open(&key, &here, buffer_view(&sealed), &opened) == OK);
        HOLDS(bytes_equal(buffer_view(&opened), plain));
        there.index++;
        HOLDS(section_open(&key, &there, buffer_view(&sealed), &opened) == ERR_SEAL);
        HOLDS(!pad || sealed.size == section_padded_size(plain.size + 4) + NONCE + TAG);
        buffer_done(&sealed);
        buffer_done(&opened);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_begin();
    struct buffer opened = {0};
    enum err e = DECODES(section_open(&key, &here, (struct bytes){data, size}, &opened));
    if (e == OK)
        check(data, size, buffer_view(&opened));
    else
        HOLDS(opened.size == 0 && (e == ERR_SEAL || e == ERR_FORMAT || e == ERR_LIMIT));
    if (size <= 4096)
        check_sealing((struct bytes){data, size});
    buffer_done(&opened);
    return 0;
}

/* Changes length, content and padding below the seal. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed) {
    struct dice dice = {seed};
    fuzz_begin();
    if (dice_chance(&dice, 10) || size_max < NONCE + TAG + 512)
        return LLVMFuzzerMutate(data, size, size_max);
    size_t plain_max = size_max - NONCE - TAG,
           plain_size = size >= NONCE + TAG ? size - NONCE - TAG : 0;
    uint8_t *plain = calloc(1, size_max), place[PLACE];
    HOLDS(plain != NULL);
    if (!unseal(data, size, plain))
        plain_size = 0;
    if (plain_size < 4)
        plain_size = 4;
    switch (dice_below(&dice, 4)) {
    case 0:
        put_u32(plain, (uint32_t)(plain_size - 4 - dice_below(&dice, 3)));
        break;
    case 1:
        plain_size = dice_chance(&dice, 50) ? 512 : 4 + dice_below(&dice, 600);
        plain_size = plain_size > plain_max ? plain_max : plain_size;
        break;
    default:
        plain_size = LLVMFuzzerMutate(plain, plain_size, plain_max);
    }
    place_bytes(&here, place);
    memset(data, 9, NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(data + NONCE, NULL, plain, plain_size, place,
                                               sizeof place, NULL, data, key.bytes);
    free(plain);
    return plain_size + NONCE + TAG;
}
