#include "acks.h"
#include "acks_latest.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"

/* What a statement says of one feed: its head there, 0 when it names none. */
static uint64_t stated_seq(const struct statement *statement, const struct feed_id *feed) {
    for (size_t i = 0; i < statement->heads_n; i++)
        if (feed_id_equal(&statement->heads[i].feed, feed))
            return statement->heads[i].seq;
    return 0;
}

enum err acks_covers(struct store *store, const struct member_id *member,
                     const struct feed_id *feed, uint64_t seq, bool *ret_covers,
                     time_ms *ret_stored) {
    struct feed_info info;
    struct statement statement;
    struct arena arena;
    enum err e = feed_find(store, feed, &info);
    if (e != OK)
        return e;
    arena_init(&arena, DECODE_MEMORY_MAX);
    e = acks_latest(store, member, &info.channel_id, &arena, &statement, ret_stored);
    if (e == OK)
        *ret_covers = stated_seq(&statement, feed) >= seq;
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
    if (stored > tally->standing.last_stated)
        tally->standing.last_stated = stored;
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err tally_feed(void *context, const struct feed_info *feed) {
    struct tally *tally = context;
    if (!channel_may_hold(&feed->channel, &feed->author, &tally->member, tally->role))
        return OK;
    enum err e = turn_to(tally, &feed->channel_id);
    if (e != OK)
        return e;
    uint64_t has = tally->has_statement ? stated_seq(&tally->statement, &feed->id) : 0;
    if (has > feed->head.seq)
        has = feed->head.seq; /* it holds more than we: that is not what it lacks */
    tally->standing.has += has;
    tally->standing.of += feed->head.seq;
    if (member_id_equal(&feed->author, &tally->store->self.member))
        tally->standing.lacks_own += feed->head.seq - has;
    return OK;
}

enum err acks_standing(struct store *store, const struct member_id *member,
                       struct standing *ret_standing) {
    struct tally tally = {.store = store, .member = *member, .standing = {.member = *member}};
    struct rights rights;
    enum err e = member_rights(store, member, UINT64_MAX, &rights);
    if (e == OK && !rights.known)
        e = ERR_NOT_FOUND;
    if (e != OK)
        return e;
    tally.role = rights.role;
    arena_init(&tally.arena, DECODE_MEMORY_MAX);
    e = feed_each(store, tally_feed, &tally);
    arena_done(&tally.arena);
    tally.standing.complete =
        tally.standing.has == tally.standing.of && tally.standing.last_stated != 0;
    if (e == OK)
        *ret_standing = tally.standing;
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
    if (entry->status != MEMBER_ACTIVE ||
        member_id_equal(&entry->member, &outstanding->store->self.member) ||
        !channel_may_read(&feed->channel, &entry->member, entry->role))
        return OK;
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err e = acks_latest(outstanding->store, &entry->member, &feed->channel_id, &arena,
                             &statement, &stored);
    uint64_t has = e == OK ? stated_seq(&statement, &feed->id) : 0;
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
