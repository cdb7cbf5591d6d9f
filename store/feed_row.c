#include "feed_row.h"
#include "proto/limits.h"
#include "replica.h"

#include <sodium.h>
#include <stdlib.h>

/* Rows by feed id; small federations use a handful, a municipality with 500 sites some thousands.
 */
enum { CACHE_SLOTS = 8192, CACHED_MAX = 2048 };

struct feed_cache {
    struct feed_row *slots[CACHE_SLOTS];
    size_t rows_n;
};

int64_t entry_key(int64_t feed_row, uint64_t seq) {
    return feed_row << ENTRY_SEQ_BITS | (int64_t)seq;
}

struct feed_cache *feed_cache_new(void) {
    return calloc(1, sizeof(struct feed_cache));
}

void feed_cache_clear(struct feed_cache *cache) {
    if (cache->rows_n == 0)
        return;
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        if (cache->slots[i] == NULL)
            continue;
        sodium_memzero(cache->slots[i], sizeof *cache->slots[i]);
        free(cache->slots[i]);
        cache->slots[i] = NULL;
    }
    cache->rows_n = 0;
}

void feed_key_forget(struct feed_row *feed) {
    feed->has_key = false;
    sodium_memzero(&feed->key, sizeof feed->key);
}

void feed_cache_free(struct feed_cache *cache) {
    if (cache != NULL)
        feed_cache_clear(cache);
    free(cache);
}

void feed_cache_trim(struct feed_cache *cache) {
    if (cache->rows_n >= CACHED_MAX)
        feed_cache_clear(cache);
}

void feed_cache_doubt(struct feed_cache *cache, bool barred) {
    for (size_t i = 0; i < CACHE_SLOTS; i++) {
        if (cache->slots[i] == NULL)
            continue;
        cache->slots[i]->info.confirmed = false;
        cache->slots[i]->barred = cache->slots[i]->barred || barred;
    }
}

static struct feed_row **slot_of(struct feed_cache *cache, const struct feed_id *id) {
    size_t at = get_u32(id->bytes);
    for (;; at++) {
        struct feed_row **slot = &cache->slots[at % CACHE_SLOTS];
        if (*slot == NULL || feed_id_equal(&(*slot)->info.id, id))
            return slot;
    }
}

/* The copy of `feed` that the cache keeps. One that is there already stands: it may know keys. */
static enum err keep(struct store *store, const struct feed_row *feed, struct feed_row **ret_feed) {
    struct feed_row **slot = slot_of(store->feeds, &feed->info.id);
    if (*slot == NULL) {
        if (store->feeds->rows_n + 1 >= CACHE_SLOTS)
            return ERR_LIMIT;
        if ((*slot = malloc(sizeof **slot)) == NULL)
            return ERR_MEMORY;
        **slot = *feed;
        store->feeds->rows_n++;
    }
    *ret_feed = *slot;
    return OK;
}

enum err feed_row_read(struct store *store, sqlite3_stmt *s, struct feed_row *ret_feed) {
    struct feed_row feed = {.row = sqlite3_column_int64(s, 0),
                            .channel_row = sqlite3_column_int64(s, 13)};
    struct feed_info *info = &feed.info;
    enum err e = db_column_copy(s, 1, info->id.bytes, sizeof info->id.bytes);
    if (e == OK)
        e = db_column_copy(s, 2, info->author.bytes, sizeof info->author.bytes);
    if (e == OK)
        e = db_column_copy(s, 3, info->incarnation.bytes, sizeof info->incarnation.bytes);
    if (e == OK)
        e = db_column_copy(s, 5, info->head.id.bytes, sizeof info->head.id.bytes);
    if (e == OK)
        e = db_column_copy(s, 14, info->channel_id.bytes, sizeof info->channel_id.bytes);
    for (int i = 0; e == OK && i < 2; i++)
        e = db_column_copy(s, 16 + i, info->channel.parties[i].bytes,
                           sizeof info->channel.parties[i].bytes);
    if (e != OK)
        return store_fail(store, e, "a row of table feed is damaged");
    info->head.seq = (uint64_t)sqlite3_column_int64(s, 4);
    feed.clock = (uint64_t)sqlite3_column_int64(s, 6);
    feed.tip_max = (uint64_t)sqlite3_column_int64(s, 7);
    info->waiting = (uint64_t)sqlite3_column_int64(s, 8);
    info->voided = (uint64_t)sqlite3_column_int64(s, 9);
    info->confirmed = sqlite3_column_int(s, 10) != 0;
    feed.closed = sqlite3_column_int(s, 11) != 0;
    feed.barred = sqlite3_column_int(s, 18) != 0;
    info->forked = sqlite3_column_int(s, 12) != 0;
    info->channel.kind = (enum channel_kind)sqlite3_column_int(s, 15);
    *ret_feed = feed;
    return OK;
}

/* The one row that `statement` finds, by way of the cache. */
static enum err find(struct store *store, sqlite3_stmt *statement, struct feed_row **ret_feed) {
    struct feed_row feed;
    bool row = false;
    enum err e = db_row(store->db, statement, &row);
    if (e == OK && !row)
        e = ERR_NOT_FOUND;
    if (e == OK)
        e = feed_row_read(store, statement, &feed);
    db_reset(statement);
    return e == OK ? keep(store, &feed, ret_feed) : e;
}

enum err feed_row_find(struct store *store, const struct feed_id *id, struct feed_row **ret_feed) {
    struct feed_row *cached = *slot_of(store->feeds, id);
    if (cached != NULL) {
        *ret_feed = cached;
        return OK;
    }
    sqlite3_stmt *statement = db_statement(store->db, "SELECT * FROM feed_full WHERE id = ?");
    db_bind_bytes(statement, 1, id->bytes, sizeof id->bytes);
    return find(store, statement, ret_feed);
}

