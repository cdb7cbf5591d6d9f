#include "judge_rights.h"
#include "member.h"
#include "replica.h"

/* The roster stands by itself: the municipality writes it, each entry names the one before as its
 * tip, and none is applied before the one before it. */
static enum err roster_rights(struct store *store, struct feed_row *feed,
                              const struct envelope *envelope, struct verdict *verdict,
                              enum role *ret_role) {
    const struct header *header = &envelope->header;
    struct id8 before = envelope_id8(&header->prev);
    if (header->roster_seq != header->seq - 1 || !id8_equal(&header->roster_id8, &before))
        return verdict_void(verdict, ERR_ROSTER, "it does not name the roster entry before it");
    *ret_role = ROLE_MUNICIPALITY;
    if (header->seq == 1 && store->roster.feed_row == 0)
        return OK;
    if (store->roster.feed_row != feed->row ||
        !member_id_equal(&feed->info.author, &store->roster.municipality))
        return verdict_void(verdict, ERR_DENIED, "it is not the federation's roster");
    return header->seq == store->roster.seq + 1 ? OK : verdict_wait(verdict, ERR_ROSTER);
}

/* Does the roster tip that the header names stand in the roster? */
static enum err tip_holds(struct store *store, const struct header *header, bool *ret_holds) {
    struct id8 here = store->roster.id8;
    if (header->roster_seq != store->roster.seq) {
        struct envelope_id id;
        enum err e = entry_id(store, store->roster.feed_row, header->roster_seq, &id);
        if (e != OK)
            return e == ERR_NOT_FOUND ? ERR_CORRUPT : e;
        here = envelope_id8(&id);
    }
    *ret_holds = id8_equal(&here, &header->roster_id8);
    return OK;
}

/* Asked once for each tip that a feed names, and when the roster has advanced: within a feed both
 * seldom change. */
static enum err learn_rights(struct store *store, struct feed_row *feed,
                             const struct header *header, struct verdict *verdict) {
    bool holds = false;
    struct rights rights;
    enum err e = tip_holds(store, header, &holds);
    if (e != OK)
        return e;
    if (!holds)
        return verdict_void(verdict, ERR_ROSTER,
                            "it names a roster entry that the roster does not have");
    if ((e = member_rights(store, &feed->info.author, header->roster_seq, &rights)) != OK)
        return e;
    feed->has_rights = true;
    feed->tip = header->roster_seq;
    feed->tip_id8 = header->roster_id8;
    feed->active = rights.known && rights.active;
    feed->role = rights.role;
    if ((e = member_rights(store, &feed->info.author, UINT64_MAX, &rights)) != OK)
        return e;
    feed->learnt_at = store->roster.seq;
    feed->active_now = rights.active;
    return OK;
}

enum err judge_rights(struct store *store, struct feed_row *feed, const struct envelope *envelope,
                      struct verdict *verdict, enum role *ret_role) {
    const struct header *header = &envelope->header;
    bool fresh = header->seq > feed->info.head.seq;
    if (fresh && header->roster_seq < feed->tip_max)
        return verdict_void(verdict, ERR_CHAIN, "its roster tip goes back");
    /* Of all before it, void ones too: else one that is void could wind the clock back for the
     * next. */
    if (fresh && header->seq > 1 && header->clock <= feed->clock)
        return verdict_void(verdict, ERR_CHAIN,
                            "its clock is not later than that of those before it");
    if (feed->info.channel.kind == CHANNEL_ROSTER)
        return roster_rights(store, feed, envelope, verdict, ret_role);
    if (header->roster_seq == 0)
        return verdict_void(verdict, ERR_DENIED, "it names no roster entry");
    if (header->roster_seq > store->roster.seq)
        return verdict_wait(verdict, ERR_ROSTER);
    if (!feed->has_rights || feed->tip != header->roster_seq ||
        feed->learnt_at != store->roster.seq || !id8_equal(&feed->tip_id8, &header->roster_id8)) {
        enum err e = learn_rights(store, feed, header, verdict);
        if (e != OK || verdict->status != ENTRY_APPLIED)
            return e;
    }
    if (!feed->active)
        return verdict_void(verdict, ERR_DENIED,
                            "its author was no active member at the roster entry it names");
    if (!channel_may_write(&feed->info.channel, &feed->info.author, feed->role))
        return verdict_void(verdict, ERR_DENIED, "its author may not write in this channel");
    /* It may name any older entry, at which it was active, for ever: only a cut could say how far
     * its feeds count. */
    if (!feed->active_now)
        return verdict_wait(verdict, ERR_DENIED);
    *ret_role = feed->role;
    return OK;
}
