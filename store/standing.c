#include "acks.h"
#include "acks_latest.h"
#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"

#include <stdlib.h>

enum err acks_agrees(struct store *store, const struct feed_info *feed,
                     const struct version_name *stated, bool *ret_agrees) {
    struct feed_row *row = NULL;
    struct envelope_id id = feed->head.id;
    enum err e = OK;
    if (stated->seq == 0 || stated->seq > feed->head.seq) {
        *ret_agrees = true;
        return OK;
    }
    if (stated->seq < feed->head.seq)
        e = feed_row_find(store, &feed->id, &row);
    if (e == OK && row != NULL)
        e = entry_id(store, row->row, stated->seq, &id);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
    struct id8 id8 = envelope_id8(&id);
    *ret_agrees = id8_equal(&id8, &stated->id8);
    return OK;
}

/* How far a statement covers one feed as it is here; nothing where it names none, or speaks of
 * another branch. */
static enum err covered(struct store *store, const struct statement *statement,
                        const struct feed_info *feed, uint64_t *ret_seq, bool *ret_forked) {
    uint64_t seq = 0;
    bool agrees = true;
    enum err e = OK;
    for (size_t i = 0; i < statement->heads_n; i++)
        if (feed_id_equal(&statement->heads[i].feed, &feed->id)) {
            e = acks_agrees(store, feed, &statement->heads[i], &agrees);
            seq = agrees ? statement->heads[i].seq : 0;
            break;
        }
    if (e == OK) {
        *ret_seq = seq;
        *ret_forked = !agrees;
    }
    return e;
}

enum err acks_covers(struct store *store, const struct member_id *member,
                     const struct feed_id *feed, uint64_t seq, bool *ret_covers,
                     time_ms *ret_stored) {
    struct feed_info info;
    struct statement statement;
    struct arena arena;
    uint64_t covers = 0;
    bool forked;
    time_ms stored = 0;
    enum err e = feed_find(store, feed, &info);
    if (e != OK)
        return e;
    arena_init(&arena, DECODE_MEMORY_MAX);
    e = acks_latest(store, member, &info.channel_id, &arena, &statement, &stored);
    if (e == OK)
        e = covered(store, &statement, &info, &covers, &forked);
    if (e == OK) {
        *ret_covers = covers >= seq;
        *ret_stored = stored;
    }
    arena_done(&arena);
    return e;
}

/* Feeds come channel by channel, so one statement at a time is enough. */
struct tally {
    struct store *store;
    struct arena arena;
    struct member_id member;
    enum role role;
    struct channel_id channel;
    bool has_channel, has_statement;
    struct statement statement;
    struct standing standing;
};

