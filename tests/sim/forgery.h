/* A malicious member: signs with its own keys what no honest node would. */
#ifndef STAFET_SIM_FORGERY_H
#define STAFET_SIM_FORGERY_H

#include "world.h"

/* Appends an envelope to one of its own feeds that everybody must find void. */
void forgery_write(struct machine *);
/* A second machine that believes to be the first one, and goes on in the same feeds. */
struct machine *forgery_equivocate(struct machine *);

#endif
