/* Joining, on both sides. PROTOCOL.md, "Tickets and joining". */
#ifndef STAFET_NODE_ENGINE_JOIN_H
#define STAFET_NODE_ENGINE_JOIN_H

#include "inner.h"

/* The link is up: sends JOIN (joiner), waits for it (issuer). */
void joining_begin(struct session *);
/* A frame on such a link. `kind` is the decoded frame's. */
void joining_receive(struct session *, const struct message *, struct bytes frame);
/* JOINED, the event */
void joining_answered(struct engine *, const struct event *);

#endif
