#include "federation.h"
#include "store/admit.h"
#include "store/migrate.h"
#include "store/record.h"
#include "store/replica.h"
#include "test.h"

#include <stdio.h>

static int version_of(struct db *db) {
    bool row = false;
    sqlite3_stmt *get = db_statement(db, "PRAGMA user_version");
    assert_ok(db_row(db, get, &row));
    int version = sqlite3_column_int(get, 0);
    db_reset(get);
    return version;
}

TEST(a_fresh_database_has_every_step) {
    char folder[256], path[300];
    struct db *db = NULL;
    temp_folder(folder);
    snprintf(path, sizeof path, "%.255s/t.db", folder);
    assert_ok(db_open(path, NULL, &db));
    assert_ok(migrate(db, migrations_n));
    assert_true(migrations_n >= 2);
    assert_int_equal(version_of(db), migrations_n);
    assert_ok(migrate(db, migrations_n)); /* nothing more to do */
    db_close(db);
    temp_remove(folder);
}

TEST(a_database_of_one_version_before_is_brought_up_and_used) {
    struct federation f;
    federation_found_four(&f);
    struct site *birk = &f.sites[1];
    struct site old = *birk;
    struct db *db = NULL;
    snprintf(old.path, sizeof old.path, "%.255s/old.db", f.folder);
    assert_ok(db_open(old.path, NULL, &db));
    assert_ok(migrate(db, migrations_n - 1));
    assert_int_equal(version_of(db), migrations_n - 1);
    db_close(db);
    site_open(&old);
    struct self self;
    assert_ok(store_self(old.store, &self));
    assert_true(member_id_is_zero(&self.member));
    site_close(&old);
    assert_ok(db_open(old.path, NULL, &db));
    assert_int_equal(version_of(db), migrations_n);
    db_close(db);
    federation_end(&f);
}

TEST(a_database_of_a_newer_program_is_refused_and_left_alone) {
    struct federation f;
    struct db *db = NULL;
    struct store *store = NULL;
    federation_found_four(&f);
    struct site *birk = &f.sites[1];
    site_close(birk);
    assert_ok(db_open(birk->path, NULL, &db));
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", migrations_n + 1);
    assert_ok(db_execute(db, sql));
    db_close(db);
    struct store_config config = {.path = birk->path, .keys = &birk->keys, .place = birk->place};
    assert_err(ERR_SCHEMA, store_open(&config, &store));
    assert_null(store);
    assert_ok(db_open(birk->path, NULL, &db));
    assert_int_equal(version_of(db), migrations_n + 1);
    db_close(db);
    federation_end(&f);
}

TEST(what_was_there_before_a_step_is_there_after_it) {
    char folder[256], path[300];
    struct db *db = NULL;
    temp_folder(folder);
    snprintf(path, sizeof path, "%.255s/t.db", folder);
    assert_ok(db_open(path, NULL, &db));
    assert_ok(migrate(db, 1));
    assert_ok(db_execute(db, "INSERT INTO channel (id, kind, party_a, party_b)"
                             " VALUES (zeroblob(32), 2, zeroblob(16), zeroblob(16))"));
    assert_ok(migrate(db, migrations_n));
    bool row = false;
    sqlite3_stmt *get = db_statement(db, "SELECT count(*) FROM channel");
    assert_ok(db_row(db, get, &row));
    assert_int_equal(sqlite3_column_int(get, 0), 1);
    db_close(db);
    temp_remove(folder);
}

#define BACK_FROM_7 "ALTER TABLE fork DROP COLUMN first_on; ALTER TABLE fork DROP COLUMN second_on;"

/* Until version 4 sensitive versions stood in the records too, sealed with the node's rest key. */
TEST(a_record_of_version_3_is_read_in_its_section_from_then_on) {
    struct federation f;
    struct db *db = NULL;
    struct arena arena;
    struct record record;
    federation_found_four(&f);
    struct site *birk = &f.sites[1], *skole = &f.sites[2];
    struct channel channel = channel_between(birk, skole);
    struct record_id id = record_of(birk);
    write_field(birk, &channel, &id, 10, "dinosaurs", NULL);
    site_close(birk);
    assert_ok(db_open(birk->path, NULL, &db));
    assert_ok(db_execute(db, "ALTER TABLE version ADD COLUMN sealed BLOB;"
                             "UPDATE version SET sealed = zeroblob(60) WHERE value IS NULL;"
                             "ALTER TABLE feed DROP COLUMN bytes;" BACK_FROM_7
                             "PRAGMA user_version = 3"));
    assert_int_equal(sqlite3_changes(db_handle(db)), 1);
    db_close(db);
    site_open(birk);
    arena_init(&arena, 1 << 20);
    assert_ok(record_load(birk->store, COLLECTION_HANDOVER, &id, &arena, &record));
    assert_string_equal(record_text_of(&record, 10, &arena), "dinosaurs");
    arena_done(&arena);
    site_close(birk);
    assert_ok(db_open(birk->path, NULL, &db));
    bool row = false;
    sqlite3_stmt *get =
        db_statement(db, "SELECT count(*) FROM pragma_table_info('version') WHERE name = 'sealed'");
    assert_ok(db_row(db, get, &row));
    assert_int_equal(sqlite3_column_int(get, 0), 0);
    db_close(db);
    federation_end(&f);
}

