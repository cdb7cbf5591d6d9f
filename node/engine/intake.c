#include "intake.h"

#include "avoid.h"
#include "emit.h"
#include "heads.h"
#include "pull.h"
#include "session.h"
#include "share.h"

/* A push that doesn't follow: either it is here already, or the feed is pulled. */
static void pass_over(struct share *share, const struct message_run *run) {
    if (run->head <= share->feed->head.seq)
        emit_frame(share->session,
                   &(struct message){
                       .kind = MESSAGE_CREDIT,
                       .credit = {.feed = share->id, .bytes = (uint32_t)run->envelopes.size}});
    share_refresh(share);
    share_tidy(share);
}

static bool run_is_expected(const struct share *share, const struct message_run *run) {
    if (share->want == WANT_PULLING || share->admits != 0)
        return run->after == share->expected;
    return run->after == share->feed->head.seq;
}

static void admit(struct share *share, const struct message_run *run, const struct position *last) {
    struct session *session = share->session;
    size_t size = run->envelopes.size;
    share->expected = last->seq;
    share->expected_id8 = last->id8;
    if (!emit_for(session, &(struct effect){.kind = EFFECT_ADMIT,
                                            .feed = share->id,
                                            .after = run->after,
                                            .bytes = run->envelopes}))
        return;
    share->admits++;
    share->feed->admits++;
    share->unadmitted += size;
    session->unadmitted += size;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
}

/* Nothing is wrong with the run: who says so can't store it now, or read it. */
static bool is_passing(enum err e) {
    return e == ERR_INTERNAL || e == ERR_MEMORY || e == ERR_IO || e == ERR_DISK_FULL ||
           e == ERR_CORRUPT || e == ERR_BUSY || e == ERR_STATE || e == ERR_CANCELLED ||
           e == ERR_LOCKED;
}

static void refuse(struct share *share, enum err e) {
    struct session *session = share->session;
    struct engine *engine = session->engine;
    if (share->want == WANT_PULLING)
        pull_end(share);
    share->search = false;
    session->member->last_error = e;
    emit_error(session, e, &share->id);
    if (is_passing(e)) {
        heads_park(engine, share->feed, engine->now + RETRY_MS);
        return;
    }
    if (share->roster && session->state == SESSION_ROSTER) {
        avoid_source(share);
        session_fail(session, e, true);
        return;
    }
    /* What the roster may change. Room for more of an author's feeds does not come by asking. */
    if (e == ERR_ROSTER || e == ERR_DENIED || e == ERR_QUOTA) {
        heads_park(engine, share->feed, INT64_MAX);
        return;
    }
    share->refused = share->peer.seq;
    if (e == ERR_FORK)
        return;
    avoid_source(share);
    if (++session->bad_runs < BAD_RUNS_MAX)
        return;
    avoid_member(engine, session->member);
    session_fail(session, e, true);
}

void intake_run(struct session *session, const struct message_run *run) {
    size_t size = run->envelopes.size;
    if (size == 0 || run->head <= run->after) {
        session_fail(session, ERR_FORMAT, true);
        return;
    }
    if (session->unadmitted + size > CREDIT_PER_PEER_MAX) {
        session_fail(session, ERR_LIMIT, true);
        return;
    }
    struct feed *feed = heads_find(session->engine, &run->feed);
    if (feed != NULL && feed->lane != NULL &&
        !heads_shared(session->engine, feed, session->member)) {
        emit_error(session, ERR_DENIED, &run->feed);
        return;
    }
    struct share *share = share_named(session, &run->feed);
    if (share == NULL)
        return;
    /* Bytes without form go to the store all the same, which keeps them aside; nothing can follow
     * them. */
    struct position last = {.seq = UINT64_MAX};
    enum err form = share_run_end(run->envelopes, run->after, &last);
    bool formed = form == OK;
    share_peer_reaches(share, run->head);
    if (formed && last.seq == share->peer.seq && !share->peer_id_known)
        share_peer_at(share, &last);
    share_hurry(share);
    if (share->failing || (share->refused != 0 && run->head <= share->refused))
        return; /* the peer has been told */
    if (feed != NULL && feed->parked_until != 0) {
        emit_error(session, ERR_BUSY, &run->feed);
        share_refresh(share);
        return;
    }
    if (form ==
        ERR_CHAIN) { /* other entries than the frame says, as like as not some that are here */
        refuse(share, ERR_CHAIN);
        share_refresh(share);
        return;
    }
    bool ready = session_is_open(session) || share->want == WANT_PULLING;
    if (ready && run_is_expected(share, run)) {
        admit(share, run, &last);
        pull_await_rest(share, run->head);
    } else if (share->want != WANT_PULLING) {
        pass_over(share, run);
    }
}

