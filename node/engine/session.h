// clang-format off
/* A session: one link, from CONNECTED until it is closed. PROTOCOL.md, "Session".
 *
 *   NONE ──CONNECTED──▶ HELLO ──HELLO──▶ ROSTER ──not behind──▶ COMPARE
 *    │                                   │    ▲                    │  compared, or the HELLOs agree
 *    │ with a ticket                     └────┘                    ▼
 *    ▼                               pull the roster            PULLING ──all here──▶ IDLE
 *   JOINING                                                        ▲                   │
 *                                                                  └──────behind───────┘
 *   every state ──failure, BYE, DISCONNECTED──▶ NONE
 *
 * PULLING: the peer holds something that is to be pulled from it, now or once its turn comes.
 * IDLE: it doesn't.
 * A member that is dialled goes, without a session, NONE ▶ DIALLING ▶ NONE (connected) or BACKOFF ▶
 * DIALLING (dial.c). */
// clang-format on
#ifndef STAFET_NODE_ENGINE_SESSION_H
#define STAFET_NODE_ENGINE_SESSION_H

#include "inner.h"

/* May `to` follow `from`? The table of allowed transitions, for sessions and dialling alike. */
bool session_follows(enum session_state from, enum session_state to);
/* The one place where a session's state changes. Aborts on a transition that isn't allowed. */
void session_enter(struct session *, enum session_state);

/* CONNECTED. Answers with HELLO, with JOIN, or by closing the link. */
void session_connected(struct engine *, const struct event *);
void session_disconnected(struct engine *, const struct event *);
struct session *session_find(const struct engine *, uint32_t link);

/* Marks it for session_settle. */
void session_touch(struct session *);
/* To be closed when it settles, for `reason`, which is sent to the peer first if `said`. The first
 * reason stays. */
void session_fail(struct session *, enum err reason, bool said);
/* What a step has left to do for a touched session. */
void session_settle(struct session *);
void session_tick(struct session *);
/* Forgets it without a word. */
void session_free(struct session *);

/* Past COMPARE: IDLE or PULLING. */
bool session_is_open(const struct session *);
/* COMPARE has come to its end. */
void session_opened(struct session *);
/* Is there nothing, at this moment, that either side is known to lack? */
bool session_is_equal(const struct session *);

#endif
