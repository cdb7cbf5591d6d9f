#include "paper.h"
#include "proto/arena.h"
#include "proto/poison.h"

TEST(the_cap_grows_with_the_input_and_ends) {
    assert_int_equal(arena_cap_for(0), KIB(64));
    assert_int_equal(arena_cap_for(1), KIB(64) + 16);
    assert_int_equal(arena_cap_for((DECODE_MEMORY_MAX - KIB(64)) / 16), DECODE_MEMORY_MAX);
    assert_int_equal(arena_cap_for((DECODE_MEMORY_MAX - KIB(64)) / 16 - 1), DECODE_MEMORY_MAX - 16);
    assert_int_equal(arena_cap_for(SIZE_MAX), DECODE_MEMORY_MAX);
}

TEST(what_is_handed_out_is_zeroed_and_aligned_and_apart) {
    struct arena arena;
    unsigned char *parts[200];
    arena_init(&arena, KIB(1024));
    for (size_t i = 0; i < 200; i++) {
        size_t size = i * 37 % 900;
        parts[i] = arena_alloc(&arena, size);
        assert_non_null(parts[i]);
        assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size; k++)
            assert_int_equal(parts[i][k], 0);
        memset(parts[i], (int)i, size);
    }
    for (size_t i = 0; i < 200; i++)
        for (size_t k = 0; k < i * 37 % 900; k++)
            assert_int_equal(parts[i][k], i);
    arena_done(&arena);
}

TEST(the_cap_is_reached_exactly_and_never_passed) {
    struct arena arena;
    arena_init(&arena, 64);
    assert_null(arena_alloc(&arena, 65));
    assert_non_null(arena_alloc(&arena, 32));
    assert_null(arena_alloc(&arena, 33));
    assert_non_null(arena_alloc(&arena, 32));
    assert_null(arena_alloc(&arena, 1));
    assert_int_equal(arena.bytes, 64);
    arena_done(&arena);
}

/* Sizes that leave ends of blocks unused, of all kinds. */
TEST(the_heap_that_blocks_take_stays_within_the_cap_and_is_used) {
    static const size_t steps[] = {1, 301, 600, KIB(5), KIB(17), KIB(70)};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct arena arena;
        size_t taken = 0;
        arena_init(&arena, KIB(4096));
        for (size_t n = 0; arena_alloc(&arena, 1 + n * steps[i] % (2 * steps[i] + 100)); n++) {
            assert_true(arena.taken >= taken && arena.taken <= arena.bytes_max);
            assert_true(arena.bytes <= arena.taken);
            taken = arena.taken;
        }
        assert_true(arena.bytes > arena.bytes_max / 10 * 9);
        arena_done(&arena);
    }
}

TEST(sizes_that_overflow_are_refused) {
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 15));
    assert_null(arena_array(&arena, SIZE_MAX / 8 + 1, 8));
    assert_non_null(arena_array(&arena, 0, 8));
    arena_done(&arena);
}

TEST(a_reset_arena_has_its_whole_cap_again_and_gives_zeroes) {
    struct arena arena;
    arena_init(&arena, KIB(64));
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 16; i++) {
            unsigned char *part = arena_alloc(&arena, KIB(4));
            assert_non_null(part);
            for (size_t k = 0; k < KIB(4); k++)
                assert_int_equal(part[k], 0);
            memset(part, 0xff, KIB(4));
        }
        assert_null(arena_alloc(&arena, 1));
        arena_reset(&arena);
        assert_int_equal(arena.bytes, 0);
    }
    arena_done(&arena);
}

/* The sanitized build sees who reads beyond what it was given, or what a reset took back. */
TEST(what_is_not_handed_out_is_out_of_bounds_to_a_sanitizer) {
#ifdef STAFET_POISONS
    struct arena arena;
    arena_init(&arena, KIB(64));
    unsigned char *part = arena_alloc(&arena, 21);
    assert_non_null(part);
    assert_false(__asan_address_is_poisoned(part + 20));
    assert_true(__asan_address_is_poisoned(part + 21));
    arena_reset(&arena);
    assert_true(__asan_address_is_poisoned(part));
    assert_ptr_equal(arena_alloc(&arena, 1), part);
    assert_false(__asan_address_is_poisoned(part));
    assert_true(__asan_address_is_poisoned(part + 1));
    arena_done(&arena);
#else
    skip();
#endif
}

RUN_TESTS(T(the_cap_grows_with_the_input_and_ends),
          T(what_is_handed_out_is_zeroed_and_aligned_and_apart),
          T(the_cap_is_reached_exactly_and_never_passed),
          T(the_heap_that_blocks_take_stays_within_the_cap_and_is_used),
          T(sizes_that_overflow_are_refused),
          T(a_reset_arena_has_its_whole_cap_again_and_gives_zeroes),
          T(what_is_not_handed_out_is_out_of_bounds_to_a_sanitizer))
