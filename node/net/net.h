/* The network: encrypted, authenticated links to other nodes, and frames over them. This folder is
 * the only place that knows ZeroMQ. PROTOCOL.md, "Transport".
 *
 * Who dials in meets one ROUTER, a CURVE server; each peer dialled has a DEALER. Their TCP
 * connections pass through valves (valve.h). A link's far end is the key that CURVE proved, never
 * what a frame or a routing id says. An accepted link is there from its first frame on, since a
 * ROUTER can't address anybody before.
 *
 *     dialled:  resolving ─▶ connecting ─▶ shaking ─▶ up ─▶ closing ─▶ ended
 *     accepted:                            shaking ─▶ up ─▶ closing ─▶ ended
 *
 * Everything is bounded: strangers (connections whose key nobody has admitted yet), links, links of
 * one key, bytes waiting to be sent over one link, bytes taken in before they are understood
 * (valve.h), and how long anything may take. */
#ifndef STAFET_NODE_NET_H
#define STAFET_NODE_NET_H

#include "proto/bytes.h"
#include "proto/clock.h"
#include "proto/key.h"
#include "proto/limits.h"
#include "watch.h"

enum {
    NET_ACCEPTED_MAX = 1024,
    NET_STRANGERS_MAX = 256,       /* one more replaces another (stranger.h) */
    NET_STRANGERS_PER_SOURCE = 32, /* of one address, before it is its own that are replaced */
    NET_PER_KEY_MAX = 4,           /* accepted links of one key; one more replaces the oldest */
    NET_CONNECT_MS_MAX = 5000,     /* for one address */
    NET_HANDSHAKE_MS_MAX = 5000,
    NET_SILENT_MS_MAX = 10000, /* between handshake and first frame */
    /* An accepted link without a frame; members state what they hold at least daily. Who dialled
       dials again. */
    NET_IDLE_MS_MAX = 25 * 3600 * 1000
};
/* What may wait for one link: all that may be under way to a peer, and the small frames around it.
 */
#define NET_WAITING_MAX (CREDIT_PER_PEER_MAX + 2 * MESSAGE_SIZE_MAX)
/* And for all links together: beyond it, who has taken nothing for longest is cut. */
#define NET_WAITING_ALL_MAX (2 * NET_WAITING_MAX)

struct net;

struct net_config {
    struct watcher *watcher; /* borrowed, as is all below */
    const struct node_keys *keys;
    /* Is this the transport key of a member or of a ticket? Asked at each handshake. */
    bool (*admit)(void *context, const struct transport_public *);
    /* A link is up. `member` is who was dialled; NULL when it was accepted. */
    void (*connected)(void *context, uint32_t link, const struct transport_public *proved,
                      const struct member_id *member);
    /* It is gone, unless net_close was called on it. With link 0: `member` could not be reached.
     * ERR_CLOSED, ERR_TIMEOUT; ERR_DENIED when the far end cut the handshake short (it doesn't
     * admit this node's key, or isn't who it should be); ERR_LIMIT. */
    void (*disconnected)(void *context, uint32_t link, const struct member_id *member,
                         enum err reason);
    /* One frame; borrowed until the return. */
    void (*received)(void *context, uint32_t link, struct bytes frame);
    void *context;
};

/* Callbacks are made from net_turn alone; in them net_send, net_close and net_dial may be called.
 */
MUST_USE enum err net_new(const struct net_config *, struct net **ret_net);
/* Cuts whatever is left. */
void net_free(struct net *);

/* Accepts connections on `listen` (node_config/config.h says its form); port 0 takes a free one.
 * What was bound goes to `ret_bound`. ERR_EXISTS: in use; ERR_NOT_FOUND: no such address here;
 * ERR_ARGUMENT; ERR_DENIED; ERR_IO. */
MUST_USE enum err net_bind(struct net *, const char *listen,
                           char ret_bound[static ENDPOINT_SIZE_MAX + 1]);
/* Accepts nobody any more. */
void net_unbind(struct net *);

struct net_target {
    struct member_id member;
    const char *const *endpoints; /* tried in order; only tcp:// is ever dialled */
    size_t endpoints_n;
    struct transport_public server; /* whose key the far end must have */
    struct transport_public client; /* own pair: the node's, or a ticket's */
    struct transport_secret client_secret;
};
/* Ends in connected, or in disconnected with link 0. ERR_EXISTS: it is being dialled already;
 * ERR_ARGUMENT: no endpoint can be dialled; ERR_MEMORY, ERR_LIMIT. */
MUST_USE enum err net_dial(struct net *, const struct net_target *, time_ms now);

/* Never waits. ERR_NOT_FOUND: no such link; ERR_QUOTA: too much waits for it, and it is being cut
 * (disconnected follows). */
MUST_USE enum err net_send(struct net *, uint32_t link, struct bytes frame);
/* After what was sent has gone, or two seconds. Frames that still come are dropped, and
 * disconnected does not follow. */
void net_close(struct net *, uint32_t link);
/* The orderly end: sends `frame` over each link and closes all; nothing is reported. */
void net_farewell(struct net *, struct bytes frame);
/* Forgets all links and dials at once; nothing is reported. For who begins anew. */
void net_reset(struct net *);
/* Cuts the accepted links whose key is not admitted any more. */
void net_recheck(struct net *);

/* Receives, sends, connects what can be done without waiting. True: there is more to do at once.
 * Call it once after each turn of the watcher, and once when sends have been made since. */
bool net_turn(struct net *, time_ms now);
/* Is there something to receive that no descriptor shows any more? Asked before each wait. */
bool net_is_ready(struct net *);
/* Bytes that have come over links and are no received frame yet: in decryption, or a frame's
 * beginning. */
size_t net_incoming(const struct net *);
/* When net_turn must be called again even if no descriptor is ready; INT64_MAX: never. */
time_ms net_deadline(const struct net *, time_ms now);
/* Links that are up or being closed, and dials under way. */
size_t net_links_n(const struct net *);

#endif
