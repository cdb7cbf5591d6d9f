/* Who dials whom, and when. PROTOCOL.md, "Transport". */
#ifndef STAFET_NODE_ENGINE_DIAL_H
#define STAFET_NODE_ENGINE_DIAL_H

#include "inner.h"

struct member *dial_member(const struct engine *, const struct member_id *);
/* MEMBER */
void dial_event(struct engine *, const struct event *);
/* Is it this node that dials `member`? */
bool dial_is_due_to(const struct engine *, const struct member *);
void dial_tick(struct engine *);
void dial_connected(struct engine *, struct member *);
/* Its session or DIAL has ended: back-off before the next, if it is to be dialled. */
void dial_lost(struct engine *, struct member *, enum err reason);
/* Its session has reached IDLE, and if `equal`, nothing was refused on the way. */
void dial_succeeded(struct member *, bool equal);
void dial_hurry(struct engine *);
void dial_done(struct engine *);

#endif
