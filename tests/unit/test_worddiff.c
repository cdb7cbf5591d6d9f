#include "service/worddiff.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

/* "same [old→new] same", as screens show it. */
static void render(const char *old, const char *new, char *ret_text, size_t size) {
    struct arena arena;
    const struct worddiff_piece *pieces;
    size_t n, at = 0;
    struct bytes a = bytes_of_text(old), b = bytes_of_text(new);
    arena_init(&arena, worddiff_arena_max(a.size, b.size));
    assert_ok(worddiff(a, b, &arena, &pieces, &n));
    ret_text[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const char *before = pieces[i].old.size > 0 ? (const char *)pieces[i].old.data : "";
        const char *after = pieces[i].new.size > 0 ? (const char *)pieces[i].new.data : "";
        int changed = pieces[i].changed;
        at += (size_t)snprintf(ret_text + at, size - at, "%s%.*s%s%.*s%s", changed ? "[" : "",
                               changed ? (int)pieces[i].old.size : 0, before, changed ? "→" : "",
                               (int)pieces[i].new.size, after, changed ? "]" : "");
        assert_true(at < size);
    }
    arena_done(&arena);
}

static void assert_diff(const char *old, const char *new, const char *expected) {
    char text[512];
    render(old, new, text, sizeof text);
    assert_string_equal(text, expected);
}

/* Joins one side of all pieces and compares it with the text it came from. */
static void assert_joins(const struct worddiff_piece *pieces, size_t n, bool of_new,
                         struct bytes text) {
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        struct bytes piece = of_new ? pieces[i].new : pieces[i].old;
        assert_true(at + piece.size <= text.size);
        if (piece.size > 0)
            assert_memory_equal(text.data + at, piece.data, piece.size);
        at += piece.size;
    }
    assert_int_equal(at, text.size);
}

TEST(only_the_words_that_differ_stand_in_brackets) {
    assert_diff("12 August, 9.00", "12 August, 8.30", "12 August, [9.00→8.30]");
    assert_diff("12 August, 9.00", "13 August, 9.00", "[12→13] August, 9.00");
}

TEST(equal_texts_are_one_piece_without_change) {
    assert_diff("fodbold og tog", "fodbold og tog", "fodbold og tog");
    assert_diff("", "", "");
}

TEST(an_empty_text_is_all_insertion_or_all_deletion) {
    assert_diff("", "Onsdag", "[→Onsdag]");
    assert_diff("Onsdag", "", "[Onsdag→]");
}

TEST(inserted_and_deleted_words_have_an_empty_other_side) {
    assert_diff("far og mor", "far, mor og søster", "far[→,] [→mor ]og [mor→søster]");
    assert_diff("a b c", "a c", "a [b →]c");
}

TEST(replacements_with_only_space_between_them_are_one) {
    assert_diff("12 August", "13 September", "[12 August→13 September]");
}

TEST(punctuation_at_the_end_of_a_word_is_not_part_of_it) {
    assert_diff("Kom, mor!", "Kom, far!", "Kom, [mor→far]!");
    assert_diff("(tirsdag)", "(onsdag)", "([tirsdag→onsdag])");
}

TEST(letters_beyond_ascii_stay_whole) {
    assert_diff("Søndre Skole", "Nørre Skole", "[Søndre→Nørre] Skole");
    assert_diff("blå", "blæ", "[blå→blæ]");
}

TEST(lines_are_compared_like_words) {
    assert_diff("mandag\ntirsdag\nonsdag", "mandag\nonsdag", "mandag\n[tirsdag\n→]onsdag");
}

TEST(texts_too_long_to_compare_word_by_word_are_one_change_between_their_common_ends) {
    enum { WORDS = 3000 };
    struct buffer old = {0}, new = {0};
    struct arena arena;
    const struct worddiff_piece *pieces;
    size_t n;
    assert_ok(buffer_append(&old, "same ", 5));
    assert_ok(buffer_append(&new, "same ", 5));
    for (int i = 0; i < WORDS; i++) {
        char word[32];
        int size = snprintf(word, sizeof word, "a%d ", i);
        assert_ok(buffer_append(&old, word, (size_t)size));
        size = snprintf(word, sizeof word, "b%d ", i);
        assert_ok(buffer_append(&new, word, (size_t)size));
    }
    assert_ok(buffer_append(&old, "end", 3));
    assert_ok(buffer_append(&new, "end", 3));
    arena_init(&arena, worddiff_arena_max(old.size, new.size));
    assert_ok(worddiff(buffer_view(&old), buffer_view(&new), &arena, &pieces, &n));
    assert_int_equal(n, 3);
    assert_false(pieces[0].changed);
    assert_true(pieces[1].changed);
    assert_false(pieces[2].changed);
    assert_joins(pieces, n, false, buffer_view(&old));
    assert_joins(pieces, n, true, buffer_view(&new));
    arena_done(&arena);
    buffer_done(&old);
    buffer_done(&new);
}

TEST(pieces_of_random_texts_join_to_the_texts_and_never_show_equal_as_changed) {
    static const char *const words[] = {"a", "bb",   ",",  " ", "\n", "ø",
                                        ".", "9.00", "  ", "(", "mor"};
    srand(20260603);
    for (int round = 0; round < 2000; round++) {
        char texts[2][256] = {"", ""};
        for (int side = 0; side < 2; side++)
            for (int i = rand() % 30; i > 0; i--)
                strcat(texts[side], words[(size_t)rand() % (sizeof words / sizeof *words)]);
        struct bytes old = bytes_of_text(texts[0]), new = bytes_of_text(texts[1]);
        struct arena arena;
        const struct worddiff_piece *pieces;
        size_t n;
        arena_init(&arena, worddiff_arena_max(old.size, new.size));
        assert_ok(worddiff(old, new, &arena, &pieces, &n));
        assert_joins(pieces, n, false, old);
        assert_joins(pieces, n, true, new);
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(bytes_equal(pieces[i].old, pieces[i].new), !pieces[i].changed);
            assert_true(i == 0 || pieces[i].changed != pieces[i - 1].changed);
        }
        arena_done(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_words_that_differ_stand_in_brackets),
        cmocka_unit_test(equal_texts_are_one_piece_without_change),
        cmocka_unit_test(an_empty_text_is_all_insertion_or_all_deletion),
        cmocka_unit_test(inserted_and_deleted_words_have_an_empty_other_side),
        cmocka_unit_test(replacements_with_only_space_between_them_are_one),
        cmocka_unit_test(punctuation_at_the_end_of_a_word_is_not_part_of_it),
        cmocka_unit_test(letters_beyond_ascii_stay_whole),
        cmocka_unit_test(lines_are_compared_like_words),
        cmocka_unit_test(
            texts_too_long_to_compare_word_by_word_are_one_change_between_their_common_ends),
        cmocka_unit_test(pieces_of_random_texts_join_to_the_texts_and_never_show_equal_as_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
