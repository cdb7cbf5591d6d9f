#include "statements.h"

#include "dial.h"
#include "emit.h"
#include "heads.h"
#include "held.h"
#include "proto/statement.h"
#include "session.h"
#include "share.h"
#include <assert.h>
#include <stdlib.h>

struct stated {
    struct channel_id channel_id; /* key, with member */
    struct member_id member;
    struct channel channel;
    uint64_t counter;
    struct buffer statement;
    uint64_t order;          /* when it came, among all */
    uint32_t from;           /* the link that it came over; 0: own, or not known */
    time_ms at;              /* when it came */
    time_ms heard;           /* when its member itself last sent one */
    time_ms passed, pass_at; /* passed on, and to be; INT64_MAX: nothing new */
    struct stated *previous, *next;
};
enum { STATED_KEY_SIZE = sizeof(struct channel_id) + sizeof(struct member_id) };
static_assert(offsetof(struct stated, member) == sizeof(struct channel_id),
              "the key is contiguous");

struct stated_key {
    struct channel_id channel_id;
    struct member_id member;
};

static struct stated *stated_find(const struct engine *engine, const struct channel_id *channel,
                                  const struct member_id *member) {
    struct stated_key key = {*channel, *member};
    return sorted_find(&engine->stated, &key);
}

void statements_done(struct engine *engine) {
    for (size_t i = 0; i < engine->stated.n; i++) {
        struct stated *stated = engine->stated.list[i];
        buffer_done(&stated->statement);
        free(stated);
    }
    sorted_done(&engine->stated);
}

static bool concerns(const struct engine *engine, const struct stated *stated,
                     const struct member_id *id, enum role role) {
    const struct channel *channel = &stated->channel;
    const struct member *author = dial_member(engine, &stated->member);
    bool own = member_id_equal(&stated->member, &engine->self);
    if (!own && (author == NULL || !author->active))
        return false;
    enum role author_role = own ? engine->role : author->role;
    return channel_may_hold(channel, &stated->member, id, role) ||
           (channel_may_write(channel, id, role) &&
            channel_may_hold(channel, id, &stated->member, author_role));
}

static bool concerns_both(const struct engine *engine, const struct stated *stated,
                          const struct member *member) {
    return concerns(engine, stated, &member->id, member->role) &&
           concerns(engine, stated, &engine->self, engine->role);
}

uint64_t statements_digest(const struct engine *engine, const struct member *member) {
    struct hasher h;
    hasher_init(&h, HASH_DIGEST);
    for (size_t i = 0; i < engine->stated.n; i++) {
        const struct stated *stated = engine->stated.list[i];
        if (!concerns_both(engine, stated, member))
            continue;
        hasher_add(&h, stated->channel_id.bytes, sizeof stated->channel_id.bytes);
        hasher_add(&h, stated->member.bytes, sizeof stated->member.bytes);
        hasher_add_u64(&h, stated->counter);
    }
    struct hash hash = hasher_final(&h);
    return get_u64(hash.bytes);
}

void statements_compare(struct session *session, uint64_t digest) {
    session->stated = digest == session->statements ? session->statements_order : 0;
}

/* ---- Kept, in the order in which they came ---- */

static void append(struct engine *engine, struct stated *stated) {
    stated->order = ++engine->stated_order;
    stated->previous = engine->stated_last;
    stated->next = NULL;
    if (engine->stated_last != NULL)
        engine->stated_last->next = stated;
    else
        engine->stated_first = stated;
    engine->stated_last = stated;
}

static void take_out(struct engine *engine, struct stated *stated) {
    if (stated->previous != NULL)
        stated->previous->next = stated->next;
    else
        engine->stated_first = stated->next;
    if (stated->next != NULL)
        stated->next->previous = stated->previous;
    else
        engine->stated_last = stated->previous;
}

static struct stated *stated_new(struct engine *engine, const struct event *event) {
    struct stated *stated = malloc(sizeof *stated);
    if (stated == NULL)
        return NULL;
    *stated = (struct stated){.channel_id = event->stated.channel_id,
                              .member = event->stated.member,
                              .channel = event->stated.channel,
                              .at = INT64_MIN / 2,
                              .heard = INT64_MIN / 2,
                              .passed = INT64_MIN / 2,
                              .pass_at = INT64_MAX};
    if (sorted_add(&engine->stated, stated) != OK) {
        free(stated);
        return NULL;
    }
    append(engine, stated);
    return stated;
}

/* The link over which this very statement came in. */
static uint32_t arrived_over(const struct engine *engine, const struct stated *stated) {
    for (size_t i = 0; i < sizeof engine->arrivals / sizeof engine->arrivals[0]; i++) {
        const struct arrival *arrival = &engine->arrivals[i];
        if (arrival->counter == stated->counter &&
            member_id_equal(&arrival->member, &stated->member) &&
            channel_id_equal(&arrival->channel, &stated->channel_id))
            return arrival->link;
    }
    return 0;
}

