#include "sweep.h"

#include "store/check.h"
#include "store/replica.h"
#include "test.h"

#include <stdio.h>

struct result {
    enum err e;
    struct hash told, digest, counts, federation;
    struct hash counts_elsewhere; /* had it opened another incarnation */
    unsigned unread;
};

static void add_rows(sqlite3 *db, const char *sql, struct hasher *hasher) {
    sqlite3_stmt *rows = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
    int code;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const void *data = sqlite3_column_blob(rows, i);
            size_t size = (size_t)sqlite3_column_bytes(rows, i);
            hasher_add_u64(hasher, size);
            if (size > 0)
                hasher_add(hasher, data, size);
        }
    assert_int_equal(code, SQLITE_DONE);
    sqlite3_finalize(rows);
}

/* What a query tells that ends with the name of a table: of each. */
static struct hash of_tables(struct site *site, const char *query) {
    sqlite3 *db = db_handle(site->store->db);
    sqlite3_stmt *tables = NULL;
    struct hasher hasher;
    hasher_init(&hasher, HASH_STORE);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name",
                           -1, &tables, NULL),
        SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        char *sql = sqlite3_mprintf("%s \"%w\"", query, sqlite3_column_text(tables, 0));
        add_rows(db, sql, &hasher);
        sqlite3_free(sql);
    }
    sqlite3_finalize(tables);
    return hasher_final(&hasher);
}

/* How far this node follows the roster, which no count of rows tells. */
static struct hash federation_of(struct site *site) {
    struct hasher hasher;
    hasher_init(&hasher, HASH_STORE);
    add_rows(db_handle(site->store->db), "SELECT * FROM federation", &hasher);
    return hasher_final(&hasher);
}

struct hash sweep_rows(struct site *site) {
    return of_tables(site, "SELECT * FROM");
}

static struct hash counts_of(struct site *site) {
    return of_tables(site, "SELECT count(*) FROM");
}

unsigned sweep_next(unsigned n) {
    return n < 64 ? n + 1 : n + n / 16;
}

static void prepared_path(const struct site *site, char ret_path[static 400]) {
    snprintf(ret_path, 400, "%s-prepared", site->path);
}

static void restore(struct site *site) {
    char prepared[400];
    prepared_path(site, prepared);
    site_close(site);
    temp_copy(prepared, site->path);
    site_open(site);
}

static struct result run(const struct sweep *s) {
    struct result result;
    struct hasher out;
    hasher_init(&out, HASH_STORE);
    if (s->unread != NULL)
        *s->unread = 0;
    sqlite3_db_release_memory(db_handle(s->site->store->db));
    result.e = s->work(s->site, s->context, &out);
    result.told = hasher_final(&out);
    result.unread = s->unread != NULL ? *s->unread : 0;
    return result;
}

static void found(void *context, const struct check_finding *finding) {
    fail_msg("%s: a check finds: %s", (const char *)context, finding->text);
}

static void assert_sound(const char *what, struct site *site) {
    struct check *check = NULL;
    bool done = false;
    uint64_t checked = 0, total = 0;
    char context[200];
    snprintf(context, sizeof context, "%s", what);
    MUST(check_new(site->store, false, &check));
    while (!done)
        MUST(check_step(check, 1000, found, context, &done, &checked, &total));
    check_free(check);
}

static bool same(struct hash a, struct hash b) {
    return hash_equal(&a, &b);
}

/* Of this site's own, after a failed commit (store/burnt.h): edits then count in another feed. */
static bool has_closed_a_feed(struct site *site) {
    bool any = false;
    sqlite3_stmt *walk = db_walk(site->store->db, "SELECT 1 FROM feed WHERE barred = 1");
    MUST(db_row(site->store->db, walk, &any));
    sqlite3_finalize(walk);
    return any;
}

/* The operation has met a fault: what it said must be what is so. */
static void judge(const char *what, enum fault fault, bool struck, const struct sweep *s,
                  const struct result *got, const struct result *whole, struct hash rows) {
    struct hash digest;
    if (got->e != s->expected) {
        if (!same(sweep_rows(s->site), rows))
            fail_msg("%s: returned %s and left something", what, err_name(got->e));
        return;
    }
    if (!same(counts_of(s->site),
              has_closed_a_feed(s->site) ? whole->counts_elsewhere : whole->counts))
        fail_msg("%s: returned %s and rows are missing", what, err_name(got->e));
    enum err e = store_digest(s->site->store, &digest);
    if (e != OK)
        fail_msg("%s: returned %s, and then there is no digest: %s", what, err_name(got->e),
                 err_name(e));
    if (!s->is_new && !same(digest, whole->digest))
        fail_msg("%s: returned %s and something is missing", what, err_name(got->e));
    if (!s->is_new && !same(federation_of(s->site), whole->federation))
        fail_msg("%s: returned %s and the roster's place is another", what, err_name(got->e));
    if (!s->is_new && !same(got->told, whole->told))
        fail_msg("%s: returned %s and told something else", what, err_name(got->e));
    if (got->unread > 0 && fault != FAULT_DATABASE && fault != FAULT_READING)
        fail_msg("%s: returned %s and says that it could not read", what, err_name(got->e));
    if (fault == FAULT_READING && got->unread == 0 && struck)
        fail_msg("%s: returned %s and says nothing of what it could not read", what,
                 err_name(got->e));
}

