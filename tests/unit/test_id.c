#include "paper.h"
#include "proto/owner.h"

TEST(text_form_round_trips_at_every_size) {
    uint8_t bytes[32], back[32];
    char spelled[ID_TEXT_MAX];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 83 + 7);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        id_text(bytes, size, spelled);
        assert_int_equal(strlen(spelled), (size * 8 + 4) / 5);
        assert_ok(id_parse(spelled, back, size));
        assert_memory_equal(bytes, back, size);
    }
}

TEST(the_text_form_is_crockfords) {
    char spelled[ID_TEXT_MAX];
    id_text((const uint8_t *)"\x00\x44\x32\x14\xc7", 5, spelled);
    assert_string_equal(spelled, "01234567");
    id_text((const uint8_t *)"\xff", 1, spelled);
    assert_string_equal(spelled, "ZW");
}

TEST(lower_case_and_lookalikes_are_read) {
    uint8_t a[5], b[5];
    assert_ok(id_parse("01AB1001", a, 5));
    assert_ok(id_parse("olabiOOL", b, 5));
    assert_memory_equal(a, b, 5);
}

TEST(what_is_no_text_form_is_refused) {
    uint8_t bytes[5] = {9, 9, 9, 9, 9};
    static const char *const bad[] = {"0123456",  "012345678", "0123456U",
                                      "0123-567", "",          "0123456 "};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_err(ERR_FORMAT, id_parse(bad[i], bytes, 5));
    /* Bits beyond the last byte: one id has one text. */
    assert_err(ERR_FORMAT, id_parse("ZZ", bytes, 1));
    assert_err(ERR_ARGUMENT, id_parse("ZZ", bytes, 33));
    assert_memory_equal(bytes, "\x09\x09\x09\x09\x09", 5);
}

TEST(a_prefix_is_found_as_the_text_form_reads) {
    assert_true(id_text_has_prefix("01ABCDEF", "oiab"));
    assert_true(id_text_has_prefix("01ABCDEF", "01ABCDEF"));
    assert_false(id_text_has_prefix("01ABCDEF", "01ABCDEFG"));
    assert_false(id_text_has_prefix("01ABCDEF", "1"));
    assert_false(id_text_has_prefix("01ABCDEF", ""));
    assert_false(id_text_has_prefix("01ABCDEF", "u"));
}

TEST(fresh_ids_are_ordered_by_time_and_differ) {
    struct incarnation a = incarnation_new(1780315200000), b = incarnation_new(1780315200001);
    assert_true(incarnation_compare(&a, &b) < 0);
    assert_memory_equal(a.bytes, "\x01\x9e\x83\x0e\x1a\x00", 6);
    struct member_id m = member_id_new(), n = member_id_new();
    assert_false(member_id_equal(&m, &n));
}

TEST(a_record_is_spelled_by_its_last_ten_bytes_and_names_its_owner) {
    struct member_id owner = member_of('k'), other = member_of('s');
    struct record_id record = record_id_new(1780315200000, &owner);
    char spelled[ID_TEXT_MAX];
    uint8_t bytes[10];
    record_text(&record, spelled);
    assert_int_equal(strlen(spelled), 16);
    assert_ok(id_parse(spelled, bytes, 10));
    assert_memory_equal(bytes, record.bytes + 6, 10);
    assert_true(record_id_owned_by(&record, &owner));
    assert_false(record_id_owned_by(&record, &other));
    record.bytes[3] ^= 1;
    assert_false(record_id_owned_by(&record, &owner));
}

TEST(members_and_revisions_are_lower_case_hexadecimal) {
    struct member_id member = member_of(0xa1), back;
    struct revision revision = {{0xfe}}, revision_back;
    char spelled[HEX_TEXT_MAX];
    member_text(&member, spelled);
    assert_string_equal(spelled, "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1");
    assert_ok(member_parse(spelled, &back));
    assert_true(member_id_equal(&member, &back));
    revision_text(&revision, spelled);
    assert_int_equal(strlen(spelled), 64);
    assert_ok(revision_parse(spelled, &revision_back));
    assert_true(revision_equal(&revision, &revision_back));
    assert_err(ERR_FORMAT, member_parse("A1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1", &back));
    assert_err(ERR_FORMAT, member_parse("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a", &back));
    assert_err(ERR_FORMAT, member_parse("a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a", &back));
    assert_err(ERR_FORMAT, member_parse("", &back));
}

TEST(versions_are_ordered_by_feed_then_number_then_id) {
    struct version_name a = {.feed = {{1}}, .seq = 256}, b = a;
    assert_int_equal(version_name_compare(&a, &b), 0);
    b.id8.bytes[0] = 1;
    assert_true(version_name_compare(&a, &b) < 0);
    b.seq = 2;
    assert_true(version_name_compare(&a, &b) > 0);
    b.feed.bytes[0] = 2;
    assert_true(version_name_compare(&a, &b) < 0);
}

RUN_TESTS(T(text_form_round_trips_at_every_size), T(the_text_form_is_crockfords),
          T(lower_case_and_lookalikes_are_read), T(what_is_no_text_form_is_refused),
          T(a_prefix_is_found_as_the_text_form_reads), T(fresh_ids_are_ordered_by_time_and_differ),
          T(a_record_is_spelled_by_its_last_ten_bytes_and_names_its_owner),
          T(members_and_revisions_are_lower_case_hexadecimal),
          T(versions_are_ordered_by_feed_then_number_then_id))
