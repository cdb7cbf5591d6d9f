/* Views for the sqlite3 shell. */
#include "handing.h"
#include "test.h"

#include "store/view.h"

#include <stdio.h>

static const char *ask(struct handing *f, const char *sql) {
    bool row;
    sqlite3_stmt *walk = db_walk(f->records.store->db, sql);
    assert_non_null(walk);
    assert_ok(db_row(f->records.store->db, walk, &row));
    assert_true(row);
    static char answer[2048];
    const char *found = (const char *)sqlite3_column_text(walk, 0);
    snprintf(answer, sizeof answer, "%s", found == NULL ? "NULL" : found);
    sqlite3_finalize(walk);
    return answer;
}

TEST(a_survey_can_be_read_in_plain_sql) {
    struct handing *f = *state;
    handing_publish(f, 10, SURVEY_TITLE, "Trivsel 2026");
    handing_publish(f, 11, SURVEY_CLOSES_ON, "2026-06-30");
    assert_string_equal(ask(f, "SELECT title FROM survey"), "Trivsel 2026");
    assert_string_equal(ask(f, "SELECT closes_on FROM survey"), "2026-06-30");
    assert_string_equal(ask(f, "SELECT closed FROM survey"), "NULL");
    assert_string_equal(ask(f, "SELECT count(*) FROM survey"), "1");
}

TEST(the_view_picks_what_the_record_shows) {
    struct handing *f = *state;
    struct writer again = records_writer(&f->records, NORDBY, CHANNEL_NOTICE, 0);
    static const uint64_t clocks[] = {UINT64_MAX, 20, 20, 30, 10};
    static const char *const titles[] = {"a", "b", "c", "d", "e"};
    for (size_t i = 0; i < 5; i++) {
        struct write write = {.record = f->record,
                              .collection = COLLECTION_SURVEY,
                              .field = SURVEY_TITLE,
                              .value = bytes_of_text(titles[i])};
        struct change_set set = {
            .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
        records_write(&f->records, i % 2 == 0 ? &f->nordby : &again, clocks[i], &set);
        assert_string_equal(ask(f, "SELECT title FROM survey"),
                            handing_survey_text(f, SURVEY_TITLE));
    }
    assert_string_equal(handing_survey_text(f, SURVEY_TITLE), "e");
}

TEST(the_migrations_hold_the_views_that_the_declared_fields_give) {
    struct handing *f = *state;
    size_t n;
    const struct collection *all = collection_all(&n);
    for (size_t i = 0; i < n; i++) {
        struct buffer sql = {0};
        char question[128];
        snprintf(question, sizeof question,
                 "SELECT sql FROM sqlite_schema WHERE type = 'view' AND name = '%s'", all[i].name);
        if (all[i].rest == REST_SEALED) {
            assert_err(ERR_DENIED, view_sql(&all[i], &sql));
            continue;
        }
        assert_ok(view_sql(&all[i], &sql));
        assert_string_equal(ask(f, question), (const char *)sql.data);
        buffer_done(&sql);
    }
    assert_string_equal(
        ask(f, "SELECT count(*) FROM sqlite_schema WHERE type = 'view' AND name = 'handover'"),
        "0");
}

TEST(a_view_that_is_missing_or_old_is_made_anew) {
    struct handing *f = *state;
    struct db *db = f->records.store->db;
    handing_publish(f, 10, SURVEY_TITLE, "Trivsel 2026");
    assert_ok(db_execute(db, "DROP VIEW survey"));
    assert_ok(view_create(db));
    assert_string_equal(ask(f, "SELECT title FROM survey"), "Trivsel 2026");
    assert_ok(db_execute(db, "DROP VIEW survey; CREATE VIEW survey AS SELECT 'old' AS title"));
    assert_ok(view_create(db));
    assert_string_equal(ask(f, "SELECT title FROM survey"), "Trivsel 2026");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AT_BIRK(a_survey_can_be_read_in_plain_sql),
        AT_BIRK(the_view_picks_what_the_record_shows),
        AT_BIRK(the_migrations_hold_the_views_that_the_declared_fields_give),
        AT_BIRK(a_view_that_is_missing_or_old_is_made_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
