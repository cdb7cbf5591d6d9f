#include "session.h"

#include "address.h"
#include "compare.h"
#include "dial.h"
#include "emit.h"
#include "held.h"
#include "hello.h"
#include "join.h"
#include "proofs.h"
#include "pull.h"
#include "push.h"
#include "share.h"
#include "statements.h"
#include <stdlib.h>

#define TO(state) (1u << SESSION_##state)

static const unsigned follows[] = {
    [SESSION_NONE] = TO(HELLO) | TO(JOINING) | TO(DIALLING) | TO(BACKOFF),
    [SESSION_DIALLING] = TO(NONE) | TO(BACKOFF),
    [SESSION_BACKOFF] = TO(NONE) | TO(DIALLING),
    [SESSION_HELLO] = TO(ROSTER) | TO(NONE),
    [SESSION_ROSTER] = TO(COMPARE) | TO(NONE),
    [SESSION_COMPARE] = TO(PULLING) | TO(NONE),
    [SESSION_PULLING] = TO(IDLE) | TO(NONE),
    [SESSION_IDLE] = TO(PULLING) | TO(NONE),
    [SESSION_JOINING] = TO(NONE),
};

const char *session_state_name(enum session_state state) {
    switch (state) {
    case SESSION_NONE:
        return "none";
    case SESSION_DIALLING:
        return "dialling";
    case SESSION_HELLO:
        return "hello";
    case SESSION_ROSTER:
        return "roster";
    case SESSION_COMPARE:
        return "compare";
    case SESSION_PULLING:
        return "pulling";
    case SESSION_IDLE:
        return "idle";
    case SESSION_JOINING:
        return "joining";
    case SESSION_BACKOFF:
        return "backoff";
    }
    return "unknown";
}

bool session_follows(enum session_state from, enum session_state to) {
    return (follows[from] & 1u << to) != 0;
}

void session_enter(struct session *session, enum session_state state) {
    if (!session_follows(session->state, state))
        abort();
    session->state = state;
    session->since = session->engine->now;
}

struct session *session_find(const struct engine *engine, uint32_t link) {
    return sorted_find(&engine->sessions, &link);
}

bool session_is_open(const struct session *session) {
    return session->state == SESSION_IDLE || session->state == SESSION_PULLING;
}

bool session_is_equal(const struct session *session) {
    return session->state == SESSION_IDLE && !session->doomed && session->unequal_n == 0 &&
           session->wants_n == 0 && !session->overflown && !session->engine->incomplete;
}

void session_touch(struct session *session) {
    session->touched = true;
}

void session_fail(struct session *session, enum err reason, bool said) {
    if (session->doomed)
        return;
    if (said) {
        emit_error(session, reason, NULL);
        emit_frame(session, &(struct message){.kind = MESSAGE_BYE, .text = ""});
    }
    session->doomed = true;
    session->doom = reason;
    session_touch(session);
}

/* ---- From CONNECTED to its end ---- */

static struct session *session_new(struct engine *engine, const struct event *event,
                                   struct member *member) {
    struct session *session = malloc(sizeof *session);
    if (session == NULL)
        return NULL;
    *session = (struct session){.link = event->link,
                                .engine = engine,
                                .member = member,
                                .proved = event->connected.proved,
                                .since = engine->now,
                                .deadline = INT64_MAX,
                                .retry_at = INT64_MAX,
                                .statements_at = INT64_MAX,
                                .sent_at = INT64_MIN / 2,
                                .address_at = INT64_MIN,
                                .proofs_at = INT64_MAX,
                                .shares = {.key_size = sizeof(struct feed_id)}};
    if (sorted_add(&engine->sessions, session) != OK) {
        free(session);
        return NULL;
    }
    if (member == NULL)
        engine->strangers_n++;
    return session;
}

/* Who may have a session. OK with a NULL member: the holder of a ticket. */
static enum err far_end(const struct engine *engine, const struct event *event,
                        struct member **ret_member) {
    bool joining = member_id_is_zero(&engine->self);
    bool ticket = !joining && member_id_is_zero(&event->connected.member);
    struct member_id id = joining ? engine->self : event->connected.member;
    struct member *member = ticket ? NULL : dial_member(engine, &id);
    if (ticket && engine->strangers_n >= STRANGERS_MAX)
        return ERR_BUSY;
    if (!ticket &&
        (member == NULL || !member->active || (!joining && member_id_equal(&id, &engine->self))))
        return ERR_DENIED;
    *ret_member = member;
    return OK;
}

/* A dial that led to a link without a session has failed. */
static void refuse(struct engine *engine, const struct event *event, enum err reason) {
    const struct member_id *id = &event->connected.member;
    struct member *member = event->connected.dialled ? dial_member(engine, id) : NULL;
    struct effect close = {
        .kind = EFFECT_CLOSE, .link = event->link, .member = *id, .reason = reason};
    if (emit_effect(engine, &close) != OK)
        engine_out_of_memory(engine);
    if (member != NULL && member->dial == SESSION_DIALLING)
        dial_lost(engine, member, reason);
}

