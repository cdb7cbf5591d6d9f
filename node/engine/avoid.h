/* Which feeds a member is not asked for, for a while, since it has stalled on them or sent bad
 * runs. It is kept with the member, so that a new session doesn't clear it. */
#ifndef STAFET_NODE_ENGINE_AVOID_H
#define STAFET_NODE_ENGINE_AVOID_H

#include "inner.h"

/* The share's peer is not to be asked for its feed before AVOID_MS have passed. */
void avoid_source(struct share *);
/* Not for any feed, since a session with it was ended over bad runs. Longer each time. */
void avoid_member(struct engine *, struct member *);
/* Until when; 0: it may be asked. */
time_ms avoid_until(const struct engine *, const struct member *, const struct feed_id *);
void avoid_done(struct member *);

#endif
