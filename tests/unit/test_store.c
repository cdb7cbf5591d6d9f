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

static void assert_is(struct store *store, const struct self *self, const struct roster_tip *tip) {
    struct self now;
    struct roster_tip now_tip;
    assert_ok(store_self(store, &now));
    assert_memory_equal(&now.member, &self->member, sizeof now.member);
    assert_int_equal(now.role, self->role);
    assert_ok(roster_tip(store, &now_tip));
    assert_int_equal(now_tip.seq, tip->seq);
    assert_memory_equal(&now_tip.id8, &tip->id8, sizeof tip->id8);
}

/* Something of the roster's that is undone. */
static void grow(struct store *store, const char *endpoint) {
    struct roster_tip before, after;
    struct self self;
    const char *endpoints[] = {endpoint};
    bool changed = false;
    assert_ok(roster_tip(store, &before));
    assert_ok(store_self(store, &self));
    assert_ok(roster_address(store, &self.member, endpoints, 1, &changed));
    assert_ok(roster_tip(store, &after));
    assert_true(after.seq > before.seq);
}

TEST(a_store_that_cannot_read_still_knows_after_a_roll_back_who_it_is) {
    struct doorstep d;
    struct self self;
    struct roster_tip tip;
    doorstep_begin(&d);
    struct store *store = d.town->store;
    assert_ok(store_self(store, &self));
    assert_ok(roster_tip(store, &tip));
    assert_ok(store_begin(store));
    grow(store, "tcp://192.0.2.1:7700");
    sqlite3_set_authorizer(db_handle(store->db), deny_reading, NULL);
    store_rollback(store);
    assert_is(store, &self, &tip);
    assert_err(ERR_IO,
               roster_invite(store, "Solsikken", ROLE_KINDERGARTEN, d.f.now + 10000, &d.text));
    assert_is(store, &self, &tip);
    sqlite3_set_authorizer(db_handle(store->db), NULL, NULL);
    assert_ok(store_begin(store)); /* a part of a transaction that goes on */
    grow(store, "tcp://192.0.2.2:7700");
    assert_ok(roster_tip(store, &tip));
    assert_ok(store_part_begin(store));
    grow(store, "tcp://192.0.2.3:7700");
    sqlite3_set_authorizer(db_handle(store->db), deny_reading, NULL);
    assert_err(ERR_CHAIN, store_part_end(store, ERR_CHAIN));
    assert_is(store, &self, &tip);
    sqlite3_set_authorizer(db_handle(store->db), NULL, NULL);
    assert_ok(store_commit(store));
    assert_is(store, &self, &tip);
    doorstep_join(&d);
    doorstep_end(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_database_is_not_opened_with_another_members_keys),
        cmocka_unit_test(a_store_that_cannot_read_still_knows_after_a_roll_back_who_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
