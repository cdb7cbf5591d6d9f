/* Strangers: accepted connections whose key nobody has admitted yet. There is room for
 * NET_STRANGERS_MAX, and who comes then replaces one. Which one is what keeps a flood from shutting
 * members out:
 *
 *   of the address that has most, if it has more than NET_STRANGERS_PER_SOURCE;
 *   then one that has said nothing, before one that has, before one that has shown that it knows
 * this node's key, which only the roster and tickets tell; then any, drawn by lot: the oldest is
 * who is far away and nearly through.
 *
 * An address is an IPv4 address or the first half of an IPv6 address. */
#ifndef STAFET_NODE_STRANGER_H
#define STAFET_NODE_STRANGER_H

#include "link.h"
#include <sys/socket.h>

/* Notes where an accepted connection comes from. */
void stranger_from(struct link *, const struct sockaddr_storage *peer);
/* Makes room for one more. False when there are too many links that are no strangers. */
bool stranger_make_room(struct net *, time_ms now);

#endif