static enum err turn_to(struct tally *tally, const struct channel_id *channel) {
    time_ms stored = 0;
    if (tally->has_channel && channel_id_equal(&tally->channel, channel))
        return OK;
    tally->has_channel = true;
    tally->channel = *channel;
    arena_reset(&tally->arena);
    enum err e = acks_latest(tally->store, &tally->member, channel, &tally->arena,
                             &tally->statement, &stored);
    tally->has_statement = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err tally_feed(void *context, const struct feed_info *feed) {
    struct tally *tally = context;
    if (!channel_may_hold(&feed->channel, &feed->author, &tally->member, tally->role))
        return OK;
    enum err e = turn_to(tally, &feed->channel_id);
    if (e != OK)
        return e;
    uint64_t has = 0;
    bool forked = false;
    if (tally->has_statement)
        e = covered(tally->store, &tally->statement, feed, &has, &forked);
    if (e != OK)
        return e;
    tally->standing.forked += forked;
    if (has > feed->head.seq)
        has = feed->head.seq; /* it holds more than we: that is not what it lacks */
    tally->standing.has += has;
    tally->standing.of += feed->head.seq;
    if (member_id_equal(&feed->author, &tally->store->self.member))
        tally->standing.lacks_own += feed->head.seq - has;
    return OK;
}

struct standings {
    struct store *store;
    struct feed_info *feeds; /* channel by channel */
    size_t feeds_n, capacity;
};

static enum err keep_feed(void *context, const struct feed_info *feed) {
    struct standings *standings = context;
    if (standings->feeds_n == standings->capacity) {
        size_t capacity = standings->capacity * 2 + 64;
        struct feed_info *feeds =
            reallocarray(standings->feeds, capacity, sizeof *standings->feeds);
        if (feeds == NULL)
            return ERR_MEMORY;
        standings->feeds = feeds;
        standings->capacity = capacity;
    }
    standings->feeds[standings->feeds_n++] = *feed;
    return OK;
}

enum err standings_new(struct store *store, struct standings **ret_standings) {
    struct standings *standings = calloc(1, sizeof *standings);
    if (standings == NULL)
        return ERR_MEMORY;
    standings->store = store;
    enum err e = feed_each(store, keep_feed, standings);
    if (e == OK)
        *ret_standings = standings;
    else
        standings_free(standings);
    return e;
}

void standings_free(struct standings *standings) {
    if (standings == NULL)
        return;
    free(standings->feeds);
    free(standings);
}

enum err standings_of(struct standings *standings, const struct member_id *member,
                      struct standing *ret_standing) {
    struct store *store = standings->store;
    struct tally tally = {.store = store, .member = *member, .standing = {.member = *member}};
    struct rights rights;
    enum err e = member_rights(store, member, UINT64_MAX, &rights);
    if (e == OK && !rights.known)
        e = ERR_NOT_FOUND;
    if (e != OK)
        return e;
    tally.role = rights.role;
    arena_init(&tally.arena, DECODE_MEMORY_MAX);
    for (size_t i = 0; e == OK && i < standings->feeds_n; i++)
        e = tally_feed(&tally, &standings->feeds[i]);
    arena_done(&tally.arena);
    if (e == OK)
        e = acks_said(store, member, &tally.standing.last_stated, &tally.standing.waiting);
    tally.standing.complete = tally.standing.has == tally.standing.of &&
                              tally.standing.forked == 0 && tally.standing.last_stated != 0;
    if (e == OK)
        *ret_standing = tally.standing;
    return e;
}

enum err acks_standing(struct store *store, const struct member_id *member,
                       struct standing *ret_standing) {
    struct standings *standings = NULL;
    enum err e = standings_new(store, &standings);
    if (e == OK)
        e = standings_of(standings, member, ret_standing);
    standings_free(standings);
    return e;
}

/* For each own feed, the reader that has least of it. */
struct outstanding {
    struct store *store;
    const struct feed_info *feed;
    uint64_t feed_most;
    uint64_t entries;
};

static enum err ask_reader(void *context, const struct roster_entry *entry) {
    struct outstanding *outstanding = context;
    const struct feed_info *feed = outstanding->feed;
    struct statement statement;
    struct arena arena;
    time_ms stored;
    bool counts = entry->status == MEMBER_ACTIVE || channel_is_sealed(feed->channel.kind);
    if (!counts || member_id_equal(&entry->member, &outstanding->store->self.member) ||
        !channel_may_read(&feed->channel, &entry->member, entry->role))
        return OK;
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err e = acks_latest(outstanding->store, &entry->member, &feed->channel_id, &arena,
                             &statement, &stored);
    uint64_t has = 0;
    bool forked;
    if (e == OK)
        e = covered(outstanding->store, &statement, feed, &has, &forked);
    if (has < feed->head.seq && feed->head.seq - has > outstanding->feed_most)
        outstanding->feed_most = feed->head.seq - has;
    arena_done(&arena);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err ask_readers(void *context, const struct feed_info *feed) {
    struct outstanding *outstanding = context;
    if (!member_id_equal(&feed->author, &outstanding->store->self.member))
        return OK;
    outstanding->feed = feed;
    outstanding->feed_most = 0;
    enum err e = roster_each(outstanding->store, ask_reader, outstanding);
    outstanding->entries += outstanding->feed_most;
    return e;
}

enum err acks_all_read(struct store *store, bool *ret_read, uint64_t *ret_entries_outstanding) {
    struct outstanding outstanding = {.store = store};
    enum err e = feed_each(store, ask_readers, &outstanding);
    if (e != OK)
        return e;
    *ret_read = outstanding.entries == 0;
    *ret_entries_outstanding = outstanding.entries;
    return OK;
}
