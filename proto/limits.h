/* Every limit of the protocol, in one place. PROTOCOL.md, "Limits". Sizes in bytes. */
#ifndef STAFET_PROTO_LIMITS_H
#define STAFET_PROTO_LIMITS_H

#include <stdint.h>

#define KIB(n) ((size_t)(n) * 1024)

#define ENVELOPE_SIZE_MAX KIB(512)
#define MESSAGE_SIZE_MAX KIB(576)
#define RUN_SIZE_MAX KIB(560) /* leaves room for the frame around it */
#define SECTION_PLAIN_MAX KIB(256)
#define SECTION_SEALED_MAX (SECTION_PLAIN_MAX + 24 + 16)
#define SECTIONS_MAX 1024
#define FIELDS_PER_RECORD_MAX 1024
#define WRITES_PER_CHANGE_SET_MAX 4096
#define REPLACES_PER_WRITE_MAX 256
#define ANSWERS_PER_BATCH_MAX 4096
#define DECODE_MEMORY_MAX KIB(4096)
#define UNKNOWN_FIELDS_MAX 64 /* protobuf fields that the schema does not know, in one message and all within */
#define CREDIT_PER_PEER_MAX KIB(4096)
#define MEMBERS_MAX 10000
#define FEEDS_PER_CHANNEL_MAX 1024 /* of one author: its incarnations there */
#define FEEDS_PER_AUTHOR_MAX 16384 /* in all channels */
#define PROOFS_PER_AUTHOR_MAX KIB(1024) /* of signed headers that its forks' proofs go on with */
#define BYTES_PER_AUTHOR_MAX (UINT64_C(4) << 30) /* of envelopes, in all of them; its own node is not held to it */
#define HEADS_PER_MESSAGE_MAX 4096
#define CHANNELS_PER_MESSAGE_MAX 4096
#define GRANTS_PER_EPOCH_MAX 1024
#define CLOSES_PER_BIRTH_MAX 256
#define SECTIONS_PER_ERASURE_MAX 4096
#define FEEDS_PER_CUT_MAX 1024
#define REPLIES_PER_ANSWER_MAX 1024
#define SEAL_REUSE_MAX 1000 /* envelopes that may use one content key */
#define CLOCK_AHEAD_MAX_MS 60000
#define NAME_SIZE_MAX 200     /* a member's or person's name, UTF-8 */
#define MESSAGE_TEXT_MAX 1024 /* what PENDING, ERROR and BYE say */
#define ENDPOINT_SIZE_MAX 256 /* tcp://host:port */
#define ENDPOINTS_MAX 8
#define VALUE_SIZE_MAX KIB(128) /* one field's value */
#define TICKET_TEXT_MAX 2048

#endif