/* A damaged row may read as another that is as good: nothing is asked but that the node survives
 * it. */
static void damage(const struct sweep *s, struct hash rows) {
    bool struck = true;
    for (unsigned n = 1; struck; n = sweep_next(n)) {
        if (!s->nests)
            MUST(store_begin(s->site->store));
        fault_arm(FAULT_DAMAGE, n);
        (void)run(s);
        struck = fault_disarm();
        store_rollback(s->site->store);
        if (s->nests)
            restore(s->site);
        assert_true(same(sweep_rows(s->site), rows));
    }
}

static unsigned statements_n(struct site *site) {
    sqlite3_stmt *at = NULL;
    unsigned n = 0;
    while ((at = sqlite3_next_stmt(db_handle(site->store->db), at)) != NULL)
        n++;
    return n;
}

/* Most statements are kept once they have been prepared: where one more has been, the next to be
 * prepared has its number now. */
static unsigned after(enum fault fault, unsigned n, bool prepared) {
    return fault == FAULT_PREPARE && prepared ? n : sweep_next(n);
}

static unsigned one_kind(const char *what, enum fault fault, const struct sweep *s,
                         const struct result *whole) {
    char place[200];
    unsigned failed = 0;
    struct hash rows = sweep_rows(s->site), digest;
    unsigned kept = 0, kept_before = 0;
    for (unsigned n = 1;; n = after(fault, n, kept > kept_before)) {
        kept_before = statements_n(s->site);
        fault_arm(fault, n);
        struct result got = run(s);
        bool struck = fault_disarm();
        kept = statements_n(s->site);
        snprintf(place, sizeof place, "%s, %s %u", what, fault_name(fault), n);
        if (!struck && got.e != s->expected)
            fail_msg("%s: nothing failed any more, and it returned %s", place, err_name(got.e));
        judge(place, fault, struck, s, &got, whole, rows);
        if (!struck)
            break;
        failed++;
        if (got.e == s->expected && !same(sweep_rows(s->site), rows)) {
            restore(s->site);
            rows = sweep_rows(s->site);
        }
    }
    if (!s->is_new) {
        MUST(store_digest(s->site->store, &digest));
        assert_true(same(digest, whole->digest));
    }
    if (!s->unsound)
        assert_sound(place, s->site);
    return failed;
}

/* After a commit that failed (store/burnt.h). */
static struct hash counts_in_another_incarnation(const struct sweep *s) {
    struct hash place = s->site->place;
    site_move(s->site);
    (void)run(s);
    struct hash counts = counts_of(s->site);
    s->site->place = place;
    restore(s->site);
    return counts;
}

void sweep(const char *what, const struct sweep *s) {
    static const enum fault kinds[] = {FAULT_PREPARE,   FAULT_STATEMENT,     FAULT_BIND,
                                       FAULT_MEMORY,    FAULT_DATABASE,      FAULT_READING,
                                       FAULT_DISK_FULL, FAULT_SQLITE_MEMORY, FAULT_FILE};
    char prepared[400];
    unsigned failed = 0;
    prepared_path(s->site, prepared);
    site_close(s->site);
    temp_copy(s->site->path, prepared);
    site_open(s->site);
    struct result whole = run(s);
    if (whole.e != s->expected)
        fail_msg("%s: %s: %s", what, err_name(whole.e), store_failure(s->site->store));
    MUST(store_digest(s->site->store, &whole.digest));
    whole.counts = counts_of(s->site);
    whole.federation = federation_of(s->site);
    restore(s->site);
    whole.counts_elsewhere = s->is_new ? counts_in_another_incarnation(s) : whole.counts;
    damage(s, sweep_rows(s->site));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        failed += one_kind(what, kinds[i], s, &whole);
        restore(s->site);
    }
    print_message("%s: %u faults\n", what, failed);
    assert_true(failed > 2);
}
