#include "backlog.h"
#include "admit.h"
#include "feed_row.h"
#include "judge.h"
#include "proto/limits.h"
#include "replica.h"

#include <stdlib.h>

/* Tasks one after another; `cursor` is the last key looked at in the first of them. When the list
 * is full, everything is looked at instead. */
enum { TASKS_MAX = 64, CANDIDATES_MAX = 256 };
enum task_kind { TASK_ALL = 1, TASK_ROSTER, TASK_STATUS, TASK_CHANNEL };
struct task {
    enum task_kind kind;
    struct channel_id channel;
};
struct backlog {
    struct task tasks[TASKS_MAX];
    size_t tasks_n;
    int64_t cursor;
    bool consumed; /* in this transaction */
};

struct backlog *backlog_new(void) {
    return calloc(1, sizeof(struct backlog));
}

void backlog_free(struct backlog *backlog) {
    free(backlog);
}

void backlog_add_all(struct backlog *backlog) {
    backlog->tasks[0] = (struct task){.kind = TASK_ALL};
    backlog->tasks_n = 1;
    backlog->cursor = 0;
}

static void add(struct backlog *backlog, enum task_kind kind, const struct channel_id *channel) {
    struct task task = {.kind = kind};
    if (channel != NULL)
        task.channel = *channel;
    for (size_t i = 0; i < backlog->tasks_n; i++) {
        if (backlog->tasks[i].kind != kind ||
            !channel_id_equal(&backlog->tasks[i].channel, &task.channel))
            continue;
        if (i == 0)
            backlog->cursor = 0;
        return;
    }
    if (backlog->tasks_n == TASKS_MAX) {
        backlog_add_all(backlog);
        return;
    }
    backlog->tasks[backlog->tasks_n++] = task;
}

void backlog_add_roster(struct backlog *backlog) {
    add(backlog, TASK_ROSTER, NULL);
    add(backlog, TASK_STATUS, NULL);
}

void backlog_add_channel(struct backlog *backlog, const struct channel_id *channel) {
    add(backlog, TASK_CHANNEL, channel);
}

void backlog_keep(struct backlog *backlog) {
    backlog->consumed = false;
}

void backlog_restore(struct backlog *backlog) {
    if (backlog->consumed)
        backlog_add_all(backlog);
    backlog->consumed = false;
}

static void task_done(struct backlog *backlog) {
    backlog->tasks_n--;
    memmove(backlog->tasks, backlog->tasks + 1, backlog->tasks_n * sizeof *backlog->tasks);
    backlog->cursor = 0;
}

static sqlite3_stmt *keys_statement(struct store *store, const struct task *task) {
    switch (task->kind) {
    case TASK_ALL:
        return db_statement(
            store->db, "SELECT key, reason FROM entry WHERE status = 2 AND key > ?1 AND +key > ?1"
                       " ORDER BY key LIMIT ?2");
    case TASK_ROSTER:
        return db_statement(store->db,
                            "SELECT key, reason FROM entry INDEXED BY entry_waiting"
                            " WHERE status = 2 AND reason = 16 AND key > ?1 AND +key > ?1"
                            " ORDER BY key LIMIT ?2");
    case TASK_STATUS: /* of an author that was not active */
        return db_statement(store->db,
                            "SELECT key, reason FROM entry INDEXED BY entry_waiting"
                            " WHERE status = 2 AND reason = 17 AND key > ?1 AND +key > ?1"
                            " ORDER BY key LIMIT ?2");
    case TASK_CHANNEL:
        break;
    }
    sqlite3_stmt *get = db_statement(
        store->db,
        "SELECT e.key, e.reason FROM channel c JOIN feed f ON f.channel = c.row AND f.waiting > 0"
        " JOIN entry e INDEXED BY entry_waiting ON e.key > f.row << 40 AND e.key < (f.row + 1) << "
        "40"
        " WHERE c.id = ?3 AND e.status = 2 AND e.reason = 14 AND e.key > ?1 AND +e.key > ?1"
        " ORDER BY e.key LIMIT ?2");
    db_bind_bytes(get, 3, task->channel.bytes, sizeof task->channel.bytes);
    return get;
}

struct candidate {
    int64_t key;
    enum err reason; /* why it waited */
};

