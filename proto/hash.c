#include "hash.h"

#include <stdlib.h>

enum { PERSONAL_SIZE = crypto_generichash_blake2b_PERSONALBYTES };

static const char personal[][PERSONAL_SIZE + 1] = {
/* NOLINTNEXTLINE(bugprone-macro-parentheses): an array begins with no text in parentheses */
#define X(name, text) [HASH_##name] = text,
    HASH_PURPOSES(X)
#undef X
};

static void init(struct hasher *h, enum hash_purpose purpose, const uint8_t *key, size_t key_size) {
    if (crypto_generichash_blake2b_init_salt_personal(
            &h->state, key, key_size, sizeof(struct hash), NULL,
            (const unsigned char *)personal[purpose]) != 0)
        abort(); /* only for sizes out of range, which these are not */
}

void hasher_init(struct hasher *h, enum hash_purpose purpose) {
    init(h, purpose, NULL, 0);
}

void hasher_init_keyed(struct hasher *h, enum hash_purpose purpose, const uint8_t key[static 32]) {
    init(h, purpose, key, 32);
}

void hasher_add(struct hasher *h, const void *data, size_t size) {
    if (size > 0 && crypto_generichash_blake2b_update(&h->state, data, size) != 0)
        abort();
}

void hasher_add_u16(struct hasher *h, uint16_t value) {
    uint8_t bytes[2];
    put_u16(bytes, value);
    hasher_add(h, bytes, sizeof bytes);
}

void hasher_add_u32(struct hasher *h, uint32_t value) {
    uint8_t bytes[4];
    put_u32(bytes, value);
    hasher_add(h, bytes, sizeof bytes);
}

void hasher_add_u64(struct hasher *h, uint64_t value) {
    uint8_t bytes[8];
    put_u64(bytes, value);
    hasher_add(h, bytes, sizeof bytes);
}

struct hash hasher_final(struct hasher *h) {
    struct hash hash;
    if (crypto_generichash_blake2b_final(&h->state, hash.bytes, sizeof hash.bytes) != 0)
        abort();
    return hash;
}

struct hash hash_of(enum hash_purpose purpose, const void *data, size_t size) {
    struct hasher h;
    hasher_init(&h, purpose);
    hasher_add(&h, data, size);
    return hasher_final(&h);
}
