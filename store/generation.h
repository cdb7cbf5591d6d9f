/* Inside the store: a token in a file beside the database and the same token inside it, renewed at
 * each opening and closing. An old copy of the database put in place of the new one bears an old
 * token, whatever its inode or the boot.
 *
 * Renewing takes three durable steps: the file names the old token and the new; the database takes
 * the new; the file names the new alone. A database whose token the file names is the right one.
 *  - A crash between the steps leaves a token that the file names: no false alarm.
 *  - While the file names two, nothing has been written since the old token was set but the token
 *    itself: whoever puts back a copy with the old token then loses nothing.
 *  - Nothing is written before the third step is durable, so a copy from before never passes.
 * Where the disk is full, the token stays as it is; but once the database has the new one, the file
 * has to follow.
 *
 * What it can't see: file and database put back together (a snapshot of the whole machine or file
 * system; then the boot and own statements must tell), and a copy made of a database in use and put
 * back after a crash of that same run. */
#ifndef STAFET_STORE_GENERATION_H
#define STAFET_STORE_GENERATION_H

#include "store.h"

/* `*ret_same` false: this is another database than the one that was last open here. True also where
 * there is no file by configuration, or neither has a token yet. */
MUST_USE enum err generation_check(struct store *, bool *ret_same);
/* Not within a transaction. */
MUST_USE enum err generation_renew(struct store *);

#endif
