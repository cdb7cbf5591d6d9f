#include "proofs.h"

#include "emit.h"
#include "heads.h"
#include "session.h"
#include "share.h"
#include <stdlib.h>

enum { PROOFS_PORTION = 64, PROOFS_PAUSE_MS = 100 };

/* What one feed's fork is proved by; as many as there are forked feeds. */
struct fork {
    struct feed_id id;
    size_t size;
    uint8_t frame[];
};

static size_t fork_of(const struct engine *engine, const struct feed_id *id) {
    size_t i = 0;
    while (i < engine->forks_n && !feed_id_equal(&engine->forks[i]->id, id))
        i++;
    return i;
}

static bool add(struct engine *engine, const struct event *event) {
    struct bytes frame = event->fork.proof;
    struct fork **bigger = realloc(engine->forks, (engine->forks_n + 1) * sizeof(struct fork *));
    if (bigger == NULL)
        return false;
    engine->forks = bigger;
    struct fork *fork = malloc(sizeof *fork + frame.size);
    if (fork == NULL)
        return false;
    fork->id = event->fork.feed;
    fork->size = frame.size;
    memcpy(fork->frame, frame.data, frame.size);
    engine->forks[engine->forks_n++] = fork;
    return true;
}

void proofs_event(struct engine *engine, const struct event *event) {
    struct feed *feed = heads_find(engine, &event->fork.feed);
    if (feed == NULL || feed->lane == NULL || feed->forked)
        return;
    if (!add(engine, event)) {
        engine_out_of_memory(engine);
        return;
    }
    feed->forked = true;
    for (size_t i = 0; i < engine->sessions.n; i++)
        session_touch(engine->sessions.list[i]);
}

void proofs_done(struct engine *engine) {
    for (size_t i = 0; i < engine->forks_n; i++)
        free(engine->forks[i]);
    free(engine->forks);
}

uint64_t proofs_digest(const struct engine *engine, const struct member *member) {
    struct hasher h;
    bool any = false;
    if (engine->forks_n == 0)
        return 0;
    hasher_init(&h, HASH_DIGEST);
    for (size_t i = 0; i < engine->feeds.n; i++) {
        const struct feed *feed = engine->feeds.list[i];
        if (feed->lane == NULL || !feed->forked || !heads_shared(engine, feed, member))
            continue;
        hasher_add(&h, feed->id.bytes, sizeof feed->id.bytes);
        any = true;
    }
    struct hash hash = hasher_final(&h);
    return any ? get_u64(hash.bytes) : 0;
}

/* Which forks the peer need not be told of; grows with them. False: no memory. */
static bool make_room(struct session *session) {
    size_t n = session->engine->forks_n;
    if (session->told_n >= n)
        return true;
    bool *bigger = realloc(session->told, n * sizeof *bigger);
    if (bigger == NULL) {
        session_fail(session, ERR_MEMORY, false);
        return false;
    }
    memset(bigger + session->told_n, 0, (n - session->told_n) * sizeof *bigger);
    session->told = bigger;
    session->told_n = n;
    return true;
}

void proofs_compare(struct session *session, uint64_t digest) {
    if (digest == 0 || digest != session->proofs || !make_room(session))
        return;
    for (size_t i = 0; i < session->proofs_n && i < session->told_n; i++)
        session->told[i] = true;
}

/* Whoever proves a fork holds the other branch, or stands between: it is pulled once from its
 * start, so that its values are here too. */
static void look_for_branch(struct session *session, const struct feed_id *id) {
    struct share *share = share_find(session, id);
    if (share == NULL || share->feed->lane == NULL || share->searched || !share->peer_known ||
        share->peer.seq == 0)
        return;
    share->search = share->searched = true;
    share_refresh(share);
}

void proofs_receive(struct session *session, const struct feed_id *id, struct bytes frame) {
    struct engine *engine = session->engine;
    struct feed *feed = heads_find(engine, id);
    if (feed == NULL || feed->lane == NULL || !heads_shared(engine, feed, session->member))
        return;
    if (feed->forked) {
        if (make_room(session))
            session->told[fork_of(engine, id)] = true;
    } else {
        emit_for(session, &(struct effect){.kind = EFFECT_PROOF, .feed = *id, .bytes = frame});
    }
    look_for_branch(session, id);
}

/* Who holds nothing of the feed yet could not check it. */
static bool is_to_be_told(const struct session *session, const struct fork *fork) {
    const struct feed *feed = heads_find(session->engine, &fork->id);
    if (feed == NULL || feed->lane == NULL || !heads_shared(session->engine, feed, session->member))
        return false;
    const struct share *share = share_find(session, &fork->id);
    return share == NULL || (share->peer_known && share->peer.seq > 0);
}

void proofs_settle(struct session *session) {
    struct engine *engine = session->engine;
    size_t sent = 0;
    session->proofs_at = INT64_MAX;
    if (engine->forks_n == 0 || !make_room(session))
        return;
    for (size_t i = 0; i < engine->forks_n && sent < PROOFS_PORTION; i++) {
        const struct fork *fork = engine->forks[i];
        if (session->told[i] || !is_to_be_told(session, fork))
            continue;
        if (!emit_for(session,
                      &(struct effect){.kind = EFFECT_SEND, .bytes = {fork->frame, fork->size}}))
            return;
        session->told[i] = true;
        session->member->sent += fork->size;
        session->unanswered += fork->size;
        sent++;
    }
    if (sent < PROOFS_PORTION)
        return;
    session->proofs_at = engine->now + PROOFS_PAUSE_MS;
    engine_due(engine, session->proofs_at);
}
