/* What comes in of feeds: RUN, from its arrival until it is durable and acknowledged, and NOT_HERE.
 * PROTOCOL.md, "Session", 5 to 7.
 *
 * A run is taken for what its headers say, not for what the frame around it says: numbers that
 * don't follow are a bad run, and only what has moved the head to the run's end counts as progress.
 */
#ifndef STAFET_NODE_ENGINE_INTAKE_H
#define STAFET_NODE_ENGINE_INTAKE_H

#include "inner.h"

void intake_run(struct session *, const struct message_run *);
void intake_not_here(struct session *, const struct message_not_here *);
void intake_admitted(struct engine *, const struct event *);

#endif
