#include "push.h"

#include "emit.h"
#include "heads.h"
#include "session.h"
#include "share.h"

#define RUN_PUSHED_MAX KIB(256)

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static bool is_to_be_sent(const struct share *share) {
    const struct session *session = share->session;
    const struct feed *feed = share->feed;
    if (share->loading || session->doomed || feed->lane == NULL)
        return false;
    if (share->pulled)
        return share->next.seq < feed->head.seq && share->credit != 0;
    if (!session_is_open(session) || (share->peer_known && share->peer.seq >= feed->head.seq))
        return false;
    return share->next_known ? share->next.seq < feed->head.seq : share->told < feed->head.seq;
}

void push_enqueue(struct share *share) {
    struct session *session = share->session;
    if (share->queued || !is_to_be_sent(share))
        return;
    share->queued = true;
    share->send_next = NULL;
    if (session->send_last != NULL)
        session->send_last->send_next = share;
    else
        session->send_first = share;
    session->send_last = share;
    session_touch(session);
}

static void unqueue_first(struct session *session) {
    struct share *share = session->send_first;
    share->queued = false;
    session->send_first = share->send_next;
    if (session->send_first == NULL)
        session->send_last = NULL;
}

static void write_off(struct share *share) {
    share->muddled |= share->under_way != 0;
    share->session->under_way -= share->under_way;
    share->under_way = 0;
}

void push_forget(struct share *share) {
    struct session *session = share->session;
    write_off(share);
    session->reserved -= share->reserved;
    share->reserved = 0;
    if (!share->queued)
        return;
    if (session->send_first == share) {
        unqueue_first(session);
        return;
    }
    struct share *before = session->send_first;
    while (before->send_next != share)
        before = before->send_next;
    before->send_next = share->send_next;
    if (session->send_last == share)
        session->send_last = before;
    share->queued = false;
}

static void announce(struct share *share) {
    const struct feed *feed = share->feed;
    const struct position *head = &feed->head;
    struct version_name name = {feed->id, head->seq, head->id8};
    struct message message = {.kind = MESSAGE_HEADS,
                              .heads = {.channel = feed->lane->id, .heads = &name, .heads_n = 1}};
    if (heads_is_roster(feed))
        message =
            (struct message){.kind = MESSAGE_ROSTER, .roster = {feed->id, head->seq, head->id8}};
    emit_frame(share->session, &message);
    share->told = head->seq;
}

/* Is a good deal on its way to peers already? Who has been sent nothing for a while doesn't count:
 * it may never acknowledge what it got. */
static bool is_crowded(const struct engine *engine) {
    size_t under_way = 0;
    for (size_t i = 0; i < engine->sessions.n; i++) {
        const struct session *session = engine->sessions.list[i];
        if (session->sent_at + CROWD_MS > engine->now)
            under_way += session->under_way + session->reserved;
    }
    return under_way >= CROWD_MIN;
}

/* False: no room before the peer has acknowledged more. */
static bool load(struct share *share) {
    struct session *session = share->session;
    size_t size = share->pulled ? smaller(share->credit, share->wanted) : RUN_PUSHED_MAX;
    if (is_crowded(session->engine)) {
        /* A small run after the other for each: who reads acknowledges them. */
        if (session->reserved != 0 || session->under_way >= RUN_PUSHED_MAX)
            return false;
        size = smaller(size, RUN_WANTED_MIN);
    }
    /* One envelope may be larger than what was asked for, and must fit too. */
    size_t reserved = size > ENVELOPE_SIZE_MAX ? size : ENVELOPE_SIZE_MAX;
    if (session->under_way + session->reserved + reserved > session->credit_max)
        return false;
    if (!emit_for(session, &(struct effect){.kind = EFFECT_LOAD,
                                            .feed = share->id,
                                            .after = share->next.seq,
                                            .id8 = share->next.id8,
                                            .bytes_max = (uint32_t)size}))
        return false;
    share->loading = true;
    share->load_after = share->next.seq;
    share->reserved = reserved;
    session->reserved += reserved;
    session->sent_at = session->engine->now;
    return true;
}

void push_settle(struct session *session) {
    while (session->send_first != NULL && !session->doomed) {
        struct share *share = session->send_first;
        if (!is_to_be_sent(share)) {
            unqueue_first(session);
        } else if (share->pulled || share->next_known) {
            if (!load(share))
                return;
            unqueue_first(session);
        } else {
            unqueue_first(session);
            announce(share);
        }
    }
}

void push_moved(struct session *session, struct feed *feed, const struct position *old) {
    if (session->doomed || session->member == NULL || session->state == SESSION_JOINING ||
        !heads_shared(session->engine, feed, session->member))
        return;
    struct share *share = share_make(session, feed, old);
    if (share != NULL)
        share_refresh(share);
}

