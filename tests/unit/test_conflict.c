#include "handing.h"
#include "test.h"

#include "proto/limits.h"
#include "proto/owner.h"
#include "store/record.h"

#include <malloc.h>
#include <stdlib.h>

static struct version_name set(struct handing *f, struct writer *w, uint64_t clock,
                               const char *value, const struct version_name *replaces, size_t n) {
    return records_set(&f->records, w, clock, &f->record, "first_day", value, replaces, n);
}

/* Both edit the first day while apart. */
static void quarrel(struct handing *f) {
    f->base = set(f, &f->birk, 10, "12 August, 9.00", NULL, 0);
    f->of_birk = set(f, &f->birk, 20, "12 August, 8.30", &f->base, 1);
    f->of_skole = set(f, &f->skole, 15, "13 August, 9.00", &f->base, 1);
}

struct list {
    struct conflict conflicts[8];
    size_t n;
};

static enum err collect(void *context, const struct conflict *conflict) {
    struct list *list = context;
    list->conflicts[list->n++] = *conflict;
    return OK;
}

static struct list list_of(struct handing *f) {
    struct list list = {.n = 0};
    assert_ok(conflict_each(f->records.store, collect, &list));
    return list;
}

TEST(a_conflict_is_listed_until_somebody_settles_it) {
    struct handing *f = *state;
    quarrel(f);
    struct list list = list_of(f);
    assert_int_equal(list.n, 1);
    assert_true(record_id_equal(&list.conflicts[0].record, &f->record));
    assert_int_equal(list.conflicts[0].collection, COLLECTION_HANDOVER);
    assert_int_equal(list.conflicts[0].field, 50);
    struct version_name sides[] = {f->of_birk, f->of_skole};
    set(f, &f->skole, 30, "12 August, 8.30", sides, 2);
    assert_int_equal(list_of(f).n, 0);
}

TEST(equal_values_written_apart_are_no_conflict) {
    struct handing *f = *state;
    set(f, &f->birk, 10, "12 August", NULL, 0);
    set(f, &f->skole, 11, "12 August", NULL, 0);
    assert_int_equal(list_of(f).n, 0);
}

TEST(a_field_that_its_policy_merges_is_no_conflict) {
    struct handing *f = *state;
    records_set(&f->records, &f->birk, 10, &f->record, "takes_part", "a", NULL, 0);
    records_set(&f->records, &f->skole, 11, &f->record, "takes_part", "b", NULL, 0);
    records_set(&f->records, &f->birk, 12, &f->record, "consent", "given", NULL, 0);
    records_set(&f->records, &f->birk, 13, &f->record, "consent", "withdrawn", NULL, 0);
    assert_int_equal(list_of(f).n, 0);
}

/* The linker puts these in the place of malloc and free: how much was held at most? */
static int64_t held, held_most;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    void *memory = __real_malloc(size);
    held += memory != NULL ? (int64_t)malloc_usable_size(memory) : 0;
    held_most = held > held_most ? held : held_most;
    return memory;
}
void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory) {
    held -= memory != NULL ? (int64_t)malloc_usable_size(memory) : 0;
    __real_free(memory);
}

/* One value, too large for a field that is known, in each of many versions that replace nothing. */
static void flood(struct handing *f, size_t versions_n) {
    static char value[VALUE_SIZE_MAX + 1];
    memset(value, 'x', VALUE_SIZE_MAX);
    struct write write = {.record = f->record,
                          .collection = COLLECTION_HANDOVER,
                          .field = 999,
                          .value = bytes_of_text(value)};
    struct change_set change = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    for (size_t i = 0; i < versions_n; i++)
        records_write(&f->records, &f->skole, 100 + i, &change);
}

TEST(a_conflict_in_a_record_that_the_other_party_floods_is_seen_at_a_bounded_cost) {
    struct handing *f = *state;
    quarrel(f);
    struct conflict before = list_of(f).conflicts[0];
    flood(f, 400);
    held = held_most = 0;
    struct list list = list_of(f);
    assert_in_range(held_most, 1, 32 * 1024 * 1024);
    assert_int_equal(list.n, 1);
    assert_memory_equal(&list.conflicts[0].id, &before.id, sizeof before.id);
}

