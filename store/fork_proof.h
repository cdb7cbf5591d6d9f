/* Inside the store: what proves to anybody that an author has signed two envelopes under one
 * number. PROTOCOL.md, "Session". */
#ifndef STAFET_STORE_FORK_PROOF_H
#define STAFET_STORE_FORK_PROOF_H

#include "feed_row.h"

/* `theirs` is another branch from where it parts from ours; the author has signed its last. The
 * feed is forked from then on, and proved so unless its author's proofs have used up their room. */
MUST_USE enum err fork_prove(struct store *, struct feed_row *, const struct sign_public *author,
                             const struct envelope *theirs, size_t theirs_n);

#endif
