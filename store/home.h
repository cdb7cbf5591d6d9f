/* A node's folder: the lock that decides who owns it, the keys, and where everything lies.
 *
 *   HOME/lock        flock: whoever holds it owns keys and database (there is one SQLite connection ever)
 *   HOME/keys        the node's seed, mode 0600: the line "stafet keys 1", then the seed's words
 *   HOME/replica.db  the replica (with -wal beside it)
 *   HOME/generation  tells the database that was last open here from a copy (store/generation.h)
 *   HOME/control     the owner's control socket
 *   HOME/config      optional settings (node/config/config.h)
 *
 * The folder has mode 0700 and is refused when others may write to it. */
#ifndef STAFET_STORE_HOME_H
#define STAFET_STORE_HOME_H

#include "proto/key.h"

#include <stdbool.h>

enum { HOME_PATH_MAX = 4096 };

struct home {
    char path[HOME_PATH_MAX];
    int lock_fd;
    struct node_keys *keys; /* in sodium_malloc memory; NULL until keys exist */
    /* What this opening has made: */
    size_t made; /* how much of `path` names the outermost folder; 0: none */
    bool made_lock, made_keys;
};

/* Takes the lock of `path`; `create` makes the folder. ERR_LOCKED: another process owns it; ERR_NOT_FOUND: there is no
 * such home; ERR_DENIED: it is open to others. Loads the keys if there are any. */
MUST_USE enum err home_open(const char *path, bool create, struct home *ret_home);
/* Wipes the keys and releases the lock. A home that has no keys then leaves nothing behind: the folders and the lock that this opening
 * made go again. */
void home_close(struct home *);
/* Makes keys from a fresh seed and writes them durably (file and folder synced). ERR_EXISTS. */
MUST_USE enum err home_create_keys(struct home *);
/* Takes back what came after home_open where a node could not be made after all: the keys of home_create_keys, and the database, which is
 * closed, beside them. Does nothing to keys that were there. */
void home_discard(struct home *);
/* Keys, and HOME/generation to say that a replica was open here, but no replica, or an empty file: it is lost, and a fresh one in its place
 * would speak again under numbers that were used. Keys alone are no loss: the making of a node was interrupted there.
 * ERR_DENIED, ERR_IO: it can't be seen whether they are there. */
MUST_USE enum err home_lost_replica(const struct home *, bool *ret_lost);
/* Is there a replica but no keys beside it? Then new keys would make another node of it. ERR_DENIED, ERR_IO. */
MUST_USE enum err home_lost_keys(const struct home *, bool *ret_lost);
/* Is the log beside replica.db another replica's? So it is where replica.db has been put back after a crash and replica.db-wal left
 * lying: SQLite would write the one into the other. It shows by replica.db having been changed, since the system's start, well after
 * the log, which no node does. ERR_DENIED, ERR_IO. */
MUST_USE enum err home_left_log(const struct home *, bool *ret_left);
/* PATH/NAME into `ret_path`. ERR_LIMIT when too long. */
MUST_USE enum err home_file(const struct home *, const char *name, char ret_path[static HOME_PATH_MAX]);

#endif
