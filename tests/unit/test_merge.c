#include "test.h"

#include "store/ancestry.h"
#include "store/merge.h"
#include "store/tally.h"

#include <sodium.h>

static struct version_name name_of(uint8_t feed, uint64_t seq) {
    struct version_name name = {.seq = seq};
    memset(name.feed.bytes, feed, sizeof name.feed.bytes);
    memset(name.id8.bytes, (int)(feed * 16 + seq), sizeof name.id8.bytes);
    return name;
}

static struct merge_version version_of(uint8_t feed, uint64_t seq, uint64_t clock,
                                       const char *value) {
    return (struct merge_version){
        .name = name_of(feed, seq), .clock = clock, .value = bytes_of_text(value)};
}

static void add(struct merge *m, struct merge_version version, const struct version_name *replaces,
                size_t n) {
    assert_ok(merge_add(m, &version, replaces, n));
}

/* The shown value under a policy. */
static const char *shown(const struct merge *m, enum policy policy) {
    static struct merge_version live[16];
    static struct bytes values[16];
    static char text[64];
    size_t n = merge_live(m, live);
    assert_true(n > 0);
    struct bytes value = live[merge_resolve(policy, live, n, values).shown].value;
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    return text;
}

static struct merge_pick pick_of(const struct merge *m, enum policy policy) {
    struct merge_version live[16];
    struct bytes values[16];
    size_t n = merge_live(m, live);
    assert_true(n > 0);
    return merge_resolve(policy, live, n, values);
}

TEST(what_an_accepted_version_replaced_is_not_live) {
    struct merge m = {0};
    struct merge_version live[2];
    struct version_name first = name_of(1, 1);
    add(&m, version_of(1, 1, 10, "a"), NULL, 0);
    add(&m, version_of(2, 1, 5, "b"), &first, 1);
    assert_int_equal(merge_live(&m, live), 1);
    assert_int_equal(live[0].name.feed.bytes[0], 2);
    merge_done(&m);
}

TEST(a_name_waits_for_a_version_that_comes_later) {
    struct merge m = {0};
    struct merge_version live[2];
    struct version_name first = name_of(1, 1);
    add(&m, version_of(2, 1, 5, "b"), &first, 1);
    add(&m, version_of(1, 1, 10, "a"), NULL, 0);
    assert_int_equal(merge_live(&m, live), 1);
    assert_int_equal(live[0].name.feed.bytes[0], 2);
    merge_done(&m);
}

TEST(a_duplicate_changes_nothing) {
    struct merge m = {0};
    struct merge_version live[2];
    struct version_name other = name_of(3, 1);
    add(&m, version_of(1, 1, 10, "a"), NULL, 0);
    add(&m, version_of(1, 1, 99, "z"), &other, 1);
    assert_int_equal(merge_live(&m, live), 1);
    assert_int_equal(live[0].clock, 10);
    assert_false(merge_is_named(&m, &other));
    merge_done(&m);
}

TEST(two_texts_written_apart_are_a_conflict_and_both_stay) {
    struct merge m = {0};
    add(&m, version_of(1, 1, 10, "12 August"), NULL, 0);
    add(&m, version_of(2, 1, 11, "13 August"), NULL, 0);
    struct merge_pick pick = pick_of(&m, POLICY_KEEP_BOTH);
    assert_true(pick.conflicted);
    assert_int_equal(pick.sides_n, 2);
    assert_string_equal(shown(&m, POLICY_KEEP_BOTH), "13 August");
    merge_done(&m);
}

TEST(equal_texts_written_apart_are_one_side_and_no_conflict) {
    struct merge m = {0};
    add(&m, version_of(1, 1, 10, "12 August"), NULL, 0);
    add(&m, version_of(2, 1, 11, "12 August"), NULL, 0);
    struct merge_pick pick = pick_of(&m, POLICY_KEEP_BOTH);
    assert_false(pick.conflicted);
    assert_int_equal(pick.sides_n, 1);
    merge_done(&m);
}

TEST(clearing_a_text_against_an_edit_is_a_conflict) {
    struct merge m = {0};
    add(&m, version_of(1, 1, 10, ""), NULL, 0);
    add(&m, version_of(2, 1, 9, "13 August"), NULL, 0);
    assert_true(pick_of(&m, POLICY_KEEP_BOTH).conflicted);
    merge_done(&m);
}

