/* Keys: three pairs a node (signing Ed25519, sealing X25519, transport X25519 for CURVE), the federation's
 * offline root, and content keys. Secrets live in sodium_malloc memory or are wiped by their owner.
 * PROTOCOL.md, "Keys". */
#ifndef STAFET_PROTO_KEY_H
#define STAFET_PROTO_KEY_H

#include "bytes.h"
#include "id.h"

struct sign_public { uint8_t bytes[32]; };
struct sign_secret { uint8_t bytes[64]; };
struct seal_public { uint8_t bytes[32]; };
struct seal_secret { uint8_t bytes[32]; };
struct transport_public { uint8_t bytes[32]; };
struct transport_secret { uint8_t bytes[32]; };
struct content_key { uint8_t bytes[32]; };
struct signature { uint8_t bytes[64]; };
struct seed { uint8_t bytes[32]; };

/* What the roster says of a member's keys. */
struct public_keys {
    struct sign_public sign;
    struct seal_public seal;
    struct transport_public transport;
};

/* A node's own pairs, derived from one seed. */
struct node_keys {
    struct public_keys public;
    struct sign_secret sign;
    struct seal_secret seal;
    struct transport_secret transport;
    uint8_t rest[32]; /* seals sensitive values at rest; never leaves the home */
};

/* Call once before anything else in proto. ERR_INTERNAL when libsodium refuses. Idempotent. */
MUST_USE enum err key_library_init(void);

struct seed seed_new(void);
/* Fills `ret_keys` from `seed`. The caller wipes it (sodium_memzero) or keeps it in sodium_malloc memory. */
MUST_USE enum err node_keys_derive(const struct seed *seed, struct node_keys *ret_keys);

/* The offline root: signs the founding record, and receives grants of the municipality's epochs. */
struct root_keys {
    struct sign_public sign_public;
    struct sign_secret sign;
    struct seal_public seal_public;
    struct seal_secret seal;
};
MUST_USE enum err root_keys_derive(const struct seed *seed, struct root_keys *ret_keys);

/* The one-time CURVE client pair of a ticket. */
MUST_USE enum err ticket_keys_derive(const struct seed *secret, struct transport_public *ret_public,
                                     struct transport_secret *ret_secret);

/* Ed25519 over `prefix` with its terminating NUL, then `message`. `prefix` is one of the SIGN_ below. */
#define SIGN_ENVELOPE "stafet/v1/envelope"
#define SIGN_FOUNDING "stafet/v1/founding"
#define SIGN_STATEMENT "stafet/v1/statement"
#define SIGN_JOIN "stafet/v1/join"
MUST_USE enum err key_sign(const struct sign_secret *, const char *prefix, struct bytes message,
                           struct signature *ret_signature);
/* ERR_SIGNATURE when it does not match. */
MUST_USE enum err key_verify(const struct sign_public *, const char *prefix, struct bytes message,
                             const struct signature *);

/* Words for the telephone and for paper: proquints, 16 bits each as consonant-vowel-consonant-vowel-
 * consonant (D. S. Wilkerson, "A Proposal for Proquints", arXiv:0901.4016). */
enum { WORDS_TEXT_MAX = 128 };
/* 32 bytes and a 16-bit checksum: 17 words, separated by '-'. */
void words_of_seed(const struct seed *, char ret_words[static WORDS_TEXT_MAX]);
/* Separated by '-' or white space, any case. ERR_FORMAT: not words; ERR_HASH: a mistyped word. */
MUST_USE enum err words_to_seed(const char *words, struct seed *ret_seed);
/* A fingerprint of 5 words (80 bits) of `keys`, for comparing by telephone. */
void words_of_keys(const struct public_keys *keys, char ret_words[static WORDS_TEXT_MAX]);

#endif