static void became_durable(struct share *share, size_t size) {
    struct session *session = share->session;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
    share->turn_bytes += size;
    emit_frame(session, &(struct message){.kind = MESSAGE_CREDIT,
                                          .credit = {.feed = share->id, .bytes = (uint32_t)size}});
    if (share->peer_known && !share->peer_id_known && share->peer.seq == share->feed->head.seq)
        share_peer_at(share, &share->feed->head);
    if (share->search && share->admits == 0 && share->expected >= share->peer.seq)
        share->search = false;
}

/* While the fork is looked for, what stands on the other branch is kept aside, run by run. That is
 * no acknowledgement: instead of CREDIT the rest is asked for anew. */
static bool branch_goes_on(struct share *share, size_t size) {
    struct session *session = share->session;
    struct position after = {share->expected, share->expected_id8};
    if (!share->search || share->want != WANT_PULLING || share->failing || session->doomed)
        return false;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
    share->turn_bytes += size;
    if (share->admits != 0)
        return true;
    if (after.seq >= share->peer.seq)
        return false;
    emit_frame(session, &(struct message){.kind = MESSAGE_PULL,
                                          .pull = {.feed = share->id,
                                                   .after = after.seq,
                                                   .id8 = after.id8,
                                                   .bytes = (uint32_t)share->window}});
    return true;
}

void intake_admitted(struct engine *engine, const struct event *event) {
    struct feed *feed = heads_find(engine, &event->admitted.feed);
    if (feed != NULL && event->admitted.error == OK)
        heads_move(engine, feed, &event->admitted.head);
    struct session *session = session_find(engine, event->link);
    struct share *share = session != NULL ? share_find(session, &event->admitted.feed) : NULL;
    if (share == NULL || share->admits == 0)
        return;
    size_t size =
        event->admitted.size < share->unadmitted ? event->admitted.size : share->unadmitted;
    share->admits--;
    share->feed->admits--;
    if (share->admits == 0)
        size = share->unadmitted;
    share->unadmitted -= size;
    session->unadmitted -= size;
    if (session->state == SESSION_ROSTER || session->state == SESSION_COMPARE)
        session->deadline = engine->now + AGREE_MS_MAX;
    enum err e = event->admitted.error;
    if (e == OK && share->admits == 0 && !share->failing && share->feed->head.seq < share->expected)
        e = ERR_CHAIN; /* nothing wrong was seen in it, yet the feed does not reach its end */
    bool aside = e == ERR_FORK && branch_goes_on(share, event->admitted.size);
    if (e == OK)
        became_durable(share, event->admitted.size);
    else if (!share->failing && !aside)
        refuse(share, e);
    /* Those that were handed over after a failed one fail with it, and are no further offence. */
    share->failing = share->admits != 0 && (share->failing || (e != OK && !aside));
    share_refresh(share);
    share_tidy(share);
}

void intake_not_here(struct session *session, const struct message_not_here *not_here) {
    struct share *share = share_find(session, &not_here->feed);
    if (share == NULL || share->want != WANT_PULLING)
        return;
    pull_end(share);
    session->member->last_error = not_here->reason;
    bool fork = not_here->reason == ERR_CHAIN && !share->search;
    share->search = fork && !share->searched;
    share->searched |= fork;
    if (!share->search) {
        /* What it may have later it brings, or announces. So it does when its COMPARE is over:
         * asking again would keep a session going in which that never comes. */
        if (not_here->reason == ERR_CHAIN)
            share->refused = share->peer.seq;
        else if (is_passing(not_here->reason) && not_here->reason != ERR_STATE)
            avoid_source(share);
        else
            share_peer_unknown(share);
        if (share->roster && session->state == SESSION_ROSTER)
            session_fail(session, not_here->reason, true);
    }
    share_refresh(share);
}
