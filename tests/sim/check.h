/* Whether what was promised was kept. A broken promise ends the process (trace.h). */
#ifndef STAFET_SIM_CHECK_H
#define STAFET_SIM_CHECK_H

#include "world.h"

/* Have all members what they may hold? `ret_why` says who lacks what. */
bool check_has_settled(struct world *, char ret_why[static 256]);
/* And has everybody the last word of everybody whose word it has? */
bool check_has_heard(struct world *, char ret_why[static 256]);
/* What `verify` finds of a machine that may be damaged. False: it must be restored. */
bool check_is_sound(struct machine *);
/* All along: nothing in the clear on any disk. */
void check_disks(struct world *);
/* In the end, everything having settled. */
void check_all(struct world *);

#endif
