#include "checking.h"

#include "test.h"
#include <string.h>

enum { STEPS_MAX = 10000 };

void findings_add(void *context, const struct check_finding *finding) {
    struct findings *findings = context;
    if (findings->n++ > 0)
        return;
    findings->first = *finding;
    strncpy(findings->text, finding->text, sizeof findings->text - 1);
}

struct findings check_as(struct site *site, bool whole, uint64_t *ret_checked) {
    struct findings findings = {.n = 0};
    struct check *check = NULL;
    bool done = false;
    uint64_t total = 0;
    MUST(check_new(site->store, whole, &check));
    for (unsigned i = 0; !done && i < STEPS_MAX; i++)
        MUST(check_step(check, 0, findings_add, &findings, &done, ret_checked, &total));
    assert_true(done);
    if (findings.n == 0)
        assert_int_equal(*ret_checked, total);
    check_free(check);
    return findings;
}

struct findings check_all(struct site *site, uint64_t *ret_checked) {
    return check_as(site, false, ret_checked);
}

void change(struct site *site, const char *sql) {
    sqlite3 *db = NULL;
    site_close(site);
    assert_int_equal(sqlite3_open(site->path, &db), SQLITE_OK);
    char *why = NULL;
    if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
        fail_msg("%s", why);
    sqlite3_close(db);
}

int count(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int n = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return n;
}
