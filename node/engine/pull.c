#include "pull.h"

#include "avoid.h"
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
    share->want = WANT_WAITING;
    if (at < share->session->retry_at)
        share->session->retry_at = at;
    engine_due(share->session->engine, at);
}

static bool has_rival(const struct share *share) {
    time_ms now = share->session->engine->now;
    for (const struct share *other = share->feed->shares; other != NULL; other = other->feed_next)
        if (other != share && other->want != WANT_NOTHING && other->avoid_until <= now)
            return true;
    return false;
}

/* How long another session's pull is waited for. Who pulls may bring nothing, or as little as keeps
 * it going: so nobody waits for ever, and in ROSTER, where all else waits with it, not for long. */
static time_ms patient_until(const struct share *share) {
    const struct feed *feed = share->feed;
    time_ms stirred = feed->stirred_at > share->wanted_at ? feed->stirred_at : share->wanted_at;
    if (share->session->state == SESSION_ROSTER) {
        time_ms last = share->wanted_at + PATIENCE_ROSTER_MS_MAX;
        return stirred + PATIENCE_ROSTER_MS < last ? stirred + PATIENCE_ROSTER_MS : last;
    }
    if (feed->pullers_n >= PULLERS_MAX)
        return INT64_MAX;
    if (feed->admits != 0) /* it is this node that takes its time */
        stirred = share->session->engine->now;
    return stirred + PATIENCE_MS;
}

static time_ms ready_at(const struct share *share) {
    const struct engine *engine = share->session->engine;
    if (share->avoid_until > engine->now)
        return share->avoid_until;
    time_ms avoided = avoid_until(engine, share->session->member, &share->id);
    if (avoided != 0 && has_rival(share))
        return avoided;
    return share->feed->pullers_n == 0 ? engine->now : patient_until(share);
}

static void consider(struct share *share) {
    time_ms at = ready_at(share);
    if (at <= share->session->engine->now)
        line_up(share);
    else
        wait_for(share, at);
}

void pull_enqueue(struct share *share) {
    share->session->wants_n++;
    share->wanted_at = share->session->engine->now;
    consider(share);
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
    share->feed->pullers_n--;
    for (struct share *other = share->feed->shares; other != NULL; other = other->feed_next)
        if (other->want == WANT_WAITING)
            consider(other);
    session_touch(session);
}

static void take_on(struct share *share, size_t window) {
    struct session *session = share->session;
    share->want = WANT_PULLING;
    share->window = window;
    share->pull_deadline = session->engine->now + PULL_MS_MAX;
    share->turn_since = session->engine->now;
    share->turn_bytes = 0;
    share->feed->pullers_n++;
    share->feed->stirred_at = session->engine->now;
    session->pulls[session->pulls_n++] = share;
    session->windows += window;
    engine_due(session->engine, share->pull_deadline);
}

void pull_await_rest(struct share *share, uint64_t head) {
    struct session *session = share->session;
    if (share->want == WANT_PULLING || share->feed->pullers_n != 0 || share->expected >= head ||
        session->pulls_n == PULLS_MAX)
        return;
    if (share->want == WANT_NOTHING)
        session->wants_n++;
    else if (share->want == WANT_QUEUED)
        step_out(share);
    take_on(share, 0);
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
        time_ms at = ready_at(share);
        if (at <= session->engine->now)
            start(share);
        else
            wait_for(share, at);
    }
}

static void stalled(struct share *share) {
    /* The rest of a push that stays away is asked for first. */
    if (share->window != 0) {
        share->session->member->last_error = ERR_TIMEOUT;
        avoid_source(share);
    }
    pull_end(share);
    share_refresh(share);
}

/* How soon it is looked again whether the own disk is done. */
enum { ADMITS_MS = 1000 };

/* A source that brings little, while others have the feed too, has had its turn. */
static bool is_over(struct share *share) {
    time_ms now = share->session->engine->now;
    if (share->pull_deadline <= now)
        return true;
    if (share->turn_since + PULL_TURN_MS > now || share->admits != 0)
        return false;
    if (share->turn_bytes < PULL_TURN_MIN && has_rival(share))
        return true;
    share->turn_since = now;
    share->turn_bytes = 0;
    return false;
}

static void tick_pulls(struct session *session) {
    struct engine *engine = session->engine;
    for (size_t i = session->pulls_n; i-- > 0;) {
        struct share *share = session->pulls[i];
        if (share->admits != 0 && share->pull_deadline <= engine->now)
            share->pull_deadline =
                engine->now + PULL_MS_MAX; /* it is this node that takes its time */
        if (is_over(share)) {
            stalled(share);
            continue;
        }
        engine_due(engine, share->pull_deadline);
        time_ms turn = share->turn_since + PULL_TURN_MS;
        engine_due(engine, turn > engine->now ? turn : engine->now + ADMITS_MS);
    }
}

void pull_tick(struct session *session) {
    tick_pulls(session);
    if (session->retry_at > session->engine->now) {
        engine_due(session->engine, session->retry_at);
        return;
    }
    session->retry_at = INT64_MAX;
    for (size_t i = 0; i < session->shares.n; i++) {
        struct share *share = session->shares.list[i];
        if (share->want == WANT_WAITING)
            consider(share);
    }
}