/* Steps a walk; after `steps` of them something happens. */
static struct list walk_while(struct handing *f, size_t steps, const char *happens,
                              size_t *ret_steps) {
    struct conflict_walk *walk = NULL;
    struct list list = {.n = 0};
    bool found, done = false;
    size_t n = 0;
    assert_ok(conflict_walk_new(f->records.store, &walk));
    for (; !done; n++) {
        if (n == steps && happens != NULL)
            assert_ok(db_execute(f->records.store->db, happens));
        assert_ok(conflict_walk_step(walk, &list.conflicts[list.n], &found, &done));
        list.n += found;
    }
    conflict_walk_free(walk);
    *ret_steps = n;
    return list;
}

TEST(equal_values_are_compared_one_at_a_time_and_what_nobody_can_choose_from_is_not_opened) {
    struct handing *f = *state;
    size_t steps_few, steps, n = 40;
    quarrel(f);
    (void)walk_while(f, 0, NULL, &steps_few);
    for (size_t i = 0; i < n; i++)
        records_set(&f->records, &f->skole, 100 + i, &f->record, "contact", "the same", NULL, 0);
    assert_int_equal(walk_while(f, 0, NULL, &steps).n, 1);
    assert_int_equal(steps, steps_few + 1 + n);
    flood(f, 30);
    assert_int_equal(walk_while(f, 0, NULL, &steps).n, 1);
    assert_int_equal(steps, steps_few + 1 + n + 1);
}

TEST(a_conflict_that_ends_or_changes_while_it_is_looked_for_is_told_as_it_was_or_is) {
    static const char *const happens[] = {
        "UPDATE version SET live = 0 WHERE key = (SELECT max(key) FROM version)",
        "UPDATE version SET live = 1 WHERE live = 0"};
    struct handing *f = *state;
    size_t steps, n;
    quarrel(f);
    struct list before = walk_while(f, 0, NULL, &steps);
    assert_int_equal(before.n, 1);
    assert_ok(
        db_execute(f->records.store->db, "CREATE TABLE kept AS SELECT key, live FROM version"));
    for (size_t k = 0; k < 2; k++) {
        struct list after = walk_while(f, 0, happens[k], &n);
        for (size_t i = 0; i < steps; i++) {
            assert_ok(
                db_execute(f->records.store->db,
                           "UPDATE version SET live = (SELECT k.live FROM kept k WHERE k.key ="
                           " version.key)"));
            struct list told = walk_while(f, i, happens[k], &n);
            bool as_before =
                told.n == 1 && conflict_id_equal(&told.conflicts[0].id, &before.conflicts[0].id);
            bool as_after =
                told.n == after.n &&
                (told.n == 0 || conflict_id_equal(&told.conflicts[0].id, &after.conflicts[0].id));
            assert_true(as_before || as_after);
        }
        assert_ok(db_execute(f->records.store->db,
                             "UPDATE version SET live = (SELECT k.live FROM kept k WHERE k.key ="
                             " version.key)"));
    }
}

TEST(a_search_for_conflicts_can_be_left_at_any_step) {
    struct handing *f = *state;
    struct conflict conflict;
    bool found, done = false;
    quarrel(f);
    for (size_t i = 0; !done; i++) {
        struct conflict_walk *walk = NULL;
        assert_ok(conflict_walk_new(f->records.store, &walk));
        for (size_t k = 0; k < i && !done; k++)
            assert_ok(conflict_walk_step(walk, &conflict, &found, &done));
        conflict_walk_free(walk);
    }
}

TEST(a_third_value_makes_it_another_conflict) {
    struct handing *f = *state;
    quarrel(f);
    struct conflict before = list_of(f).conflicts[0];
    set(f, &f->skole, 16, "14 August", &f->base, 1);
    struct list list = list_of(f);
    assert_int_equal(list.n, 1);
    assert_false(conflict_id_equal(&before.id, &list.conflicts[0].id));
}

TEST(settling_one_side_only_leaves_a_conflict) {
    struct handing *f = *state;
    quarrel(f);
    set(f, &f->birk, 21, "12 August, 8.00", &f->of_birk, 1);
    assert_int_equal(list_of(f).n, 1);
}

