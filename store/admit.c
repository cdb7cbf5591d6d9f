#include "admit.h"
#include "backlog.h"
#include "birth.h"
#include "claim.h"
#include "fork.h"
#include "judge.h"
#include "member.h"
#include "proto/limits.h"
#include "quarantine_put.h"
#include "replica.h"

/* One run on its way in. */
struct admission {
    struct store *store;
    const struct member_id *from;
    struct feed_id feed_id;
    struct bytes run; /* what of it is new */
    struct arena arena;
    struct feed_row *feed;
    struct sign_public author;
    struct admitted admitted;
    bool forked;         /* stored aside: the answer is ERR_FORK, and what was noted stays */
    const char *refusal; /* what is wrong with it, where the reason alone does not say it */
};

/* What a run takes beyond its cap is its own fault; a heap that gives out is not. */
static enum err bytes_or_heap(const struct admission *admission, enum err e) {
    return e == ERR_MEMORY && admission->arena.capped ? ERR_LIMIT : e;
}

/* Stored without one of its sections it would never be asked for again. */
static enum err verify(struct admission *admission, const struct head *after,
                       struct verified_run *ret_run) {
    enum err e = run_verify(admission->run, &admission->feed_id, after, &admission->author,
                            &admission->arena, ret_run);
    if (e != OK)
        return bytes_or_heap(admission, e);
    if (run_is_whole(ret_run))
        return OK;
    admission->refusal = "a section was taken out on its way";
    return ERR_HASH;
}

/* Passes over what is here already. `*ret_last` is the last entry passed over, to be compared with
 * ours: when the run continues our head, the chain speaks for all before it. */
static enum err pass_over(struct admission *admission, struct head *ret_last) {
    uint64_t here = admission->feed->info.head.seq;
    struct bytes rest = admission->run;
    struct head last = {0};
    bool first = true;
    while (rest.size > 0) {
        struct header header;
        size_t size;
        enum err e = envelope_skip(rest, &size);
        if (e == OK)
            e = header_decode(rest.data, &header);
        if (e != OK)
            return e;
        if (!feed_id_equal(&header.feed, &admission->feed_id) || (first && header.seq > here + 1))
            return ERR_CHAIN;
        first = false;
        if (header.seq > here)
            break;
        last = (struct head){header.seq, envelope_id_of(rest.data)};
        rest.data += size;
        rest.size -= size;
    }
    *ret_last = last;
    admission->run = rest;
    return OK;
}

static enum err trim(struct admission *admission) {
    struct bytes whole = admission->run;
    struct head last;
    struct envelope_id ours;
    enum err e = pass_over(admission, &last);
    if (e != OK || last.seq == 0)
        return e;
    if ((e = entry_id(admission->store, admission->feed->row, last.seq, &ours)) != OK)
        return e;
    if (envelope_id_equal(&ours, &last.id))
        return OK;
    e = fork_keep(admission->store, admission->feed, admission->from, &admission->author, whole,
                  &admission->arena);
    if (e == ERR_FORK)
        admission->forked = true;
    return e == ERR_FORK ? OK : bytes_or_heap(admission, e);
}

static enum err judge_all(struct admission *admission, const struct verified_run *run) {
    struct store *store = admission->store;
    struct admitted *admitted = &admission->admitted;
    time_ms now = store_now(store);
    enum err e = entry_insert_run(store, admission->feed, run, now);
    for (size_t i = 0; e == OK && i < run->envelopes_n; i++) {
        const struct envelope *envelope = &run->envelopes[i];
        struct verdict verdict;
        if ((e = judge_entry(store, admission->feed, envelope, now, &verdict)) != OK)
            break;
        e = entry_heard(store, admission->feed, envelope, verdict.status, verdict.reason,
                        verdict.status == ENTRY_VOID ? verdict.why : NULL);
        admitted->applied_n += verdict.status == ENTRY_APPLIED;
        admitted->waiting_n += verdict.status == ENTRY_WAITING;
        admitted->void_n += verdict.status == ENTRY_VOID;
    }
    if (e == OK)
        store->clock =
            clock_see(store->clock, run->envelopes[run->envelopes_n - 1].header.clock, now);
    admitted->new_n = run->envelopes_n;
    return e;
}

/* Own entries that come from others: this node has lost what it once wrote, and whoever sends them
 * may lack more. */
static enum err own_came_back(struct admission *admission) {
    struct feed_row *feed = admission->feed;
    enum err e = quarantine_put(
        admission->store,
        &(struct quarantine_new){.kind = QUARANTINE_INCIDENT,
                                 .feed = feed->info.id,
                                 .author = feed->info.author,
                                 .from = *admission->from,
                                 .reason = ERR_STALE,
                                 .text = "own entries that were lost here came back"});
    feed->barred = true;
    feed->info.confirmed = false;
    admission->store->own_grew = true;
    return e;
}

