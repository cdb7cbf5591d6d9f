/* Who may connect: the handler of libzmq's authentication requests (ZAP, RFC 27), in the node's own
 * loop.
 *
 * libzmq lets everybody in while no handler is bound, and for a socket without a domain; so it is
 * bound before any other socket exists, and every socket of a server has the domain ZAP_DOMAIN and
 * requires it to be answered. */
#ifndef STAFET_NODE_ZAP_H
#define STAFET_NODE_ZAP_H

#include "proto/key.h"

#define ZAP_DOMAIN "stafet"

struct zap;

/* May the holder of `key` connect? `address` is where it comes from, as libzmq says it. */
typedef bool zap_admit(void *context, const char *address, const struct transport_public *key);

/* Binds the handler in `zmq_context`. ERR_EXISTS: there is one already. */
MUST_USE enum err zap_new(void *zmq_context, zap_admit *, void *context, struct zap **ret_zap);
void zap_free(struct zap *);
/* Becomes readable when zap_turn has something to do; edge-triggered, as libzmq's descriptors are.
 */
int zap_fd(const struct zap *);
/* Answers all requests that wait: 200 with the key in hexadecimal as User-Id, or 400. */
void zap_turn(struct zap *);
/* Is a request waiting? */
bool zap_is_ready(struct zap *);

#endif