TEST(equal_concurrent_resolutions_are_one) {
    struct merge m = {0};
    struct version_name sides[] = {name_of(1, 1), name_of(2, 1)};
    add(&m, version_of(1, 1, 10, "a"), NULL, 0);
    add(&m, version_of(2, 1, 11, "b"), NULL, 0);
    add(&m, version_of(1, 2, 12, "b"), sides, 2);
    add(&m, version_of(2, 2, 12, "b"), sides, 2);
    struct merge_pick pick = pick_of(&m, POLICY_KEEP_BOTH);
    assert_false(pick.conflicted);
    assert_int_equal(pick.sides_n, 1);
    merge_done(&m);
}

TEST(the_latest_is_the_highest_clock_then_the_highest_version) {
    struct merge m = {0};
    add(&m, version_of(3, 1, 10, "c"), NULL, 0);
    add(&m, version_of(1, 1, 11, "a"), NULL, 0);
    add(&m, version_of(2, 1, 11, "b"), NULL, 0);
    assert_string_equal(shown(&m, POLICY_LATEST), "b");
    assert_string_equal(shown(&m, POLICY_OWNER), "b");
    assert_false(pick_of(&m, POLICY_LATEST).conflicted);
    assert_false(pick_of(&m, POLICY_OWNER).conflicted);
    merge_done(&m);
}

TEST(a_clock_in_the_upper_half_is_still_the_highest) {
    struct merge m = {0};
    add(&m, version_of(1, 1, UINT64_MAX, "a"), NULL, 0);
    add(&m, version_of(2, 1, 11, "b"), NULL, 0);
    assert_string_equal(shown(&m, POLICY_LATEST), "a");
    merge_done(&m);
}

TEST(withdrawal_beats_a_concurrent_grant) {
    struct merge m = {0};
    add(&m, version_of(1, 1, 10, "withdrawn"), NULL, 0);
    add(&m, version_of(2, 1, 99, "given"), NULL, 0);
    assert_string_equal(shown(&m, POLICY_WITHDRAWN_WINS), "withdrawn");
    merge_done(&m);
}

TEST(only_a_grant_that_names_the_withdrawal_overrides_it) {
    struct merge m = {0};
    struct version_name withdrawal = name_of(1, 1);
    add(&m, version_of(1, 1, 10, "withdrawn"), NULL, 0);
    add(&m, version_of(2, 1, 11, "given"), &withdrawal, 1);
    assert_string_equal(shown(&m, POLICY_WITHDRAWN_WINS), "given");
    merge_done(&m);
}

TEST(a_union_has_no_conflict) {
    struct merge m = {0};
    add(&m, version_of(1, 1, 10, "mother"), NULL, 0);
    add(&m, version_of(2, 1, 11, "teacher"), NULL, 0);
    assert_false(pick_of(&m, POLICY_UNION).conflicted);
    assert_int_equal(pick_of(&m, POLICY_UNION).sides_n, 2);
    merge_done(&m);
}

TEST(the_values_of_a_field_come_once_each_in_byte_order) {
    struct merge m = {0};
    struct merge_version live[5];
    struct bytes values[5];
    static const char *const written[] = {"b", "ab", "", "b", "a"}, *const sorted[] = {"", "a",
                                                                                       "ab", "b"};
    for (uint8_t i = 0; i < 5; i++)
        add(&m, version_of(1, i + 1u, i, written[i]), NULL, 0);
    size_t n = merge_live(&m, live);
    assert_int_equal(merge_resolve(POLICY_UNION, live, n, values).sides_n, 4);
    for (size_t i = 0; i < 4; i++)
        assert_true(bytes_equal(values[i], bytes_of_text(sorted[i])));
    merge_done(&m);
}

TEST(many_versions_in_any_order_stand_in_version_order) {
    struct merge m = {0};
    struct merge_version live[200];
    for (uint64_t i = 0; i < 200; i++)
        add(&m, version_of(1, (i * 77) % 200 + 1, i, "x"), NULL, 0);
    assert_int_equal(merge_live(&m, live), 200);
    for (size_t i = 1; i < 200; i++)
        assert_true(version_name_compare(&live[i - 1].name, &live[i].name) < 0);
    merge_done(&m);
}

/* The hashes of PROTOCOL.md, "Merge", with nothing but libsodium. */
static void hash_start(crypto_generichash_blake2b_state *blake, const char personal[16],
                       const struct record_id *record) {
    crypto_generichash_blake2b_init_salt_personal(blake, NULL, 0, 32, NULL,
                                                  (const unsigned char *)personal);
    crypto_generichash_blake2b_update(blake, record->bytes, 16);
}

