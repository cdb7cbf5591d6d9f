/* How a session opens: both say HELLO, and ROSTER until neither is behind in it. PROTOCOL.md,
 * "Session". */
#ifndef STAFET_NODE_ENGINE_HELLO_H
#define STAFET_NODE_ENGINE_HELLO_H

#include "inner.h"

/* To a member that has just been connected. */
void hello_say(struct session *);
void hello_received(struct session *, const struct message_hello *);
/* The peer's ROSTER: where it stands in it. */
void hello_roster(struct session *, const struct message_roster *);
/* The own roster tip has moved. */
void hello_roster_moved(struct session *);

#endif
