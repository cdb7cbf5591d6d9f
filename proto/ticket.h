/* A ticket invites one site: what it needs to find and trust the municipality, and a one-time secret.
 * Text form: "stafet1" then base32 (id.h) of the message and a 4-byte checksum. PROTOCOL.md, "Tickets and joining". */
#ifndef STAFET_PROTO_TICKET_H
#define STAFET_PROTO_TICKET_H

#include "arena.h"
#include "channel.h"
#include "clock.h"
#include "key.h"

struct ticket {
    struct federation_id federation;
    const char *federation_name;
    struct member_id municipality;
    struct public_keys keys; /* the municipality's */
    const char *const *endpoints;
    size_t endpoints_n;
    uint64_t roster_seq;
    struct id8 roster_id8;
    struct seed secret;
    struct member_id member; /* the id that the joiner will have */
    enum role role;
    const char *name;
    time_ms expires;
};

/* Appends the text and a NUL. */
MUST_USE enum err ticket_encode(const struct ticket *, struct buffer *ret_text);
/* White space is passed over, since mail wraps lines. ERR_FORMAT: not a ticket; ERR_HASH: mistyped or cut. */
MUST_USE enum err ticket_decode(const char *text, struct arena *, struct ticket *ret_ticket);

struct join_request {
    struct federation_id federation;
    struct transport_public ticket;
    struct member_id member;
    struct public_keys keys;
    const char *const *endpoints;
    size_t endpoints_n;
};

#endif
