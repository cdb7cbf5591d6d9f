#include "acks.h"
#include "acks_latest.h"
#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "replica.h"
#include "report.h"

enum { STATEMENT_AGE_MAX_MS = 24 * 60 * 60 * 1000 };

static enum err ack_read(sqlite3_stmt *s, struct ack_info *ret_ack) {
    struct ack_info ack = {.counter = (uint64_t)sqlite3_column_int64(s, 2),
                           .waiting = (uint32_t)sqlite3_column_int64(s, 3),
                           .stored = sqlite3_column_int64(s, 4),
                           .statement = db_column_bytes(s, 5),
                           .channel = {.kind = (enum channel_kind)sqlite3_column_int(s, 6)}};
    enum err e = db_column_copy(s, 0, ack.member.bytes, sizeof ack.member.bytes);
    if (e == OK)
        e = db_column_copy(s, 1, ack.channel_id.bytes, sizeof ack.channel_id.bytes);
    for (int i = 0; e == OK && i < 2; i++)
        e = db_column_copy(s, 7 + i, ack.channel.parties[i].bytes,
                           sizeof ack.channel.parties[i].bytes);
    if (e == OK)
        *ret_ack = ack;
    return e;
}

#define ACK_COLUMNS                                                                                \
    "SELECT s.member, s.channel, s.counter, s.waiting, s.stored, s.bytes,"                         \
    " c.kind, c.party_a, c.party_b FROM statement s JOIN channel c ON c.id = s.channel"

enum err acks_find(struct store *store, const struct member_id *member,
                   const struct channel_id *channel, ack_visit *visit, void *context) {
    sqlite3_stmt *get =
        db_statement(store->db, ACK_COLUMNS " WHERE s.member = ? AND s.channel = ?");
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    db_bind_bytes(get, 2, channel->bytes, sizeof channel->bytes);
    struct ack_info ack;
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK)
        e = row ? ack_read(get, &ack) : ERR_NOT_FOUND;
    if (e == OK)
        e = visit(context, &ack);
    db_reset(get);
    return e;
}

enum err acks_said(struct store *store, const struct member_id *member, time_ms *ret_stored,
                   uint64_t *ret_waiting) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT coalesce(max(stored), 0),"
                                                " coalesce(sum(waiting), 0) FROM statement"
                                                " WHERE member = ?");
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK) {
        *ret_stored = sqlite3_column_int64(get, 0);
        *ret_waiting = (uint64_t)sqlite3_column_int64(get, 1);
    }
    db_reset(get);
    return e;
}

