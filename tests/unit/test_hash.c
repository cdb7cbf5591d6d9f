#include "paper.h"
#include "proto/hash.h"

/* From hashlib.blake2b(b"abc", digest_size=32, person=b"stafet1.section"). */
static const uint8_t SECTION_ABC[32] = {
    0x3a, 0x2b, 0x4b, 0x87, 0x81, 0x76, 0x0e, 0x1b, 0x40, 0x70, 0xde, 0xd3, 0x9f, 0x29, 0xcd, 0x4a,
    0x4b, 0x84, 0x41, 0xfa, 0xc7, 0x07, 0xf4, 0x67, 0x71, 0x7d, 0xe3, 0xbf, 0xad, 0xd1, 0x3c, 0x7f};

TEST(purposes_give_different_hashes_of_the_same_bytes) {
    struct hash hashes[] = {
#define X(name, text) hash_of(HASH_##name, "abc", 3),
        HASH_PURPOSES(X)
#undef X
    };
    size_t n = sizeof hashes / sizeof hashes[0];
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            assert_false(hash_equal(&hashes[i], &hashes[k]));
}

TEST(the_personalisation_is_the_text_padded_with_zeroes) {
    struct hash hash = hash_of(HASH_SECTION, "abc", 3);
    assert_memory_equal(hash.bytes, SECTION_ABC, sizeof SECTION_ABC);
}

TEST(pieces_hash_like_the_whole) {
    struct hasher h;
    hasher_init(&h, HASH_BODY);
    hasher_add_u16(&h, 0x6162);
    hasher_add(&h, NULL, 0);
    hasher_add_u64(&h, 0x636465666768696a);
    hasher_add(&h, "k", 1);
    struct hash pieces = hasher_final(&h), whole = hash_of(HASH_BODY, "abcdefghijk", 11);
    assert_true(hash_equal(&pieces, &whole));
}

TEST(a_key_makes_another_hash) {
    uint8_t key[32] = {1};
    struct hasher h;
    hasher_init_keyed(&h, HASH_MARK, key);
    hasher_add(&h, "abc", 3);
    struct hash keyed = hasher_final(&h), plain = hash_of(HASH_MARK, "abc", 3);
    assert_false(hash_equal(&keyed, &plain));
}

RUN_TESTS(T(purposes_give_different_hashes_of_the_same_bytes),
          T(the_personalisation_is_the_text_padded_with_zeroes), T(pieces_hash_like_the_whole),
          T(a_key_makes_another_hash))
