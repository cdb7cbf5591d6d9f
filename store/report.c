#include "report.h"
#include "member.h"
#include "quarantine_put.h"
#include "replica.h"

#include <stdlib.h>

struct report {
    struct feed_id feed;
    struct member_id from;
    uint64_t seq;
    struct id8 id8;
    time_ms since; /* when it first claimed more than was here, as store_elapsed tells; 0: never */
    bool told;     /* as an incident */
    bool telling;  /* in the transaction under way */
};

struct reports {
    struct report *list;
    size_t n, capacity;
    bool telling; /* any of them */
};

struct reports *reports_new(void) {
    return calloc(1, sizeof(struct reports));
}

void reports_free(struct reports *reports) {
    if (reports != NULL)
        free(reports->list);
    free(reports);
}

/* The member's report about the feed, a new one if there is room; NULL: there is none. */
static enum err room_for(struct reports *reports, const struct member_id *from,
                         const struct feed_id *feed, struct report **ret_report) {
    size_t of_member = 0;
    *ret_report = NULL;
    for (size_t i = 0; i < reports->n; i++) {
        struct report *report = &reports->list[i];
        if (!member_id_equal(&report->from, from))
            continue;
        of_member++;
        if (feed_id_equal(&report->feed, feed)) {
            *ret_report = report;
            return OK;
        }
    }
    if (reports->n >= REPORTS_MAX || of_member >= REPORTS_PER_MEMBER_MAX)
        return OK;
    if (reports->n == reports->capacity) {
        size_t capacity = reports->capacity == 0 ? 16 : reports->capacity * 2;
        struct report *list = realloc(reports->list, capacity * sizeof *list);
        if (list == NULL)
            return ERR_MEMORY;
        reports->list = list;
        reports->capacity = capacity;
    }
    *ret_report = &reports->list[reports->n++];
    **ret_report = (struct report){.feed = *feed, .from = *from};
    return OK;
}

enum err report_put(struct store *store, const struct member_id *from, const struct feed_row *feed,
                    uint64_t seq, const struct id8 *id8) {
    struct report *report;
    enum err e = room_for(store->reports, from, &feed->info.id, &report);
    if (e != OK || report == NULL)
        return e;
    report->seq = seq;
    report->id8 = *id8;
    if (seq > feed->info.head.seq && report->since == 0)
        report->since = store_elapsed(store);
    return OK;
}

void report_forget(struct store *store, const struct feed_id *feed) {
    struct reports *reports = store->reports;
    size_t kept = 0;
    for (size_t i = 0; i < reports->n; i++)
        if (!feed_id_equal(&reports->list[i].feed, feed))
            reports->list[kept++] = reports->list[i];
    reports->n = kept;
}

bool report_find(const struct store *store, const struct member_id *from,
                 const struct feed_id *feed, uint64_t *ret_seq, struct id8 *ret_id8) {
    const struct reports *reports = store->reports;
    for (size_t i = 0; i < reports->n; i++) {
        const struct report *report = &reports->list[i];
        if (!member_id_equal(&report->from, from) || !feed_id_equal(&report->feed, feed))
            continue;
        *ret_seq = report->seq;
        *ret_id8 = report->id8;
        return true;
    }
    return false;
}

static bool is_awaited(const struct report *report, uint64_t here, time_ms now) {
    return report->seq > here && report->since > 0 && now - report->since < REPORT_WAIT_MS;
}

enum err report_count(struct store *store, const struct feed_row *feed,
                      struct report_tally *ret_tally) {
    const struct reports *reports = store->reports;
    struct report_tally tally = {0};
    time_ms now = store_elapsed(store);
    struct id8 head = envelope_id8(&feed->info.head.id);
    for (size_t i = 0; i < reports->n; i++) {
        const struct report *report = &reports->list[i];
        struct rights rights;
        if (!feed_id_equal(&report->feed, &feed->info.id))
            continue;
        enum err e = member_rights(store, &report->from, UINT64_MAX, &rights);
        if (e != OK)
            return e;
        tally.awaited = tally.awaited || is_awaited(report, feed->info.head.seq, now);
        tally.same_n +=
            rights.active && report->seq == feed->info.head.seq && id8_equal(&report->id8, &head);
    }
    *ret_tally = tally;
    return OK;
}

enum err report_awaited(struct store *store, bool *ret_awaited) {
    const struct reports *reports = store->reports;
    time_ms now = store_elapsed(store);
    bool awaited = false;
    for (size_t i = 0; i < reports->n && !awaited; i++) {
        const struct report *report = &reports->list[i];
        struct feed_row *feed = NULL;
        if (!is_awaited(report, 0, now))
            continue;
        enum err e = feed_row_find(store, &report->feed, &feed);
        if (e != OK)
            return e;
        awaited = !feed->info.confirmed && report->seq > feed->info.head.seq;
    }
    *ret_awaited = awaited;
    return OK;
}

enum err report_expire(struct store *store) {
    struct reports *reports = store->reports;
    time_ms now = store_elapsed(store);
    enum err e = OK;
    for (size_t i = 0; e == OK && i < reports->n; i++) {
        struct report *report = &reports->list[i];
        struct feed_row *feed = NULL;
        if (report->told || report->telling || report->since == 0 || is_awaited(report, 0, now))
            continue;
        e = feed_row_find(store, &report->feed, &feed);
        if (e != OK || report->seq <= feed->info.head.seq)
            continue;
        e = quarantine_put(
            store, &(struct quarantine_new){
                       .kind = QUARANTINE_INCIDENT,
                       .feed = report->feed,
                       .seq = report->seq,
                       .author = feed->info.author,
                       .from = report->from,
                       .reason = ERR_STALE,
                       .text = "a member claims more of a feed of this node's than is here, "
                               "and has not delivered it"});
        report->telling = e == OK;
        reports->telling = reports->telling || report->telling;
    }
    return e;
}

static void told(struct reports *reports, bool committed) {
    for (size_t i = 0; i < reports->n && reports->telling; i++) {
        struct report *report = &reports->list[i];
        report->told = report->told || (committed && report->telling);
        report->telling = false;
    }
    reports->telling = false;
}

void reports_keep(struct reports *reports) {
    told(reports, true);
}

void reports_restore(struct reports *reports) {
    told(reports, false);
}
