/* A run: contiguous envelopes of one feed, oldest first. One signature check, on the last header,
 * authenticates them all: each header names the hash of the header and signature before it.
 * PROTOCOL.md, "Envelope and run". */
#ifndef STAFET_PROTO_RUN_H
#define STAFET_PROTO_RUN_H

#include "envelope.h"

/* Where a feed stands: zero before entry 1. */
struct head {
    uint64_t seq;
    struct envelope_id id;
};

/* What has been verified, and only that can be stored. Everything points into the caller's bytes or arena. */
struct verified_run {
    struct feed_id feed;
    struct envelope *envelopes;
    size_t envelopes_n;
    struct head head; /* after the last */
};

/* Checks form, body hashes, the chain from `after`, and the last signature by `author`. With `after` zero
 * the first must be entry 1. ERR_CHAIN, ERR_SIGNATURE, ERR_HASH, ERR_FORMAT, ERR_LIMIT, ERR_MEMORY. */
MUST_USE enum err run_verify(struct bytes untrusted, const struct feed_id *feed, const struct head *after,
                             const struct sign_public *author, struct arena *arena,
                             struct verified_run *ret_run);

/* Are all its envelopes whole? */
bool run_is_whole(const struct verified_run *);

/* How many envelopes there are; nothing else is looked at. ERR_FORMAT, ERR_LIMIT: not whole envelopes. */
MUST_USE enum err run_count(struct bytes untrusted, size_t *ret_n);

/* The arena's cap for the run of `size` bytes. Verifying takes less, whatever stands in it: envelopes that can be stored
 * one by one can be stored as a run too. An empty section is 5 bytes there and `struct section` here. */
size_t run_memory_for(size_t size);

/* For a feed that is not known yet: parses the birth section of the run's first envelope (entry 1) so that
 * the caller can look the author up before it verifies. Untrusted until then. ERR_CHAIN: not entry 1; ERR_HASH: the
 * birth does not yield the feed's id; ERR_FORMAT: no birth in section 0; and what envelope_parse gives. */
struct birth;
MUST_USE enum err run_peek_birth(struct bytes untrusted, struct arena *arena, struct birth *ret_birth);

#endif
