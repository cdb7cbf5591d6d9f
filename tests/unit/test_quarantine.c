#include "federation.h"
#include "store/quarantine_put.h"
#include "test.h"

#include <stdlib.h>

struct seen {
    size_t n, incidents;
    uint64_t first_seq;
    char text[200];
};

static enum err look(void *context, const struct quarantined *thing) {
    struct seen *seen = context;
    if (thing->kind == QUARANTINE_INCIDENT) {
        seen->incidents++;
        strncpy(seen->text, thing->text, sizeof seen->text - 1);
        return OK;
    }
    if (seen->n++ == 0)
        seen->first_seq = thing->seq;
    return OK;
}

static struct seen seen_at(struct site *site) {
    struct seen seen = {.n = 0};
    MUST(quarantine_each(site->store, look, &seen));
    return seen;
}

static enum err put_from(struct site *site, enum quarantine_kind kind, uint8_t source, uint64_t seq,
                         size_t size) {
    static uint8_t content[560 * 1024];
    return quarantine_put(site->store,
                          &(struct quarantine_new){.kind = kind,
                                                   .seq = seq,
                                                   .from = {{source}},
                                                   .reason = ERR_HASH,
                                                   .text = "the content does not match its hash",
                                                   .bytes = {content, size}});
}

static enum err put(struct site *site, uint64_t seq, size_t size) {
    return put_from(site, QUARANTINE_REFUSED, (uint8_t)(1 + seq % 20), seq, size);
}

TEST(the_same_thing_again_is_kept_once) {
    struct federation f;
    struct site *town = federation_found(&f);
    assert_ok(put(town, 7, 100));
    assert_ok(put(town, 7, 200));
    assert_ok(put(town, 8, 100));
    assert_int_equal(seen_at(town).n, 2);
    federation_end(&f);
}

TEST(beyond_its_rows_the_oldest_goes_and_is_counted) {
    struct federation f;
    struct site *town = federation_found(&f);
    assert_ok(store_begin(town->store));
    for (uint64_t i = 1; i <= QUARANTINE_ROWS_MAX + 3; i++)
        assert_ok(put(town, i, 1));
    assert_ok(store_commit(town->store));
    struct seen seen = seen_at(town);
    assert_int_equal(seen.n, QUARANTINE_ROWS_MAX);
    assert_int_equal(seen.first_seq, 4);
    assert_int_equal(seen.incidents, 1);
    assert_int_equal(strncmp(seen.text, "3 things", 8), 0);
    site_close(town);
    site_open(town);
    assert_ok(put(town, 20000, 1));
    seen = seen_at(town);
    assert_int_equal(seen.n, QUARANTINE_ROWS_MAX);
    assert_int_equal(strncmp(seen.text, "4 things", 8), 0);
    federation_end(&f);
}

struct kept {
    size_t refused, forks, dropped;
};

static enum err count_kinds(void *context, const struct quarantined *thing) {
    struct kept *kept = context;
    kept->refused += thing->kind == QUARANTINE_REFUSED;
    kept->forks += thing->kind == QUARANTINE_FORK;
    if (thing->reason == ERR_QUOTA)
        kept->dropped = strtoul(thing->text, NULL, 10);
    return OK;
}

static struct kept kept_at(struct site *site) {
    struct kept kept = {.refused = 0};
    MUST(quarantine_each(site->store, count_kinds, &kept));
    return kept;
}

TEST(who_sends_much_that_is_refused_pushes_out_its_own_alone) {
    struct federation f;
    struct site *town = federation_found(&f);
    assert_ok(store_begin(town->store));
    assert_ok(put_from(town, QUARANTINE_FORK, 1, 1, 560 * 1024));
    assert_ok(put_from(town, QUARANTINE_REFUSED, 1, 1, 10));
    for (uint64_t i = 1; i <= 3000; i++)
        assert_ok(put_from(town, QUARANTINE_REFUSED, 2, i, 560 * 1024));
    assert_ok(store_commit(town->store));
    struct kept kept = kept_at(town);
    assert_int_equal(kept.forks, 1);
    assert_int_equal(kept.refused, 1 + QUARANTINE_ROWS_PER_SOURCE_MAX);
    assert_int_equal(kept.dropped, 2000);
    federation_end(&f);
}

TEST(no_flood_washes_a_forks_branch_away) {
    struct federation f;
    struct site *town = federation_found(&f);
    assert_ok(store_begin(town->store));
    assert_ok(put_from(town, QUARANTINE_FORK, 1, 1, 100));
    for (uint8_t source = 2; source < 14; source++)
        for (uint64_t i = 1; i <= 1001; i++) {
            assert_ok(put_from(town, QUARANTINE_REFUSED, source, i, 1));
            assert_ok(put_from(town, QUARANTINE_FORK, source, i, i < 20 ? 560 * 1024 : 1));
        }
    assert_ok(store_commit(town->store));
    struct seen seen = seen_at(town);
    assert_int_equal(seen.first_seq, 1);
    struct kept kept = kept_at(town);
    assert_int_equal(kept.refused, QUARANTINE_ROWS_MAX);
    assert_int_equal(kept.forks, QUARANTINE_ROWS_MAX);
    federation_end(&f);
}

TEST(what_is_rolled_back_is_not_counted) {
    struct federation f;
    struct site *town = federation_found(&f);
    assert_ok(store_begin(town->store));
    for (uint64_t i = 1; i <= 100; i++)
        assert_ok(put(town, i, 560 * 1024));
    store_rollback(town->store);
    for (uint64_t i = 1; i <= 50; i++)
        assert_ok(put(town, i, 560 * 1024));
    struct seen seen = seen_at(town);
    assert_int_equal(seen.n, 50);
    assert_int_equal(seen.incidents, 0);
    federation_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_thing_again_is_kept_once),
        cmocka_unit_test(beyond_its_rows_the_oldest_goes_and_is_counted),
        cmocka_unit_test(who_sends_much_that_is_refused_pushes_out_its_own_alone),
        cmocka_unit_test(no_flood_washes_a_forks_branch_away),
        cmocka_unit_test(what_is_rolled_back_is_not_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
