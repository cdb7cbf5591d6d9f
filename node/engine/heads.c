#include "heads.h"

#include "dial.h"
#include "emit.h"
#include "push.h"
#include "session.h"
#include "share.h"
#include "statements.h"
#include <stdlib.h>

bool position_equal(const struct position *a, const struct position *b) {
    return a->seq == b->seq && (a->seq == 0 || id8_equal(&a->id8, &b->id8));
}

struct position position_of(const struct head *head) {
    return (struct position){head->seq, envelope_id8(&head->id)};
}

struct feed *heads_find(const struct engine *engine, const struct feed_id *id) {
    return sorted_find(&engine->feeds, id);
}

struct feed *heads_name(struct engine *engine, const struct feed_id *id) {
    struct feed *feed = heads_find(engine, id);
    if (feed != NULL)
        return feed;
    feed = malloc(sizeof *feed);
    if (feed == NULL)
        return NULL;
    *feed = (struct feed){.id = *id};
    if (sorted_add(&engine->feeds, feed) != OK) {
        free(feed);
        return NULL;
    }
    return feed;
}

void heads_forget(struct engine *engine, struct feed *feed) {
    if (feed->lane != NULL || feed->shares != NULL)
        return;
    sorted_remove(&engine->feeds, &feed->id);
    free(feed);
}

void heads_done(struct engine *engine) {
    for (size_t i = 0; i < engine->feeds.n; i++)
        free(engine->feeds.list[i]);
    for (size_t i = 0; i < engine->lanes.n; i++) {
        struct lane *lane = engine->lanes.list[i];
        sorted_done(&lane->feeds);
        free(lane);
    }
    sorted_done(&engine->feeds);
    sorted_done(&engine->lanes);
}

static struct lane *lane_of(struct engine *engine, const struct channel_id *id,
                            const struct channel *channel) {
    struct lane *lane = sorted_find(&engine->lanes, id);
    if (lane != NULL)
        return lane;
    lane = malloc(sizeof *lane);
    if (lane == NULL)
        return NULL;
    *lane = (struct lane){.id = *id,
                          .channel = *channel,
                          .feeds = {.key_size = sizeof(struct feed_id)},
                          .stated_at = INT64_MIN / 2,
                          .state_due = INT64_MAX};
    if (sorted_add(&engine->lanes, lane) != OK) {
        free(lane);
        return NULL;
    }
    if (channel->kind == CHANNEL_HANDOVER)
        for (int i = 0; i < 2; i++) {
            struct member *member = dial_member(engine, &channel->parties[1 - i]);
            if (member != NULL && member_id_equal(&channel->parties[i], &engine->self)) {
                member->shares = true;
                engine_due(engine, engine->now);
            }
        }
    return lane;
}

/* The feed is held from now on: what its peers know of it stays, unless they may not. */
static enum err hold(struct engine *engine, struct feed *feed, const struct event *event) {
    struct lane *lane = lane_of(engine, &event->feed.channel_id, &event->feed.channel);
    if (lane == NULL || sorted_add(&lane->feeds, feed) != OK)
        return ERR_MEMORY;
    feed->author = event->feed.author;
    for (struct share *share = feed->shares; share != NULL; share = share->feed_next)
        share->session->unknown_n--;
    feed->lane = lane;
    for (struct share *share = feed->shares, *next; share != NULL; share = next) {
        next = share->feed_next;
        share->roster = heads_is_roster(feed);
        if (!heads_shared(engine, feed, share->session->member))
            share_free(share);
    }
    return OK;
}

static void moved(struct engine *engine, struct feed *feed, const struct position *old) {
    feed->lane->digest_fresh = false;
    statements_heads_moved(engine, feed->lane);
    for (size_t i = 0; i < engine->sessions.n; i++)
        push_moved(engine->sessions.list[i], feed, old);
}

void heads_event(struct engine *engine, const struct event *event) {
    static const struct position start;
    struct feed *feed = heads_name(engine, &event->feed.id);
    if (feed == NULL) {
        engine_out_of_memory(engine);
        return;
    }
    if (feed->lane != NULL) {
        heads_move(engine, feed, &event->feed.head);
        return;
    }
    if (hold(engine, feed, event) != OK) {
        heads_forget(engine, feed);
        engine_out_of_memory(engine);
        return;
    }
    if (event->feed.head.seq > feed->head.seq)
        feed->head = position_of(&event->feed.head);
    moved(engine, feed, &start);
}

