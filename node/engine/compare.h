/* COMPARE: which channels differ, and the heads of those. PROTOCOL.md, "Session", 3 and 4.
 *
 * What counts is the DIGEST as it was sent, on either side, so that both find the same channels to
 * differ whatever moves meanwhile; what has moved since is pushed or announced once the session is
 * open. */
#ifndef STAFET_NODE_ENGINE_COMPARE_H
#define STAFET_NODE_ENGINE_COMPARE_H

#include "inner.h"

/* The session has just entered COMPARE: sends DIGEST. */
void compare_begin(struct session *);
void compare_digest(struct session *, const struct message_digest *);
/* HEADS, asked for or as an announcement. */
void compare_heads(struct session *, const struct message_heads *);
void compare_done(struct session *);

#endif
