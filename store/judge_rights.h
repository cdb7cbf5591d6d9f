/* Inside the store: might the author write this envelope, at the roster tip that it names? */
#ifndef STAFET_STORE_JUDGE_RIGHTS_H
#define STAFET_STORE_JUDGE_RIGHTS_H

#include "judge.h"

/* Settles `verdict` when it might not, or when that can't be told yet; else leaves it and says in
 * which role. */
MUST_USE enum err judge_rights(struct store *, struct feed_row *, const struct envelope *,
                               struct verdict *, enum role *ret_role);

/* Both return OK, for returning on. */
enum err verdict_void(struct verdict *, enum err reason, const char *why);
enum err verdict_wait(struct verdict *, enum err reason);

#endif
