/* Names to addresses, without keeping the loop waiting. */
#ifndef STAFET_NODE_RESOLVE_H
#define STAFET_NODE_RESOLVE_H

#include "proto/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { RESOLVE_ADDRESSES_MAX = 8 };

struct address {
    struct sockaddr_storage storage;
    socklen_t size;
};

struct resolve;

/* Starts to look up the HOST of "tcp://HOST:PORT". ERR_ARGUMENT: not of that form. */
MUST_USE enum err resolve_new(const char *endpoint, struct resolve **ret_resolve);
/* False while it goes on; ask again. Afterwards the addresses, none when there is no such host. */
bool resolve_done(struct resolve *, struct address ret_addresses[static RESOLVE_ADDRESSES_MAX],
                  size_t *ret_n);
/* One that is still under way is left to finish by itself. */
void resolve_free(struct resolve *);

/* At once, for binding: HOST may be '*', for which the IPv6 address, whose socket takes IPv4 too,
 * comes first. ERR_ARGUMENT, ERR_NOT_FOUND. */
MUST_USE enum err resolve_local(const char *endpoint,
                                struct address ret_addresses[static RESOLVE_ADDRESSES_MAX],
                                size_t *ret_n);

#endif
