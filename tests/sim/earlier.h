/* Homes as an earlier version of the program would have left them: while a machine is down, its
 * database is put back into the form of an earlier schema version, by the exact reverse of
 * store/migrations as far as its contents have a form there. The next start migrates them, on the
 * machine's own disk. */
#ifndef STAFET_SIM_EARLIER_H
#define STAFET_SIM_EARLIER_H

#include "world.h"

/* Once, before any run: which form a database of each version has. Aborts where a migration has no
 * reverse. */
void earlier_install(void);
/* The machine is about to start. If the plan says so, its database may be of an earlier form now,
 * and its disk or power fail while that is migrated. */
void earlier_perhaps(struct machine *);
/* What the home's file of tokens says (store/generation.h): that it was closed in order; or nothing
 * by which a copy would show, since there is none, or one as they were at first. */
bool earlier_was_closed(const struct disk *);
bool earlier_says_nothing(const struct disk *);

#endif
