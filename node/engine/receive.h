/* Frames from peers: bounded, decoded, handed to whom they concern. */
#ifndef STAFET_NODE_ENGINE_RECEIVE_H
#define STAFET_NODE_ENGINE_RECEIVE_H

#include "inner.h"

void receive_event(struct engine *, const struct event *);

#endif
