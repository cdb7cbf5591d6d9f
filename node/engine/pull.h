/* The receiving side's asking: PULL, whose turn it is, fail-over. PROTOCOL.md, "Session", 5 to 7.
 *
 * A feed is pulled from one peer at a time, as long as that brings something: whoever else has it
 * waits, but never for ever. A wait ends after PATIENCE_MS without a new head, and in ROSTER after
 * PATIENCE_ROSTER_MS_MAX whatever comes; then two pull. A pull that brings less than PULL_TURN_MIN
 * in PULL_TURN_MS ends when others have the feed too, and its source is avoided. A session's
 * windows together stay within PULL_WINDOWS_MAX. */
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
/* A push of several runs: the rest is on its way and need not be asked for, unless it stays away.
 */
void pull_await_rest(struct share *, uint64_t head);

#endif
