/* Inside the judge: one envelope before it. */
#ifndef STAFET_STORE_HEARING_H
#define STAFET_STORE_HEARING_H

#include "judge_rights.h"

/* It is applied unless something settles it otherwise. */
struct hearing {
    struct store *store;
    struct feed_row *feed;
    const struct envelope *envelope;
    struct judge *judge;
    struct arena *arena; /* the judge's */
    struct verdict *verdict;
    enum role role;
    struct federation_id federation;
    const struct founding *founding;
    bool reopening; /* judged long ago: only read */
    struct declaration *declarations;
    size_t declarations_n;
    struct change_set *sets;
    size_t sets_n;
};

static inline bool hearing_is_settled(const struct hearing *hearing) {
    return hearing->verdict->status != ENTRY_APPLIED;
}

/* What decoding says of the bytes makes them void; what it says of this machine is passed on. */
enum err hearing_not_decoded(struct hearing *, enum err, const char *why);

/* Reads the declarations, and settles the hearing when one of them does not belong where it stands.
 */
MUST_USE enum err judge_declarations(struct hearing *);
/* To roster and epochs. */
MUST_USE enum err judge_declarations_apply(const struct hearing *);

#endif
