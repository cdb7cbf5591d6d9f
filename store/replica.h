/* Inside the store: what `struct store` is. */
#ifndef STAFET_STORE_REPLICA_H
#define STAFET_STORE_REPLICA_H

#include "db.h"
#include "news.h"
#include "store.h"

struct news_queue;  /* news.c */
struct key_ring;    /* epoch.c: content keys and epoch secrets in memory */

struct store {
    struct db *db;
    struct store_config config;
    struct hash place;
    struct self self;
    bool in_transaction;
    struct news_queue *news;
    struct key_ring *ring;
    char failure[256]; /* what store_failure answers */
};

/* News is queued as pending and published by commit, dropped by rollback. */
MUST_USE enum err news_put_feed(struct store *, const struct feed_id *);
MUST_USE enum err news_put_roster(struct store *);
MUST_USE enum err news_put_statement(struct store *, const struct member_id *, const struct channel_id *);
MUST_USE enum err news_put_record(struct store *, const struct record_id *);

/* Runs `begin … commit` around work that the caller has not put in a transaction: returns in `*ret_own` whether this call began one.
 * With store_leave: commits an own one on OK, rolls it back otherwise, and passes `e` on. */
MUST_USE enum err store_enter(struct store *, bool *ret_own);
MUST_USE enum err store_leave(struct store *, bool own, enum err e);

/* Sensitive values at rest: XChaCha20-Poly1305 under the node's rest key, with what they belong to as associated data. */
MUST_USE enum err rest_seal(const struct store *, struct bytes place, struct bytes plain, struct buffer *out);
MUST_USE enum err rest_open(const struct store *, struct bytes place, struct bytes sealed, struct buffer *out);

#endif
