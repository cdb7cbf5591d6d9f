#include "paper.h"

/* The linker puts it in the place of free: what stood in `watched` when it was given back? */
static const void *watched;
static size_t watched_size, left_n;
void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory) {
    for (size_t i = 0; memory != NULL && memory == watched && i < watched_size; i++)
        left_n += ((const uint8_t *)memory)[i] == 's';
    __real_free(memory);
}

TEST(integers_are_big_endian) {
    uint8_t at[8];
    put_u16(at, 0x0102);
    assert_memory_equal(at, "\x01\x02", 2);
    put_u32(at, 0xfffefdfc);
    assert_memory_equal(at, "\xff\xfe\xfd\xfc", 4);
    assert_int_equal(get_u32(at), 0xfffefdfc);
    put_u64(at, 0x8102030405060708);
    assert_memory_equal(at, "\x81\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_true(get_u64(at) == 0x8102030405060708);
    assert_int_equal(get_u16(at), 0x8102);
}

TEST(a_buffer_grows_and_keeps_its_content) {
    struct buffer b = {0};
    for (unsigned i = 0; i < 10000; i++) {
        uint8_t byte = (uint8_t)(i * 7);
        assert_ok(buffer_append(&b, &byte, 1));
    }
    assert_int_equal(b.size, 10000);
    for (unsigned i = 0; i < 10000; i++)
        assert_int_equal(b.data[i], (uint8_t)(i * 7));
    buffer_clear(&b);
    assert_int_equal(buffer_view(&b).size, 0);
    assert_ok(buffer_append(&b, "abc", 3));
    assert_true(bytes_equal(buffer_view(&b), text("abc")));
    buffer_wipe(&b);
    assert_null(b.data);
}

TEST(an_impossible_size_is_out_of_memory_and_changes_nothing) {
    struct buffer b = {0};
    uint8_t *at;
    assert_ok(buffer_append(&b, "abc", 3));
    assert_err(ERR_MEMORY, buffer_extend(&b, SIZE_MAX, &at));
    assert_err(ERR_MEMORY, buffer_extend(&b, SIZE_MAX - 3, &at));
    assert_true(bytes_equal(buffer_view(&b), text("abc")));
    buffer_done(&b);
}

TEST(empty_views_are_equal_wherever_they_point) {
    assert_true(bytes_equal((struct bytes){NULL, 0}, text("")));
    assert_false(bytes_equal(text("a"), text("b")));
    assert_false(bytes_equal(text("a"), text("ab")));
    struct buffer b = {0};
    assert_ok(buffer_append(&b, NULL, 0));
    buffer_done(&b);
    buffer_done(NULL);
    buffer_wipe(NULL);
}

TEST(a_buffer_that_grows_leaves_nothing_behind_not_even_what_was_cleared) {
    for (int cleared = 0; cleared < 2; cleared++) {
        struct buffer b = {0};
        uint8_t *at;
        assert_ok(buffer_extend(&b, 64, &at));
        memset(at, 's', 64);
        watched = b.data;
        watched_size = b.size;
        left_n = 0;
        if (cleared)
            buffer_clear(&b);
        assert_ok(buffer_extend(&b, b.capacity + 1, &at));
        assert_ptr_not_equal(watched, b.data);
        assert_int_equal(left_n, 0);
        watched = NULL;
        buffer_done(&b);
    }
}

RUN_TESTS(T(integers_are_big_endian), T(a_buffer_grows_and_keeps_its_content),
          T(an_impossible_size_is_out_of_memory_and_changes_nothing),
          T(empty_views_are_equal_wherever_they_point),
          T(a_buffer_that_grows_leaves_nothing_behind_not_even_what_was_cleared))