TEST(a_conflict_is_found_by_a_unique_prefix_of_its_id) {
    struct handing *f = *state;
    struct conflict found;
    char spelled[ID_TEXT_MAX];
    assert_err(ERR_NOT_FOUND, conflict_find(f->records.store, "0", &found));
    quarrel(f);
    struct conflict conflict = list_of(f).conflicts[0];
    id_text(conflict.id.bytes, sizeof conflict.id.bytes, spelled);
    assert_ok(conflict_find(f->records.store, spelled, &found));
    spelled[5] = '\0';
    assert_ok(conflict_find(f->records.store, spelled, &found));
    assert_true(conflict_id_equal(&found.id, &conflict.id));
    spelled[4] = spelled[4] == '0' ? '1' : '0';
    assert_err(ERR_NOT_FOUND, conflict_find(f->records.store, spelled, &found));
}

/* With 33 conflicts two begin alike: the first character is one of 32. */
TEST(a_prefix_that_fits_two_conflicts_is_ambiguous) {
    struct handing *f = *state;
    struct conflict found;
    char prefix[2] = "0";
    size_t ambiguous = 0;
    for (int i = 0; i < 33; i++) {
        f->record = record_id_new(1000 + i, &f->records.members[BIRK]);
        quarrel(f);
    }
    for (const char *digit = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; *digit != '\0'; digit++) {
        prefix[0] = *digit;
        ambiguous += conflict_find(f->records.store, prefix, &found) == ERR_AMBIGUOUS;
    }
    assert_true(ambiguous > 0);
}

TEST(the_base_is_what_both_sides_started_from) {
    struct handing *f = *state;
    struct version base;
    quarrel(f);
    struct conflict conflict = list_of(f).conflicts[0];
    assert_ok(conflict_base(f->records.store, &conflict, &f->arena, &base));
    assert_int_equal(version_name_compare(&base.name, &f->base), 0);
    assert_true(bytes_equal(base.value, bytes_of_text("12 August, 9.00")));
    assert_string_equal(base.actor_name, "Mette H.");
}

TEST(sides_that_share_no_past_have_no_base) {
    struct handing *f = *state;
    struct version base;
    set(f, &f->birk, 10, "12 August", NULL, 0);
    set(f, &f->skole, 11, "13 August", NULL, 0);
    struct conflict conflict = list_of(f).conflicts[0];
    assert_err(ERR_NOT_FOUND, conflict_base(f->records.store, &conflict, &f->arena, &base));
}

TEST(forgetting_a_side_ends_the_conflict_and_applying_it_again_brings_it_back) {
    struct handing *f = *state;
    quarrel(f);
    struct conflict before = list_of(f).conflicts[0];
    assert_ok(apply_forget(f->records.store, f->skole.origin.feed_row, f->skole.origin.seq));
    assert_int_equal(list_of(f).n, 0);
    struct write write = write_of(&f->record, "first_day", "13 August, 9.00", &f->base, 1);
    struct change_set again = {
        .actor_name = "", .actor_function = "", .writes = &write, .writes_n = 1};
    assert_ok(apply_sets(f->records.store, &f->skole.origin, &again, 1));
    struct list list = list_of(f);
    assert_int_equal(list.n, 1);
    assert_true(conflict_id_equal(&before.id, &list.conflicts[0].id));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AT_BIRK(a_conflict_is_listed_until_somebody_settles_it),
        AT_BIRK(equal_values_written_apart_are_no_conflict),
        AT_BIRK(a_field_that_its_policy_merges_is_no_conflict),
        AT_BIRK(a_conflict_in_a_record_that_the_other_party_floods_is_seen_at_a_bounded_cost),
        AT_BIRK(
            equal_values_are_compared_one_at_a_time_and_what_nobody_can_choose_from_is_not_opened),
        AT_BIRK(a_conflict_that_ends_or_changes_while_it_is_looked_for_is_told_as_it_was_or_is),
        AT_BIRK(a_search_for_conflicts_can_be_left_at_any_step),
        AT_BIRK(a_third_value_makes_it_another_conflict),
        AT_BIRK(settling_one_side_only_leaves_a_conflict),
        AT_BIRK(a_conflict_is_found_by_a_unique_prefix_of_its_id),
        AT_BIRK(a_prefix_that_fits_two_conflicts_is_ambiguous),
        AT_BIRK(the_base_is_what_both_sides_started_from),
        AT_BIRK(sides_that_share_no_past_have_no_base),
        AT_BIRK(forgetting_a_side_ends_the_conflict_and_applying_it_again_brings_it_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