/* `ret_candidates` has room for `n_max`. */
static enum err next(struct store *store, size_t n_max, struct candidate *ret_candidates,
                     size_t *ret_n) {
    sqlite3_stmt *get = keys_statement(store, &store->backlog->tasks[0]);
    sqlite3_bind_int64(get, 1, store->backlog->cursor);
    sqlite3_bind_int64(get, 2, (int64_t)n_max);
    size_t n = 0;
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, get, &row)) == OK && row)
        ret_candidates[n++] =
            (struct candidate){sqlite3_column_int64(get, 0), (enum err)sqlite3_column_int(get, 1)};
    db_reset(get);
    if (e == OK)
        *ret_n = n;
    return e;
}

static enum err judge_again(struct store *store, const struct candidate *candidate,
                            struct arena *arena, struct buffer *bytes) {
    struct feed_row *feed = NULL;
    struct envelope envelope;
    struct verdict verdict;
    uint64_t seq = (uint64_t)(candidate->key & ENTRY_SEQ_MAX);
    size_t size;
    time_ms stored = 0;
    buffer_clear(bytes);
    arena_reset(arena);
    enum err e = feed_row_numbered(store, candidate->key >> ENTRY_SEQ_BITS, &feed);
    if (e == OK)
        e = entry_bytes(store, feed->row, seq, bytes, &stored);
    if (e == OK)
        e = envelope_parse(buffer_view(bytes), arena, &envelope, &size);
    if (e == OK)
        e = judge_entry(store, feed, &envelope, stored, &verdict);
    if (e != OK || (verdict.status == ENTRY_WAITING && verdict.reason == candidate->reason))
        return e;
    e = entry_judged(store, feed, seq, verdict.status, verdict.reason, verdict.why);
    if (e == OK)
        e = feed_row_save(store, feed);
    return e == OK ? news_put_feed(store, &feed->info.id) : e;
}

/* The disk's and the memory's failures are everybody's; any other is this entry's own. */
static bool is_its_own(enum err e) {
    return e != OK && e != ERR_IO && e != ERR_DISK_FULL && e != ERR_MEMORY && e != ERR_INTERNAL;
}

/* It goes on waiting, for the reason that it failed for. */
static enum err set_aside(struct store *store, const struct candidate *candidate, enum err reason) {
    struct feed_row *feed = NULL;
    if (candidate->reason == reason)
        return OK;
    enum err e = feed_row_numbered(store, candidate->key >> ENTRY_SEQ_BITS, &feed);
    if (e == ERR_NOT_FOUND)
        return OK;
    uint64_t seq = (uint64_t)(candidate->key & ENTRY_SEQ_MAX);
    return e == OK ? entry_judged(store, feed, seq, ENTRY_WAITING, reason, NULL) : e;
}

/* One that can't be judged keeps neither the others nor what arrives from being so. */
static enum err judge_one(struct store *store, const struct candidate *candidate,
                          struct arena *arena, struct buffer *bytes) {
    bool consumed = store->backlog->consumed;
    enum err e = store_part_begin(store);
    if (e != OK)
        return e;
    store->backlog->consumed = false; /* undoing this part brings no task back */
    e = store_part_end(store, judge_again(store, candidate, arena, bytes));
    store->backlog->consumed = consumed;
    return is_its_own(e) ? set_aside(store, candidate, e) : e;
}

static enum err work(struct store *store, size_t envelopes_max) {
    struct backlog *backlog = store->backlog;
    struct candidate candidates[CANDIDATES_MAX];
    struct buffer bytes = {0};
    struct arena arena;
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err e = OK;
    while (e == OK && backlog->tasks_n > 0 && envelopes_max > 0) {
        size_t n = 0, n_max = envelopes_max < CANDIDATES_MAX ? envelopes_max : CANDIDATES_MAX;
        backlog->consumed = true;
        if ((e = next(store, n_max, candidates, &n)) != OK)
            break;
        if (n < n_max)
            task_done(backlog); /* first, since what is judged may add tasks */
        else
            backlog->cursor = candidates[n - 1].key;
        for (size_t i = 0; e == OK && i < n; i++)
            e = judge_one(store, &candidates[i], &arena, &bytes);
        envelopes_max -= n;
    }
    arena_done(&arena);
    buffer_done(&bytes);
    return e;
}

enum err backlog_work(struct store *store, size_t envelopes_max, bool *ret_more) {
    bool own = false;
    enum err e = OK;
    if (store->backlog->tasks_n > 0) {
        e = store_enter(store, &own);
        if (e == OK)
            e = store_leave(store, own, work(store, envelopes_max));
    }
    if (e == OK)
        *ret_more = store->backlog->tasks_n > 0;
    return e;
}

enum err admit_waiting(struct store *store, size_t envelopes_max, bool *ret_more) {
    return backlog_work(store, envelopes_max, ret_more);
}
