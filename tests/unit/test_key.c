#include "paper.h"

/* Order of the base point, little-endian: S + L is the same scalar in a form that is not canonical.
 */
static const uint8_t L[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7,
                              0xa2, 0xde, 0xf9, 0xde, 0x14, 0,    0,    0,    0,    0,    0,
                              0,    0,    0,    0,    0,    0,    0,    0,    0,    0x10};

static void add_order(uint8_t s[static 32]) {
    unsigned carry = 0;
    for (int i = 0; i < 32; i++) {
        carry += (unsigned)s[i] + L[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

TEST(keys_are_a_function_of_the_seed_and_all_differ) {
    struct node_keys a = keys_of('a'), again = keys_of('a'), b = keys_of('b');
    assert_memory_equal(&a, &again, sizeof a);
    assert_memory_not_equal(a.public.sign.bytes, b.public.sign.bytes, 32);
    assert_memory_not_equal(a.seal.bytes, a.transport.bytes, 32);
    assert_memory_not_equal(a.seal.bytes, a.rest, 32);
    assert_memory_not_equal(a.seal.bytes, a.sign.bytes, 32);
    struct seed one = seed_new(), two = seed_new();
    assert_memory_not_equal(one.bytes, two.bytes, 32);
}

TEST(a_signature_holds_for_its_key_prefix_and_message_alone) {
    struct node_keys a = keys_of('a'), b = keys_of('b');
    struct signature signature;
    assert_ok(key_sign(&a.sign, SIGN_STATEMENT, text("message"), &signature));
    assert_ok(key_verify(&a.public.sign, SIGN_STATEMENT, text("message"), &signature));
    assert_err(ERR_SIGNATURE,
               key_verify(&b.public.sign, SIGN_STATEMENT, text("message"), &signature));
    assert_err(ERR_SIGNATURE, key_verify(&a.public.sign, SIGN_JOIN, text("message"), &signature));
    assert_err(ERR_SIGNATURE,
               key_verify(&a.public.sign, SIGN_STATEMENT, text("massage"), &signature));
    signature.bytes[40] ^= 1;
    assert_err(ERR_SIGNATURE,
               key_verify(&a.public.sign, SIGN_STATEMENT, text("message"), &signature));
}

TEST(long_and_empty_messages_are_signed_too) {
    struct node_keys a = keys_of('a');
    struct signature signature;
    uint8_t *longest = calloc(1, MESSAGE_SIZE_MAX);
    struct bytes messages[] = {
        {NULL, 0}, {longest, 236}, {longest, 237}, {longest, 238}, {longest, MESSAGE_SIZE_MAX}};
    assert_non_null(longest);
    for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
        assert_ok(key_sign(&a.sign, SIGN_STATEMENT, messages[i], &signature));
        assert_ok(key_verify(&a.public.sign, SIGN_STATEMENT, messages[i], &signature));
    }
    free(longest);
}

TEST(a_signature_whose_s_is_not_canonical_is_refused) {
    struct node_keys a = keys_of('a');
    struct signature signature;
    assert_ok(key_sign(&a.sign, SIGN_ENVELOPE, text("message"), &signature));
    add_order(signature.bytes + 32);
    assert_err(ERR_SIGNATURE,
               key_verify(&a.public.sign, SIGN_ENVELOPE, text("message"), &signature));
}

TEST(public_keys_of_small_order_are_refused) {
    static const uint8_t points[][32] = {
        {1}, /* the neutral element: R = neutral, S = 0 would verify anything */
        {0},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        struct sign_public public;
        struct signature signature = {{1}}; /* R neutral, S zero */
        memcpy(public.bytes, points[i], 32);
        assert_err(ERR_SIGNATURE, key_verify(&public, SIGN_ENVELOPE, text("message"), &signature));
    }
}

TEST(a_tickets_pair_comes_from_its_secret_alone) {
    struct seed secret;
    struct transport_public public, other;
    struct transport_secret key;
    memset(secret.bytes, 't', sizeof secret.bytes);
    assert_ok(ticket_keys_derive(&secret, &public, &key));
    secret.bytes[0] ^= 1;
    assert_ok(ticket_keys_derive(&secret, &other, &key));
    assert_memory_not_equal(public.bytes, other.bytes, 32);
}

TEST(root_and_node_of_one_seed_share_no_key) {
    struct seed seed;
    struct root_keys root;
    memset(seed.bytes, 'a', sizeof seed.bytes);
    struct node_keys node = keys_of('a');
    assert_ok(root_keys_derive(&seed, &root));
    assert_memory_not_equal(root.sign_public.bytes, node.public.sign.bytes, 32);
    assert_memory_not_equal(root.seal_public.bytes, node.public.seal.bytes, 32);
}

RUN_TESTS(T(keys_are_a_function_of_the_seed_and_all_differ),
          T(a_signature_holds_for_its_key_prefix_and_message_alone),
          T(long_and_empty_messages_are_signed_too),
          T(a_signature_whose_s_is_not_canonical_is_refused),
          T(public_keys_of_small_order_are_refused), T(a_tickets_pair_comes_from_its_secret_alone),
          T(root_and_node_of_one_seed_share_no_key))
