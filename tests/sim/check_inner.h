/* Inside check: the promises, by subject.
 *
 *   check.c           what each machine alone must keep: plaintext, soundness, what it has promised
 *   check_settled.c   whether all has arrived
 *   check_forks.c     who may sign twice under one number
 *   check_equal.c     all that hold the same show the same */
#ifndef STAFET_SIM_CHECK_INNER_H
#define STAFET_SIM_CHECK_INNER_H

#include "check.h"
#include "people.h"
#include "store/feed.h"

/* Is the machine a member's, whose word counts? */
bool check_counts(const struct machine *);

/* Have its keys, or bits that rotted on its disk, signed what it would not have? */
bool check_is_foul(const struct machine *);
/* Of a feed that its author has forked there is one branch here and another there. */
bool check_is_forked(const struct feed_id *);
/* With a fork somewhere, what stands on its branches differs from place to place. */
bool check_is_anything_forked(struct world *);
/* May this author of the feed have signed twice under one number? Who is foul, or was cloned
 * unseen; whose disk said that it had kept what it lost, when a member that lagged behind then
 * confirmed the feed. */
bool check_may_fork(const struct machine *author);
/* Two ids under one number, sent by whomever. */
void check_doubles(struct world *);

void check_equal(struct world *);
/* A replica made of this machine's sections alone has the same digest. */
void check_rebuilt(struct machine *);

#endif
