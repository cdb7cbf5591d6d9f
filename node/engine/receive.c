#include "receive.h"

#include "address.h"
#include "compare.h"
#include "emit.h"
#include "hello.h"
#include "intake.h"
#include "join.h"
#include "proofs.h"
#include "push.h"
#include "session.h"
#include "statements.h"

/* Frames that make sense only after the peer's HELLO. */
static void dispatch(struct session *session, const struct message *message, struct bytes frame) {
    switch (message->kind) {
    case MESSAGE_HELLO:
        hello_received(session, &message->hello);
        break;
    case MESSAGE_ROSTER:
        hello_roster(session, &message->roster);
        break;
    case MESSAGE_DIGEST:
        compare_digest(session, &message->digest);
        break;
    case MESSAGE_HEADS:
        compare_heads(session, &message->heads);
        break;
    case MESSAGE_PULL:
        push_pull(session, &message->pull);
        break;
    case MESSAGE_RUN:
        intake_run(session, &message->run);
        break;
    case MESSAGE_NOT_HERE:
        intake_not_here(session, &message->not_here);
        break;
    case MESSAGE_CREDIT:
        push_credit(session, &message->credit);
        break;
    case MESSAGE_STATEMENT:
        statements_receive(session, message->statement);
        break;
    case MESSAGE_PROOF:
        proofs_receive(session, &message->proof.feed, frame);
        break;
    case MESSAGE_ERROR:
        session->member->last_error = message->error.code;
        if (!feed_id_is_zero(&message->error.feed))
            push_refused(session, &message->error.feed);
        break;
    case MESSAGE_BYE:
        session_fail(session, ERR_CLOSED, false);
        break;
    case MESSAGE_ADDRESS:
        address_receive(session, frame);
        break;
    case MESSAGE_JOIN:
    case MESSAGE_JOINED:
    case MESSAGE_PENDING:
        session_fail(session, ERR_STATE, true);
        break;
    }
}

static bool may_come_first(enum message_kind kind) {
    return kind == MESSAGE_HELLO || kind == MESSAGE_ERROR || kind == MESSAGE_BYE;
}

static void heard(struct session *session, size_t size) {
    struct engine *engine = session->engine;
    session->unanswered = 0;
    if (session->state == SESSION_ROSTER || session->state == SESSION_COMPARE) {
        session->deadline = engine->now + AGREE_MS_MAX;
        engine_due(engine, session->deadline);
    }
    if (session->member == NULL)
        return;
    session->member->heard = true;
    session->member->last_heard = engine->now;
    session->member->received += size;
}

void receive_event(struct engine *engine, const struct event *event) {
    struct session *session = session_find(engine, event->link);
    if (session == NULL || session->doomed)
        return;
    struct bytes frame = event->received;
    session_touch(session);
    heard(session, frame.size);
    arena_reset(&engine->arena);
    engine->arena.bytes_max = arena_cap_for(frame.size);
    struct message message;
    enum err e = message_decode(frame, &engine->arena, &message);
    if (e == ERR_VERSION)
        return; /* of a later version of the protocol */
    if (e != OK)
        session_fail(session, e, true);
    else if (session->state == SESSION_JOINING)
        joining_receive(session, &message, frame);
    else if (!session->greeted && !may_come_first(message.kind))
        session_fail(session, ERR_STATE, true);
    else
        dispatch(session, &message, frame);
}
