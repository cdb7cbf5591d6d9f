/* A member's signed word, per channel: what it holds, durably stored, and how much of it waits. One per member
 * and channel; the latest counter wins; outside the feeds. PROTOCOL.md, "Statements". */
#ifndef STAFET_PROTO_STATEMENT_H
#define STAFET_PROTO_STATEMENT_H

#include "arena.h"
#include "id.h"
#include "key.h"

struct statement {
    struct federation_id federation;
    struct member_id member;
    struct channel_id channel;
    uint64_t counter; /* Unix ms when it was made, or one more than the last; later counts */
    const struct version_name *heads;
    size_t heads_n;
    uint32_t waiting;
};

/* Appends a Signed message (body and signature). */
MUST_USE enum err statement_sign(const struct statement *, const struct sign_secret *, struct buffer *out);
/* Decodes without verifying, so that the member's key can be looked up. */
MUST_USE enum err statement_decode(struct bytes, struct arena *, struct statement *ret_statement);
/* ERR_SIGNATURE unless the member's key signed these bytes. */
MUST_USE enum err statement_verify(struct bytes, const struct sign_public *);

#endif
