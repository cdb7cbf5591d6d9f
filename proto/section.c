#include "section.h"

#include "hash.h"
#include "limits.h"
#include <sodium.h>

enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    LENGTH_SIZE = 4,
    PLACE_SIZE = 32 + 8 + 2
};
_Static_assert(SECTION_SEALED_MAX == SECTION_PLAIN_MAX + NONCE_SIZE + TAG_SIZE, "limits.h");

struct hash section_hash(enum section_kind kind, struct bytes content) {
    uint8_t kind_byte = (uint8_t)kind;
    struct hasher h;
    hasher_init(&h, HASH_SECTION);
    hasher_add(&h, &kind_byte, 1);
    hasher_add(&h, content.data, content.size);
    return hasher_final(&h);
}

static void place_encode(const struct section_place *place, uint8_t ret_bytes[static PLACE_SIZE]) {
    memcpy(ret_bytes, place->feed.bytes, 32);
    put_u64(ret_bytes + 32, place->seq);
    put_u16(ret_bytes + 40, place->index);
}

size_t section_padded_size(size_t size) {
    static const size_t steps[] = {512, 2048, 8192};
    static const size_t whole = 32768;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (size <= steps[i])
            return steps[i];
    return (size + whole - 1) / whole * whole;
}

enum err section_seal(const struct content_key *key, const struct section_place *place,
                      struct bytes plain, bool pad, struct buffer *out) {
    if (plain.size > SECTION_CONTENT_MAX)
        return ERR_LIMIT;
    size_t size = LENGTH_SIZE + plain.size;
    size_t padded = pad ? section_padded_size(size) : size;
    uint8_t place_bytes[PLACE_SIZE], *nonce;
    enum err err = buffer_extend(out, NONCE_SIZE + padded + TAG_SIZE, &nonce);
    if (err != OK)
        return err;
    uint8_t *text = nonce + NONCE_SIZE;
    randombytes_buf(nonce, NONCE_SIZE);
    put_u32(text, (uint32_t)plain.size);
    if (plain.size > 0)
        memcpy(text + LENGTH_SIZE, plain.data, plain.size);
    memset(text + size, 0, padded - size);
    place_encode(place, place_bytes);
    /* In place: the plaintext never stands anywhere else. It can't fail below 256 GiB. */
    crypto_aead_xchacha20poly1305_ietf_encrypt(text, NULL, text, padded, place_bytes, PLACE_SIZE,
                                               NULL, nonce, key->bytes);
    return OK;
}

/* The plaintext within length and padding. Once it has been opened, nobody who could measure how
 * long the comparison takes learns anything. */
static enum err unpad(const uint8_t *text, size_t size, size_t *ret_size) {
    size_t plain = get_u32(text);
    if (plain > size - LENGTH_SIZE)
        return ERR_FORMAT;
    const uint8_t *padding = text + LENGTH_SIZE + plain;
    size_t padding_size = size - LENGTH_SIZE - plain;
    if (padding_size > 0 &&
        (padding[0] != 0 || memcmp(padding, padding + 1, padding_size - 1) != 0))
        return ERR_FORMAT;
    *ret_size = plain;
    return OK;
}

enum err section_open(const struct content_key *key, const struct section_place *place,
                      struct bytes sealed, struct buffer *out) {
    if (sealed.size > SECTION_SEALED_MAX)
        return ERR_LIMIT;
    if (sealed.size < NONCE_SIZE + TAG_SIZE + LENGTH_SIZE)
        return ERR_FORMAT;
    size_t before = out->size, size = sealed.size - NONCE_SIZE - TAG_SIZE, plain;
    uint8_t place_bytes[PLACE_SIZE], *text;
    enum err err = buffer_extend(out, size, &text);
    if (err != OK)
        return err;
    place_encode(place, place_bytes);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, sealed.data + NONCE_SIZE,
                                                   sealed.size - NONCE_SIZE, place_bytes,
                                                   PLACE_SIZE, sealed.data, key->bytes) != 0)
        err = ERR_SEAL;
    else
        err = unpad(text, size, &plain);
    if (err != OK) {
        sodium_memzero(text, size);
        out->size = before;
        return err;
    }
    memmove(text, text + LENGTH_SIZE, plain);
    sodium_memzero(text + plain, size - plain);
    out->size = before + plain;
    return OK;
}