enum err acks_each(struct store *store, ack_visit *visit, void *context) {
    sqlite3_stmt *walk = db_walk(store->db, ACK_COLUMNS " ORDER BY s.channel, s.member");
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        struct ack_info ack;
        if ((e = ack_read(walk, &ack)) != OK || (e = visit(context, &ack)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

enum err acks_latest(struct store *store, const struct member_id *member,
                     const struct channel_id *channel, struct arena *arena,
                     struct statement *ret_statement, time_ms *ret_stored) {
    sqlite3_stmt *get = db_statement(
        store->db, "SELECT stored, bytes FROM statement WHERE member = ? AND channel = ?");
    db_bind_bytes(get, 1, member->bytes, sizeof member->bytes);
    db_bind_bytes(get, 2, channel->bytes, sizeof channel->bytes);
    struct statement statement;
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        return ERR_NOT_FOUND;
    if (e == OK)
        e = statement_decode(db_column_bytes(get, 1), arena, &statement);
    if (e == OK) {
        *ret_stored = sqlite3_column_int64(get, 0);
        *ret_statement = statement;
    }
    db_reset(get);
    return e;
}

static enum err statement_put(struct store *store, const struct statement *statement,
                              struct bytes bytes) {
    sqlite3_stmt *put = db_statement(
        store->db,
        "INSERT OR REPLACE INTO statement (member, channel, counter, waiting, stored, bytes)"
        " VALUES (?, ?, ?, ?, ?, ?)");
    db_bind_bytes(put, 1, statement->member.bytes, sizeof statement->member.bytes);
    db_bind_bytes(put, 2, statement->channel.bytes, sizeof statement->channel.bytes);
    sqlite3_bind_int64(put, 3, (int64_t)statement->counter);
    sqlite3_bind_int64(put, 4, statement->waiting);
    sqlite3_bind_int64(put, 5, store_now(store));
    db_bind_bytes(put, 6, bytes.data, bytes.size);
    enum err e = db_run(store->db, put);
    return e == OK ? news_put_statement(store, &statement->member, &statement->channel) : e;
}

/* What this node holds of a channel, in order of feed id; the newest feeds where they are more than
 * a statement names. */
static enum err own_statement(struct store *store, const struct channel_id *channel,
                              struct arena *arena, struct statement *ret_statement) {
    sqlite3_stmt *walk = db_walk(
        store->db, "SELECT id, head_seq, head_id, waiting, count(*) OVER () FROM"
                   " (SELECT id, head_seq, head_id, waiting FROM feed"
                   "  WHERE channel = (SELECT row FROM channel WHERE id = ?) AND head_seq > 0"
                   "  ORDER BY row DESC LIMIT ?)"
                   " ORDER BY id");
    db_bind_bytes(walk, 1, channel->bytes, sizeof channel->bytes);
    sqlite3_bind_int(walk, 2, HEADS_PER_MESSAGE_MAX);
    struct statement statement = {
        .federation = store->self.federation, .member = store->self.member, .channel = *channel};
    struct version_name *heads = NULL;
    struct envelope_id id;
    uint64_t waiting = 0;
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        if (heads == NULL)
            heads = arena_array(arena, (size_t)sqlite3_column_int64(walk, 4), sizeof *heads);
        if (heads == NULL) {
            e = ERR_MEMORY;
            break;
        }
        struct version_name *head = &heads[statement.heads_n++];
        head->seq = (uint64_t)sqlite3_column_int64(walk, 1);
        waiting += (uint64_t)sqlite3_column_int64(walk, 3);
        e = db_column_copy(walk, 0, head->feed.bytes, sizeof head->feed.bytes);
        if (e == OK)
            e = db_column_copy(walk, 2, id.bytes, sizeof id.bytes);
        if (e != OK)
            break;
        head->id8 = envelope_id8(&id);
    }
    sqlite3_finalize(walk);
    statement.heads = heads;
    statement.waiting = waiting > UINT32_MAX ? UINT32_MAX : (uint32_t)waiting;
    if (e == OK)
        *ret_statement = statement;
    return e;
}

static bool says_the_same(const struct statement *a, const struct statement *b) {
    if (a->heads_n != b->heads_n || a->waiting != b->waiting)
        return false;
    for (size_t i = 0; i < a->heads_n; i++)
        if (version_name_compare(&a->heads[i], &b->heads[i]) != 0)
            return false;
    return true;
}

static enum err state(struct store *store, const struct channel_id *channel, struct arena *arena) {
    struct statement statement, before;
    struct buffer bytes = {0};
    time_ms stored = 0, now = store_now(store);
    enum err e = own_statement(store, channel, arena, &statement);
    if (e != OK)
        return e;
    e = acks_latest(store, &store->self.member, channel, arena, &before, &stored);
    if (e == OK && says_the_same(&statement, &before) && now >= stored &&
        now - stored < STATEMENT_AGE_MAX_MS)
        return OK;
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    uint64_t last = e == OK && before.counter > store->stated ? before.counter : store->stated;
    statement.counter = (uint64_t)now > last ? (uint64_t)now : last + 1;
    e = statement_sign(&statement, &store->config.keys->sign, &bytes);
    if (e == OK)
        e = statement_put(store, &statement, buffer_view(&bytes));
    buffer_done(&bytes);
    return e;
}

enum err acks_state(struct store *store, const struct channel_id *channel) {
    struct arena arena;
    bool own = false;
    if (store->self.role == 0)
        return ERR_STATE;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&arena, DECODE_MEMORY_MAX);
    e = store_leave(store, own, state(store, channel, &arena));
    arena_done(&arena);
    return e;
}

/* What another says of own feeds. One that is unknown here may be an own one that was lost
 * altogether; it will show when it arrives. */
static enum err compare_own(struct store *store, const struct statement *statement) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < statement->heads_n; i++) {
        const struct version_name *head = &statement->heads[i];
        e = feed_reported(store, &statement->member, &head->feed, head->seq, &head->id8);
    }
    return e;
}

/* An own statement that comes back: nobody else could have signed it, so what it names was here. */
static enum err recall(struct store *store, const struct statement *statement, bool *ret_lost) {
    enum err e = OK;
    *ret_lost = false;
    for (size_t i = 0; e == OK && i < statement->heads_n; i++) {
        const struct version_name *head = &statement->heads[i];
        bool lost;
        e = feed_proved(store, &head->feed, head->seq, &head->id8, &lost);
        *ret_lost = *ret_lost || (e == OK && lost);
    }
    return e;
}

static enum err channel_known(struct store *store, const struct channel_id *id,
                              struct channel *ret_channel, bool *ret_known) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT kind, party_a, party_b FROM channel WHERE id = ?");
    db_bind_bytes(get, 1, id->bytes, sizeof id->bytes);
    struct channel channel = {.kind = CHANNEL_ROSTER};
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row) {
        channel.kind = (enum channel_kind)sqlite3_column_int(get, 0);
        for (int i = 0; e == OK && i < 2; i++)
            e = db_column_copy(get, 1 + i, channel.parties[i].bytes,
                               sizeof channel.parties[i].bytes);
    }
    db_reset(get);
    if (e == OK) {
        *ret_channel = channel;
        *ret_known = row;
    }
    return e;
}

