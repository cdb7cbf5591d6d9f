#include "share.h"

#include "heads.h"
#include "proto/envelope.h"
#include "pull.h"
#include "push.h"
#include "session.h"
#include <stdlib.h>

struct share *share_find(const struct session *session, const struct feed_id *feed) {
    return sorted_find(&session->shares, feed);
}

struct share *share_make(struct session *session, struct feed *feed, const struct position *at) {
    struct share *share = share_find(session, &feed->id);
    if (share != NULL)
        return share;
    share = malloc(sizeof *share);
    if (share == NULL) {
        session_fail(session, ERR_MEMORY, false);
        return NULL;
    }
    *share = (struct share){.id = feed->id,
                            .feed = feed,
                            .session = session,
                            .peer_known = true,
                            .peer_id_known = true,
                            .peer = *at,
                            .told = at->seq,
                            .next_known = true,
                            .next = *at,
                            .roster = heads_is_roster(feed)};
    if (sorted_add(&session->shares, share) != OK) {
        free(share);
        session_fail(session, ERR_MEMORY, false);
        return NULL;
    }
    share->feed_next = feed->shares;
    share->feed_link = &feed->shares;
    if (feed->shares != NULL)
        feed->shares->feed_link = &share->feed_next;
    feed->shares = share;
    if (feed->lane == NULL)
        session->unknown_n++;
    return share;
}

struct share *share_named(struct session *session, const struct feed_id *id) {
    struct engine *engine = session->engine;
    struct feed *feed = heads_find(engine, id);
    if (feed != NULL && feed->lane != NULL && !heads_shared(engine, feed, session->member))
        return NULL;
    struct share *share = share_find(session, id);
    if (share != NULL)
        return share;
    if ((feed == NULL || feed->lane == NULL) && session->unknown_n >= UNKNOWN_FEEDS_MAX) {
        session->overflown = true;
        return NULL;
    }
    if (feed == NULL && (feed = heads_name(engine, id)) == NULL) {
        session_fail(session, ERR_MEMORY, false);
        return NULL;
    }
    share = share_make(session, feed, &feed->head);
    if (share == NULL)
        heads_forget(engine, feed);
    return share;
}

void share_peer_at(struct share *share, const struct position *at) {
    const struct position *head = &share->feed->head;
    share->peer = *at;
    share->peer_known = share->peer_id_known = true;
    /* Another envelope under the same number: a fork, which only its own bytes can prove. */
    bool fork = at->seq != 0 && at->seq == head->seq && !position_equal(at, head);
    if (fork && !share->searched)
        share->search = share->searched = true;
}

void share_expect_push(struct share *share) {
    if (share->want != WANT_NOTHING || share->avoid_until > share->session->engine->now)
        return;
    share->avoid_until = share->session->engine->now + HINT_MS;
    share->hinted = true;
}

void share_hurry(struct share *share) {
    if (!share->hinted)
        return;
    share->hinted = false;
    share->avoid_until = 0;
    if (share->want == WANT_WAITING)
        pull_dequeue(share);
}

void share_peer_reaches(struct share *share, uint64_t seq) {
    if (share->peer_known && share->peer.seq >= seq)
        return;
    share->peer = (struct position){.seq = seq};
    share->peer_known = true;
    share->peer_id_known = false;
}

void share_peer_unknown(struct share *share) {
    share->peer_known = share->peer_id_known = false;
    share->peer = (struct position){0};
    share->next_known = false;
}

enum err share_run_end(struct bytes run, uint64_t after, struct position *ret_end) {
    const uint8_t *last = NULL;
    while (run.size != 0) {
        size_t size;
        struct header header;
        enum err e = envelope_skip(run, &size);
        if (e == OK)
            e = header_decode(run.data, &header);
        if (e != OK)
            return ERR_FORMAT;
        if (header.seq != ++after)
            return ERR_CHAIN;
        last = run.data;
        run = (struct bytes){run.data + size, run.size - size};
    }
    if (last == NULL)
        return ERR_FORMAT;
    struct envelope_id id = envelope_id_of(last);
    *ret_end = (struct position){after, envelope_id8(&id)};
    return OK;
}

static void recount(struct share *share) {
    bool unequal = !share->peer_known || !share->peer_id_known ||
                   !position_equal(&share->peer, &share->feed->head);
    if (unequal && !share->unequal)
        share->session->unequal_n++;
    if (!unequal && share->unequal)
        share->session->unequal_n--;
    share->unequal = unequal;
}

void share_refresh(struct share *share) {
    recount(share);
    bool wanted = pull_is_wanted(share);
    bool in_hand = share->admits != 0 && !share->failing && share->expected >= share->peer.seq;
    if (wanted && share->want == WANT_NOTHING && !in_hand)
        pull_enqueue(share);
    if (!wanted && share->want == WANT_PULLING)
        pull_end(share);
    else if (!wanted && share->want != WANT_NOTHING)
        pull_dequeue(share);
    push_enqueue(share);
    session_touch(share->session);
}

void share_tidy(struct share *share) {
    const struct feed *feed = share->feed;
    bool busy = share->want != WANT_NOTHING || share->admits != 0 || share->loading ||
                share->under_way != 0 || share->queued;
    /* What has been admitted becomes held by the FEED event that follows; until then the share says
     * who has it. */
    bool expected = feed->lane == NULL && feed->head.seq != 0;
    if (busy || expected || share->unequal || share->refused != 0 ||
        !session_is_open(share->session))
        return;
    share_free(share);
}

void share_free(struct share *share) {
    struct session *session = share->session;
    struct feed *feed = share->feed;
    if (share->want == WANT_PULLING)
        pull_end(share);
    else if (share->want != WANT_NOTHING)
        pull_dequeue(share);
    push_forget(share);
    if (share->unequal)
        session->unequal_n--;
    if (feed->lane == NULL)
        session->unknown_n--;
    session->unadmitted -= share->unadmitted;
    feed->admits -= share->admits;
    sorted_remove(&session->shares, &share->id);
    *share->feed_link = share->feed_next;
    if (share->feed_next != NULL)
        share->feed_next->feed_link = share->feed_link;
    free(share);
    heads_forget(session->engine, feed);
}
