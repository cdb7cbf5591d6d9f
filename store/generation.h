/* Inside the store: HOME/generation, a small file that tells whether the database is the one that
 * was last open here, or an old copy put in its place. It says
 *
 *   stafet generation 2
 *   TOKEN                             one or two; the database has one of them too
 *   open   OWN TOUCHED OWN 0 TOUCHED  while a node has it open, and after a crash; if torn, in doubt
 *   closed OWN INODE SIZE MTIME CTIME after an orderly close
 *
 * OWN counts the entries of own feeds. Open, it is raised in place after each commit that adds some
 * and before anybody is sent them, with the time (TOUCHED): so it outlasts the process. Closed, the
 * rest is the database's stamp, taken once nothing is written any more.
 *
 * An old copy shows by any of:
 *  - a token that the file doesn't name: it is renewed at each opening;
 *  - fewer own entries than OWN: the database alone was put back;
 *  - closed, another stamp, or a log beside the database: something was put back since. No program
 *    can set a ctime, so one that restores all else (cp -a, rsync, tar) is seen as well;
 *  - open, a ctime of the file itself that is later than TOUCHED: the whole home was put back.
 * After another boot only if much later: what was touched may have been lost with the power. Open
 * without any of these is a crash, or a copy that hides better: in doubt.
 *
 * Renewing takes three durable steps: the file names the old token and the new, and says open; the
 * database takes the new; the file names the new alone. A crash between them leaves a token that
 * the file names. Where the disk is full, "open" is patched in under the old token; where that
 * fails as well, nothing is signed until it succeeds (place.h).
 *
 * What it can't see: file and database rolled back together with the system's own records of them
 * (a snapshot of the machine or the file system). Then what others hold must tell. */
#ifndef STAFET_STORE_GENERATION_H
#define STAFET_STORE_GENERATION_H

#include "store.h"

enum { GENERATION_TOKEN_SIZE = 16, GENERATION_TOKENS_MAX = 2 };

/* What the file says of the database that is open now. */
struct generation {
    bool open; /* it says so, durably; always true where there is no file by configuration */
    uint8_t tokens[GENERATION_TOKENS_MAX][GENERATION_TOKEN_SIZE];
    size_t tokens_n;
    uint64_t own_n;
};

enum generation_verdict { GENERATION_SAME, GENERATION_DOUBTED, GENERATION_COPIED };

/* Before the database is opened: its stamp as it was found. */
MUST_USE enum err generation_find(struct store *);
/* Is this the database that was last open here? Self must be known. Same, too, where there is no
 * file by configuration. */
MUST_USE enum err generation_check(struct store *, bool same_boot,
                                   enum generation_verdict *ret_verdict);
/* Not within a transaction. OK also where the disk is too full to say that it is open. */
MUST_USE enum err generation_renew(struct store *);
/* A commit has added to own feeds. */
void generation_count(struct store *);
/* The database has been closed. If that can't be said, or not all that opening it should have noted
 * has been, the file goes on saying that it is open. */
void generation_close(struct store *);

#endif
