#include "acks.h"
#include "acks_latest.h"
#include "confirm.h"
#include "feed_row.h"
#include "member.h"
#include "proto/limits.h"
#include "quarantine_put.h"
#include "replica.h"
#include "report.h"

#include <stdio.h>

static enum err find_roster(struct store *store, struct feed_row **ret_feed) {
    if (store->roster.feed_row == 0)
        return ERR_NOT_FOUND;
    feed_cache_trim(store->feeds);
    return feed_row_find(store, &store->roster.feed, ret_feed);
}

enum err roster_standing(struct store *store, struct roster_standing *ret_standing) {
    struct roster_standing standing = {0};
    struct report_tally tally = {0};
    struct feed_row *feed = NULL;
    enum err e = find_roster(store, &feed);
    if (e == OK)
        e = roster_tip(store, &standing.tip);
    if (e == OK)
        e = confirm_proved(store, feed, &standing.proved);
    if (e == OK)
        e = report_count(store, feed, &tally);
    if (e == OK)
        e = member_active_others(store, &standing.others_n);
    if (e != OK)
        return e;
    standing.confirmed = feed->info.confirmed;
    standing.forked = feed->info.forked;
    standing.restored = feed->barred;
    standing.awaited = tally.awaited;
    standing.confirmed_n = tally.same_n;
    *ret_standing = standing;
    return OK;
}

static enum roster_word compared(uint64_t said, uint64_t here, bool agrees) {
    if (!agrees)
        return ROSTER_OTHER;
    return said == here ? ROSTER_SAME : said < here ? ROSTER_LESS : ROSTER_MORE;
}

/* The member's last statement about the roster's channel. */
static enum err stated(struct store *store, const struct feed_row *feed, struct arena *arena,
                       struct roster_said *said) {
    struct statement statement;
    bool agrees = true;
    enum err e =
        acks_latest(store, &said->member, &feed->info.channel_id, arena, &statement, &said->at);
    for (size_t i = 0; e == OK && i < statement.heads_n; i++) {
        const struct version_name *head = &statement.heads[i];
        if (!feed_id_equal(&head->feed, &feed->info.id))
            continue;
        e = acks_agrees(store, &feed->info, head, &agrees);
        said->seq = head->seq;
        said->word = compared(head->seq, feed->info.head.seq, agrees);
    }
    return e == ERR_NOT_FOUND ? OK : e;
}

struct walk {
    struct store *store;
    roster_said_visit *visit;
    void *context;
};

static enum err visit_member(void *context, const struct roster_entry *entry) {
    struct walk *walk = context;
    struct store *store = walk->store;
    struct roster_said said = {
        .member = entry->member, .name = entry->name, .word = ROSTER_UNHEARD};
    struct version_name head = {0};
    struct feed_row *feed = NULL;
    struct arena arena;
    bool agrees = true;
    if (entry->status != MEMBER_ACTIVE || member_id_equal(&entry->member, &store->self.member))
        return OK;
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err e = find_roster(store, &feed);
    if (e == OK)
        e = stated(store, feed, &arena, &said);
    if (e == OK && report_find(store, &entry->member, &feed->info.id, &head.seq, &head.id8)) {
        head.feed = feed->info.id;
        e = acks_agrees(store, &feed->info, &head, &agrees);
        said.since_start = true;
        said.seq = head.seq;
        said.word = compared(head.seq, feed->info.head.seq, agrees);
    }
    arena_done(&arena);
    return e == OK ? walk->visit(walk->context, &said) : e;
}

enum err roster_said_each(struct store *store, roster_said_visit *visit, void *context) {
    struct walk walk = {store, visit, context};
    return roster_each(store, visit_member, &walk);
}

/* Why a person's word is not taken; OK: it is. */
static enum err check(struct store *store, const struct roster_standing *standing) {
    if (store->self.role != ROLE_MUNICIPALITY)
        return store_fail(store, ERR_DENIED, "only the municipality writes the roster");
    if (standing->forked)
        return store_fail(store, ERR_FORK, "the roster has been forked");
    if (standing->confirmed)
        return store_fail(store, ERR_STATE, "the roster is confirmed already");
    if (standing->proved > 0)
        return store_fail(
            store, ERR_STALE,
            "this node itself has signed that it held %llu entries of the roster, and "
            "only %llu are here",
            (unsigned long long)standing->proved, (unsigned long long)standing->tip.seq);
    if (standing->awaited)
        return store_fail(store, ERR_BUSY,
                          "a member says that it has more of the roster, and may still deliver it");
    return OK;
}

static enum err note(struct store *store, const struct roster_standing *standing, const char *who,
                     const char *why) {
    char text[1024];
    snprintf(text, sizeof text,
             "the roster was confirmed at entry %llu by a person's word, with that of %zu of %zu "
             "members: %.200s: %.600s",
             (unsigned long long)standing->tip.seq, standing->confirmed_n, standing->others_n, who,
             why);
    return quarantine_put(store, &(struct quarantine_new){.kind = QUARANTINE_INCIDENT,
                                                          .feed = standing->tip.feed,
                                                          .seq = standing->tip.seq,
                                                          .author = store->self.member,
                                                          .reason = ERR_STATE,
                                                          .text = text});
}

static enum err confirm(struct store *store, const char *who, const char *why) {
    struct roster_standing standing;
    struct feed_row *feed = NULL;
    enum err e = roster_standing(store, &standing);
    if (e == OK)
        e = check(store, &standing);
    if (e == OK)
        e = find_roster(store, &feed);
    if (e == OK)
        e = note(store, &standing, who, why);
    if (e != OK)
        return e;
    feed->info.confirmed = true;
    feed->barred = false;
    report_forget(store, &feed->info.id);
    return feed_row_save(store, feed);
}

enum err roster_confirm(struct store *store, const char *who, const char *why) {
    bool own = false;
    enum err e = store_enter(store, &own);
    return e == OK ? store_leave(store, own, confirm(store, who, why)) : e;
}
