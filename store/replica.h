/* Inside the store: what `struct store` is. */
#ifndef STAFET_STORE_REPLICA_H
#define STAFET_STORE_REPLICA_H

#include "db.h"
#include "generation.h"
#include "news.h"
#include "place.h"
#include "rows.h"
#include "store.h"

struct news_queue;   /* news.c */
struct feed_cache;   /* feed_row.c: feeds in use, with their authors' rights and content keys */
struct key_ring;     /* key_ring.h: epoch secrets in memory */
struct versions_new; /* version_new.c: those of new records, on their way into their table */
struct newest;       /* newest.c: which records are surely new */
struct judge;        /* judge.c: room for decoding one envelope */
struct set_reader;   /* set_reader.c: opens entries again for what stands in them alone */
struct backlog;      /* backlog.c: what has to be judged again */
struct reports;      /* report.c: what others have said of own feeds' heads */
struct claims;       /* claim.c: what one member alone states that it holds */

/* How far the roster has been applied, and what it rests on. */
struct roster_state {
    int64_t feed_row; /* 0: no roster yet */
    struct feed_id feed;
    uint64_t seq;
    struct id8 id8;
    struct member_id municipality;
    struct federation_id federation;
};

struct store {
    struct db *db;
    struct rows arriving; /* entry.c: the envelopes of the run being admitted */
    struct store_config config;
    char *path,
        *generation_path; /* what the config names, since they are asked for until the end */
    struct place place;
    struct generation generation;
    struct {
        struct file_stamp stamp;
        bool log;
    } found; /* the database's file before it was opened, and whether a log lay beside it */
    struct self self;
    struct roster_state roster;
    struct {
        struct self self;
        struct roster_state roster;
    } at_begin, at_part; /* what a roll-back goes back to: reading it again could fail */
    uint64_t clock;      /* the latest seen or given out */
    uint64_t stated;     /* the highest counter of an own statement about a channel unknown here */
    struct {
        bool known;
        struct quarantine_use {
            int64_t rows, bytes;
        } use[2]; /* by what was refused, and by the rest */
    } quarantine; /* what it holds; not known after a roll-back */
    bool in_transaction;
    bool own_grew; /* in this transaction, feeds of this node's own */
    struct news_queue *news;
    struct feed_cache *feeds;
    struct key_ring *ring;
    struct judge *judge;
    struct newest *newest;
    struct versions_new *versions_new;
    struct set_reader *reader;
    struct backlog *backlog;
    struct reports *reports;
    struct claims *claims;
    struct burnt *burnt;
    char failure[256]; /* what store_failure answers */
};

/* Sets the sentence that store_failure answers, and passes `e` on. */
enum err store_fail(struct store *, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline const struct filesystem *store_filesystem(const struct store *store) {
    return store->config.files != NULL ? store->config.files : &filesystem_real;
}

/* Milliseconds since some moment before the store was opened; never 0, never set back. */
time_ms store_elapsed(const struct store *);

/* News is queued as pending and published by commit, dropped by rollback. */
MUST_USE enum err news_put_feed(struct store *, const struct feed_id *);
MUST_USE enum err news_put_roster(struct store *);
MUST_USE enum err news_put_statement(struct store *, const struct member_id *,
                                     const struct channel_id *);
MUST_USE enum err news_put_record(struct store *, const struct record_id *);

/* A part of the transaction that may fail alone: with an error, store_part_end undoes what was done
 * since store_part_begin, in the database, in the news and in memory, and passes the error on.
 * Pointers to cached feeds end with it. */
MUST_USE enum err store_part_begin(struct store *);
MUST_USE enum err store_part_end(struct store *, enum err e);

/* Runs `begin … commit` around work that the caller has not put in a transaction: returns in
 * `*ret_own` whether this call began one. With store_leave: commits an own one on OK, rolls it back
 * otherwise, and passes `e` on. */
MUST_USE enum err store_enter(struct store *, bool *ret_own);
MUST_USE enum err store_leave(struct store *, bool own, enum err e);

/* Sensitive values at rest: XChaCha20-Poly1305 under the node's rest key, with what they belong to
 * as associated data. */
MUST_USE enum err rest_seal(const struct store *, struct bytes place, struct bytes plain,
                            struct buffer *out);
MUST_USE enum err rest_open(const struct store *, struct bytes place, struct bytes sealed,
                            struct buffer *out);

#endif
