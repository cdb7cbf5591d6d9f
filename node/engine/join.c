#include "join.h"

#include "emit.h"
#include "session.h"

static bool is_joiner(const struct engine *engine) {
    return member_id_is_zero(&engine->self);
}

static void wait(struct session *session, time_ms ms) {
    session->deadline = session->engine->now + ms;
    engine_due(session->engine, session->deadline);
}

void joining_begin(struct session *session) {
    struct engine *engine = session->engine;
    session_enter(session, SESSION_JOINING);
    wait(session, JOIN_MS_MAX);
    if (is_joiner(engine))
        emit_for(session,
                 &(struct effect){.kind = EFFECT_SEND, .bytes = buffer_view(&engine->join)});
}

/* Asking again would get the same answer. */
static bool is_final(enum err e) {
    return e == ERR_TICKET_UNKNOWN || e == ERR_TICKET_USED || e == ERR_TICKET_EXPIRED ||
           e == ERR_DENIED || e == ERR_FEDERATION || e == ERR_SIGNATURE || e == ERR_FORMAT ||
           e == ERR_VERSION || e == ERR_ARGUMENT;
}

static void answer(struct session *session, const struct message *message) {
    struct engine *engine = session->engine;
    switch ((int)message->kind) {
    case MESSAGE_JOINED:
        if (emit_effect(engine, &(struct effect){.kind = EFFECT_ENROLLED,
                                                 .link = session->link,
                                                 .member = message->joined.member,
                                                 .after = message->joined.roster_seq,
                                                 .id8 = message->joined.roster_id8}) != OK) {
            session_fail(session, ERR_MEMORY, false);
            break;
        }
        engine->join_over = true;
        session_fail(session, ERR_CLOSED, false);
        break;
    case MESSAGE_PENDING:
        wait(session, PENDING_MS_MAX);
        emit_for(session,
                 &(struct effect){.kind = EFFECT_PENDING, .bytes = bytes_of_text(message->text)});
        break;
    case MESSAGE_ERROR:
        engine->join_over = is_final(message->error.code);
        session_fail(session, message->error.code, false);
        break;
    case MESSAGE_BYE:
        session_fail(session, ERR_CLOSED, false);
        break;
    default:
        session_fail(session, ERR_STATE, true);
        break;
    }
}

void joining_receive(struct session *session, const struct message *message, struct bytes frame) {
    if (is_joiner(session->engine)) {
        answer(session, message);
        return;
    }
    if (message->kind == MESSAGE_BYE) {
        session_fail(session, ERR_CLOSED, false);
        return;
    }
    if (message->kind != MESSAGE_JOIN || session->join_asked || ++session->joins > JOINS_MAX) {
        session_fail(session, ERR_DENIED, true);
        return;
    }
    session->join_asked = emit_for(
        session, &(struct effect){.kind = EFFECT_JOIN, .proved = session->proved, .bytes = frame});
}

void joining_answered(struct engine *engine, const struct event *event) {
    struct session *session = session_find(engine, event->link);
    if (session == NULL || !session->join_asked)
        return;
    session->join_asked = false;
    session_touch(session);
    if (event->joined.error != OK) {
        session_fail(session, event->joined.error, true);
        return;
    }
    wait(session, JOIN_MS_MAX);
    emit_frame(session, &(struct message){.kind = MESSAGE_JOINED,
                                          .joined = {.member = event->joined.member,
                                                     .roster_seq = event->joined.roster_seq,
                                                     .roster_id8 = event->joined.roster_id8}});
}
