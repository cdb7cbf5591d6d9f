#include "paper.h"
#include "proto/language.h"

TEST(every_error_has_a_number_a_word_and_a_sentence_of_its_own_in_each_language) {
    static const struct {
        enum err err;
        unsigned number;
        const char *word, *text, *danish;
    } all[] = {
#define X(name, number, word, text, danish) {name, number, word, text, danish},
        ERR_MAP(X)
#undef X
    };
    size_t n = sizeof all / sizeof all[0];
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(all[i].err, all[i].number);
        assert_int_equal(err_from_number(all[i].number), all[i].err);
        assert_string_equal(err_name(all[i].err), all[i].word);
        assert_int_equal(err_from_name(all[i].word), all[i].err);
        assert_string_equal(err_text(all[i].err), all[i].text);
        assert_int_not_equal(all[i].text[strlen(all[i].text) - 1], '.');
        assert_int_not_equal(all[i].danish[strlen(all[i].danish) - 1], '.');
        assert_string_equal(label_text(LANGUAGE_EN, err_label(all[i].err)), all[i].text);
        assert_string_equal(label_text(LANGUAGE_DA, err_label(all[i].err)), all[i].danish);
        assert_string_not_equal(err_mend(all[i].err).en, err_mend(all[i].err).da);
        assert_string_not_equal(all[i].danish, all[i].text);
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(all[i].danish, all[k].danish);
            assert_string_not_equal(all[i].word, all[k].word);
            assert_string_not_equal(all[i].text, all[k].text);
        }
    }
}

TEST(an_unknown_number_from_the_wire_is_internal) {
    assert_int_equal(err_from_number(0), OK);
    assert_int_equal(err_from_number(34), ERR_INTERNAL);
    assert_int_equal(err_from_number(UINT32_MAX), ERR_INTERNAL);
    assert_int_equal(err_from_name("no such error"), ERR_INTERNAL);
    assert_non_null(err_text((enum err)9999));
    assert_non_null(err_name((enum err)9999));
}

RUN_TESTS(T(every_error_has_a_number_a_word_and_a_sentence_of_its_own_in_each_language),
          T(an_unknown_number_from_the_wire_is_internal))