void heads_move(struct engine *engine, struct feed *feed, const struct head *head) {
    if (head->seq <= feed->head.seq)
        return;
    struct position old = feed->head;
    feed->head = position_of(head);
    feed->stirred_at = engine->now;
    if (feed->lane != NULL)
        moved(engine, feed, &old);
    else
        for (struct share *share = feed->shares; share != NULL; share = share->feed_next)
            share_refresh(share);
}

bool heads_shared(const struct engine *engine, const struct feed *feed,
                  const struct member *member) {
    const struct channel *channel = &feed->lane->channel;
    return member != NULL && member->active &&
           channel_may_hold(channel, &feed->author, &member->id, member->role) &&
           channel_may_hold(channel, &feed->author, &engine->self, engine->role);
}

bool heads_is_roster(const struct feed *feed) {
    return feed->lane != NULL && feed->lane->channel.kind == CHANNEL_ROSTER;
}

bool heads_lane_digest(const struct engine *engine, struct lane *lane, const struct member *member,
                       struct hash *ret_digest) {
    size_t shared_n = 0;
    for (size_t i = 0; i < lane->feeds.n; i++)
        shared_n += heads_shared(engine, lane->feeds.list[i], member);
    if (shared_n == 0)
        return false;
    bool all = shared_n == lane->feeds.n;
    if (!all || !lane->digest_fresh) {
        struct hasher h;
        hasher_init(&h, HASH_HEADS);
        for (size_t i = 0; i < lane->feeds.n; i++) {
            const struct feed *feed = lane->feeds.list[i];
            if (!all && !heads_shared(engine, feed, member))
                continue;
            hasher_add(&h, feed->id.bytes, sizeof feed->id.bytes);
            hasher_add_u64(&h, feed->head.seq);
            hasher_add(&h, feed->head.id8.bytes, sizeof feed->head.id8.bytes);
        }
        *ret_digest = hasher_final(&h);
        if (!all)
            return true;
        lane->digest = *ret_digest;
        lane->digest_fresh = true;
    }
    *ret_digest = lane->digest;
    return true;
}

struct hash heads_digest(const struct engine *engine, const struct member *member) {
    struct hasher h;
    hasher_init(&h, HASH_DIGEST);
    for (size_t i = 0; i < engine->lanes.n; i++) {
        struct lane *lane = engine->lanes.list[i];
        struct hash digest;
        if (lane->channel.kind == CHANNEL_ROSTER ||
            !heads_lane_digest(engine, lane, member, &digest))
            continue;
        hasher_add(&h, lane->id.bytes, sizeof lane->id.bytes);
        hasher_add(&h, digest.bytes, sizeof digest.bytes);
    }
    return hasher_final(&h);
}

void heads_park(struct engine *engine, struct feed *feed, time_ms until) {
    feed->parked_until = until;
    if (until < engine->parked_until)
        engine->parked_until = until;
    engine_due(engine, until);
    for (struct share *share = feed->shares; share != NULL; share = share->feed_next)
        share_refresh(share);
}

void heads_unpark(struct engine *engine, bool roster) {
    engine->parked_until = INT64_MAX;
    for (size_t i = 0; i < engine->feeds.n; i++) {
        struct feed *feed = engine->feeds.list[i];
        if (feed->parked_until == 0)
            continue;
        bool over = feed->parked_until == INT64_MAX ? roster : feed->parked_until <= engine->now;
        if (!over) {
            if (feed->parked_until < engine->parked_until)
                engine->parked_until = feed->parked_until;
            continue;
        }
        feed->parked_until = 0;
        for (struct share *share = feed->shares; share != NULL; share = share->feed_next)
            share_refresh(share);
    }
    engine_due(engine, engine->parked_until);
}

void heads_reported(struct session *session, struct feed *feed, const struct position *at) {
    struct engine *engine = session->engine;
    if (feed->lane == NULL || !member_id_equal(&feed->author, &engine->self) || at->seq == 0 ||
        (position_equal(&feed->reported, at) &&
         member_id_equal(&feed->reported_by, &session->member->id)))
        return;
    if (emit_for(session, &(struct effect){.kind = EFFECT_REPORTED,
                                           .feed = feed->id,
                                           .after = at->seq,
                                           .id8 = at->id8})) {
        feed->reported = *at;
        feed->reported_by = session->member->id;
    }
}

void heads_confirmed(struct session *session, const struct lane *lane) {
    for (size_t i = 0; i < lane->feeds.n; i++) {
        struct feed *feed = lane->feeds.list[i];
        if (!heads_shared(session->engine, feed, session->member))
            continue;
        /* What has moved since the digest was sent has a share, which says where the peer is. */
        const struct share *share = share_find(session, &feed->id);
        heads_reported(session, feed, share != NULL ? &share->peer : &feed->head);
    }
}
