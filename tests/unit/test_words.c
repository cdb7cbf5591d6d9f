#include "paper.h"
#include <ctype.h>

static struct seed seed_of(uint8_t letter) {
    struct seed seed;
    for (size_t i = 0; i < sizeof seed.bytes; i++)
        seed.bytes[i] = (uint8_t)(letter + i * 29);
    return seed;
}

TEST(a_seed_is_seventeen_words_and_comes_back) {
    for (unsigned letter = 0; letter < 256; letter++) {
        struct seed seed = seed_of((uint8_t)letter), back;
        char words[WORDS_TEXT_MAX];
        words_of_seed(&seed, words);
        assert_int_equal(strlen(words), 17 * 6 - 1);
        assert_ok(words_to_seed(words, &back));
        assert_memory_equal(seed.bytes, back.bytes, sizeof seed.bytes);
    }
}

TEST(words_are_proquints) {
    struct seed seed = {{0x7f, 0, 0, 1}}; /* 127.0.0.1 is lusab-babad in the proposal */
    char words[WORDS_TEXT_MAX];
    words_of_seed(&seed, words);
    assert_memory_equal(words, "lusab-babad-babab", 17);
}

TEST(any_case_and_any_white_space_is_read) {
    struct seed seed = seed_of(3), back;
    char words[WORDS_TEXT_MAX], wide[2 * WORDS_TEXT_MAX] = " \n";
    words_of_seed(&seed, words);
    size_t n = 2;
    for (size_t i = 0; words[i] != '\0'; i++) {
        if (words[i] == '-') {
            memcpy(wide + n, " \r\n", 3);
            n += 3;
        } else {
            wide[n++] = (char)toupper(words[i]);
        }
    }
    memcpy(wide + n, " \t", 3);
    assert_ok(words_to_seed(wide, &back));
    assert_memory_equal(seed.bytes, back.bytes, sizeof seed.bytes);
}

TEST(every_single_mistyped_letter_is_noticed) {
    struct seed seed = seed_of(9), back;
    char words[WORDS_TEXT_MAX];
    words_of_seed(&seed, words);
    for (size_t i = 0; words[i] != '\0'; i++) {
        char kept = words[i];
        for (const char *c = "abcdefghijklmnopqrstuvwxyz-"; *c != '\0'; c++) {
            if (*c == kept)
                continue;
            words[i] = *c;
            enum err err = words_to_seed(words, &back);
            assert_true(err == ERR_HASH || err == ERR_FORMAT);
        }
        words[i] = kept;
    }
}

TEST(a_missing_or_extra_or_swapped_word_is_noticed) {
    struct seed seed = seed_of(1), back;
    char words[WORDS_TEXT_MAX], more[WORDS_TEXT_MAX + 8], swapped[WORDS_TEXT_MAX];
    words_of_seed(&seed, words);
    memcpy(more, words, sizeof words);
    strcat(more, "-babab");
    assert_err(ERR_FORMAT, words_to_seed(more, &back));
    assert_err(ERR_FORMAT, words_to_seed(words + 6, &back));
    assert_err(ERR_FORMAT, words_to_seed("", &back));
    assert_err(ERR_FORMAT, words_to_seed("lusab", &back));
    memcpy(swapped, words, sizeof words);
    memcpy(swapped, words + 6, 5);
    memcpy(swapped + 6, words, 5);
    assert_err(ERR_HASH, words_to_seed(swapped, &back));
    words[strlen(words) - 1] = '\0';
    assert_err(ERR_FORMAT, words_to_seed(words, &back));
}

TEST(a_fingerprint_is_five_words_and_depends_on_each_key) {
    struct public_keys keys = keys_of('a').public;
    char words[WORDS_TEXT_MAX], other[WORDS_TEXT_MAX];
    words_of_keys(&keys, words);
    assert_int_equal(strlen(words), 5 * 6 - 1);
    uint8_t *each[] = {keys.sign.bytes, keys.seal.bytes, keys.transport.bytes};
    for (size_t i = 0; i < 3; i++) {
        each[i][31] ^= 1;
        words_of_keys(&keys, other);
        assert_string_not_equal(words, other);
        each[i][31] ^= 1;
    }
}

RUN_TESTS(T(a_seed_is_seventeen_words_and_comes_back), T(words_are_proquints),
          T(any_case_and_any_white_space_is_read), T(every_single_mistyped_letter_is_noticed),
          T(a_missing_or_extra_or_swapped_word_is_noticed),
          T(a_fingerprint_is_five_words_and_depends_on_each_key))
