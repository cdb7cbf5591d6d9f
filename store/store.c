#include "backlog.h"
#include "burnt.h"
#include "claim.h"
#include "epoch.h"
#include "key_ring.h"
#include "feed_row.h"
#include "judge.h"
#include "member.h"
#include "migrate.h"
#include "newest.h"
#include "news_queue.h"
#include "replica.h"
#include "report.h"
#include "set_reader.h"
#include "version_new.h"
#include "view.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum err store_fail(struct store *store, enum err e, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(store->failure, sizeof store->failure, format, args);
    va_end(args);
    return e;
}

static time_ms system_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

time_ms store_now(const struct store *store) {
    return store->config.now != NULL ? store->config.now(store->config.context) : system_now();
}

time_ms store_elapsed(const struct store *store) {
    struct timespec now;
    if (store->config.elapsed != NULL)
        return store->config.elapsed(store->config.context);
    if (store->config.now != NULL)
        return store_now(store);
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (time_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 1;
}

const struct node_keys *store_keys(const struct store *store) {
    return store->config.keys;
}

const char *store_failure(const struct store *store) {
    return store->failure;
}

/* What was taken from rows that were rolled back, and can be looked up again. */
static void forget(struct store *store) {
    feed_cache_clear(store->feeds);
    key_ring_clear(store->ring);
    set_reader_forget(store->reader);
    store->quarantine.known = false;
}

enum err store_self(struct store *store, struct self *ret_self) {
    *ret_self = store->self;
    return OK;
}

static enum err memory_new(struct store *store) {
    if ((store->news = news_queue_new()) == NULL || (store->feeds = feed_cache_new()) == NULL ||
        (store->ring = key_ring_new()) == NULL || (store->judge = judge_new()) == NULL ||
        (store->newest = newest_new()) == NULL || (store->backlog = backlog_new()) == NULL ||
        (store->reports = reports_new()) == NULL || (store->claims = claims_new()) == NULL ||
        (store->burnt = burnt_new()) == NULL)
        return ERR_MEMORY;
    return set_reader_new(store, &store->reader);
}

/* The own clock goes on from what was last given out or seen. */
static enum err clock_load(struct store *store) {
    sqlite3_stmt *walk = db_walk(store->db, "SELECT clock FROM feed");
    bool row = true;
    enum err e = OK;
    while (e == OK && (e = db_row(store->db, walk, &row)) == OK && row)
        store->clock =
            clock_see(store->clock, (uint64_t)sqlite3_column_int64(walk, 0), store_now(store));
    sqlite3_finalize(walk);
    return e;
}

static enum err judge_again(struct store *store) {
    bool more = false;
    backlog_add_all(store->backlog);
    return store->self.role == 0 ? OK : backlog_work(store, BACKLOG_STEP_MAX, &more);
}

/* Under another node's keys this one would speak in that database's member's name. */
static enum err check_own_keys(struct store *store) {
    struct sign_public pinned;
    if (member_id_is_zero(&store->self.member))
        return OK;
    enum err e = member_sign_key(store, &store->self.member, &pinned);
    if (e == ERR_NOT_FOUND)
        return store_fail(store, ERR_CORRUPT, "the roster lacks this node itself");
    if (e == OK && memcmp(&pinned, &store->config.keys->public.sign, sizeof pinned) != 0)
        e = ERR_KEY;
    return e;
}

enum err store_open(const struct store_config *config, struct store **ret_store) {
    enum err e = key_library_init();
    if (e != OK)
        return e;
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return ERR_MEMORY;
    store->config = *config;
    store->config.path = store->path = strdup(config->path);
    if (config->generation != NULL)
        store->config.generation = store->generation_path = strdup(config->generation);
    e = store->path == NULL || (config->generation != NULL && store->generation_path == NULL)
            ? ERR_MEMORY
            : memory_new(store);
    if (e != OK)
        goto done;
    if ((e = generation_find(store)) != OK ||
        (e = db_open(config->path, config->vfs, &store->db)) != OK ||
        (e = entry_rows_open(store)) != OK ||
        (e = versions_new_open(store, &store->versions_new)) != OK)
        goto done;
    if ((e = migrate(store->db, migrations_n)) != OK || (e = view_create(store->db)) != OK)
        goto done;
    if ((e = roster_state_load(store)) != OK || (e = check_own_keys(store)) != OK ||
        (e = place_check(store)) != OK)
        goto done;
    if ((e = clock_load(store)) != OK || (e = judge_again(store)) != OK)
        goto done;
    *ret_store = store;
    store = NULL;
done:
    store_close(store);
    return e;
}

void store_close(struct store *store) {
    if (store == NULL)
        return;
    store_rollback(store);
    burnt_free(store->burnt);
    claims_free(store->claims);
    reports_free(store->reports);
    set_reader_free(store->reader);
    backlog_free(store->backlog);
    judge_free(store->judge);
    newest_free(store->newest);
    key_ring_free(store->ring);
    feed_cache_free(store->feeds);
    news_queue_free(store->news);
    db_close(store->db);
    versions_new_free(store->versions_new);
    generation_close(store);
    free(store->path);
    free(store->generation_path);
    free(store);
}

enum err store_begin(struct store *store) {
    if (store->in_transaction)
        return store_fail(store, ERR_STATE, "a transaction is open already");
    enum err e = place_settle(store);
    if (e == OK)
        e = db_begin(store->db);
    if (e != OK)
        return store_fail(store, e, "%s", db_failure(store->db));
    store->in_transaction = true;
    store->at_begin.self = store->self;
    store->at_begin.roster = store->roster;
    e = burnt_close(store);
    if (e != OK) {
        store_rollback(store);
        return e;
    }
    return OK;
}

enum err store_commit(struct store *store) {
    enum err e = db_commit(store->db);
    if (e != OK) {
        burnt_add(store->burnt, e);
        store_rollback(store);
        return e;
    }
    burnt_keep(store->burnt);
    store->in_transaction = false;
    if (store->own_grew)
        generation_count(store);
    store->own_grew = false;
    news_publish(store->news);
    backlog_keep(store->backlog);
    reports_keep(store->reports);
    return OK;
}

void store_rollback(struct store *store) {
    if (!store->in_transaction)
        return;
    db_rollback(store->db);
    if (*db_failure(store->db))
        (void)store_fail(store, OK, "%s", db_failure(store->db));
    store->in_transaction = store->own_grew = false;
    news_drop(store->news, 0);
    burnt_restore(store->burnt);
    backlog_restore(store->backlog);
    reports_restore(store->reports);
    forget(store);
    store->self = store->at_begin.self;
    store->roster = store->at_begin.roster;
}

enum err store_enter(struct store *store, bool *ret_own) {
    bool own = !store->in_transaction;
    enum err e = own ? store_begin(store) : OK;
    if (e == OK)
        *ret_own = own;
    return e;
}

enum err store_leave(struct store *store, bool own, enum err e) {
    if (!own)
        return e;
    if (e == OK)
        return store_commit(store);
    store_rollback(store);
    return e;
}

enum err store_part_begin(struct store *store) {
    enum err e = db_savepoint(store->db);
    if (e != OK)
        return e;
    news_mark(store->news);
    store->at_part.self = store->self;
    store->at_part.roster = store->roster;
    return OK;
}

enum err store_part_end(struct store *store, enum err e) {
    if (e == OK)
        e = db_release(store->db);
    if (e == OK)
        return OK;
    db_revert(store->db);
    news_drop(store->news, news_marked(store->news));
    backlog_restore(store->backlog);
    reports_restore(store->reports);
    forget(store);
    store->self = store->at_part.self;
    store->roster = store->at_part.roster;
    return e;
}
