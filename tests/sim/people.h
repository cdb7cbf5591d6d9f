/* People: they found, invite, join, publish, import answers, close, hand over, edit, resolve and
 * accept, through the verbs that the command line calls. They remember what they were told. */
#ifndef STAFET_SIM_PEOPLE_H
#define STAFET_SIM_PEOPLE_H

#include "world.h"

struct people;
struct people *people_new(struct world *);
void people_free(struct people *);
/* The municipality, and all others on their way in. */
void people_begin(struct people *);
/* One of them does something. */
void people_act(struct people *);
/* The administrator of a municipality that was put back. True: there was something to do. */
bool people_regain_roster(struct people *);
/* When all is mended: where the end of the roster is lost for good, whoever has not been admitted
 * gives it up. */
void people_stay_outside(struct people *);
/* Holds what they remember against what is there now, all having been given time to arrive. */
void people_check(struct people *);
/* Who is not a member yet does the next step. True: there was one to do. */
bool people_join(struct people *, struct machine *);
/* Does the machine belong to a member, and may what it writes be counted on? */
bool people_is_member(const struct machine *);

/* When all is quiet: something new in a channel of this kind, for whoever reads it; of a handover,
 * for `to`. OK: it was acknowledged. Answers are to the last survey, so the municipality comes
 * first. */
MUST_USE enum err people_write_last(struct people *, struct machine *, enum channel_kind,
                                    const struct machine *to);

#endif
