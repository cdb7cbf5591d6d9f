/* BLAKE2b-256 with a personalisation per purpose, so that a hash made for one purpose is never
 * valid for another. PROTOCOL.md, "Hashes". RFC 7693. */
#ifndef STAFET_PROTO_HASH_H
#define STAFET_PROTO_HASH_H

#include "bytes.h"
#include "id.h"
#include <sodium.h>

/* X(name, personalisation: at most 16 bytes, zero-padded) */
#define HASH_PURPOSES(X)                                                                           \
    X(FEDERATION, "stafet1.found")                                                                 \
    X(CHANNEL, "stafet1.channel")                                                                  \
    X(FEED, "stafet1.feed")                                                                        \
    X(ENVELOPE, "stafet1.envelope")                                                                \
    X(SECTION, "stafet1.section")                                                                  \
    X(BODY, "stafet1.body")                                                                        \
    X(COMMITMENT, "stafet1.commit")                                                                \
    X(HEADS, "stafet1.heads")                                                                      \
    X(DIGEST, "stafet1.digest")                                                                    \
    X(CONFLICT, "stafet1.conflict")                                                                \
    X(REVISION, "stafet1.revision")                                                                \
    X(MARK, "stafet1.mark") /* keyed */                                                            \
    X(TICKET, "stafet1.ticket")                                                                    \
    X(ROOT, "stafet1.root")                                                                        \
    X(OWNER, "stafet1.owner")                                                                      \
    X(WORDS, "stafet1.words")                                                                      \
    X(STORE, "stafet1.store") /* digest of a replica's content, for comparing replicas */

enum hash_purpose {
#define X(name, text) HASH_##name,
    HASH_PURPOSES(X)
#undef X
};

struct hasher {
    crypto_generichash_blake2b_state state;
};

void hasher_init(struct hasher *, enum hash_purpose);
/* Keyed; key of 32 bytes. */
void hasher_init_keyed(struct hasher *, enum hash_purpose, const uint8_t key[static 32]);
void hasher_add(struct hasher *, const void *data, size_t size);
void hasher_add_u16(struct hasher *, uint16_t value); /* big-endian */
void hasher_add_u32(struct hasher *, uint32_t value); /* big-endian */
void hasher_add_u64(struct hasher *, uint64_t value); /* big-endian */
struct hash hasher_final(struct hasher *);

struct hash hash_of(enum hash_purpose, const void *data, size_t size);

#endif
