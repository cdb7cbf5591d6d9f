#include "paper.h"

static struct header valid(void) {
    struct header h = {
        .schema = 1, .sections_n = 2, .seq = 7, .roster_seq = 3, .clock = 99, .seal_seq = 5};
    memset(h.feed.bytes, 'f', sizeof h.feed.bytes);
    memset(h.prev.bytes, 'p', sizeof h.prev.bytes);
    memset(h.roster_id8.bytes, 'r', sizeof h.roster_id8.bytes);
    memset(h.body.bytes, 'b', sizeof h.body.bytes);
    return h;
}

static enum err decoded(const struct header *h) {
    uint8_t bytes[HEADER_SIZE];
    struct header back;
    header_encode(h, bytes);
    return header_decode(bytes, &back);
}

TEST(a_header_comes_back_as_it_was) {
    struct header h = valid(), back;
    uint8_t bytes[HEADER_SIZE], again[HEADER_SIZE];
    header_encode(&h, bytes);
    assert_ok(header_decode(bytes, &back));
    header_encode(&back, again);
    assert_memory_equal(bytes, again, HEADER_SIZE);
    assert_int_equal(back.seq, 7);
    assert_int_equal(back.seal_seq, 5);
    assert_int_equal(back.sections_n, 2);
    assert_int_equal(bytes[0], 1);
    assert_int_equal(bytes[47], 7);
    assert_int_equal(bytes[143], 5);
}

TEST(another_version_is_told_apart_from_damage) {
    struct header h = valid();
    uint8_t bytes[HEADER_SIZE];
    header_encode(&h, bytes);
    bytes[0] = 2;
    assert_err(ERR_VERSION, header_decode(bytes, &h));
    bytes[0] = 0;
    assert_err(ERR_VERSION, header_decode(bytes, &h));
}

TEST(flags_and_reserved_bytes_must_be_zero) {
    struct header h = valid();
    uint8_t bytes[HEADER_SIZE];
    for (size_t at = 0; at < 3; at++) {
        static const size_t where[] = {1, 6, 7};
        header_encode(&h, bytes);
        bytes[where[at]] = 1;
        assert_err(ERR_FORMAT, header_decode(bytes, &h));
    }
}

TEST(the_first_entry_and_no_other_has_no_previous_one) {
    struct header h = valid();
    h.seq = 1;
    h.seal_seq = 0;
    assert_err(ERR_FORMAT, decoded(&h));
    memset(h.prev.bytes, 0, sizeof h.prev.bytes);
    assert_ok(decoded(&h));
    h.seq = 2;
    assert_err(ERR_FORMAT, decoded(&h));
    h.seq = 0;
    assert_err(ERR_FORMAT, decoded(&h));
}

TEST(numbers_stay_below_two_to_the_63) {
    struct header h = valid();
    h.seal_seq = 0;
    h.seq = INT64_MAX;
    h.clock = INT64_MAX;
    h.roster_seq = INT64_MAX;
    assert_ok(decoded(&h));
    h.seq = (uint64_t)INT64_MAX + 1;
    assert_err(ERR_FORMAT, decoded(&h));
    h = valid();
    h.clock = UINT64_MAX;
    assert_err(ERR_FORMAT, decoded(&h));
    h = valid();
    h.roster_seq = UINT64_MAX;
    assert_err(ERR_FORMAT, decoded(&h));
}

TEST(a_seal_number_points_at_most_999_back_and_never_ahead) {
    struct header h = valid();
    h.seq = 2000;
    for (h.seal_seq = 0; h.seal_seq <= 2001; h.seal_seq++) {
        bool good = h.seal_seq == 0 || (h.seal_seq > 1000 && h.seal_seq <= 2000);
        assert_err(good ? OK : ERR_FORMAT, decoded(&h));
    }
}

TEST(counts_and_small_fields_have_their_bounds) {
    struct header h = valid();
    h.sections_n = SECTIONS_MAX;
    assert_ok(decoded(&h));
    h.sections_n = SECTIONS_MAX + 1;
    assert_err(ERR_LIMIT, decoded(&h));
    h = valid();
    h.schema = 0;
    assert_err(ERR_FORMAT, decoded(&h));
    h.schema = 2; /* newer: kept, and waits */
    assert_ok(decoded(&h));
    h = valid();
    h.roster_seq = 0;
    assert_err(ERR_FORMAT, decoded(&h));
    memset(h.roster_id8.bytes, 0, sizeof h.roster_id8.bytes);
    assert_ok(decoded(&h));
}

TEST(the_id_depends_on_every_byte_of_header_and_signature) {
    uint8_t bytes[SIGNED_HEADER_SIZE] = {0};
    struct envelope_id id = envelope_id_of(bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] ^= 1;
        struct envelope_id other = envelope_id_of(bytes);
        assert_false(envelope_id_equal(&id, &other));
        bytes[i] ^= 1;
    }
    struct id8 id8 = envelope_id8(&id);
    assert_memory_equal(id8.bytes, id.bytes, 8);
}

RUN_TESTS(T(a_header_comes_back_as_it_was), T(another_version_is_told_apart_from_damage),
          T(flags_and_reserved_bytes_must_be_zero),
          T(the_first_entry_and_no_other_has_no_previous_one), T(numbers_stay_below_two_to_the_63),
          T(a_seal_number_points_at_most_999_back_and_never_ahead),
          T(counts_and_small_fields_have_their_bounds),
          T(the_id_depends_on_every_byte_of_header_and_signature))
