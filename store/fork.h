/* Inside the store: two different envelopes under one number. Both signed headers together prove it
 * to anybody; the branch that came first stays, the other is kept aside. PROTOCOL.md, "Admission".
 */
#ifndef STAFET_STORE_FORK_H
#define STAFET_STORE_FORK_H

#include "feed_row.h"

/* A run that differs from what is here: ERR_FORK when its author signed it, with proof, mark and
 * the other branch kept; else why it is no run of this feed. */
MUST_USE enum err fork_keep(struct store *, struct feed_row *, const struct member_id *from,
                            const struct sign_public *author, struct bytes run, struct arena *);

/* A run of a forked feed that does not follow what is here: the rest of a branch that is kept aside.
 * `*ret_kept` false: it is none. */
MUST_USE enum err fork_follow(struct store *, struct feed_row *, const struct member_id *from,
                              const struct sign_public *author, struct bytes run, struct arena *,
                              bool *ret_kept);

/* Is entry (seq, id) among these whole envelopes? */
bool fork_holds(struct bytes branch, uint64_t seq, const struct envelope_id *id);

#endif
