#include "store/db.h"
#include "test.h"

#include <stdio.h>

/* SQLite's allocations, of which one may fail, and all that follow. */
static sqlite3_mem_methods real;
static int fuse = -1; /* allocations until then; negative: none fails */

static bool fails(void) {
    if (fuse > 0)
        fuse--;
    return fuse == 0;
}

static void *scarce_malloc(int size) {
    return fails() ? NULL : real.xMalloc(size);
}

static void *scarce_realloc(void *old, int size) {
    return fails() ? NULL : real.xRealloc(old, size);
}

struct scene {
    char folder[256], path[300];
    struct db *db;
};

static void scene_begin(struct scene *s) {
    temp_folder(s->folder);
    snprintf(s->path, sizeof s->path, "%.255s/t.db", s->folder);
    assert_ok(db_open(s->path, NULL, &s->db));
    assert_ok(db_execute(s->db, "CREATE TABLE t (a INTEGER PRIMARY KEY, b BLOB) STRICT"));
}

static void scene_end(struct scene *s) {
    db_close(s->db);
    temp_remove(s->folder);
}

static int64_t number(struct scene *s, const char *sql) {
    sqlite3_stmt *walk = db_walk(s->db, sql);
    bool row = false;
    assert_ok(db_row(s->db, walk, &row));
    assert_true(row);
    int64_t value = sqlite3_column_int64(walk, 0);
    sqlite3_finalize(walk);
    return value;
}

static enum err insert(struct scene *s, int64_t a, size_t size) {
    sqlite3_stmt *put = db_statement(s->db, "INSERT INTO t (a, b) VALUES (?, zeroblob(?))");
    sqlite3_bind_int64(put, 1, a);
    sqlite3_bind_int64(put, 2, (int64_t)size);
    return db_run(s->db, put);
}

TEST(every_pragma_is_as_the_design_asks) {
    struct scene s;
    scene_begin(&s);
    sqlite3_stmt *walk = db_walk(s.db, "PRAGMA journal_mode");
    bool row = false;
    assert_ok(db_row(s.db, walk, &row));
    assert_string_equal((const char *)sqlite3_column_text(walk, 0), "wal");
    sqlite3_finalize(walk);
    walk = db_walk(s.db, "PRAGMA locking_mode");
    assert_ok(db_row(s.db, walk, &row));
    assert_string_equal((const char *)sqlite3_column_text(walk, 0), "exclusive");
    sqlite3_finalize(walk);
    assert_int_equal(number(&s, "PRAGMA synchronous"), 3); /* EXTRA */
    assert_int_equal(number(&s, "PRAGMA page_size"), 8192);
    assert_int_equal(number(&s, "PRAGMA wal_autocheckpoint"), 4000);
    assert_int_equal(number(&s, "PRAGMA trusted_schema"), 0);
    assert_int_equal(number(&s, "PRAGMA cell_size_check"), 1);
    assert_int_equal(number(&s, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(&s, "PRAGMA secure_delete"), 1);
    assert_int_equal(number(&s, "PRAGMA temp_store"), 2);
    int defensive = 0;
    sqlite3_db_config(db_handle(s.db), SQLITE_DBCONFIG_DEFENSIVE, -1, &defensive);
    assert_int_equal(defensive, 1);
    scene_end(&s);
}

TEST(a_second_connection_gets_nothing) {
    struct scene s;
    struct db *second = NULL;
    scene_begin(&s);
    assert_err(ERR_IO, db_open(s.path, NULL, &second));
    assert_null(second);
    scene_end(&s);
}

TEST(a_file_that_is_no_database_is_named_corrupt) {
    struct scene s;
    struct db *db = NULL;
    char path[300];
    scene_begin(&s);
    snprintf(path, sizeof path, "%.255s/x.db", s.folder);
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 2000; i++)
        fputs("rubbish ", file);
    fclose(file);
    assert_err(ERR_CORRUPT, db_open(path, NULL, &db));
    scene_end(&s);
}

