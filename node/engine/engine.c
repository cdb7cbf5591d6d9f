#include "emit.h"

#include "address.h"
#include "dial.h"
#include "heads.h"
#include "hello.h"
#include "intake.h"
#include "join.h"
#include "proofs.h"
#include "push.h"
#include "receive.h"
#include "session.h"
#include "statements.h"
#include <stdlib.h>

/* While joining, the issuer of the ticket is the only one there is. */
static enum err add_issuer(struct engine *engine) {
    struct event issuer = {
        .kind = EVENT_MEMBER,
        .member = {.role = ROLE_MUNICIPALITY, .active = true, .has_endpoint = true}};
    dial_event(engine, &issuer);
    return engine->incomplete ? ERR_MEMORY : OK;
}

struct engine *engine_new(const struct engine_config *config) {
    struct engine *engine = malloc(sizeof *engine);
    if (engine == NULL)
        return NULL;
    *engine = (struct engine){
        .federation = config->federation,
        .self = config->self,
        .role = config->role,
        .instance = config->instance,
        .jitter = {config->seed},
        .now = INT64_MIN / 2,
        .due = INT64_MAX,
        .parked_until = INT64_MAX,
        .pass_at = INT64_MAX,
        .members = {.key_size = sizeof(struct member_id)},
        .sessions = {.key_size = sizeof(uint32_t)},
        .lanes = {.key_size = sizeof(struct channel_id)},
        .feeds = {.key_size = sizeof(struct feed_id)},
        .stated = {.key_size = sizeof(struct channel_id) + sizeof(struct member_id)}};
    arena_init(&engine->arena, 0);
    bool joining = member_id_is_zero(&config->self);
    if (buffer_append(&engine->join, config->join.data, config->join.size) != OK ||
        (joining && add_issuer(engine) != OK)) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine) {
    if (engine == NULL)
        return;
    while (engine->sessions.n != 0)
        session_free(engine->sessions.list[engine->sessions.n - 1]);
    sorted_done(&engine->sessions);
    statements_done(engine);
    proofs_done(engine);
    heads_done(engine);
    dial_done(engine);
    arena_done(&engine->arena);
    buffer_done(&engine->join);
    buffer_done(&engine->address);
    buffer_done(&engine->frame);
    free(engine);
}

void engine_due(struct engine *engine, time_ms at) {
    if (at < engine->due)
        engine->due = at;
}

time_ms engine_deadline(const struct engine *engine) {
    return engine->due;
}

void engine_hurry(struct engine *engine) {
    dial_hurry(engine);
}

void engine_out_of_memory(struct engine *engine) {
    engine->incomplete = true;
    for (size_t i = 0; i < engine->sessions.n; i++)
        session_fail(engine->sessions.list[i], ERR_MEMORY, false);
}

bool engine_is_incomplete(const struct engine *engine) {
    return engine->incomplete;
}

static void roster_event(struct engine *engine, const struct event *event) {
    struct position at = {event->roster.seq, event->roster.id8};
    bool moved = !position_equal(&engine->roster.at, &at);
    engine->roster = (struct tip){event->roster.feed, at};
    if (!moved)
        return;
    heads_unpark(engine, true);
    for (size_t i = 0; i < engine->sessions.n; i++) {
        session_touch(engine->sessions.list[i]);
        hello_roster_moved(engine->sessions.list[i]);
    }
}

static void handle(struct engine *engine, const struct event *event) {
    switch (event->kind) {
    case EVENT_TICK:
        break;
    case EVENT_MEMBER:
        dial_event(engine, event);
        break;
    case EVENT_ROSTER:
        roster_event(engine, event);
        break;
    case EVENT_FEED:
        heads_event(engine, event);
        break;
    case EVENT_FORK:
        proofs_event(engine, event);
        break;
    case EVENT_STATED:
        statements_event(engine, event);
        break;
    case EVENT_CONNECTED:
        session_connected(engine, event);
        break;
    case EVENT_DISCONNECTED:
        session_disconnected(engine, event);
        break;
    case EVENT_RECEIVED:
        receive_event(engine, event);
        break;
    case EVENT_LOADED:
        push_loaded(engine, event);
        break;
    case EVENT_ADMITTED:
        intake_admitted(engine, event);
        break;
    case EVENT_JOINED:
        joining_answered(engine, event);
        break;
    case EVENT_ADDRESS:
        address_event(engine, event);
        break;
    case EVENT_ADDRESSED:
        address_answered(engine, event);
        break;
    }
}

/* Everything whose time has come, and when the next is due. */
static void tick(struct engine *engine) {
    engine->due = INT64_MAX;
    dial_tick(engine);
    statements_tick(engine);
    if (engine->parked_until <= engine->now)
        heads_unpark(engine, false);
    engine_due(engine, engine->parked_until);
    for (size_t i = 0; i < engine->sessions.n; i++)
        session_tick(engine->sessions.list[i]);
}

/* One session's end may touch others, which then take up what it pulled: at most as many rounds as
 * sessions. */
static void settle(struct engine *engine) {
    bool touched;
    do {
        touched = false;
        for (size_t i = engine->sessions.n; i-- > 0;) {
            if (i >= engine->sessions.n)
                continue;
            struct session *session = engine->sessions.list[i];
            if (!session->touched)
                continue;
            session_settle(session);
            touched = true;
        }
    } while (touched);
}

void engine_step(struct engine *engine, const struct event *event, struct effects *effects) {
    engine->effects = effects;
    if (event->now > engine->now)
        engine->now = event->now;
    handle(engine, event);
    if (engine->due <= engine->now)
        tick(engine);
    settle(engine);
    engine->effects = NULL;
}

/* ---- For status ---- */

static bool is_shown(const struct engine *engine, const struct member *member) {
    return member->session != NULL || member->heard || member->dial != SESSION_NONE ||
           dial_is_due_to(engine, member);
}

size_t engine_peers_n(const struct engine *engine) {
    size_t n = 0;
    for (size_t i = 0; i < engine->members.n; i++)
        n += is_shown(engine, engine->members.list[i]);
    return n;
}

static struct peer_info info_of(const struct member *member) {
    const struct session *session = member->session;
    return (struct peer_info){.member = member->id,
                              .state = session != NULL ? session->state : member->dial,
                              .equal = session != NULL && session_is_equal(session),
                              .since = session != NULL ? session->since : member->dial_since,
                              .last_heard = member->last_heard,
                              .retry_at = member->dial == SESSION_BACKOFF ? member->retry_at : 0,
                              .last_error = member->last_error,
                              .sent_bytes = member->sent,
                              .received_bytes = member->received};
}

bool engine_peer_next(const struct engine *engine, size_t *cursor, struct peer_info *ret_info) {
    while (*cursor < engine->members.n) {
        const struct member *member = engine->members.list[(*cursor)++];
        if (!is_shown(engine, member))
            continue;
        *ret_info = info_of(member);
        return true;
    }
    return false;
}

bool engine_peer(const struct engine *engine, size_t index, struct peer_info *ret_info) {
    struct peer_info info;
    size_t cursor = 0;
    bool found = engine_peer_next(engine, &cursor, &info);
    while (found && index-- > 0)
        found = engine_peer_next(engine, &cursor, &info);
    if (found)
        *ret_info = info;
    return found;
}
