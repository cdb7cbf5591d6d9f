#include "hello.h"

#include "compare.h"
#include "emit.h"
#include "heads.h"
#include "proofs.h"
#include "session.h"
#include "share.h"
#include "statements.h"

static void due_at(struct session *session, time_ms deadline) {
    session->deadline = deadline;
    engine_due(session->engine, deadline);
}

void hello_say(struct session *session) {
    struct engine *engine = session->engine;
    session->tip = engine->roster.at;
    session->digest = heads_digest(engine, session->member);
    session->statements = statements_digest(engine, session->member);
    session->statements_order = engine->stated_order;
    session->proofs = proofs_digest(engine, session->member);
    session->proofs_n = engine->forks_n;
    session_enter(session, SESSION_HELLO);
    due_at(session, engine->now + HELLO_MS_MAX);
    emit_frame(session, &(struct message){.kind = MESSAGE_HELLO,
                                          .hello = {.version_min = PROTOCOL_VERSION,
                                                    .version_max = PROTOCOL_VERSION,
                                                    .schema = SCHEMA_CURRENT,
                                                    .federation = engine->federation,
                                                    .member = engine->self,
                                                    .instance = engine->instance,
                                                    .roster_seq = session->tip.seq,
                                                    .roster_id8 = session->tip.id8,
                                                    .digest = session->digest,
                                                    .credit = CREDIT_PER_PEER_MAX,
                                                    .statements = session->statements,
                                                    .proofs = session->proofs}});
}

static void say_roster(struct session *session) {
    const struct tip *own = &session->engine->roster;
    if (feed_id_is_zero(&own->feed))
        return;
    emit_frame(session, &(struct message){
                            .kind = MESSAGE_ROSTER,
                            .roster = {.feed = own->feed, .seq = own->at.seq, .id8 = own->at.id8}});
    struct share *share = share_find(session, &own->feed);
    if (share != NULL && share->told < own->at.seq)
        share->told = own->at.seq;
}

/* ROSTER has been reached or something in it has moved: goes on once this side isn't behind. */
static void leave_roster(struct session *session) {
    if (session->state != SESSION_ROSTER || session->doomed ||
        session->engine->roster.at.seq < session->peer_tip.at.seq)
        return;
    session_enter(session, SESSION_COMPARE);
    due_at(session, session->engine->now + AGREE_MS_MAX);
    if (!session->agreed) {
        compare_begin(session);
        return;
    }
    for (size_t i = 0; i < session->engine->lanes.n; i++)
        heads_confirmed(session, session->engine->lanes.list[i]);
    session_opened(session);
}

static enum err hello_fault(const struct session *session, const struct message_hello *hello) {
    if (session->greeted)
        return ERR_STATE;
    if (hello->version_min > PROTOCOL_VERSION || hello->version_max < PROTOCOL_VERSION)
        return ERR_VERSION;
    if (!federation_id_equal(&hello->federation, &session->engine->federation))
        return ERR_FEDERATION;
    return OK;
}

/* The roster isn't part of the digest: where the peer stands in it is what its HELLO says. */
static void compare_rosters(struct session *session) {
    struct engine *engine = session->engine;
    struct feed *feed = heads_find(engine, &engine->roster.feed);
    bool same = position_equal(&session->tip, &session->peer_tip.at);
    if (feed == NULL || feed->lane == NULL)
        return;
    if (same) {
        heads_reported(session, feed, &session->tip);
        return;
    }
    struct share *share = share_make(session, feed, &session->peer_tip.at);
    if (share == NULL)
        return;
    share_peer_at(share, &session->peer_tip.at);
    share->next_known = false; /* it pulls what it lacks */
    heads_reported(session, feed, &session->peer_tip.at);
}

void hello_received(struct session *session, const struct message_hello *hello) {
    enum err e = hello_fault(session, hello);
    if (e != OK) {
        session_fail(session, e, true);
        return;
    }
    session->greeted = true;
    session->peer_digest = hello->digest;
    session->peer_tip.at = (struct position){hello->roster_seq, hello->roster_id8};
    session->credit_max = hello->credit < CREDIT_PER_PEER_MAX ? hello->credit : CREDIT_PER_PEER_MAX;
    if (session->credit_max < RUN_SIZE_MAX)
        session->credit_max = RUN_SIZE_MAX;
    session->agreed = position_equal(&session->tip, &session->peer_tip.at) &&
                      hash_equal(&session->digest, &session->peer_digest);
    statements_compare(session, hello->statements);
    proofs_compare(session, hello->proofs);
    compare_rosters(session);
    session_enter(session, SESSION_ROSTER);
    due_at(session, session->engine->now + AGREE_MS_MAX);
    if (session->engine->roster.at.seq > session->peer_tip.at.seq)
        say_roster(session);
    leave_roster(session);
}

void hello_roster(struct session *session, const struct message_roster *roster) {
    struct position at = {roster->seq, roster->id8};
    session->peer_tip = (struct tip){roster->feed, at};
    struct share *share = at.seq != 0 ? share_named(session, &roster->feed) : NULL;
    if (share != NULL) {
        share->roster = true;
        share_peer_at(share, &at);
        share_hurry(share);
        heads_reported(session, share->feed, &at);
        share_refresh(share);
        share_tidy(share);
    }
    leave_roster(session);
}

void hello_roster_moved(struct session *session) {
    if (!session->greeted || session->doomed || session_is_open(session))
        return; /* open: the roster's feed is pushed like any other */
    say_roster(session);
    leave_roster(session);
}