enum err feed_row_numbered(struct store *store, int64_t row, struct feed_row **ret_feed) {
    sqlite3_stmt *statement = db_statement(store->db, "SELECT * FROM feed_full WHERE row = ?");
    sqlite3_bind_int64(statement, 1, row);
    return find(store, statement, ret_feed);
}

enum err channel_row(struct store *store, const struct channel_id *id,
                     const struct channel *channel, int64_t *ret_row) {
    sqlite3_stmt *put = db_statement(store->db, "INSERT INTO channel (id, kind, party_a, party_b) "
                                                "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING");
    db_bind_bytes(put, 1, id->bytes, sizeof id->bytes);
    sqlite3_bind_int(put, 2, (int)channel->kind);
    db_bind_bytes(put, 3, channel->parties[0].bytes, sizeof channel->parties[0].bytes);
    db_bind_bytes(put, 4, channel->parties[1].bytes, sizeof channel->parties[1].bytes);
    enum err e = db_run(store->db, put);
    if (e != OK)
        return e;
    sqlite3_stmt *get = db_statement(store->db, "SELECT row FROM channel WHERE id = ?");
    db_bind_bytes(get, 1, id->bytes, sizeof id->bytes);
    bool row = false;
    e = db_row(store->db, get, &row);
    if (e == OK && !row)
        e = ERR_INTERNAL;
    if (e == OK)
        *ret_row = sqlite3_column_int64(get, 0);
    db_reset(get);
    return e;
}

/* Each costs a head in every statement about the channel, a line in every comparison, and a number
 * of those that there are (row_key.h), which no author may use up for the others. Own feeds
 * are only refused by others: what can't leave is still here. */
static enum err check_quota(struct store *store, int64_t channel_row,
                            const struct member_id *author) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT count(*), count(*) FILTER (WHERE channel = ?2)"
                                " FROM feed WHERE author = ?1");
    db_bind_bytes(get, 1, author->bytes, sizeof author->bytes);
    sqlite3_bind_int64(get, 2, channel_row);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row && sqlite3_column_int64(get, 0) >= FEEDS_PER_AUTHOR_MAX)
        e = store_fail(store, ERR_QUOTA, "an author has at most %d feeds", FEEDS_PER_AUTHOR_MAX);
    else if (e == OK && row && sqlite3_column_int64(get, 1) >= FEEDS_PER_CHANNEL_MAX)
        e = store_fail(store, ERR_QUOTA, "an author has at most %d feeds in a channel",
                       FEEDS_PER_CHANNEL_MAX);
    db_reset(get);
    return e;
}

enum err feed_row_create(struct store *store, const struct feed_id *id, const struct birth *birth,
                         struct feed_row **ret_feed) {
    struct feed_row feed = {
        .info = {.id = *id,
                 .channel = birth->channel,
                 .channel_id = channel_id_of(&birth->federation, &birth->channel),
                 .author = birth->author,
                 .incarnation = birth->incarnation}};
    enum err e = channel_row(store, &feed.info.channel_id, &feed.info.channel, &feed.channel_row);
    if (e == OK && !member_id_equal(&birth->author, &store->self.member))
        e = check_quota(store, feed.channel_row, &birth->author);
    if (e != OK)
        return e;
    sqlite3_stmt *put =
        db_statement(store->db, "INSERT INTO feed (id, channel, author, incarnation, head_id) "
                                "VALUES (?, ?, ?, ?, zeroblob(32))");
    db_bind_bytes(put, 1, id->bytes, sizeof id->bytes);
    sqlite3_bind_int64(put, 2, feed.channel_row);
    db_bind_bytes(put, 3, birth->author.bytes, sizeof birth->author.bytes);
    db_bind_bytes(put, 4, birth->incarnation.bytes, sizeof birth->incarnation.bytes);
    e = db_run(store->db, put);
    if (e != OK)
        return e;
    feed.row = sqlite3_last_insert_rowid(db_handle(store->db));
    if (feed.row > FEED_ROW_MAX)
        return ERR_LIMIT;
    return keep(store, &feed, ret_feed);
}

enum err feed_row_save(struct store *store, const struct feed_row *feed) {
    sqlite3_stmt *put = db_statement(
        store->db,
        "UPDATE feed SET head_seq = ?2, head_id = ?3, clock = ?4, tip_max = ?5,"
        " waiting = ?6, voided = ?7, confirmed = ?8, closed = ?9, forked = ?10, barred = ?11"
        " WHERE row = ?1");
    sqlite3_bind_int64(put, 1, feed->row);
    sqlite3_bind_int64(put, 2, (int64_t)feed->info.head.seq);
    db_bind_bytes(put, 3, feed->info.head.id.bytes, sizeof feed->info.head.id.bytes);
    sqlite3_bind_int64(put, 4, (int64_t)feed->clock);
    sqlite3_bind_int64(put, 5, (int64_t)feed->tip_max);
    sqlite3_bind_int64(put, 6, (int64_t)feed->info.waiting);
    sqlite3_bind_int64(put, 7, (int64_t)feed->info.voided);
    sqlite3_bind_int(put, 8, feed->info.confirmed);
    sqlite3_bind_int(put, 9, feed->closed);
    sqlite3_bind_int(put, 10, feed->info.forked);
    sqlite3_bind_int(put, 11, feed->barred);
    return db_run(store->db, put);
}
