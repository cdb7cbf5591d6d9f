/* Declaration sections: what relays may read too. PROTOCOL.md, "Declarations". */
#ifndef STAFET_PROTO_DECLARATION_H
#define STAFET_PROTO_DECLARATION_H

#include "arena.h"
#include "channel.h"
#include "key.h"
#include "seal.h"

struct birth {
    struct federation_id federation;
    struct channel channel;
    struct member_id author;
    struct incarnation incarnation;
    const struct version_name *closes;
    size_t closes_n;
};

struct founding {
    struct bytes record; /* the FoundingRecord's bytes: hashed to the federation id, signed by the root */
    struct signature signature;
    /* decoded from `record` */
    const char *name;
    struct sign_public root_sign;
    struct seal_public root_seal;
    struct member_id municipality;
    struct public_keys keys;
};

enum member_status { MEMBER_ACTIVE = 1, MEMBER_SUSPENDED = 2, MEMBER_REMOVED = 3 };

struct roster_entry {
    struct member_id member;
    uint32_t counter;
    enum role role;
    const char *name;
    enum member_status status;
    struct public_keys keys;
    const char *const *endpoints;
    size_t endpoints_n;
    struct transport_public ticket; /* zero: the founder */
};

struct grant {
    struct member_id member; /* zero: the federation's recovery key */
    uint8_t sealed[SEALED_KEY_SIZE];
};
struct epoch_declaration {
    struct channel_id channel;
    uint32_t number;
    struct epoch_public public_key;
    const struct grant *grants;
    size_t grants_n;
};

struct section_name {
    struct feed_id feed;
    uint64_t seq;
    uint16_t section;
};

struct cut {
    struct member_id member;
    const struct version_name *last;
    size_t last_n;
};

enum declaration_kind {
    DECLARATION_BIRTH = 1, DECLARATION_FOUNDING, DECLARATION_ENTRY, DECLARATION_EPOCH,
    DECLARATION_ERASURE, DECLARATION_CUT
};

struct declaration {
    enum declaration_kind kind;
    union {
        struct birth birth;
        struct founding founding;
        struct roster_entry entry;
        struct epoch_declaration epoch;
        struct { const struct section_name *sections; size_t sections_n; } erasure;
        struct cut cut;
    };
};

MUST_USE enum err declaration_encode(const struct declaration *, struct buffer *out);
/* ERR_FORMAT unless exactly one is set and whole; ERR_LIMIT; ERR_MEMORY. */
MUST_USE enum err declaration_decode(struct bytes, struct arena *, struct declaration *ret_declaration);

/* Signs a founding record made of `founding`'s name, municipality and keys, the root's public keys (which it fills in)
 * and `nonce`. The record's bytes are appended to `record`, which must outlive `founding` unchanged. */
MUST_USE enum err founding_sign(struct founding *founding, const struct incarnation *nonce,
                                const struct root_keys *, struct buffer *record);
/* ERR_SIGNATURE unless the root signed it. */
MUST_USE enum err founding_verify(const struct founding *);
struct federation_id founding_federation(const struct founding *);

#endif
