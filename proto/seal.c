#include "seal.h"

#include "hash.h"
#include <sodium.h>

_Static_assert(SEALED_KEY_SIZE == 32 + crypto_box_SEALBYTES,
               "a sealed key is what crypto_box_seal makes");
_Static_assert(SEAL_BLOCK_SIZE == 32 + SEALED_KEY_SIZE + 32, "PROTOCOL.md, \"Seal block\"");

void seal_block_encode(const struct seal_block *block, uint8_t ret_bytes[static SEAL_BLOCK_SIZE]) {
    memcpy(ret_bytes, block->epoch.bytes, 32);
    memcpy(ret_bytes + 32, block->sealed_key, SEALED_KEY_SIZE);
    memcpy(ret_bytes + 32 + SEALED_KEY_SIZE, block->commitment.bytes, 32);
}

void seal_block_decode(const uint8_t bytes[static SEAL_BLOCK_SIZE], struct seal_block *ret_block) {
    memcpy(ret_block->epoch.bytes, bytes, 32);
    memcpy(ret_block->sealed_key, bytes + 32, SEALED_KEY_SIZE);
    memcpy(ret_block->commitment.bytes, bytes + 32 + SEALED_KEY_SIZE, 32);
}

static struct hash commitment_of(const struct content_key *key) {
    return hash_of(HASH_COMMITMENT, key->bytes, sizeof key->bytes);
}

enum err seal_block_new(const struct epoch_public *epoch, struct content_key *ret_key,
                        struct seal_block *ret_block) {
    struct content_key key;
    struct seal_block block = {.epoch = *epoch};
    enum err err = ERR_SEAL; /* a public key of small order yields no secret */
    randombytes_buf(key.bytes, sizeof key.bytes);
    block.commitment = commitment_of(&key);
    if (crypto_box_seal(block.sealed_key, key.bytes, sizeof key.bytes, epoch->bytes) == 0) {
        *ret_key = key;
        *ret_block = block;
        err = OK;
    }
    sodium_memzero(&key, sizeof key);
    return err;
}

enum err seal_block_open(const struct seal_block *block, const struct epoch_public *public,
                         const struct epoch_secret *secret, struct content_key *ret_key) {
    if (memcmp(block->epoch.bytes, public->bytes, sizeof public->bytes) != 0)
        return ERR_KEY;
    struct content_key key;
    enum err err = ERR_SEAL;
    if (crypto_box_seal_open(key.bytes, block->sealed_key, SEALED_KEY_SIZE, public->bytes,
                             secret->bytes) == 0) {
        struct hash commitment = commitment_of(&key);
        if (sodium_memcmp(commitment.bytes, block->commitment.bytes, sizeof commitment.bytes) ==
            0) {
            *ret_key = key;
            err = OK;
        }
    }
    sodium_memzero(&key, sizeof key);
    return err;
}

enum err epoch_new(struct epoch_public *ret_public, struct epoch_secret *ret_secret) {
    struct epoch_secret secret;
    struct epoch_public public;
    enum err err = ERR_INTERNAL;
    randombytes_buf(secret.bytes, sizeof secret.bytes);
    if (crypto_scalarmult_base(public.bytes, secret.bytes) == 0) {
        *ret_public = public;
        *ret_secret = secret;
        err = OK;
    }
    sodium_memzero(&secret, sizeof secret);
    return err;
}

enum err grant_seal(const struct epoch_secret *secret, const struct seal_public *reader,
                    uint8_t ret_sealed[static SEALED_KEY_SIZE]) {
    uint8_t sealed[SEALED_KEY_SIZE];
    if (crypto_box_seal(sealed, secret->bytes, sizeof secret->bytes, reader->bytes) != 0)
        return ERR_SEAL;
    memcpy(ret_sealed, sealed, sizeof sealed);
    return OK;
}

enum err grant_open(const uint8_t sealed[static SEALED_KEY_SIZE], const struct seal_public *reader,
                    const struct seal_secret *reader_secret, const struct epoch_public *epoch,
                    struct epoch_secret *ret_secret) {
    struct epoch_secret secret;
    struct epoch_public public;
    enum err err = ERR_SEAL;
    if (crypto_box_seal_open(secret.bytes, sealed, SEALED_KEY_SIZE, reader->bytes,
                             reader_secret->bytes) == 0 &&
        crypto_scalarmult_base(public.bytes, secret.bytes) == 0 &&
        memcmp(public.bytes, epoch->bytes, sizeof public.bytes) == 0) {
        *ret_secret = secret;
        err = OK;
    }
    sodium_memzero(&secret, sizeof secret);
    return err;
}
