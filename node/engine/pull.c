#include "pull.h"

#include "emit.h"
#include "heads.h"
#include "session.h"
#include "share.h"

bool pull_is_wanted(const struct share *share) {
    const struct session *session = share->session;
    bool ready =
        session_is_open(session) ||
        (share->roster && (session->state == SESSION_ROSTER || session->state == SESSION_COMPARE));
    if (!ready || session->doomed || share->feed->parked_until != 0)
        return false;
    return share->search || (share->peer_known && share->peer.seq > share->feed->head.seq &&
                             share->peer.seq > share->refused);
}

static void line_up(struct share *share) {
    struct session *session = share->session;
    share->want = WANT_QUEUED;
    share->want_next = share->want_previous = NULL;
    if (session->want_first == NULL) {
        session->want_first = session->want_last = share;
    } else if (share->roster) {
        share->want_next = session->want_first;
        session->want_first->want_previous = share;
        session->want_first = share;
    } else {
        share->want_previous = session->want_last;
        session->want_last->want_next = share;
        session->want_last = share;
    }
    session_touch(session);
}

static void step_out(struct share *share) {
    struct session *session = share->session;
    if (share->want_previous != NULL)
        share->want_previous->want_next = share->want_next;
    else
        session->want_first = share->want_next;
    if (share->want_next != NULL)
        share->want_next->want_previous = share->want_previous;
    else
        session->want_last = share->want_previous;
}

static void wait_for(struct share *share, time_ms at) {
    if (at < share->session->retry_at)
        share->session->retry_at = at;
    engine_due(share->session->engine, at);
}

void pull_enqueue(struct share *share) {
    share->session->wants_n++;
    if (share->avoid_until > share->session->engine->now) {
        share->want = WANT_WAITING;
        wait_for(share, share->avoid_until);
    } else if (share->feed->puller != NULL) {
        share->want = WANT_WAITING;
    } else {
        line_up(share);
    }
}

void pull_dequeue(struct share *share) {
    if (share->want == WANT_QUEUED)
        step_out(share);
    share->want = WANT_NOTHING;
    share->session->wants_n--;
}

void pull_end(struct share *share) {
    struct session *session = share->session;
    for (size_t i = 0; i < session->pulls_n; i++)
        if (session->pulls[i] == share) {
            session->pulls[i] = session->pulls[--session->pulls_n];
            break;
        }
    session->windows -= share->window;
    session->wants_n--;
    share->want = WANT_NOTHING;
    share->feed->puller = NULL;
    for (struct share *other = share->feed->shares; other != NULL; other = other->feed_next)
        if (other->want == WANT_WAITING && other->avoid_until <= session->engine->now)
            line_up(other);
    session_touch(session);
}

static void take_on(struct share *share, size_t window) {
    struct session *session = share->session;
    share->want = WANT_PULLING;
    share->window = window;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
    share->feed->puller = share;
    session->pulls[session->pulls_n++] = share;
    session->windows += window;
    engine_due(session->engine, share->pull_deadline);
}

static void start(struct share *share) {
    struct session *session = share->session;
    struct feed *feed = share->feed;
    bool alone = session->pulls_n == 0 && session->want_first == NULL;
    struct position after = share->search ? (struct position){0} : feed->head;
    share->expected = after.seq;
    take_on(share, alone ? PULL_WINDOW_ALONE : PULL_WINDOW_MIN);
    emit_frame(session, &(struct message){.kind = MESSAGE_PULL,
                                          .pull = {.feed = feed->id,
                                                   .after = after.seq,
                                                   .id8 = after.id8,
                                                   .bytes = (uint32_t)share->window}});
}

void pull_settle(struct session *session) {
    while (session->want_first != NULL && session->pulls_n < PULLS_MAX && !session->doomed) {
        struct share *share = session->want_first;
        if (session->windows + PULL_WINDOW_MIN > PULL_WINDOWS_MAX && !share->roster)
            break;
        step_out(share);
        if (share->feed->puller != NULL)
            share->want = WANT_WAITING;
        else
            start(share);
    }
}

static void stalled(struct share *share) {
    struct session *session = share->session;
    /* The rest of a push that stays away is asked for first. */
    if (share->window != 0) {
        session->member->last_error = ERR_TIMEOUT;
        share->avoid_until = session->engine->now + AVOID_MS;
    }
    pull_end(share);
    share_refresh(share);
}

void pull_tick(struct session *session) {
    struct engine *engine = session->engine;
    for (size_t i = session->pulls_n; i-- > 0;) {
        struct share *share = session->pulls[i];
        if (share->pull_deadline > engine->now)
            engine_due(engine, share->pull_deadline);
        else if (share->admits != 0) /* it is this node that takes its time */
            engine_due(engine, share->pull_deadline = engine->now + PULL_MS_MAX);
        else
            stalled(share);
    }
    if (session->retry_at > engine->now) {
        engine_due(engine, session->retry_at);
        return;
    }
    session->retry_at = INT64_MAX;
    for (size_t i = 0; i < session->shares.n; i++) {
        struct share *share = session->shares.list[i];
        if (share->want != WANT_WAITING || share->avoid_until == 0)
            continue;
        if (share->avoid_until > engine->now)
            wait_for(share, share->avoid_until);
        else if (share->feed->puller == NULL)
            line_up(share);
    }
}

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
    share->unadmitted += size;
    session->unadmitted += size;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
}

