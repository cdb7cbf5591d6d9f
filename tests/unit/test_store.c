/* The replica as a whole: whose keys open it, and what it remembers of itself. */
#include "doorstep.h"
#include "store/replica.h"
#include "test.h"

TEST(a_database_is_not_opened_with_another_members_keys) {
    struct federation f = {0};
    federation_found_four(&f);
    struct site *school = &f.sites[2];
    site_close(school);
    struct store_config config = {.path = school->path, .keys = &f.sites[1].keys};
    struct store *store = NULL;
    assert_err(ERR_KEY, store_open(&config, &store));
    assert_null(store);
    site_open(school);
    assert_non_null(school->store);
    federation_end(&f);
}

/* Reading fails, beginning and undoing do not. */
static int deny_reading(void *context, int action, const char *a, const char *b, const char *c,
                        const char *d) {
    (void)context;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return action == SQLITE_SELECT ? SQLITE_DENY : SQLITE_OK;
}

TEST(a_store_that_could_not_read_itself_back_begins_nothing_until_it_has) {
    struct doorstep d;
    struct self before, after;
    doorstep_begin(&d);
    struct store *store = d.town->store;
    assert_ok(store_self(store, &before));
    assert_ok(store_begin(store));
    sqlite3_set_authorizer(db_handle(store->db), deny_reading, NULL);
    store_rollback(store);
    assert_err(ERR_IO, store_begin(store));
    assert_err(ERR_IO, store_self(store, &after));
    assert_err(ERR_IO,
               roster_invite(store, "Solsikken", ROLE_KINDERGARTEN, d.f.now + 10000, &d.text));
    sqlite3_set_authorizer(db_handle(store->db), NULL, NULL);
    assert_ok(store_begin(store));
    assert_ok(store_self(store, &after));
    assert_memory_equal(&before.member, &after.member, sizeof before.member);
    assert_int_equal(before.role, after.role);
    assert_ok(store_part_begin(store)); /* a part of a transaction that goes on */
    sqlite3_set_authorizer(db_handle(store->db), deny_reading, NULL);
    assert_err(ERR_IO, store_part_end(store, ERR_CHAIN));
    bool own = false;
    assert_err(ERR_IO, store_enter(store, &own));
    sqlite3_set_authorizer(db_handle(store->db), NULL, NULL);
    assert_ok(store_enter(store, &own));
    assert_false(own);
    assert_ok(store_commit(store));
    doorstep_join(&d);
    doorstep_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_is_not_opened_with_another_members_keys),
        cmocka_unit_test(a_store_that_could_not_read_itself_back_begins_nothing_until_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
