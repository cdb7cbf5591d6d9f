/* Where this node wants to be dialled, told to the municipality: it alone writes the roster.
 * PROTOCOL.md, "Session". */
#ifndef STAFET_NODE_ENGINE_ADDRESS_H
#define STAFET_NODE_ENGINE_ADDRESS_H

#include "inner.h"

void address_event(struct engine *, const struct event *);
void address_receive(struct session *, struct bytes frame);
void address_answered(struct engine *, const struct event *);
/* Sends what is due over an open session. */
void address_settle(struct session *);

#endif
