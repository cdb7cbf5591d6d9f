/* Frames: what goes over a session, one ZeroMQ payload frame each. The first byte is the type, the rest the
 * protobuf message of stafet.proto. PROTOCOL.md, "Frames". */
#ifndef STAFET_PROTO_MESSAGE_H
#define STAFET_PROTO_MESSAGE_H

#include "arena.h"
#include "bytes.h"
#include "header.h"
#include "id.h"
#include "ticket.h"

enum { PROTOCOL_VERSION = 1 };

enum message_kind {
    MESSAGE_HELLO = 1, MESSAGE_ROSTER = 2, MESSAGE_DIGEST = 3, MESSAGE_HEADS = 4, MESSAGE_PULL = 5,
    MESSAGE_RUN = 6, MESSAGE_NOT_HERE = 7, MESSAGE_CREDIT = 8, MESSAGE_STATEMENT = 9, MESSAGE_PROOF = 10,
    MESSAGE_JOIN = 11, MESSAGE_JOINED = 12, MESSAGE_PENDING = 13, MESSAGE_ERROR = 14, MESSAGE_BYE = 15,
    MESSAGE_ADDRESS = 16
};
const char *message_kind_name(enum message_kind);

struct message_hello {
    uint32_t version_min, version_max, schema;
    struct federation_id federation;
    struct member_id member;
    uint64_t instance;
    uint64_t roster_seq;
    struct id8 roster_id8;
    struct hash digest;
    uint32_t credit;
    uint64_t statements; /* first 8 bytes of the hash over the statements that both may hold */
    uint64_t proofs;     /* likewise over the forked feeds; 0: none is known */
};
struct message_roster { struct feed_id feed; uint64_t seq; struct id8 id8; };
struct channel_digest { struct channel_id channel; struct hash digest; };
struct message_digest { const struct channel_digest *channels; size_t channels_n; bool more; };
struct message_heads { struct channel_id channel; const struct version_name *heads; size_t heads_n; bool more; };
struct message_pull { struct feed_id feed; uint64_t after; struct id8 id8; uint32_t bytes; };
struct message_run { struct feed_id feed; uint64_t after, head; struct bytes envelopes; };
/* Reasons: ERR_NOT_FOUND no such feed or entry; ERR_DENIED; ERR_CHAIN `after` is not in this feed here. */
struct message_not_here { struct feed_id feed; uint64_t after; enum err reason; };
struct message_credit { struct feed_id feed; uint32_t bytes; };
/* Two signed headers with one number. Where the author's signature under one is none, its branch goes on to a header whose
 * signature covers it: whole signed headers, one after another. */
struct message_proof {
    struct feed_id feed;
    uint8_t first[SIGNED_HEADER_SIZE], second[SIGNED_HEADER_SIZE];
    struct bytes first_on, second_on;
};
struct message_join { struct join_request request; struct bytes body; struct signature signature; };
struct message_joined { struct member_id member; uint64_t roster_seq; struct id8 roster_id8; };
/* What the sender's roster entry shall say: where it is dialled; none: it only dials out. */
struct message_address { const char *const *endpoints; size_t endpoints_n; };
struct message_error { enum err code; const char *text; struct feed_id feed; };

struct message {
    enum message_kind kind;
    union {
        struct message_hello hello;
        struct message_roster roster;
        struct message_digest digest;
        struct message_heads heads;
        struct message_pull pull;
        struct message_run run;
        struct message_not_here not_here;
        struct message_credit credit;
        struct bytes statement; /* as statement.h reads it */
        struct message_proof proof;
        struct message_join join;
        struct message_joined joined;
        const char *text; /* PENDING, BYE */
        struct message_error error;
        struct message_address address;
    };
};

/* Appends. For JOIN, `join.body` and `join.signature` come from join_sign. */
MUST_USE enum err message_encode(const struct message *, struct buffer *out);
/* Decoded values point into `bytes` or the arena. ERR_FORMAT, ERR_LIMIT, ERR_MEMORY. ERR_VERSION: a frame type that
 * this version doesn't know, to be ignored. A JOIN's signature has been checked against the signing key it brings
 * (ERR_SIGNATURE); no other signature has. */
MUST_USE enum err message_decode(struct bytes, struct arena *, struct message *ret_message);

/* Encodes and signs `join->request` into `body` (which must outlive `join`). */
MUST_USE enum err join_sign(struct message_join *join, const struct sign_secret *, struct buffer *body);

#endif
