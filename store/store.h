/* The replica: one SQLite database that holds the log, the roster, the records merged from it, and this node's own
 * local state. One connection, one owner, one thread.
 *
 * Every function that changes something runs in the caller's transaction if one is open (store_begin), else in one of
 * its own. What a transaction changed for others to know is queued as news when it commits. */
#ifndef STAFET_STORE_STORE_H
#define STAFET_STORE_STORE_H

#include "filesystem.h"
#include "proto/channel.h"
#include "proto/clock.h"
#include "proto/key.h"
#include "proto/run.h"

struct store;

struct store_config {
    const char *path;               /* of the database; copied */
    const char *vfs;                /* NULL: SQLite's default */
    const struct node_keys *keys;   /* borrowed for the store's life */
    time_ms (*now)(void *context);  /* wall clock; NULL: the system's */
    void *context;
    /* A clock that nobody sets; NULL: the system's, or `now` where that is given. */
    time_ms (*elapsed)(void *context);
    /* What tells one boot of one disk from another: machine boot id and the database's inode, hashed by the
     * caller's platform; zero: the store asks the system. Own feeds are unconfirmed when it has changed. */
    struct hash place;
    /* What tells one copy of the database from another, whatever the boot; zero: its inode. When it has changed, the database is
     * a copy or a restored backup: own feeds are never continued again, since a member that lags behind
     * could vouch for them; the roster's is by a person's word. */
    struct hash disk;
    /* A file beside the database that tells when an old copy was put in its place (HOME/generation, generation.h); NULL: none.
     * Copied, as `path` is. */
    const char *generation;
    const struct filesystem *files; /* NULL: the system's. Borrowed; asked with `context`. */
};

/* Opens or creates, migrates, checks. ERR_SCHEMA: written by a newer program; ERR_KEY: the
 * database is another member's than the keys; ERR_CORRUPT; ERR_DISK_FULL; ERR_IO. */
MUST_USE enum err store_open(const struct store_config *, struct store **ret_store);
void store_close(struct store *);

/* Transactions; they do not nest. A failed commit has rolled back. */
MUST_USE enum err store_begin(struct store *);
MUST_USE enum err store_commit(struct store *);
void store_rollback(struct store *);

/* Who this node is. `member` is zero until it has founded or joined a federation. */
struct self {
    struct federation_id federation;
    struct member_id member;
    enum role role;
};
MUST_USE enum err store_self(struct store *, struct self *ret_self);
time_ms store_now(const struct store *);
const struct node_keys *store_keys(const struct store *);

/* A sentence about the last failure of the database ("database or disk is full"); static until the next call. */
const char *store_failure(const struct store *);

/* A digest over the canonical content of the replica: accepted versions, live sets, roster, statuses; equal on every
 * replica that holds the same set for the same audience. For tests and `verify`. */
MUST_USE enum err store_digest(struct store *, struct hash *ret_digest);

#endif
