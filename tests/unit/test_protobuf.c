/* The strict form of messages, seen through a statement, an answer and a frame. */
#include "proto/message.h"
#include "wire.h"

/* A BYE frame whose message is `body`. */
static enum err decode_bye(struct buffer *body, const char **ret_text) {
    static struct arena arena;
    struct buffer frame = {0};
    struct message message;
    uint8_t kind = MESSAGE_BYE;
    arena_done(&arena);
    arena_init(&arena, DECODE_MEMORY_MAX);
    assert_ok(buffer_append(&frame, &kind, 1));
    assert_ok(buffer_append(&frame, body->data, body->size));
    enum err err = message_decode(buffer_view(&frame), &arena, &message);
    if (err == OK && ret_text != NULL)
        *ret_text = message.text;
    buffer_done(&frame);
    buffer_done(body);
    return err;
}

TEST(unknown_fields_are_passed_over) {
    struct buffer body = {0};
    const char *said;
    wire_number(&body, 99, 7);
    wire_text(&body, 1, "good night");
    wire_text(&body, 100, "a field of a later version");
    wire_varint(&body, 101 << 3 | 1);
    assert_ok(buffer_append(&body, "12345678", 8));
    wire_varint(&body, 102 << 3 | 5);
    assert_ok(buffer_append(&body, "1234", 4));
    assert_ok(decode_bye(&body, &said));
    assert_string_equal(said, "good night");
}

TEST(many_unknown_fields_are_a_limit) {
    for (unsigned n = UNKNOWN_FIELDS_MAX; n <= UNKNOWN_FIELDS_MAX + 1; n++) {
        struct buffer body = {0};
        for (unsigned i = 0; i < n; i++)
            wire_number(&body, 9, i);
        assert_err(n > UNKNOWN_FIELDS_MAX ? ERR_LIMIT : OK, decode_bye(&body, NULL));
    }
}

TEST(ten_thousand_nested_groups_are_refused_without_recursion) {
    struct buffer body = {0};
    for (int i = 0; i < 10000; i++)
        wire_varint(&body, 5 << 3 | 3);
    assert_err(ERR_FORMAT, decode_bye(&body, NULL));
}

TEST(a_singular_field_twice_is_refused) {
    struct buffer body = {0};
    wire_text(&body, 1, "one");
    wire_text(&body, 1, "two");
    assert_err(ERR_FORMAT, decode_bye(&body, NULL));
}

TEST(a_known_field_with_another_wire_type_is_refused) {
    struct buffer body = {0};
    wire_number(&body, 1, 1);
    assert_err(ERR_FORMAT, decode_bye(&body, NULL));
}

TEST(tags_lengths_and_numbers_that_do_not_end_are_refused) {
    static const struct {
        const char *bytes;
        size_t size;
    } bad[] = {
        {"\x80", 1},
        {"\x00\x01", 2}, /* field number 0 */
        {"\x0a\x05"
         "abc",
         5},                                                  /* past the end */
        {"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11}, /* 2^64 - 1 bytes */
        {"\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11}, /* more than 64 bits */
        {"\x10\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 12},
        {"\x8a\x80\x80\x80\x80\x01\x00", 7}, /* a tag of more than 32 bits */
        {"\x0b", 1},                         /* groups */
        {"\x0c", 1},
        {"\x0e", 1}, /* wire types that don't exist */
        {"\x0f", 1},
        {"\x11"
         "1234567",
         8},
        {"\x15"
         "123",
         4},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct buffer body = {0};
        assert_ok(buffer_append(&body, bad[i].bytes, bad[i].size));
        assert_err(ERR_FORMAT, decode_bye(&body, NULL));
    }
}

TEST(a_bool_is_0_or_1_and_a_number_fits_its_type) {
    static const struct {
        unsigned field;
        uint64_t value;
        enum err err;
    } cases[] = {{2, 0, OK}, {2, 1, OK}, {2, 2, ERR_FORMAT}, {2, UINT64_MAX, ERR_FORMAT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer frame = {0};
        struct message message;
        struct arena arena;
        arena_init(&arena, KIB(64));
        assert_ok(buffer_append(&frame, "\x03", 1)); /* DIGEST, field `more` */
        wire_number(&frame, cases[i].field, cases[i].value);
        assert_err(cases[i].err, message_decode(buffer_view(&frame), &arena, &message));
        buffer_done(&frame);
        arena_done(&arena);
    }
}

RUN_TESTS(T(unknown_fields_are_passed_over), T(many_unknown_fields_are_a_limit),
          T(ten_thousand_nested_groups_are_refused_without_recursion),
          T(a_singular_field_twice_is_refused), T(a_known_field_with_another_wire_type_is_refused),
          T(tags_lengths_and_numbers_that_do_not_end_are_refused),
          T(a_bool_is_0_or_1_and_a_number_fits_its_type))
