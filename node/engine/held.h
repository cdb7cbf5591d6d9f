/* Statements that a peer has sent sooner than a second after the one before: the latest of each
 * member and channel waits here for its time. PROTOCOL.md, "Statements".
 *
 * Nothing here has been verified yet. So each session has its own, at most HELD_MAX of them and
 * HELD_BYTES_MAX in all: what one peer sends in another member's name takes nobody else's place.
 * What is dropped comes again when statements are next compared, or within a day. */
#ifndef STAFET_NODE_ENGINE_HELD_H
#define STAFET_NODE_ENGINE_HELD_H

#include "inner.h"
#include "proto/statement.h"

/* Keeps it until `due`, unless a later one of the same member and channel is kept. */
void held_put(struct session *, const struct statement *, struct bytes, time_ms due);
/* Takes one out whose time has come; the caller frees its bytes. False: there is none. */
bool held_take(struct session *, struct held_statement *ret_held);
void held_done(struct session *);

#endif
