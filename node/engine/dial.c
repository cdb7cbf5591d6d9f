#include "dial.h"

#include "avoid.h"
#include "emit.h"
#include "session.h"
#include <stdlib.h>

struct member *dial_member(const struct engine *engine, const struct member_id *id) {
    return sorted_find(&engine->members, id);
}

void dial_done(struct engine *engine) {
    for (size_t i = 0; i < engine->members.n; i++) {
        avoid_done(engine->members.list[i]);
        free(engine->members.list[i]);
    }
    sorted_done(&engine->members);
}

static void dial_enter(struct engine *engine, struct member *member, enum session_state state) {
    if (!session_follows(member->dial, state))
        abort();
    member->dial = state;
    member->dial_since = engine->now;
}

static struct member *member_of(struct engine *engine, const struct member_id *id) {
    struct member *member = dial_member(engine, id);
    if (member != NULL)
        return member;
    member = malloc(sizeof *member);
    if (member == NULL)
        return NULL;
    *member = (struct member){.id = *id};
    for (size_t i = 0; i < engine->lanes.n && !member->shares; i++) {
        const struct lane *lane = engine->lanes.list[i];
        member->shares = lane->channel.kind == CHANNEL_HANDOVER &&
                         channel_may_read(&lane->channel, id, ROLE_RELAY) &&
                         channel_may_read(&lane->channel, &engine->self, ROLE_RELAY);
    }
    if (sorted_add(&engine->members, member) != OK) {
        free(member);
        return NULL;
    }
    return member;
}

/* Who may hold what has changed with the role: sessions start afresh. */
static void self_changed(struct engine *engine, const struct event *event) {
    if (event->member.role != engine->role)
        for (size_t i = 0; i < engine->sessions.n; i++)
            session_fail(engine->sessions.list[i], ERR_CLOSED, false);
    if (event->member.has_endpoint != engine->self_has_endpoint)
        engine_due(engine, engine->now);
    engine->role = event->member.role;
    engine->self_has_endpoint = event->member.has_endpoint;
}

/* What failed at another address says nothing of this one. */
static void moved(struct engine *engine, struct member *member) {
    backoff_reset(&member->backoff);
    if (member->dial == SESSION_BACKOFF)
        member->retry_at = engine->now;
}

void dial_event(struct engine *engine, const struct event *event) {
    struct member *member = member_of(engine, &event->member.id);
    if (member == NULL) {
        engine_out_of_memory(engine);
        return;
    }
    bool changed = member->role != event->member.role;
    member->role = event->member.role;
    member->active = event->member.active;
    member->has_endpoint = event->member.has_endpoint;
    if (member->endpoints != event->member.endpoints)
        moved(engine, member);
    member->endpoints = event->member.endpoints;
    if (member_id_equal(&member->id, &engine->self))
        self_changed(engine, event);
    else if (member->session != NULL && !member->active)
        session_fail(member->session, ERR_DENIED, false);
    else if (member->session != NULL && changed)
        session_fail(member->session, ERR_CLOSED, false);
    if (dial_is_due_to(engine, member))
        engine_due(engine, engine->now);
}

static int rank(enum role role) {
    switch (role) {
    case ROLE_KINDERGARTEN:
        return 1;
    case ROLE_SCHOOL:
        return 2;
    case ROLE_RELAY:
        return 3;
    case ROLE_MUNICIPALITY:
        return 4;
    }
    return 0;
}

bool dial_is_due_to(const struct engine *engine, const struct member *member) {
    if (member_id_is_zero(&engine->self))
        return member_id_is_zero(&member->id) && !engine->join_over;
    if (!member->active || !member->has_endpoint || member_id_equal(&member->id, &engine->self))
        return false;
    bool hub = member->role == ROLE_MUNICIPALITY || member->role == ROLE_RELAY ||
               engine->role == ROLE_MUNICIPALITY || engine->role == ROLE_RELAY;
    if (!hub && !member->shares)
        return false;
    int own = rank(engine->role), their = rank(member->role);
    return !engine->self_has_endpoint || their > own ||
           (their == own && member_id_compare(&member->id, &engine->self) > 0);
}

static void back_off(struct engine *engine, struct member *member) {
    member->retry_at = engine->now + backoff_next(&member->backoff, &engine->jitter);
    dial_enter(engine, member, SESSION_BACKOFF);
    engine_due(engine, member->retry_at);
}

static void dial(struct engine *engine, struct member *member) {
    dial_enter(engine, member, SESSION_DIALLING);
    if (emit_effect(engine, &(struct effect){.kind = EFFECT_DIAL, .member = member->id}) != OK)
        back_off(engine, member);
}

void dial_tick(struct engine *engine) {
    for (size_t i = 0; i < engine->members.n; i++) {
        struct member *member = engine->members.list[i];
        if (member->session != NULL || member->dial == SESSION_DIALLING)
            continue;
        if (!dial_is_due_to(engine, member)) {
            if (member->dial == SESSION_BACKOFF)
                dial_enter(engine, member, SESSION_NONE);
        } else if (member->dial == SESSION_NONE || member->retry_at <= engine->now) {
            dial(engine, member);
        } else {
            engine_due(engine, member->retry_at);
        }
    }
}

void dial_connected(struct engine *engine, struct member *member) {
    if (member->dial != SESSION_NONE)
        dial_enter(engine, member, SESSION_NONE);
}

void dial_lost(struct engine *engine, struct member *member, enum err reason) {
    member->last_error = reason;
    if (dial_is_due_to(engine, member)) {
        back_off(engine, member);
    } else if (member->dial != SESSION_NONE) {
        dial_enter(engine, member, SESSION_NONE);
    }
}

void dial_succeeded(struct member *member, bool equal) {
    backoff_reset(&member->backoff);
    if (!equal)
        return;
    member->last_error = OK;
    member->shuns = 0;
}

void dial_hurry(struct engine *engine) {
    for (size_t i = 0; i < engine->members.n; i++) {
        struct member *member = engine->members.list[i];
        backoff_reset(&member->backoff);
        if (member->dial == SESSION_BACKOFF)
            member->retry_at = engine->now;
    }
    engine_due(engine, engine->now);
}