TEST(a_table_or_column_that_is_gone_is_damage_and_says_so) {
    struct scene s;
    scene_begin(&s);
    assert_ok(db_begin(s.db));
    assert_err(ERR_CORRUPT, db_run(s.db, db_statement(s.db, "UPDATE t SET gone = 1")));
    db_rollback(s.db);
    assert_string_equal(db_failure(s.db), sqlite3_errstr(SQLITE_CORRUPT));
    assert_err(ERR_CORRUPT, db_execute(s.db, "DELETE FROM gone"));
    scene_end(&s);
}

TEST(a_statement_is_kept_by_its_text_and_comes_back_unbound) {
    struct scene s;
    scene_begin(&s);
    static const char sql[] = "SELECT ?1 IS NULL";
    bool row = false;
    sqlite3_stmt *first = db_statement(s.db, sql);
    sqlite3_bind_int(first, 1, 7);
    assert_ok(db_row(s.db, first, &row));
    assert_int_equal(sqlite3_column_int(first, 0), 0);
    sqlite3_stmt *again = db_statement(s.db, sql);
    assert_ptr_equal(first, again);
    assert_ok(db_row(s.db, again, &row));
    assert_int_equal(sqlite3_column_int(again, 0), 1);
    scene_end(&s);
}

TEST(a_part_that_fails_is_undone_alone) {
    struct scene s;
    scene_begin(&s);
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 1, 1));
    assert_ok(db_savepoint(s.db));
    assert_ok(insert(&s, 2, 1));
    db_revert(s.db);
    assert_ok(db_savepoint(s.db));
    assert_ok(insert(&s, 3, 1));
    assert_ok(db_release(s.db));
    assert_ok(db_commit(s.db));
    assert_int_equal(number(&s, "SELECT sum(a) FROM t"), 4);
    scene_end(&s);
}

TEST(after_a_full_disk_nothing_of_the_transaction_commits_alone) {
    struct scene s;
    scene_begin(&s);
    assert_ok(db_execute(s.db, "PRAGMA max_page_count = 20"));
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 1, 100));
    enum err e = OK;
    for (int64_t i = 2; e == OK && i < 100; i++)
        e = insert(&s, i, 4000);
    assert_err(ERR_DISK_FULL, e);
    assert_string_equal(db_failure(s.db), "database or disk is full");
    if (sqlite3_get_autocommit(db_handle(s.db)))
        assert_err(ERR_DISK_FULL, insert(&s, 500, 1));
    db_rollback(s.db);
    assert_int_equal(number(&s, "SELECT count(*) FROM t"), 0);
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 1, 1));
    assert_ok(db_commit(s.db));
    scene_end(&s);
}

TEST(a_walk_may_run_inside_another_of_the_same_text) {
    struct scene s;
    scene_begin(&s);
    for (int64_t i = 1; i <= 3; i++)
        assert_ok(insert(&s, i, 1));
    static const char sql[] = "SELECT a FROM t ORDER BY a";
    int64_t sum = 0;
    bool row = false, inner_row = false;
    sqlite3_stmt *outer = db_walk(s.db, sql);
    while (db_row(s.db, outer, &row) == OK && row) {
        sqlite3_stmt *inner = db_walk(s.db, sql);
        while (db_row(s.db, inner, &inner_row) == OK && inner_row)
            sum += sqlite3_column_int64(inner, 0);
        sqlite3_finalize(inner);
    }
    sqlite3_finalize(outer);
    assert_int_equal(sum, 18);
    scene_end(&s);
}

TEST(no_bytes_are_an_empty_blob) {
    struct scene s;
    scene_begin(&s);
    sqlite3_stmt *put = db_statement(s.db, "INSERT INTO t (a, b) VALUES (9, ?)");
    db_bind_bytes(put, 1, NULL, 0);
    assert_ok(db_run(s.db, put));
    assert_int_equal(number(&s, "SELECT b IS NOT NULL AND length(b) = 0 FROM t WHERE a = 9"), 1);
    scene_end(&s);
}