/* What one author may fill of everybody's disks; it keeps the rest itself. The roster is needed. */
static enum err check_quota(struct admission *admission) {
    struct store *store = admission->store;
    const struct feed_info *feed = &admission->feed->info;
    if (feed->channel.kind == CHANNEL_ROSTER || member_id_equal(&feed->author, &store->self.member))
        return OK;
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT coalesce(sum(bytes), 0) FROM feed WHERE author = ?");
    db_bind_bytes(get, 1, feed->author.bytes, sizeof feed->author.bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    uint64_t bytes = (uint64_t)sqlite3_column_int64(get, 0); /* a sum always has a row */
    db_reset(get);
    if (e != OK || bytes + admission->run.size <= BYTES_PER_AUTHOR_MAX)
        return e;
    admission->refusal = "its author has used up what it may store at others";
    return ERR_QUOTA;
}

static enum err count_bytes(struct admission *admission) {
    sqlite3_stmt *put =
        db_statement(admission->store->db, "UPDATE feed SET bytes = bytes + ? WHERE row = ?");
    sqlite3_bind_int64(put, 1, (int64_t)admission->run.size);
    sqlite3_bind_int64(put, 2, admission->feed->row);
    return db_run(admission->store->db, put);
}

static enum err admit(struct admission *admission) {
    struct store *store = admission->store;
    struct verified_run run;
    enum err e = feed_row_find(store, &admission->feed_id, &admission->feed);
    if (e == ERR_NOT_FOUND) {
        e = birth_admit(store, &admission->feed_id, admission->run, &admission->arena,
                        &admission->feed, &admission->author);
        e = bytes_or_heap(admission, e);
    } else if (e == OK) {
        e = member_sign_key(store, &admission->feed->info.author, &admission->author);
        if (e == OK)
            e = bytes_or_heap(admission, fork_follow(store, admission->feed, admission->from,
                                                     &admission->author, admission->run,
                                                     &admission->arena, &admission->forked));
        if (e == OK && !admission->forked)
            e = trim(admission);
    }
    if (e != OK || admission->forked || admission->run.size == 0)
        return e;
    struct head after = admission->feed->info.head;
    if ((e = verify(admission, &after, &run)) != OK || (e = check_quota(admission)) != OK ||
        (e = judge_all(admission, &run)) != OK || (e = count_bytes(admission)) != OK)
        return e;
    if (store->self.role != 0 &&
        member_id_equal(&admission->feed->info.author, &store->self.member))
        e = own_came_back(admission);
    if (e == OK && store->self.role == 0)
        e = join_check(store);
    if (e == OK)
        e = feed_row_save(store, admission->feed);
    return e == OK ? news_put_feed(store, &admission->feed_id) : e;
}

static bool is_refusal(enum err e) {
    return e == ERR_SIGNATURE || e == ERR_HASH || e == ERR_FORMAT || e == ERR_LIMIT ||
           e == ERR_VERSION || e == ERR_DENIED || e == ERR_FEDERATION || e == ERR_TICKET_USED ||
           e == ERR_QUOTA;
}

/* Of what this node may not hold only the fact is kept. */
static enum err note_refusal(const struct admission *admission, struct bytes run, enum err reason) {
    struct header header = {0};
    struct quarantine_new thing = {.kind = QUARANTINE_REFUSED,
                                   .feed = admission->feed_id,
                                   .from = *admission->from,
                                   .reason = reason,
                                   .text = admission->refusal != NULL ? admission->refusal
                                                                      : err_text(reason)};
    if (run.size >= SIGNED_HEADER_SIZE && header_decode(run.data, &header) == OK)
        thing.seq = header.seq & (uint64_t)ENTRY_SEQ_MAX;
    if (reason != ERR_DENIED && reason != ERR_FEDERATION && run.size <= RUN_SIZE_MAX)
        thing.bytes = run;
    return quarantine_put(admission->store, &thing);
}

/* What arrived may be what others wait for, or may have waited itself for what came with it. */
static enum err judge_waiting(struct admission *admission) {
    bool more;
    enum err e = backlog_work(admission->store, BACKLOG_STEP_MAX, &more);
    if (e == OK)
        e = feed_row_find(admission->store, &admission->feed_id, &admission->feed);
    if (e == OK)
        admission->admitted.feed = admission->feed->info;
    return e;
}

enum err admit_run(struct store *store, const struct member_id *from, const struct feed_id *feed,
                   struct bytes run, struct admitted *ret_admitted) {
    struct admission admission = {.store = store, .from = from, .feed_id = *feed, .run = run};
    bool own = false;
    feed_cache_trim(store->feeds);
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    arena_init(&admission.arena, run_memory_for(run.size));
    e = store_part_begin(store);
    if (e == OK)
        e = store_part_end(store, admit(&admission));
    if (e == OK)
        admission.admitted.feed = admission.feed->info;
    if (e == OK && admission.admitted.new_n > 0)
        claims_delivered(store, from);
    enum err refused = is_refusal(e) ? e : OK;
    if (refused != OK)
        e = note_refusal(&admission, run, refused);
    else if (e == OK && admission.admitted.new_n > 0 && store->self.role != 0)
        e = judge_waiting(&admission);
    e = store_leave(store, own, e);
    arena_done(&admission.arena);
    if (e == OK && refused == OK && !admission.forked)
        *ret_admitted = admission.admitted;
    if (e != OK)
        return e;
    return admission.forked ? ERR_FORK : refused;
}