static void hash_name(crypto_generichash_blake2b_state *blake, const struct version_name *name) {
    unsigned char seq[8];
    for (int i = 0; i < 8; i++)
        seq[i] = (unsigned char)(name->seq >> (56 - 8 * i));
    crypto_generichash_blake2b_update(blake, name->feed.bytes, 32);
    crypto_generichash_blake2b_update(blake, seq, 8);
    crypto_generichash_blake2b_update(blake, name->id8.bytes, 8);
}

TEST(a_conflict_is_named_by_record_field_and_live_versions) {
    crypto_generichash_blake2b_state blake;
    unsigned char expected[32], field[2] = {0x01, 0x32};
    struct record_id record = {{9, 8, 7}};
    struct merge_version live[] = {version_of(1, 1, 0, "a"), version_of(2, 258, 0, "b")};
    hash_start(&blake, "stafet1.conflict", &record);
    crypto_generichash_blake2b_update(&blake, field, 2);
    hash_name(&blake, &live[0].name);
    hash_name(&blake, &live[1].name);
    crypto_generichash_blake2b_final(&blake, expected, 32);
    struct conflict_id id = merge_conflict_id(&record, 0x132, live, 2);
    assert_memory_equal(id.bytes, expected, 32);
    struct conflict_id other = merge_conflict_id(&record, 0x132, live, 1);
    assert_false(conflict_id_equal(&id, &other));
}

/* field (u16) ‖ size (u32) ‖ value, of a short value. */
static void hash_value(crypto_generichash_blake2b_state *blake, uint16_t field, const char *value) {
    unsigned char head[6] = {(unsigned char)(field >> 8), (unsigned char)field, 0, 0, 0,
                             (unsigned char)strlen(value)};
    crypto_generichash_blake2b_update(blake, head, 6);
    crypto_generichash_blake2b_update(blake, (const unsigned char *)value, strlen(value));
}

static struct merge_value value_of(uint16_t field, const char *value) {
    return (struct merge_value){field, bytes_of_text(value)};
}

TEST(a_revision_is_named_by_what_each_field_says) {
    crypto_generichash_blake2b_state blake;
    unsigned char expected[32];
    struct record_id record = {{9, 8, 7}};
    struct merge_value values[] = {value_of(306, "b"), value_of(50, "ab"), value_of(10, "a"),
                                   value_of(50, "b"), value_of(50, "a")};
    hash_start(&blake, "stafet1.revision", &record);
    hash_value(&blake, 10, "a");
    hash_value(&blake, 50, "a");
    hash_value(&blake, 50, "ab");
    hash_value(&blake, 50, "b");
    hash_value(&blake, 306, "b");
    crypto_generichash_blake2b_final(&blake, expected, 32);
    struct revision revision = merge_revision(&record, values, 5);
    assert_memory_equal(revision.bytes, expected, 32);
}

static struct revision revision_of(struct merge_value *values, size_t n) {
    struct record_id record = {{9, 8, 7}};
    return merge_revision(&record, values, n);
}

TEST(equal_values_count_once_in_a_revision) {
    struct merge_value one[] = {value_of(10, "a"), value_of(50, "b")},
                       more[] = {value_of(50, "b"), value_of(10, "a"), value_of(50, "b")};
    struct revision a = revision_of(one, 2), b = revision_of(more, 3);
    assert_true(revision_equal(&a, &b));
}

TEST(a_cleared_field_is_as_if_it_had_never_been_written) {
    struct merge_value one[] = {value_of(10, "a")},
                       cleared[] = {value_of(10, "a"), value_of(50, ""), value_of(50, "")};
    struct revision a = revision_of(one, 1), b = revision_of(cleared, 3);
    assert_true(revision_equal(&a, &b));
}

TEST(clearing_against_an_edit_is_another_revision_than_the_edit) {
    struct merge_value edit[] = {value_of(50, "13 August")},
                       both[] = {value_of(50, "13 August"), value_of(50, "")};
    struct revision a = revision_of(edit, 1), b = revision_of(both, 2);
    assert_false(revision_equal(&a, &b));
}

TEST(a_value_that_moves_to_another_field_or_is_cut_in_two_makes_another_revision) {
    struct merge_value one[] = {value_of(50, "ab")}, moved[] = {value_of(51, "ab")},
                       cut[] = {value_of(50, "a"), value_of(50, "b")};
    struct revision a = revision_of(one, 1), b = revision_of(moved, 1), c = revision_of(cut, 2);
    assert_false(revision_equal(&a, &b));
    assert_false(revision_equal(&a, &c));
}