static void not_here(struct session *session, const struct feed_id *feed, uint64_t after,
                     enum err reason) {
    emit_frame(session,
               &(struct message){.kind = MESSAGE_NOT_HERE,
                                 .not_here = {.feed = *feed, .after = after, .reason = reason}});
}

/* Why a PULL can't be served; OK: it can. */
static enum err pull_refusal(const struct session *session, const struct feed *feed,
                             const struct position *after) {
    if (feed == NULL || feed->lane == NULL)
        return ERR_NOT_FOUND;
    if (!heads_shared(session->engine, feed, session->member))
        return ERR_DENIED;
    if (!session_is_open(session) && !heads_is_roster(feed))
        return ERR_STATE;
    if (after->seq == feed->head.seq && !position_equal(after, &feed->head))
        return ERR_CHAIN;
    return after->seq >= feed->head.seq ? ERR_NOT_FOUND : OK;
}

void push_pull(struct session *session, const struct message_pull *pull) {
    struct feed *feed = heads_find(session->engine, &pull->feed);
    struct position after = {pull->after, pull->id8};
    enum err e = pull_refusal(session, feed, &after);
    if (e != OK) {
        not_here(session, &pull->feed, pull->after, e);
        return;
    }
    struct share *share = share_make(session, feed, &after);
    if (share == NULL)
        return;
    /* What was under way before it is dropped over there when it doesn't follow. */
    write_off(share);
    share_peer_at(share, &after);
    share->pulled = true;
    share->credit = smaller(pull->bytes, session->credit_max);
    share->wanted = share->credit / 4 > RUN_WANTED_MIN ? share->credit / 4 : RUN_WANTED_MIN;
    share->wanted = smaller(share->wanted, RUN_SIZE_MAX);
    share->next = after;
    share->next_known = true;
    share_refresh(share);
}

void push_credit(struct session *session, const struct message_credit *credit) {
    struct share *share = share_find(session, &credit->feed);
    if (share == NULL)
        return;
    size_t released = smaller(credit->bytes, share->under_way);
    share->under_way -= released;
    session->under_way -= released;
    if (share->pulled)
        share->credit = smaller(share->credit + credit->bytes, session->credit_max);
    if (released != 0 && share->under_way == 0 && share->next_known && !share->muddled &&
        (!share->peer_known || share->peer.seq <= share->next.seq))
        share_peer_at(share, &share->next);
    share_refresh(share);
    session_touch(session);
    share_tidy(share);
}

void push_refused(struct session *session, const struct feed_id *id) {
    struct share *share = share_find(session, id);
    if (share == NULL)
        return;
    write_off(share);
    share->pulled = false;
    share_peer_unknown(share);
    share->told = share->feed->head.seq;
    share_refresh(share);
}

static void send_run(struct share *share, const struct event *event) {
    struct session *session = share->session;
    struct bytes run = event->loaded.run;
    struct position next = position_of(&event->loaded.head);
    if (event->loaded.last != next.seq && share_run_end(run, event->loaded.after, &next) != OK) {
        session_fail(session, ERR_INTERNAL, true);
        return;
    }
    emit_frame(session, &(struct message){.kind = MESSAGE_RUN,
                                          .run = {.feed = share->id,
                                                  .after = event->loaded.after,
                                                  .head = event->loaded.head.seq,
                                                  .envelopes = run}});
    share->under_way += run.size;
    session->under_way += run.size;
    share->credit -= smaller(run.size, share->credit);
    share->next = next;
    if (event->loaded.head.seq > share->told)
        share->told = event->loaded.head.seq;
    if (next.seq >= share->feed->head.seq)
        share->pulled = false; /* what comes after it is pushed */
}

static void loading_failed(struct share *share, const struct event *event) {
    if (share->pulled)
        not_here(share->session, &share->id, event->loaded.after, event->loaded.error);
    share->pulled = false;
    share->next_known = false;
}

void push_loaded(struct engine *engine, const struct event *event) {
    struct session *session = session_find(engine, event->link);
    struct share *share = session != NULL ? share_find(session, &event->loaded.feed) : NULL;
    if (share == NULL || !share->loading || share->load_after != event->loaded.after)
        return;
    share->loading = false;
    session->reserved -= share->reserved;
    share->reserved = 0;
    /* The peer may have pulled from elsewhere meanwhile, or be no longer entitled. */
    bool holds = heads_shared(engine, share->feed, session->member);
    if (holds && share->next_known && share->next.seq == event->loaded.after && !session->doomed) {
        if (event->loaded.error == OK)
            send_run(share, event);
        else
            loading_failed(share, event);
    }
    share_refresh(share);
    session_touch(session);
    share_tidy(share);
}