/* A push of several runs: the rest is on its way and need not be asked for, unless it stays away.
 */
static void await_rest(struct share *share, uint64_t head) {
    struct session *session = share->session;
    if (share->want == WANT_PULLING || share->feed->puller != NULL || share->expected >= head ||
        session->pulls_n == PULLS_MAX)
        return;
    if (share->want == WANT_NOTHING)
        session->wants_n++;
    else if (share->want == WANT_QUEUED)
        step_out(share);
    take_on(share, 0);
}

void pull_run(struct session *session, const struct message_run *run) {
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
    bool formed = share_run_end(run->envelopes, run->after, &last);
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
    bool ready = session_is_open(session) || share->want == WANT_PULLING;
    if (ready && run_is_expected(share, run)) {
        admit(share, run, &last);
        await_rest(share, run->head);
    } else if (share->want != WANT_PULLING) {
        pass_over(share, run);
    }
}

/* Nothing is wrong with the run: it is this node that can't store it now. */
static bool is_own_failure(enum err e) {
    return e == ERR_INTERNAL || e == ERR_MEMORY || e == ERR_IO || e == ERR_DISK_FULL ||
           e == ERR_CORRUPT || e == ERR_BUSY || e == ERR_STATE || e == ERR_CANCELLED ||
           e == ERR_LOCKED || e == ERR_QUOTA;
}

static void refuse(struct share *share, enum err e) {
    struct session *session = share->session;
    struct engine *engine = session->engine;
    if (share->want == WANT_PULLING)
        pull_end(share);
    share->search = false;
    session->member->last_error = e;
    emit_error(session, e, &share->id);
    if (is_own_failure(e)) {
        heads_park(engine, share->feed, engine->now + RETRY_MS);
        return;
    }
    if (share->roster && session->state == SESSION_ROSTER) {
        session_fail(session, e, true);
        return;
    }
    if (e == ERR_ROSTER || e == ERR_DENIED) {
        heads_park(engine, share->feed, INT64_MAX);
        return;
    }
    share->refused = share->peer.seq;
    if (e != ERR_FORK && ++session->bad_runs >= BAD_RUNS_MAX)
        session_fail(session, e, true);
}

static void became_durable(struct share *share, size_t size) {
    struct session *session = share->session;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
    emit_frame(session, &(struct message){.kind = MESSAGE_CREDIT,
                                          .credit = {.feed = share->id, .bytes = (uint32_t)size}});
    if (share->peer_known && !share->peer_id_known && share->peer.seq == share->feed->head.seq)
        share_peer_at(share, &share->feed->head);
    if (share->search && share->admits == 0 && share->expected >= share->peer.seq)
        share->search = false;
}

/* While the fork is looked for, what stands on the other branch is kept aside, run by run. That is
 * no acknowledgement: instead of CREDIT the rest is asked for anew. */
static bool branch_goes_on(struct share *share) {
    struct session *session = share->session;
    struct position after = {share->expected, share->expected_id8};
    if (!share->search || share->want != WANT_PULLING || share->failing || session->doomed)
        return false;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
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

void pull_admitted(struct engine *engine, const struct event *event) {
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
    if (share->admits == 0)
        size = share->unadmitted;
    share->unadmitted -= size;
    session->unadmitted -= size;
    if (session->state == SESSION_ROSTER || session->state == SESSION_COMPARE)
        session->deadline = engine->now + AGREE_MS_MAX;
    bool aside = event->admitted.error == ERR_FORK && branch_goes_on(share);
    if (event->admitted.error == OK)
        became_durable(share, event->admitted.size);
    else if (!share->failing && !aside)
        refuse(share, event->admitted.error);
    /* Those that were handed over after a failed one fail with it, and are no further offence. */
    share->failing =
        share->admits != 0 && (share->failing || (event->admitted.error != OK && !aside));
    share_refresh(share);
    share_tidy(share);
}

void pull_not_here(struct session *session, const struct message_not_here *not_here) {
    struct share *share = share_find(session, &not_here->feed);
    if (share == NULL || share->want != WANT_PULLING)
        return;
    pull_end(share);
    session->member->last_error = not_here->reason;
    bool fork = not_here->reason == ERR_CHAIN && !share->search;
    share->search = fork && !share->searched;
    share->searched |= fork;
    if (!share->search) {
        share->refused = share->peer.seq;
        if (share->roster && session->state == SESSION_ROSTER)
            session_fail(session, not_here->reason, true);
    }
    share_refresh(share);
}