/* Bound to nothing, the query would find nothing, and say so. */
TEST(a_statement_that_could_not_be_bound_for_want_of_memory_is_not_run) {
    static const uint8_t data[1024 * 1024];
    struct scene s;
    bool row = false;
    scene_begin(&s);
    sqlite3_stmt *get = db_statement(s.db, "SELECT 1 WHERE ?1 IS NULL");
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 64 * 1024);
    db_bind_bytes(get, 1, data, sizeof data);
    sqlite3_hard_heap_limit64(0);
    assert_err(ERR_MEMORY, db_row(s.db, get, &row));
    assert_false(row);
    get = db_statement(s.db, "SELECT 1 WHERE ?1 IS NULL");
    db_bind_bytes(get, 1, data, sizeof data);
    assert_ok(db_row(s.db, get, &row));
    assert_false(row);
    db_reset(get);
    scene_end(&s);
}

TEST(what_could_not_be_rolled_back_for_want_of_memory_is_never_seen) {
    struct scene s;
    scene_begin(&s);
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 1, 1));
    fuse = 0;
    db_rollback(s.db);
    assert_int_equal(sqlite3_get_autocommit(db_handle(s.db)), 0);
    assert_null(db_walk(s.db, "SELECT count(*) FROM t"));
    fuse = -1;
    assert_int_equal(number(&s, "SELECT count(*) FROM t"), 0);
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 2, 1));
    assert_ok(db_commit(s.db));
    assert_int_equal(number(&s, "SELECT sum(a) FROM t"), 2);
    scene_end(&s);
}

TEST(a_part_that_cannot_be_undone_takes_the_transaction_with_it) {
    struct scene s;
    scene_begin(&s);
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 1, 1));
    assert_ok(db_savepoint(s.db));
    assert_ok(insert(&s, 2, 1));
    fuse = 0;
    db_revert(s.db);
    fuse = -1;
    assert_err(ERR_MEMORY, insert(&s, 3, 1));
    assert_err(ERR_MEMORY, db_commit(s.db));
    assert_int_equal(number(&s, "SELECT count(*) FROM t"), 0);
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 4, 1));
    assert_ok(db_commit(s.db));
    assert_int_equal(number(&s, "SELECT sum(a) FROM t"), 4);
    scene_end(&s);
}

TEST(a_commit_says_what_became_of_it_wherever_memory_runs_out) {
    bool blown = true;
    int failed_n = 0;
    for (int at = 1; blown; at++) {
        struct scene s;
        scene_begin(&s);
        assert_ok(db_execute(s.db, "PRAGMA wal_autocheckpoint = 1"));
        assert_ok(db_begin(s.db));
        for (int64_t i = 0; i < 40; i++)
            assert_ok(insert(&s, i, 4000));
        fuse = at;
        enum err e = db_commit(s.db);
        blown = fuse == 0;
        fuse = -1;
        failed_n += e != OK;
        assert_int_equal(number(&s, "SELECT count(*) FROM t"), e == OK ? 40 : 0);
        scene_end(&s);
    }
    assert_true(failed_n > 0);
}

struct late {
    struct scene *scene;
    int64_t a;
    int written_n, dropped_n;
    bool fails;
};

static enum err late_write(void *context) {
    struct late *late = context;
    late->written_n++;
    return late->fails ? ERR_MEMORY : insert(late->scene, late->a, 1);
}

static void late_drop(void *context) {
    struct late *late = context;
    late->dropped_n++;
}

static const struct db_delayed lateness = {.write = late_write, .drop = late_drop};

TEST(what_is_put_off_is_done_before_anything_could_tell) {
    struct scene s;
    scene_begin(&s);
    struct late late = {.scene = &s};
    assert_ok(db_begin(s.db));
    for (late.a = 1; late.a <= 4; late.a++) {
        db_delay(s.db, &lateness, &late);
        db_delay(s.db, &lateness, &late);
        if (late.a == 1)
            assert_int_equal(number(&s, "SELECT count(*) FROM t"), 1);
        if (late.a == 2)
            assert_ok(db_execute(s.db, "UPDATE t SET a = a + 100"));
        if (late.a == 3)
            assert_ok(insert(&s, 1, 1));
        if (late.a == 4)
            assert_ok(db_commit(s.db));
        assert_int_equal(late.written_n, late.a);
    }
    assert_int_equal(number(&s, "SELECT sum(a) FROM t"), 101 + 102 + 3 + 1 + 4);
    assert_int_equal(late.dropped_n, 0);
    scene_end(&s);
}