TEST(what_feeds_of_version_4_hold_is_counted) {
    struct federation f;
    struct db *db = NULL;
    federation_found_four(&f);
    struct site *birk = &f.sites[1];
    site_close(birk);
    assert_ok(db_open(birk->path, NULL, &db));
    assert_ok(db_execute(db, BACK_FROM_7 "ALTER TABLE feed DROP COLUMN bytes;"
                                         "PRAGMA user_version = 4"));
    db_close(db);
    site_open(birk);
    bool row = false;
    sqlite3_stmt *get =
        db_statement(birk->store->db, "SELECT sum(bytes), (SELECT sum(length(bytes)) FROM entry)"
                                      " FROM feed");
    assert_ok(db_row(birk->store->db, get, &row));
    assert_true(sqlite3_column_int64(get, 0) > 0);
    assert_int_equal(sqlite3_column_int64(get, 0), sqlite3_column_int64(get, 1));
    db_reset(get);
    federation_end(&f);
}

TEST(what_version_5_kept_of_a_fork_is_there_and_another_branch_may_stand_beside_it) {
    static const char put[] =
        "INSERT INTO quarantine (kind, feed, seq, author, source, reason, text, at, size, bytes)"
        " VALUES (4, zeroblob(32), 2, zeroblob(16), zeroblob(16), 22, 'a branch', 0, 3, x'010203')";
    char folder[256], path[300];
    struct db *db = NULL;
    temp_folder(folder);
    snprintf(path, sizeof path, "%.255s/t.db", folder);
    assert_ok(db_open(path, NULL, &db));
    assert_ok(migrate(db, 5));
    assert_ok(db_execute(db, put));
    assert_err(ERR_IO, db_execute(db, put));
    assert_ok(migrate(db, migrations_n));
    assert_ok(db_execute(db, put));
    bool row = false;
    sqlite3_stmt *get = db_statement(db, "SELECT count(*) FROM quarantine WHERE bytes = x'010203'");
    assert_ok(db_row(db, get, &row));
    assert_int_equal(sqlite3_column_int(get, 0), 2);
    db_close(db);
    temp_remove(folder);
}

TEST(a_proof_of_version_6_is_told_as_it_was) {
    struct federation f;
    struct db *db = NULL;
    struct message_proof proof;
    struct buffer bytes = {0};
    struct feed_id feed = {{0}};
    federation_found_four(&f);
    struct site *birk = &f.sites[1];
    site_close(birk);
    assert_ok(db_open(birk->path, NULL, &db));
    assert_ok(db_execute(db,
                         BACK_FROM_7 "INSERT INTO fork (feed, seq, first, second, at)"
                                     " VALUES (zeroblob(32), 1, zeroblob(208), zeroblob(208), 0);"
                                     "PRAGMA user_version = 6"));
    db_close(db);
    site_open(birk);
    assert_ok(admit_proof_of(birk->store, &feed, &bytes, &proof));
    assert_int_equal(proof.first_on.size + proof.second_on.size, 0);
    assert_int_equal(bytes.size, 0);
    buffer_done(&bytes);
    federation_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_database_has_every_step),
        cmocka_unit_test(a_database_of_one_version_before_is_brought_up_and_used),
        cmocka_unit_test(a_database_of_a_newer_program_is_refused_and_left_alone),
        cmocka_unit_test(what_was_there_before_a_step_is_there_after_it),
        cmocka_unit_test(a_record_of_version_3_is_read_in_its_section_from_then_on),
        cmocka_unit_test(what_feeds_of_version_4_hold_is_counted),
        cmocka_unit_test(
            what_version_5_kept_of_a_fork_is_there_and_another_branch_may_stand_beside_it),
        cmocka_unit_test(a_proof_of_version_6_is_told_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
