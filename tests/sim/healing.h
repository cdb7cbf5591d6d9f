/* A fork heals: whoever knows of one writes on in another incarnation, and so does whoever works on
 * a copy that was put back; and what anybody writes when all is quiet reaches everybody it is for.
 */
#ifndef STAFET_SIM_HEALING_H
#define STAFET_SIM_HEALING_H

#include "world.h"

void healing_clear(void);
/* The machine's database is a copy from now on, on another disk, or a new one: what it has written
 * before it never goes on with. */
void healing_copied(const struct machine *);

/* Everybody whose word counts writes in each channel where it has written before: the municipality
 * first (`town`), in notices at least; then, all having heard of it, sites, in one with another
 * site at least. Nothing goes wrong any more, so nobody may be refused. */
void healing_write(struct world *, bool town);
/* Has it come everywhere? One whose disk was full may ask for a feed only half a minute later, and
 * check_has_settled excuses feeds that a clone has forked. */
bool healing_has_arrived(struct world *, char why[static 256]);
/* All having had time to arrive: is it everywhere, applied where it is read, and not in a feed that
 * anybody knows to be forked? */
void healing_check(struct world *);

#endif
