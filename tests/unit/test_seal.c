#include "paper.h"
#include <sodium.h>

TEST(a_seal_block_opens_for_the_epochs_secret_alone) {
    struct epoch_public epoch, other;
    struct epoch_secret secret, other_secret;
    struct content_key key, opened;
    struct seal_block block, back;
    uint8_t bytes[SEAL_BLOCK_SIZE];
    assert_ok(epoch_new(&epoch, &secret));
    assert_ok(epoch_new(&other, &other_secret));
    assert_ok(seal_block_new(&epoch, &key, &block));
    seal_block_encode(&block, bytes);
    seal_block_decode(bytes, &back);
    assert_memory_equal(&block, &back, sizeof block);
    assert_ok(seal_block_open(&back, &epoch, &secret, &opened));
    assert_memory_equal(key.bytes, opened.bytes, 32);
    assert_err(ERR_KEY, seal_block_open(&back, &other, &other_secret, &opened));
    assert_err(ERR_SEAL, seal_block_open(&back, &epoch, &other_secret, &opened));
}

TEST(any_changed_byte_of_a_seal_block_is_noticed) {
    struct epoch_public epoch;
    struct epoch_secret secret;
    struct content_key key, opened;
    struct seal_block block;
    uint8_t bytes[SEAL_BLOCK_SIZE];
    assert_ok(epoch_new(&epoch, &secret));
    assert_ok(seal_block_new(&epoch, &key, &block));
    seal_block_encode(&block, bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        struct seal_block changed;
        bytes[i] ^= 1;
        seal_block_decode(bytes, &changed);
        assert_err(i < 32 ? ERR_KEY : ERR_SEAL,
                   seal_block_open(&changed, &epoch, &secret, &opened));
        bytes[i] ^= 1;
    }
}

TEST(a_key_sealed_against_its_commitment_does_not_open) {
    struct epoch_public epoch;
    struct epoch_secret secret;
    struct content_key key, opened;
    struct seal_block one, two;
    assert_ok(epoch_new(&epoch, &secret));
    assert_ok(seal_block_new(&epoch, &key, &one));
    assert_ok(seal_block_new(&epoch, &key, &two));
    one.commitment = two.commitment;
    assert_err(ERR_SEAL, seal_block_open(&one, &epoch, &secret, &opened));
}

TEST(nothing_is_sealed_to_a_key_of_small_order) {
    struct epoch_public zero = {{0}};
    struct seal_public reader = {{0}};
    struct epoch_secret secret = {{1}};
    struct content_key key;
    struct seal_block block;
    uint8_t sealed[SEALED_KEY_SIZE];
    assert_err(ERR_SEAL, seal_block_new(&zero, &key, &block));
    assert_err(ERR_SEAL, grant_seal(&secret, &reader, sealed));
}

TEST(a_grant_opens_for_its_reader_alone) {
    struct node_keys school = keys_of('s'), other = keys_of('o');
    struct epoch_public epoch;
    struct epoch_secret secret, opened;
    uint8_t sealed[SEALED_KEY_SIZE];
    assert_ok(epoch_new(&epoch, &secret));
    assert_ok(grant_seal(&secret, &school.public.seal, sealed));
    assert_ok(grant_open(sealed, &school.public.seal, &school.seal, &epoch, &opened));
    assert_memory_equal(secret.bytes, opened.bytes, 32);
    assert_err(ERR_SEAL, grant_open(sealed, &other.public.seal, &other.seal, &epoch, &opened));
    sealed[50] ^= 1;
    assert_err(ERR_SEAL, grant_open(sealed, &school.public.seal, &school.seal, &epoch, &opened));
}

TEST(a_granted_secret_must_yield_the_epochs_public_key) {
    struct node_keys school = keys_of('s');
    struct epoch_public epoch, other;
    struct epoch_secret secret, other_secret, opened;
    uint8_t sealed[SEALED_KEY_SIZE];
    assert_ok(epoch_new(&epoch, &secret));
    assert_ok(epoch_new(&other, &other_secret));
    assert_ok(grant_seal(&other_secret, &school.public.seal, sealed));
    assert_err(ERR_SEAL, grant_open(sealed, &school.public.seal, &school.seal, &epoch, &opened));
}

RUN_TESTS(T(a_seal_block_opens_for_the_epochs_secret_alone),
          T(any_changed_byte_of_a_seal_block_is_noticed),
          T(a_key_sealed_against_its_commitment_does_not_open),
          T(nothing_is_sealed_to_a_key_of_small_order), T(a_grant_opens_for_its_reader_alone),
          T(a_granted_secret_must_yield_the_epochs_public_key))
