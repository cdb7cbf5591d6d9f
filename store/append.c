#include "append.h"
#include "apply.h"
#include "epoch.h"
#include "member.h"
#include "outgoing.h"
#include "proto/limits.h"
#include "replica.h"

/* Own feeds of a channel, newest first: one that may be continued, and the tips of those that
 * can't. */
struct own_feeds {
    struct feed_row *open; /* NULL: a new incarnation is needed */
    struct version_name closes[CLOSES_PER_BIRTH_MAX];
    struct feed_id closed[CLOSES_PER_BIRTH_MAX];
    size_t closes_n;
};

static enum err find_own(struct store *store, const struct channel_id *channel,
                         struct own_feeds *ret_feeds) {
    sqlite3_stmt *walk =
        db_statement(store->db, "SELECT * FROM feed_full WHERE author = ? AND channel_row ="
                                " (SELECT row FROM channel WHERE id = ?) ORDER BY row DESC");
    db_bind_bytes(walk, 1, store->self.member.bytes, sizeof store->self.member.bytes);
    db_bind_bytes(walk, 2, channel->bytes, sizeof channel->bytes);
    struct feed_row feed;
    bool row = false;
    enum err e;
    ret_feeds->open = NULL;
    ret_feeds->closes_n = 0;
    while ((e = db_row(store->db, walk, &row)) == OK && row && ret_feeds->open == NULL) {
        if ((e = feed_row_read(store, walk, &feed)) != OK)
            break;
        const struct feed_info *info = &feed.info;
        if (info->confirmed && !info->forked && !feed.closed)
            e = feed_row_find(store, &info->id, &ret_feeds->open);
        else if (!feed.closed && info->head.seq > 0 && ret_feeds->closes_n < CLOSES_PER_BIRTH_MAX) {
            struct version_name tip = {info->id, info->head.seq, envelope_id8(&info->head.id)};
            ret_feeds->closes[ret_feeds->closes_n] = tip;
            ret_feeds->closed[ret_feeds->closes_n++] = info->id;
        }
        if (e != OK)
            break;
    }
    db_reset(walk);
    return e;
}

/* A new incarnation, whose birth will close those that can't be continued. */
static enum err be_born(struct store *store, const struct channel *channel,
                        const struct channel_id *channel_id, const struct own_feeds *own,
                        struct declaration *ret_birth, struct feed_row **ret_feed) {
    struct declaration birth = {.kind = DECLARATION_BIRTH};
    birth.birth = (struct birth){.federation = store->self.federation,
                                 .channel = *channel,
                                 .author = store->self.member,
                                 .incarnation = incarnation_new(store_now(store)),
                                 .closes = own->closes,
                                 .closes_n = own->closes_n};
    struct feed_id id = feed_id_of(&store->self.federation, channel_id, &store->self.member,
                                   &birth.birth.incarnation);
    enum err e = feed_row_create(store, &id, &birth.birth, ret_feed);
    for (size_t i = 0; e == OK && i < own->closes_n; i++) {
        struct feed_row *closed = NULL;
        if ((e = feed_row_find(store, &own->closed[i], &closed)) != OK)
            break;
        closed->closed = true;
        e = feed_row_save(store, closed);
    }
    if (e != OK)
        return e;
    (*ret_feed)->info.confirmed = true; /* nobody else can hold any of it yet */
    *ret_birth = birth;
    return OK;
}

static enum err check_may_write(struct store *store, const struct channel *channel) {
    struct rights rights;
    if (store->self.role == 0)
        return store_fail(store, ERR_STATE, "this node is no member of a federation yet");
    enum err e = member_rights(store, &store->self.member, UINT64_MAX, &rights);
    if (e != OK)
        return e;
    if (!rights.active || !channel_may_write(channel, &store->self.member, rights.role))
        return store_fail(store, ERR_DENIED, "this node may not write in that channel");
    return channel->kind == CHANNEL_ROSTER ? roster_may_write(store) : OK;
}

/* A site can begin a handover with nobody's help: where the channel has no usable epoch it declares
 * one. */
static enum err choose_epoch(struct store *store, const struct channel *channel,
                             const struct channel_id *channel_id, struct arena *arena,
                             struct declaration *declared, struct outgoing *out) {
    enum err e = epoch_newest(store, channel, channel_id, &out->seal_to);
    if (e != ERR_KEY || channel->kind != CHANNEL_HANDOVER)
        return e == ERR_KEY ? store_fail(store, e, "the channel's epoch has not arrived yet") : e;
    e = epoch_make_handover(store, channel, channel_id, arena, declared);
    if (e == OK) {
        out->epoch = declared;
        out->seal_to = declared->epoch.public_key;
    }
    return e;
}

static enum err append(struct store *store, const struct change *change, struct arena *arena,
                       struct version_name *ret_written) {
    const struct channel *channel = &change->channel;
    struct channel_id channel_id = channel_id_of(&store->self.federation, channel);
    struct declaration birth, epoch;
    struct own_feeds own;
    struct feed_row *feed = NULL;
    struct outgoing out = {.declarations = change->declarations,
                           .declarations_n = change->declarations_n,
                           .sets = change->sets,
                           .sets_n = change->sets_n};
    enum err e = check_may_write(store, channel);
    if (e == OK)
        e = apply_check_fixed(store, &channel_id, change->sets, change->sets_n);
    if (e == OK && channel->kind == CHANNEL_ROSTER)
        e = feed_row_find(store, &store->roster.feed, &feed);
    else if (e == OK && (e = find_own(store, &channel_id, &own)) == OK)
        feed = own.open;
    if (e == OK && feed == NULL) {
        e = be_born(store, channel, &channel_id, &own, &birth, &feed);
        out.birth = &birth;
    }
    if (e == OK && change->sets_n > 0 && channel_is_sealed(channel->kind))
        e = choose_epoch(store, channel, &channel_id, arena, &epoch, &out);
    return e == OK ? outgoing_write(store, feed, &out, ret_written) : e;
}

enum err append_change(struct store *store, const struct change *change,
                       struct version_name *ret_written) {
    struct change ordered = *change;
    struct version_name written;
    bool handover = change->channel.kind == CHANNEL_HANDOVER, own = false;
    struct arena arena;
    enum err e = channel_make(change->channel.kind, handover ? &change->channel.parties[0] : NULL,
                              handover ? &change->channel.parties[1] : NULL, &ordered.channel);
    if (e != OK)
        return store_fail(store, e, "that is no channel");
    feed_cache_trim(store->feeds);
    if ((e = store_enter(store, &own)) != OK)
        return e;
    arena_init(&arena, KIB(64));
    e = store_part_begin(store);
    if (e == OK)
        e = store_part_end(store, append(store, &ordered, &arena, &written));
    arena_done(&arena);
    e = store_leave(store, own, e);
    if (e == OK)
        *ret_written = written;
    return e;
}