TEST(what_is_put_off_is_forgotten_with_its_part_and_with_its_transaction) {
    struct scene s;
    scene_begin(&s);
    struct late late = {.scene = &s, .a = 1};
    assert_ok(db_begin(s.db));
    db_delay(s.db, &lateness, &late);
    assert_ok(db_savepoint(s.db)); /* what belongs to the time before a part stays */
    late.a = 2;
    db_delay(s.db, &lateness, &late);
    db_revert(s.db);
    assert_int_equal(late.dropped_n, 1);
    assert_ok(db_commit(s.db));
    assert_int_equal(number(&s, "SELECT sum(a) FROM t"), 1);
    assert_ok(db_begin(s.db));
    db_delay(s.db, &lateness, &late);
    db_rollback(s.db);
    assert_int_equal(late.dropped_n, 2);
    assert_int_equal(number(&s, "SELECT sum(a) FROM t"), 1);
    scene_end(&s);
}

TEST(what_was_put_off_and_fails_takes_the_transaction_with_it) {
    struct scene s;
    scene_begin(&s);
    struct late late = {.scene = &s, .fails = true};
    assert_ok(db_begin(s.db));
    assert_ok(insert(&s, 1, 1));
    db_delay(s.db, &lateness, &late);
    assert_true(insert(&s, 2, 1) != OK);
    assert_true(insert(&s, 3, 1) != OK); /* whatever became of the first failure */
    assert_true(db_commit(s.db) != OK);
    assert_int_equal(number(&s, "SELECT count(*) FROM t"), 0);
    assert_ok(insert(&s, 4, 1));
    scene_end(&s);
}

/* A limit to the heap needs the counting that db_open switches off. */
static bool take_sqlite(void) {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK)
        return false;
    sqlite3_mem_methods scarce = real;
    scarce.xMalloc = scarce_malloc;
    scarce.xRealloc = scarce_realloc;
    return sqlite3_config(SQLITE_CONFIG_MALLOC, &scarce) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK &&
           sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 1) == SQLITE_OK &&
           sqlite3_initialize() == SQLITE_OK;
}

int main(void) {
    if (!take_sqlite())
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pragma_is_as_the_design_asks),
        cmocka_unit_test(a_second_connection_gets_nothing),
        cmocka_unit_test(a_file_that_is_no_database_is_named_corrupt),
        cmocka_unit_test(a_table_or_column_that_is_gone_is_damage_and_says_so),
        cmocka_unit_test(a_statement_is_kept_by_its_text_and_comes_back_unbound),
        cmocka_unit_test(a_part_that_fails_is_undone_alone),
        cmocka_unit_test(after_a_full_disk_nothing_of_the_transaction_commits_alone),
        cmocka_unit_test(a_walk_may_run_inside_another_of_the_same_text),
        cmocka_unit_test(no_bytes_are_an_empty_blob),
        cmocka_unit_test(a_statement_that_could_not_be_bound_for_want_of_memory_is_not_run),
        cmocka_unit_test(what_could_not_be_rolled_back_for_want_of_memory_is_never_seen),
        cmocka_unit_test(a_part_that_cannot_be_undone_takes_the_transaction_with_it),
        cmocka_unit_test(what_is_put_off_is_done_before_anything_could_tell),
        cmocka_unit_test(what_is_put_off_is_forgotten_with_its_part_and_with_its_transaction),
        cmocka_unit_test(what_was_put_off_and_fails_takes_the_transaction_with_it),
        cmocka_unit_test(a_commit_says_what_became_of_it_wherever_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