/* ---- What is written once ---- */

TEST(of_what_is_written_once_the_lowest_clock_counts_and_then_the_lowest_version) {
    struct merge_version live[] = {version_of(1, 1, 7, "a"), version_of(1, 2, 5, "b"),
                                   version_of(2, 1, 5, "c"), version_of(2, 2, 6, "d")};
    assert_int_equal(merge_first(live, 4), 1);
    assert_int_equal(merge_first(live, 1), 0);
    assert_int_equal(merge_first(live + 2, 2), 0);
}

/* ---- The base of a conflict ---- */

TEST(the_base_is_the_newest_that_all_live_versions_descend_from) {
    struct version_name one = name_of(1, 1), two = name_of(1, 2), three = name_of(1, 3);
    struct ancestor all[] = {
        {.name = one, .clock = 1},
        {.name = two, .clock = 2, .replaces = &one, .replaces_n = 1},
        {.name = three, .clock = 3, .replaces = &two, .replaces_n = 1},
        {.name = name_of(1, 4), .clock = 4, .live = true, .replaces = &three, .replaces_n = 1},
        {.name = name_of(2, 1), .clock = 9, .live = true, .replaces = &two, .replaces_n = 1},
    };
    struct arena arena;
    size_t base;
    arena_init(&arena, 4096);
    assert_ok(ancestry_base(all, 5, &arena, &base));
    assert_int_equal(base, 1);
    arena_done(&arena);
}

TEST(versions_without_a_common_past_have_no_base) {
    struct version_name one = name_of(1, 1), lost = name_of(7, 7);
    struct ancestor all[] = {
        {.name = one, .clock = 1},
        {.name = name_of(1, 2), .clock = 2, .live = true, .replaces = &one, .replaces_n = 1},
        {.name = name_of(2, 1), .clock = 2, .live = true, .replaces = &lost, .replaces_n = 1},
    };
    struct arena arena;
    size_t base;
    arena_init(&arena, 4096);
    assert_err(ERR_NOT_FOUND, ancestry_base(all, 3, &arena, &base));
    arena_done(&arena);
}

TEST(a_base_is_found_in_whatever_memory_suffices_and_less_is_told) {
    struct version_name one = name_of(1, 1);
    struct ancestor all[] = {
        {.name = one, .clock = 1},
        {.name = name_of(1, 2), .clock = 2, .live = true, .replaces = &one, .replaces_n = 1},
        {.name = name_of(2, 1), .clock = 2, .live = true, .replaces = &one, .replaces_n = 1},
    };
    size_t told = 0, base = 9;
    enum err e = ERR_MEMORY;
    for (size_t bytes = 0; e == ERR_MEMORY; bytes += 8) {
        struct arena arena;
        arena_init(&arena, bytes);
        told++;
        e = ancestry_base(all, 3, &arena, &base);
        arena_done(&arena);
    }
    assert_ok(e);
    assert_int_equal(base, 0);
    assert_true(told > 3);
}

/* ---- Which imports count ---- */

static struct tally_part part_of(uint8_t mark, uint32_t part, uint32_t parts, bool late) {
    struct tally_part p = {.part = part, .parts = parts, .late = late};
    memset(p.mark.bytes, mark, sizeof p.mark.bytes);
    return p;
}

TEST(an_import_counts_when_all_its_parts_are_there) {
    struct tally_part parts[] = {part_of(1, 0, 2, false), part_of(1, 1, 2, false),
                                 part_of(2, 1, 2, false)};
    tally(parts, 3);
    assert_int_equal(parts[0].state, TALLY_COUNTED);
    assert_int_equal(parts[1].state, TALLY_COUNTED);
    assert_int_equal(parts[2].state, TALLY_INCOMPLETE);
}

TEST(a_mark_counts_once_however_often_it_was_sent) {
    struct tally_part parts[] = {part_of(1, 0, 2, false), part_of(1, 0, 2, false),
                                 part_of(1, 1, 2, false), part_of(1, 1, 2, false),
                                 part_of(1, 0, 3, false)};
    tally(parts, 5);
    assert_int_equal(parts[0].state, TALLY_COUNTED);
    assert_int_equal(parts[1].state, TALLY_REPEATED);
    assert_int_equal(parts[2].state, TALLY_COUNTED);
    assert_int_equal(parts[3].state, TALLY_REPEATED);
    assert_int_equal(parts[4].state, TALLY_REPEATED);
}