void session_connected(struct engine *engine, const struct event *event) {
    if (session_find(engine, event->link) != NULL)
        return;
    struct member *member = NULL;
    enum err e = far_end(engine, event, &member);
    struct session *session = e == OK ? session_new(engine, event, member) : NULL;
    if (session == NULL) {
        refuse(engine, event, e == OK ? ERR_MEMORY : e);
        return;
    }
    session_touch(session);
    if (member != NULL) {
        /* The newest link is the one that works: the other may be half dead. */
        if (member->session != NULL)
            session_fail(member->session, ERR_CLOSED, false);
        member->session = session;
        dial_connected(engine, member);
    }
    if (member == NULL || member_id_is_zero(&member->id))
        joining_begin(session);
    else
        hello_say(session);
}

void session_free(struct session *session) {
    struct engine *engine = session->engine;
    while (session->shares.n != 0)
        share_free(session->shares.list[session->shares.n - 1]);
    sorted_done(&session->shares);
    free(session->told);
    compare_done(session);
    held_done(session);
    if (session->member == NULL)
        engine->strangers_n--;
    else if (session->member->session == session)
        session->member->session = NULL;
    sorted_remove(&engine->sessions, &session->link);
    free(session);
}

static void end(struct session *session, enum err reason) {
    struct engine *engine = session->engine;
    struct member *member = session->member;
    bool current = member != NULL && member->session == session;
    session->doomed = true; /* nothing more is pulled or sent while it is taken down */
    if (session->state != SESSION_NONE)
        session_enter(session, SESSION_NONE);
    session_free(session);
    if (current)
        dial_lost(engine, member, reason);
}

void session_disconnected(struct engine *engine, const struct event *event) {
    enum err reason = event->disconnected.reason == OK ? ERR_CLOSED : event->disconnected.reason;
    struct session *session = event->link == 0 ? NULL : session_find(engine, event->link);
    if (session != NULL) {
        end(session, session->doomed ? session->doom : reason);
        return;
    }
    struct member *member =
        event->link == 0 ? dial_member(engine, &event->disconnected.member) : NULL;
    if (member != NULL && member->dial == SESSION_DIALLING)
        dial_lost(engine, member, reason);
}

static void close_doomed(struct session *session) {
    struct engine *engine = session->engine;
    struct effect close = {.kind = EFFECT_CLOSE, .link = session->link, .reason = session->doom};
    if (session->member != NULL)
        close.member = session->member->id;
    if (emit_effect(engine, &close) == OK)
        end(session, session->doom);
    else
        engine_due(engine, engine->now); /* it stays doomed until its end can be told */
}

void session_opened(struct session *session) {
    compare_done(session);
    session->deadline = INT64_MAX;
    session_enter(session, SESSION_PULLING);
    for (size_t i = session->shares.n; i-- > 0;) {
        struct share *share = session->shares.list[i];
        share_refresh(share);
        share_tidy(share);
    }
    session_touch(session);
}

/* ---- At the end of each step ---- */

static void work(struct session *session) {
    enum session_state state = session->wants_n != 0 ? SESSION_PULLING : SESSION_IDLE;
    if (session->state != state && session_is_open(session)) {
        session_enter(session, state);
        if (state == SESSION_IDLE && session->unequal_n != 0)
            statements_consult(session);
        if (state == SESSION_IDLE)
            dial_succeeded(session->member, session_is_equal(session));
    }
    if (session->state == SESSION_IDLE && session->overflown) {
        session_fail(session, ERR_BUSY, true);
        return;
    }
    pull_settle(session);
    push_settle(session);
    if (session_is_open(session))
        address_settle(session);
    if (session->state == SESSION_IDLE)
        statements_settle(session);
    if (session_is_open(session))
        proofs_settle(session);
}

void session_settle(struct session *session) {
    session->touched = false;
    if (!session->doomed)
        work(session);
    if (session->doomed)
        close_doomed(session);
}

void session_tick(struct session *session) {
    struct engine *engine = session->engine;
    if (session->doomed) {
        session_touch(session);
        return;
    }
    if (session->deadline <= engine->now) {
        session_fail(session, ERR_TIMEOUT, true);
        return;
    }
    engine_due(engine, session->deadline);
    pull_tick(session);
    statements_take_held(session);
    if (session->statements_at <= engine->now || session->proofs_at <= engine->now)
        session_touch(session);
    engine_due(engine, session->statements_at);
    engine_due(engine, session->proofs_at);
    if (session_is_open(session))
        address_settle(session);
}
