/* Forks: that an author has signed two envelopes under one number is told to everybody who may hold
 * the feed and holds some of it, once a session unless both sides know the same forks. PROTOCOL.md,
 * "Session". */
#ifndef STAFET_NODE_ENGINE_PROOFS_H
#define STAFET_NODE_ENGINE_PROOFS_H

#include "inner.h"

/* FORK: the feed is held and known to be forked. */
void proofs_event(struct engine *, const struct event *);
void proofs_done(struct engine *);
/* First 8 bytes of the hash over the forked feeds that both may hold; 0: none. */
uint64_t proofs_digest(const struct engine *, const struct member *);
/* The peer's HELLO has said so: where both know the same, nothing need be told. */
void proofs_compare(struct session *, uint64_t digest);
/* A PROOF from the peer: it goes to the store, and the other branch is looked for once. */
void proofs_receive(struct session *, const struct feed_id *, struct bytes frame);
/* Sends what is due over an open session. */
void proofs_settle(struct session *);

#endif