/* The own statement has come back: nothing is due before heads move, or a day has passed. */
static void own_stated(struct engine *engine, const struct stated *stated) {
    struct lane *lane = sorted_find(&engine->lanes, &stated->channel_id);
    if (lane != NULL && !lane->moved && member_id_equal(&stated->member, &engine->self))
        lane->state_due = lane->stated_at + STATE_MS_MAX;
}

/* Whom it concerns gets it now, or when it is time: then the latest there is. */
static void pass_on(struct engine *engine, struct stated *stated) {
    time_ms pace = STATED_MS_MIN + (time_ms)(stated->statement.size / STATED_PACE);
    bool own = member_id_equal(&stated->member, &engine->self);
    if (!own && stated->passed + pace > engine->now) {
        stated->pass_at = stated->passed + pace;
        if (stated->pass_at < engine->pass_at)
            engine->pass_at = stated->pass_at;
        engine_due(engine, stated->pass_at);
        return;
    }
    stated->passed = engine->now;
    stated->pass_at = INT64_MAX;
    take_out(engine, stated);
    append(engine, stated);
    for (size_t i = 0; i < engine->sessions.n; i++)
        session_touch(engine->sessions.list[i]);
}

static void pass_waiting(struct engine *engine) {
    bool is_time = engine->pass_at <= engine->now;
    if (is_time)
        engine->pass_at = INT64_MAX;
    for (size_t i = 0; is_time && i < engine->stated.n; i++) {
        struct stated *stated = engine->stated.list[i];
        if (stated->pass_at <= engine->now)
            pass_on(engine, stated);
        else if (stated->pass_at < engine->pass_at)
            engine->pass_at = stated->pass_at;
    }
    engine_due(engine, engine->pass_at);
}

void statements_event(struct engine *engine, const struct event *event) {
    struct stated *stated = stated_find(engine, &event->stated.channel_id, &event->stated.member);
    bool is_first = stated == NULL;
    if (!is_first && event->stated.counter <= stated->counter)
        return;
    if (is_first)
        stated = stated_new(engine, event);
    struct bytes statement = event->stated.statement;
    struct buffer copy = {0};
    if (stated == NULL || buffer_append(&copy, statement.data, statement.size) != OK) {
        engine_out_of_memory(engine);
        return;
    }
    buffer_done(&stated->statement);
    stated->statement = copy;
    stated->counter = event->stated.counter;
    stated->from = arrived_over(engine, stated);
    /* What the store had at the start holds up nothing that is newer. */
    if (!is_first || stated->from != 0)
        stated->at = engine->now;
    own_stated(engine, stated);
    pass_on(engine, stated);
}

/* ---- From and to peers ---- */

/* A peer's own statement says where it stands, at least. */
static void learn(struct session *session, const struct statement *statement) {
    struct engine *engine = session->engine;
    for (size_t i = 0; i < statement->heads_n && !session->doomed; i++) {
        const struct version_name *name = &statement->heads[i];
        struct position at = {name->seq, name->id8};
        struct feed *feed = heads_find(engine, &name->feed);
        if (feed == NULL || feed->lane == NULL || !heads_shared(engine, feed, session->member))
            continue;
        struct share *share = share_find(session, &name->feed);
        if (share == NULL && (!session_is_open(session) || at.seq <= feed->head.seq))
            continue;
        if (share == NULL)
            share = share_make(session, feed, &feed->head);
        if (share == NULL ||
            (share->peer_known &&
             (share->peer.seq > at.seq || (share->peer.seq == at.seq && share->peer_id_known))))
            continue;
        share_peer_at(share, &at);
        share_expect_push(share);
        share_refresh(share);
        share_tidy(share);
    }
}

static void identify(struct share *share, const struct statement *statement) {
    for (size_t i = 0; i < statement->heads_n; i++) {
        const struct version_name *name = &statement->heads[i];
        if (name->seq == share->peer.seq && feed_id_equal(&name->feed, &share->id))
            share_peer_at(share, &(struct position){name->seq, name->id8});
    }
}

void statements_consult(struct session *session) {
    struct engine *engine = session->engine;
    for (size_t i = session->shares.n; i-- > 0;) {
        struct share *share = session->shares.list[i];
        const struct lane *lane = share->feed->lane;
        const struct stated *stated =
            lane == NULL ? NULL : stated_find(engine, &lane->id, &session->member->id);
        if (stated == NULL || !share->peer_known || share->peer_id_known)
            continue;
        struct statement statement;
        arena_reset(&engine->arena);
        engine->arena.bytes_max = arena_cap_for(stated->statement.size);
        if (statement_decode(buffer_view(&stated->statement), &engine->arena, &statement) == OK)
            identify(share, &statement);
        share_refresh(share);
        share_tidy(share);
    }
}