TEST(parts_of_an_import_and_of_its_repetition_are_never_put_together) {
    /* The first came in part before its site was restored; the second was shuffled anew. */
    struct tally_part parts[] = {part_of(1, 0, 2, false), part_of(1, 0, 2, false),
                                 part_of(1, 1, 2, false)};
    parts[1].feed.bytes[0] = parts[2].feed.bytes[0] = 2;
    tally(parts, 3);
    assert_int_equal(parts[0].state, TALLY_REPEATED);
    assert_int_equal(parts[1].state, TALLY_COUNTED);
    assert_int_equal(parts[2].state, TALLY_COUNTED);
    struct tally_part torn[] = {part_of(1, 0, 2, false), part_of(1, 1, 2, false)};
    torn[1].feed.bytes[0] = 2;
    tally(torn, 2);
    assert_int_equal(torn[0].state, TALLY_INCOMPLETE);
    assert_int_equal(torn[1].state, TALLY_INCOMPLETE);
}

TEST(the_same_mark_of_two_authors_counts_twice) {
    struct tally_part parts[] = {part_of(1, 0, 1, false), part_of(1, 0, 1, false)};
    parts[1].author.bytes[0] = 1;
    tally(parts, 2);
    assert_int_equal(parts[0].state, TALLY_COUNTED);
    assert_int_equal(parts[1].state, TALLY_COUNTED);
}

TEST(a_late_copy_never_takes_the_place_of_one_in_time) {
    struct tally_part parts[] = {part_of(1, 0, 2, true), part_of(1, 0, 2, false),
                                 part_of(1, 1, 2, false), part_of(2, 0, 2, false),
                                 part_of(2, 1, 2, true)};
    tally(parts, 5);
    assert_int_equal(parts[0].state, TALLY_REPEATED);
    assert_int_equal(parts[1].state, TALLY_COUNTED);
    assert_int_equal(parts[2].state, TALLY_COUNTED);
    assert_int_equal(parts[3].state, TALLY_LATE);
    assert_int_equal(parts[4].state, TALLY_LATE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_an_accepted_version_replaced_is_not_live),
        cmocka_unit_test(a_name_waits_for_a_version_that_comes_later),
        cmocka_unit_test(a_duplicate_changes_nothing),
        cmocka_unit_test(two_texts_written_apart_are_a_conflict_and_both_stay),
        cmocka_unit_test(equal_texts_written_apart_are_one_side_and_no_conflict),
        cmocka_unit_test(clearing_a_text_against_an_edit_is_a_conflict),
        cmocka_unit_test(equal_concurrent_resolutions_are_one),
        cmocka_unit_test(the_latest_is_the_highest_clock_then_the_highest_version),
        cmocka_unit_test(a_clock_in_the_upper_half_is_still_the_highest),
        cmocka_unit_test(withdrawal_beats_a_concurrent_grant),
        cmocka_unit_test(only_a_grant_that_names_the_withdrawal_overrides_it),
        cmocka_unit_test(a_union_has_no_conflict),
        cmocka_unit_test(many_versions_in_any_order_stand_in_version_order),
        cmocka_unit_test(a_conflict_is_named_by_record_field_and_live_versions),
        cmocka_unit_test(a_revision_is_named_by_what_each_field_says),
        cmocka_unit_test(equal_values_count_once_in_a_revision),
        cmocka_unit_test(a_cleared_field_is_as_if_it_had_never_been_written),
        cmocka_unit_test(clearing_against_an_edit_is_another_revision_than_the_edit),
        cmocka_unit_test(
            a_value_that_moves_to_another_field_or_is_cut_in_two_makes_another_revision),
        cmocka_unit_test(the_values_of_a_field_come_once_each_in_byte_order),
        cmocka_unit_test(the_base_is_the_newest_that_all_live_versions_descend_from),
        cmocka_unit_test(
            of_what_is_written_once_the_lowest_clock_counts_and_then_the_lowest_version),
        cmocka_unit_test(versions_without_a_common_past_have_no_base),
        cmocka_unit_test(a_base_is_found_in_whatever_memory_suffices_and_less_is_told),
        cmocka_unit_test(an_import_counts_when_all_its_parts_are_there),
        cmocka_unit_test(a_mark_counts_once_however_often_it_was_sent),
        cmocka_unit_test(parts_of_an_import_and_of_its_repetition_are_never_put_together),
        cmocka_unit_test(the_same_mark_of_two_authors_counts_twice),
        cmocka_unit_test(a_late_copy_never_takes_the_place_of_one_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
