/* The sending side: RUNs in answer to PULL and of one's own accord (push), announcements.
 * PROTOCOL.md, "Session", 5.
 *
 * One LOAD at a time for each feed and session, and never more under way to a peer than its HELLO
 * allows. */
#ifndef STAFET_NODE_ENGINE_PUSH_H
#define STAFET_NODE_ENGINE_PUSH_H

#include "inner.h"

/* Puts the share in line, if there is something to send of it. */
void push_enqueue(struct share *);
void push_forget(struct share *);
/* Asks for runs and announces heads as far as there is room. */
void push_settle(struct session *);
/* The feed's head was `old` and has moved. */
void push_moved(struct session *, struct feed *, const struct position *old);

void push_pull(struct session *, const struct message_pull *);
void push_credit(struct session *, const struct message_credit *);
/* The peer won't take this feed now. */
void push_refused(struct session *, const struct feed_id *);
void push_loaded(struct engine *, const struct event *);

#endif