/* To the store, which knows whether it is really theirs. */
static void hand_on(struct session *session, const struct channel_id *channel,
                    const struct member_id *member, uint64_t counter, struct bytes bytes) {
    struct engine *engine = session->engine;
    struct stated *stated = stated_find(engine, channel, member);
    if (stated != NULL && member_id_equal(member, &session->member->id))
        stated->heard = engine->now;
    engine->arrivals[engine->arrivals_next] =
        (struct arrival){session->link, *member, *channel, counter};
    engine->arrivals_next =
        (engine->arrivals_next + 1) % (sizeof engine->arrivals / sizeof engine->arrivals[0]);
    emit_for(session,
             &(struct effect){.kind = EFFECT_STATEMENT, .channel_id = *channel, .bytes = bytes});
}

/* When the next one after `stated` is taken. What was stored was verified, and what comes over the
 * member's own session is its own doing; what others send in its name holds nothing up. */
static time_ms due_after(const struct session *session, const struct stated *stated) {
    if (stated == NULL || member_id_equal(&stated->member, &session->engine->self))
        return INT64_MIN;
    bool by_itself = member_id_equal(&stated->member, &session->member->id);
    time_ms last = by_itself && stated->heard > stated->at ? stated->heard : stated->at;
    return last + STATED_MS_MIN;
}

/* An own one that comes back is handed on even if it is older than what has been stated since: it
 * may name what this node has lost. */
void statements_receive(struct session *session, struct bytes bytes) {
    struct engine *engine = session->engine;
    struct statement statement;
    enum err e = statement_decode(bytes, &engine->arena, &statement);
    if (e != OK || !federation_id_equal(&statement.federation, &engine->federation)) {
        session_fail(session, e == OK ? ERR_FEDERATION : e, true);
        return;
    }
    if (member_id_equal(&statement.member, &session->member->id))
        learn(session, &statement);
    const struct stated *stated = stated_find(engine, &statement.channel, &statement.member);
    bool own = member_id_equal(&statement.member, &engine->self);
    if (stated != NULL && (own ? bytes_equal(bytes, buffer_view(&stated->statement))
                               : statement.counter <= stated->counter))
        return;
    time_ms due = due_after(session, stated);
    if (due > engine->now)
        held_put(session, &statement, bytes, due);
    else
        hand_on(session, &statement.channel, &statement.member, statement.counter, bytes);
}

void statements_take_held(struct session *session) {
    struct held_statement held;
    while (!session->doomed && held_take(session, &held)) {
        struct stated *stated = stated_find(session->engine, &held.channel, &held.member);
        if (stated == NULL || held.counter > stated->counter)
            hand_on(session, &held.channel, &held.member, held.counter, buffer_view(&held.bytes));
        buffer_done(&held.bytes);
    }
}

void statements_settle(struct session *session) {
    struct engine *engine = session->engine;
    session->statements_at = INT64_MAX;
    if (session->stated >= engine->stated_order)
        return;
    const struct stated *stated = engine->stated_last;
    while (stated->previous != NULL && stated->previous->order > session->stated)
        stated = stated->previous;
    size_t sent = 0;
    for (; stated != NULL && sent < STATEMENTS_PORTION && !session->doomed; stated = stated->next) {
        session->stated = stated->order;
        if (stated->from == session->link || stated->statement.size == 0 ||
            !concerns_both(engine, stated, session->member))
            continue;
        emit_frame(session, &(struct message){.kind = MESSAGE_STATEMENT,
                                              .statement = buffer_view(&stated->statement)});
        sent += stated->statement.size;
    }
    if (stated == NULL)
        return;
    session->statements_at = engine->now + STATEMENTS_PAUSE_MS;
    engine_due(engine, session->statements_at);
}

/* ---- Own ones ---- */

void statements_heads_moved(struct engine *engine, struct lane *lane) {
    if (member_id_is_zero(&engine->self))
        return;
    time_ms due = lane->stated_at + STATE_MS_MIN;
    if (due < engine->now + STATE_MS_SOON)
        due = engine->now + STATE_MS_SOON;
    if (due < lane->state_due)
        lane->state_due = due;
    lane->state_retry = STATE_RETRY_MS;
    lane->moved = true;
    engine_due(engine, lane->state_due);
}

void statements_tick(struct engine *engine) {
    pass_waiting(engine);
    for (size_t i = 0; i < engine->lanes.n; i++) {
        struct lane *lane = engine->lanes.list[i];
        if (lane->state_due <= engine->now) {
            if (emit_effect(engine,
                            &(struct effect){.kind = EFFECT_STATE, .channel_id = lane->id}) != OK) {
                engine_due(engine, engine->now); /* it stays due */
                return;
            }
            lane->moved = false;
            lane->stated_at = engine->now;
            if (lane->state_retry == 0) /* memory ran out before its heads were seen to move */
                lane->state_retry = STATE_RETRY_MS;
            lane->state_due = engine->now + lane->state_retry;
            lane->state_retry =
                lane->state_retry * 5 > STATE_MS_MAX ? STATE_MS_MAX : lane->state_retry * 5;
        }
        engine_due(engine, lane->state_due);
    }
}
