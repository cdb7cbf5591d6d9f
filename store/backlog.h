/* Inside the store: waiting entries that may be judged now, because what they waited for may have
 * come. */
#ifndef STAFET_STORE_BACKLOG_H
#define STAFET_STORE_BACKLOG_H

#include "proto/id.h"
#include "store.h"

/* How many the store judges by itself at the end of a run; more are left to admit_waiting. */
enum { BACKLOG_STEP_MAX = 4096 };

struct backlog;
struct backlog *backlog_new(void);
void backlog_free(struct backlog *);
void backlog_add_all(struct backlog *);    /* the program may know a newer schema now */
void backlog_add_roster(struct backlog *); /* the roster has advanced */
void backlog_add_channel(struct backlog *,
                         const struct channel_id *); /* a key has come for this channel */
/* The transaction has committed; or it has not, and what was judged in it has to be judged again.
 */
void backlog_keep(struct backlog *);
void backlog_restore(struct backlog *);

/* In the caller's transaction, or one of its own. */
MUST_USE enum err backlog_work(struct store *, size_t envelopes_max, bool *ret_more);

#endif
