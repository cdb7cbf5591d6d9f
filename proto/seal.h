/* Epochs, grants and seal blocks: how a content key reaches a channel's readers and nobody else.
 * PROTOCOL.md, "Seal block", "Epochs and grants". */
#ifndef STAFET_PROTO_SEAL_H
#define STAFET_PROTO_SEAL_H

#include "bytes.h"
#include "key.h"

enum { SEALED_KEY_SIZE = 80, SEAL_BLOCK_SIZE = 144 };

/* An epoch is an X25519 pair, named by its public key. */
struct epoch_public { uint8_t bytes[32]; };
struct epoch_secret { uint8_t bytes[32]; };

struct seal_block {
    struct epoch_public epoch;
    uint8_t sealed_key[SEALED_KEY_SIZE];
    struct hash commitment; /* of the content key: the AEAD does not commit to its key by itself */
};
void seal_block_encode(const struct seal_block *, uint8_t ret_bytes[static SEAL_BLOCK_SIZE]);
void seal_block_decode(const uint8_t bytes[static SEAL_BLOCK_SIZE], struct seal_block *ret_block);

/* A fresh content key and its seal block. */
MUST_USE enum err seal_block_new(const struct epoch_public *, struct content_key *ret_key,
                                 struct seal_block *ret_block);
/* ERR_KEY: another epoch; ERR_SEAL: does not open, or against its commitment. */
MUST_USE enum err seal_block_open(const struct seal_block *, const struct epoch_public *,
                                  const struct epoch_secret *, struct content_key *ret_key);

MUST_USE enum err epoch_new(struct epoch_public *ret_public, struct epoch_secret *ret_secret);
/* An epoch's secret for one reader. */
MUST_USE enum err grant_seal(const struct epoch_secret *, const struct seal_public *reader,
                             uint8_t ret_sealed[static SEALED_KEY_SIZE]);
/* ERR_SEAL: not for this key, or the secret does not yield `epoch`. */
MUST_USE enum err grant_open(const uint8_t sealed[static SEALED_KEY_SIZE],
                             const struct seal_public *reader, const struct seal_secret *,
                             const struct epoch_public *epoch, struct epoch_secret *ret_secret);

#endif
