#include "address.h"

#include "emit.h"
#include "session.h"

/* The answer is the roster itself, which may be long in coming or be refused: so it is said again,
 * over the same session too. */
enum { ADDRESS_AGAIN_MS = 600000 };
/* So many of one member's are looked at in that time, in however many sessions: each costs the
 * store a look. */
enum { ADDRESSES_MAX = 16, ADDRESSES_MS = 600000 };

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

static bool is_one_too_many(struct member *member, time_ms now) {
    if (member->addresses_n == 0 || member->addresses_since + ADDRESSES_MS <= now) {
        member->addresses_since = now;
        member->addresses_n = 0;
    }
    return member->addresses_n++ >= ADDRESSES_MAX;
}

void address_receive(struct session *session, struct bytes frame) {
    if (session->engine->role != ROLE_MUNICIPALITY)
        emit_error(session, ERR_DENIED, NULL);
    else if (is_one_too_many(session->member, session->engine->now))
        emit_error(session, ERR_QUOTA, NULL);
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