/* A channel's id is a hash of what it is: one without feeds here can be guessed where it is every
 * member's, or the two members' own. Statements about others are refused, so that nobody fills the
 * disk with them. */
static enum err channel_guess(struct store *store, const struct statement *statement,
                              struct channel *ret_channel) {
    static const enum channel_kind kinds[] = {CHANNEL_ROSTER, CHANNEL_NOTICE, CHANNEL_ANSWERS,
                                              CHANNEL_HANDOVER};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bool handover = kinds[i] == CHANNEL_HANDOVER;
        struct channel channel;
        if (channel_make(kinds[i], handover ? &statement->member : NULL,
                         handover ? &store->self.member : NULL, &channel) != OK)
            continue;
        struct channel_id id = channel_id_of(&store->self.federation, &channel);
        int64_t row;
        if (!channel_id_equal(&id, &statement->channel))
            continue;
        enum err e = channel_row(store, &id, &channel, &row);
        if (e == OK)
            *ret_channel = channel;
        return e;
    }
    return ERR_NOT_FOUND;
}

/* Whatever is known here of the feeds that it names must be so: feeds of this very channel that the
 * member may hold. There is one roster feed, so no other can be unknown here. */
static enum err check_heads(struct store *store, const struct statement *statement,
                            const struct channel *channel, enum role role) {
    for (size_t i = 0; i < statement->heads_n; i++) {
        struct feed_row *feed = NULL;
        enum err e = feed_row_find(store, &statement->heads[i].feed, &feed);
        if (e == ERR_NOT_FOUND && channel->kind != CHANNEL_ROSTER)
            continue;
        if (e != OK)
            return e == ERR_NOT_FOUND ? ERR_DENIED : e;
        if (!channel_id_equal(&feed->info.channel_id, &statement->channel) ||
            !channel_may_hold(channel, &feed->info.author, &statement->member, role))
            return ERR_DENIED;
    }
    return OK;
}

/* May the member say anything about this channel, and what it says? */
static enum err check_channel(struct store *store, const struct statement *statement) {
    struct channel channel;
    struct rights rights;
    bool known = false;
    enum err e = channel_known(store, &statement->channel, &channel, &known);
    if (e == OK && !known)
        e = channel_guess(store, statement, &channel);
    if (e == OK)
        e = member_rights(store, &statement->member, UINT64_MAX, &rights);
    if (e != OK)
        return e;
    if (!rights.active)
        return ERR_DENIED;
    struct member_id nobody = {{0}};
    bool may = channel_may_write(&channel, &statement->member, rights.role) ||
               channel_may_hold(&channel, &nobody, &statement->member, rights.role);
    return may ? check_heads(store, statement, &channel, rights.role) : ERR_DENIED;
}

static enum err admit(struct store *store, struct bytes bytes, struct arena *arena) {
    struct statement statement, before;
    struct sign_public key;
    time_ms stored;
    enum err e = statement_decode(bytes, arena, &statement);
    if (e != OK)
        return e;
    if (!federation_id_equal(&statement.federation, &store->self.federation))
        return ERR_FEDERATION;
    e = member_sign_key(store, &statement.member, &key);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_ROSTER : e;
    e = acks_latest(store, &statement.member, &statement.channel, arena, &before, &stored);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool stale = e == OK && before.counter >= statement.counter, lost = false;
    bool own = member_id_equal(&statement.member, &store->self.member);
    if (stale && !own)
        return ERR_STALE;
    e = statement_verify(bytes, &key);
    if (e == OK && own)
        e = recall(store, &statement, &lost);
    if (e == OK && stale)
        return lost ? OK : ERR_STALE;
    if (e == OK)
        e = check_channel(store, &statement);
    if (e == ERR_NOT_FOUND && own && statement.counter > store->stated)
        store->stated = statement.counter; /* the channel is on its way back */
    if (e == OK)
        e = statement_put(store, &statement, bytes);
    if (e == OK && !own)
        e = compare_own(store, &statement);
    return e;
}

enum err acks_admit(struct store *store, struct bytes bytes) {
    struct arena arena;
    bool own = false;
    if (store->self.role == 0)
        return ERR_ROSTER;
    feed_cache_trim(store->feeds);
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&arena, DECODE_MEMORY_MAX);
    e = store_part_begin(store);
    if (e == OK)
        e = store_part_end(store, admit(store, bytes, &arena));
    e = store_leave(store, own, e);
    arena_done(&arena);
    return e;
}

enum err acks_restored(struct store *store, bool *ret_restored) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT 1 FROM own_report r JOIN feed f ON f.id = r.feed"
                                " WHERE r.seq > f.head_seq LIMIT 1");
    bool restored = false;
    enum err e = db_row(store->db, get, &restored);
    db_reset(get);
    if (e == OK && !restored)
        e = report_awaited(store, &restored);
    if (e == OK)
        *ret_restored = restored;
    return e;
}
