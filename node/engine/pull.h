/* The receiving side: PULL, RUN, CREDIT when durable; fail-over. PROTOCOL.md, "Session", 5 to 7.
 *
 * A feed is pulled from one peer at a time. A session's windows together stay within
 * PULL_WINDOWS_MAX. */
#ifndef STAFET_NODE_ENGINE_PULL_H
#define STAFET_NODE_ENGINE_PULL_H

#include "inner.h"

/* Is there something here that is to be pulled from this peer, now or in its turn? */
bool pull_is_wanted(const struct share *);
void pull_enqueue(struct share *);
void pull_dequeue(struct share *);
/* Sends PULLs as far as there is room. */
void pull_settle(struct session *);
void pull_tick(struct session *);
/* Ends the share's pull; others take the feed up. */
void pull_end(struct share *);

void pull_run(struct session *, const struct message_run *);
void pull_not_here(struct session *, const struct message_not_here *);
void pull_admitted(struct engine *, const struct event *);

#endif
