/* A malicious member: signs with its own keys what no honest node would. */
#ifndef STAFET_SIM_FORGERY_H
#define STAFET_SIM_FORGERY_H

#include "world.h"

/* Appends an envelope to one of its own feeds that everybody must find void. */
void forgery_write(struct machine *);
/* A member sends the others the first entry of a feed that must not be. */
void forgery_bear(struct machine *);
/* Takes a section out of an envelope in a RUN frame, as anybody on the way can. */
bool forgery_take_section_out(struct buffer *frame);
/* What no node may have applied, and which feeds nobody may hold. */
void forgery_clear(void);
/* Was it signed wrongly on purpose, under a good signature that follows? */
bool forgery_is_unsigned(const struct feed_id *, uint64_t seq);
void forgery_check(struct machine *);
/* A second machine that believes to be the first one, and goes on in the same feeds. */
struct machine *forgery_equivocate(struct machine *);

#endif
