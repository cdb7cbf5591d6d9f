#include "compare.h"

#include "emit.h"
#include "heads.h"
#include "session.h"
#include "share.h"
#include <stdlib.h>

static enum err list_add(struct compared_list *list, const struct compared *one) {
    if (list->n == list->capacity) {
        size_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        struct compared *grown = realloc(list->list, capacity * sizeof *grown);
        if (grown == NULL)
            return ERR_MEMORY;
        list->list = grown;
        list->capacity = capacity;
    }
    list->list[list->n++] = *one;
    return OK;
}

static void list_done(struct compared_list *list) {
    free(list->list);
    *list = (struct compared_list){0};
}

static int by_id(const void *a, const void *b) {
    return channel_id_compare(&((const struct compared *)a)->id, &((const struct compared *)b)->id);
}

static struct compared *list_find(const struct compared_list *list, const struct channel_id *id) {
    struct compared key = {.id = *id};
    return list->n == 0 ? NULL : bsearch(&key, list->list, list->n, sizeof key, by_id);
}

void compare_done(struct session *session) {
    list_done(&session->ours);
    list_done(&session->theirs);
    session->awaited_n = 0;
}

static void send_digests(struct session *session) {
    const struct compared_list *ours = &session->ours;
    size_t sent = 0;
    do {
        size_t n =
            ours->n - sent < CHANNELS_PER_MESSAGE_MAX ? ours->n - sent : CHANNELS_PER_MESSAGE_MAX;
        struct channel_digest *page = n == 0 ? NULL : malloc(n * sizeof *page);
        if (n != 0 && page == NULL) {
            session_fail(session, ERR_MEMORY, false);
            return;
        }
        for (size_t i = 0; i < n; i++)
            page[i] = (struct channel_digest){ours->list[sent + i].id, ours->list[sent + i].digest};
        sent += n;
        emit_frame(session,
                   &(struct message){
                       .kind = MESSAGE_DIGEST,
                       .digest = {.channels = page, .channels_n = n, .more = sent < ours->n}});
        free(page);
    } while (sent < ours->n);
}

static void send_heads(struct session *session, const struct lane *lane) {
    struct engine *engine = session->engine;
    struct version_name *page = malloc(HEADS_PER_MESSAGE_MAX * sizeof *page);
    if (page == NULL) {
        session_fail(session, ERR_MEMORY, false);
        return;
    }
    size_t n = 0;
    for (size_t i = 0; i < lane->feeds.n; i++) {
        const struct feed *feed = lane->feeds.list[i];
        if (!heads_shared(engine, feed, session->member))
            continue;
        if (n == HEADS_PER_MESSAGE_MAX) {
            emit_frame(
                session,
                &(struct message){
                    .kind = MESSAGE_HEADS,
                    .heads = {.channel = lane->id, .heads = page, .heads_n = n, .more = true}});
            n = 0;
        }
        page[n++] = (struct version_name){feed->id, feed->head.seq, feed->head.id8};
    }
    emit_frame(session,
               &(struct message){.kind = MESSAGE_HEADS,
                                 .heads = {.channel = lane->id, .heads = page, .heads_n = n}});
    free(page);
}

/* The lane's heads differ: until the peer's HEADS come it isn't known where it stands, or, if it
 * did not name the channel, it has nothing of it. */
static void expose(struct session *session, const struct lane *lane, bool named) {
    static const struct position start;
    for (size_t i = 0; i < lane->feeds.n; i++) {
        struct feed *feed = lane->feeds.list[i];
        if (!heads_shared(session->engine, feed, session->member))
            continue;
        struct share *share = share_make(session, feed, &feed->head);
        if (share == NULL)
            return;
        if (named)
            share_peer_unknown(share);
        else
            share_peer_at(share, &start);
        share->next_known = false; /* it pulls what it lacks */
        share->told = feed->head.seq;
    }
}

