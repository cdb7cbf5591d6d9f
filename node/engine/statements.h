/* Statements: made when heads have moved, passed on to everybody whom they concern. PROTOCOL.md,
 * "Statements".
 *
 * A statement of M about a channel concerns P if P may hold a feed of M there, or may write there
 * and M may hold a feed of P: so a site learns that the municipality has its answers, and nothing
 * of what other sites have.
 *
 * They are passed on at most once a second for each member and channel, and large ones less often:
 * what one member says goes out to many. */
#ifndef STAFET_NODE_ENGINE_STATEMENTS_H
#define STAFET_NODE_ENGINE_STATEMENTS_H

#include "inner.h"

void statements_done(struct engine *);
/* STATED */
void statements_event(struct engine *, const struct event *);
/* For the HELLO: over those that concern both. */
uint64_t statements_digest(const struct engine *, const struct member *);
/* The peer's digest in its HELLO. */
void statements_compare(struct session *, uint64_t digest);
/* A STATEMENT frame's content. At most one of each member and channel goes to the store in a
 * second: the latest. */
void statements_receive(struct session *, struct bytes);
/* TICK: those whose time has come. */
void statements_take_held(struct session *);
/* IDLE: a RUN has told the number of the peer's head, which arrived over another session; the
 * peer's stored statement may tell its id. */
void statements_consult(struct session *);
/* IDLE: sends what the peer has not been sent, a portion at a time. */
void statements_settle(struct session *);
/* Heads of the lane have moved. */
void statements_heads_moved(struct engine *, struct lane *);
void statements_tick(struct engine *);

#endif
