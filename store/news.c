#include "news.h"
#include "news_queue.h"
#include "replica.h"

#include <stdlib.h>
#include <string.h>

/* What a piece of news is about; compared whole, so unused bytes are zero. */
struct piece {
    uint64_t kind;
    uint8_t about[32]; /* feed, channel or record */
    struct member_id member;
};
_Static_assert(sizeof(struct piece) % sizeof(uint64_t) == 0, "hashed in words");

/* Pieces in order: drained up to `first`, published up to `published`, the rest belongs to the
 * transaction. `index` finds equal ones (place + 1, 0 empty), so that a transaction of 100,000
 * writes of one record is one piece. */
struct news_queue {
    struct piece *pieces;
    size_t first, published, pieces_n, pieces_max;
    uint32_t *index;
    size_t index_max; /* a power of two, more than twice pieces_n */
    size_t mark;
};

struct news_queue *news_queue_new(void) {
    return calloc(1, sizeof(struct news_queue));
}

void news_queue_free(struct news_queue *queue) {
    if (queue == NULL)
        return;
    free(queue->pieces);
    free(queue->index);
    free(queue);
}

static uint32_t *index_slot(struct news_queue *queue, const struct piece *piece) {
    uint64_t at = 0, words[sizeof *piece / sizeof(uint64_t)];
    memcpy(words, piece, sizeof words);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        at = (at ^ words[i]) * 0x9e3779b97f4a7c15u;
        at ^= at >> 32;
    }
    for (;; at++) {
        uint32_t *slot = &queue->index[at & (queue->index_max - 1)];
        if (*slot == 0 || memcmp(&queue->pieces[*slot - 1], piece, sizeof *piece) == 0)
            return slot;
    }
}

static void index_build(struct news_queue *queue) {
    if (queue->index_max == 0)
        return;
    memset(queue->index, 0, queue->index_max * sizeof *queue->index);
    for (size_t i = queue->first; i < queue->pieces_n; i++)
        *index_slot(queue, &queue->pieces[i]) = (uint32_t)i + 1;
}

/* Drained pieces make room first. */
static enum err make_room(struct news_queue *queue) {
    if (queue->first > 0 && queue->first * 2 >= queue->pieces_n) {
        size_t left = queue->pieces_n - queue->first;
        memmove(queue->pieces, queue->pieces + queue->first, left * sizeof *queue->pieces);
        queue->published -= queue->first;
        queue->pieces_n = left;
        queue->first = 0;
        index_build(queue);
        return OK;
    }
    size_t pieces_max = queue->pieces_max == 0 ? 64 : queue->pieces_max * 2;
    struct piece *pieces = realloc(queue->pieces, pieces_max * sizeof *pieces);
    if (pieces == NULL)
        return ERR_MEMORY;
    queue->pieces = pieces;
    uint32_t *index = calloc(pieces_max * 4, sizeof *index);
    if (index == NULL)
        return ERR_MEMORY;
    free(queue->index);
    queue->index = index;
    queue->index_max = pieces_max * 4;
    queue->pieces_max = pieces_max;
    index_build(queue);
    return OK;
}

static enum err put(struct store *store, enum news_kind kind, const uint8_t *about, size_t size,
                    const struct member_id *member) {
    struct news_queue *queue = store->news;
    struct piece piece;
    memset(&piece, 0, sizeof piece);
    piece.kind = (uint64_t)kind;
    memcpy(piece.about, about, size);
    if (member != NULL)
        piece.member = *member;
    if (queue->pieces_n == queue->pieces_max) {
        enum err e = make_room(queue);
        if (e != OK)
            return e;
    }
    uint32_t *slot = index_slot(queue, &piece);
    if (*slot > queue->first)
        return OK; /* told, and not drained yet */
    queue->pieces[queue->pieces_n++] = piece;
    *slot = (uint32_t)queue->pieces_n;
    return OK;
}

enum err news_put_feed(struct store *store, const struct feed_id *feed) {
    return put(store, NEWS_FEED, feed->bytes, sizeof feed->bytes, NULL);
}

enum err news_put_roster(struct store *store) {
    static const uint8_t none[32];
    return put(store, NEWS_ROSTER, none, sizeof none, NULL);
}

enum err news_put_statement(struct store *store, const struct member_id *member,
                            const struct channel_id *channel) {
    return put(store, NEWS_STATEMENT, channel->bytes, sizeof channel->bytes, member);
}

enum err news_put_record(struct store *store, const struct record_id *record) {
    return put(store, NEWS_RECORD, record->bytes, sizeof record->bytes, NULL);
}

void news_publish(struct news_queue *queue) {
    queue->published = queue->pieces_n;
}

void news_mark(struct news_queue *queue) {
    queue->mark = queue->pieces_n - queue->published;
}

size_t news_marked(const struct news_queue *queue) {
    return queue->mark;
}

void news_drop(struct news_queue *queue, size_t keep) {
    if (queue->published + keep >= queue->pieces_n)
        return;
    queue->pieces_n = queue->published + keep;
    index_build(queue);
}

bool news_next(struct store *store, struct news *ret_news) {
    struct news_queue *queue = store->news;
    while (queue->first < queue->published) {
        const struct piece *piece = &queue->pieces[queue->first++];
        struct news news = {.kind = (enum news_kind)piece->kind, .member = piece->member};
        if (news.kind == NEWS_STATEMENT)
            memcpy(news.channel_id.bytes, piece->about, sizeof news.channel_id.bytes);
        if (news.kind == NEWS_RECORD)
            memcpy(news.record.bytes, piece->about, sizeof news.record.bytes);
        if (news.kind == NEWS_FEED) {
            struct feed_id feed;
            memcpy(feed.bytes, piece->about, sizeof feed.bytes);
            news.error = feed_find(store, &feed, &news.feed);
            if (news.error == ERR_NOT_FOUND)
                continue;
            if (news.error != OK)
                news.kind = NEWS_LOST;
        }
        *ret_news = news;
        return true;
    }
    return false;
}
