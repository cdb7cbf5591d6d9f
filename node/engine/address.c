#include "address.h"

#include "emit.h"
#include "session.h"

/* The answer is the roster itself, which may be long in coming or be refused: so it is said again,
 * over the same session too. */
enum { ADDRESS_AGAIN_MS = 600000 };

void address_event(struct engine *engine, const struct event *event) {
    struct message message = {.kind = MESSAGE_ADDRESS,
                              .address = {event->address.endpoints, event->address.endpoints_n}};
    buffer_clear(&engine->address);
    if (event->address.wanted && message_encode(&message, &engine->address) != OK) {
        engine_out_of_memory(engine);
        return;
    }
    for (size_t i = 0; i < engine->sessions.n; i++) {
        struct session *session = engine->sessions.list[i];
        session->address_at = INT64_MIN;
        session_touch(session);
    }
}

void address_receive(struct session *session, struct bytes frame) {
    if (session->engine->role != ROLE_MUNICIPALITY)
        emit_error(session, ERR_DENIED, NULL);
    else
        emit_for(session, &(struct effect){.kind = EFFECT_ADDRESS, .bytes = frame});
}

void address_answered(struct engine *engine, const struct event *event) {
    struct session *session = session_find(engine, event->link);
    if (session != NULL && event->addressed.error != OK)
        emit_error(session, event->addressed.error, NULL);
}

void address_settle(struct session *session) {
    struct engine *engine = session->engine;
    if (engine->address.size == 0 || session->doomed || session->member->role != ROLE_MUNICIPALITY)
        return;
    if (session->address_at <= engine->now) {
        struct bytes frame = buffer_view(&engine->address);
        if (!emit_for(session, &(struct effect){.kind = EFFECT_SEND, .bytes = frame}))
            return;
        session->member->sent += frame.size;
        session->unanswered += frame.size;
        session->address_at = engine->now + ADDRESS_AGAIN_MS;
    }
    engine_due(engine, session->address_at);
}