static void expect(struct session *session) {
    for (size_t i = 0; i < session->theirs.n; i++) {
        struct compared *their = &session->theirs.list[i];
        const struct compared *our = list_find(&session->ours, &their->id);
        their->awaited = our == NULL || !hash_equal(&our->digest, &their->digest);
        session->awaited_n += their->awaited;
    }
}

static bool names_twice(const struct compared_list *list) {
    for (size_t i = 1; i < list->n; i++)
        if (channel_id_equal(&list->list[i - 1].id, &list->list[i].id))
            return true;
    return false;
}

/* Both sides' digests are there. */
static void judge(struct session *session) {
    struct engine *engine = session->engine;
    if (session->theirs.n != 0)
        qsort(session->theirs.list, session->theirs.n, sizeof *session->theirs.list, by_id);
    if (names_twice(&session->theirs)) {
        session_fail(session, ERR_FORMAT, true);
        return;
    }
    expect(session);
    for (size_t i = 0; i < session->ours.n && !session->doomed; i++) {
        const struct compared *our = &session->ours.list[i];
        const struct compared *their = list_find(&session->theirs, &our->id);
        const struct lane *lane = sorted_find(&engine->lanes, &our->id);
        if (their != NULL && !their->awaited) {
            heads_confirmed(session, lane);
            continue;
        }
        expose(session, lane, their != NULL);
        send_heads(session, lane);
    }
    if (session->awaited_n == 0 && !session->doomed)
        session_opened(session);
}

/* What has moved since the HELLO is in the digests that go out now. */
static void forget_moves(struct session *session) {
    for (size_t i = session->shares.n; i-- > 0;) {
        struct share *share = session->shares.list[i];
        if (!share->roster)
            share_free(share);
    }
}

void compare_begin(struct session *session) {
    struct engine *engine = session->engine;
    forget_moves(session);
    for (size_t i = 0; i < engine->lanes.n; i++) {
        struct lane *lane = engine->lanes.list[i];
        struct compared one = {.id = lane->id};
        if (lane->channel.kind == CHANNEL_ROSTER ||
            !heads_lane_digest(engine, lane, session->member, &one.digest))
            continue;
        if (list_add(&session->ours, &one) != OK) {
            session_fail(session, ERR_MEMORY, false);
            return;
        }
    }
    send_digests(session);
    if (session->theirs_whole && !session->doomed)
        judge(session);
}

void compare_digest(struct session *session, const struct message_digest *digest) {
    bool early = session->state == SESSION_ROSTER || session->state == SESSION_COMPARE;
    if (!early || session->theirs_whole) {
        session_fail(session, ERR_STATE, true);
        return;
    }
    if (session->theirs.n + digest->channels_n > CHANNELS_NAMED_MAX) {
        session_fail(session, ERR_LIMIT, true);
        return;
    }
    for (size_t i = 0; i < digest->channels_n; i++) {
        struct compared one = {.id = digest->channels[i].channel,
                               .digest = digest->channels[i].digest};
        if (list_add(&session->theirs, &one) != OK) {
            session_fail(session, ERR_MEMORY, false);
            return;
        }
    }
    session->theirs_whole = !digest->more;
    if (session->theirs_whole && session->state == SESSION_COMPARE)
        judge(session);
}

void compare_heads(struct session *session, const struct message_heads *heads) {
    bool open = session_is_open(session);
    struct compared *awaited = open ? NULL : list_find(&session->theirs, &heads->channel);
    if (!open && (session->state != SESSION_COMPARE || awaited == NULL || !awaited->awaited))
        return;
    for (size_t i = 0; i < heads->heads_n && !session->doomed; i++) {
        struct position at = {heads->heads[i].seq, heads->heads[i].id8};
        struct share *share = share_named(session, &heads->heads[i].feed);
        if (share == NULL)
            continue;
        share_peer_at(share, &at);
        share_hurry(share);
        heads_reported(session, share->feed, &at);
        share_refresh(share);
        share_tidy(share);
    }
    if (awaited == NULL || heads->more || session->doomed)
        return;
    awaited->awaited = false;
    if (--session->awaited_n == 0)
        session_opened(session);
}
