#include "handing.h"
#include "test.h"

#include "store/value_search.h"

/* How many steps it takes; whether it is found. */
static size_t search(struct handing *f, uint16_t collection, uint16_t field, const char *value,
                     bool *ret_found) {
    struct value_search search = {f->record, collection, field, 0};
    bool done = false;
    size_t n = 0;
    while (!done) {
        assert_ok(
            value_search_step(f->records.store, &search, bytes_of_text(value), ret_found, &done));
        n++;
    }
    return n;
}

TEST(a_value_is_looked_for_among_the_live_ones_one_at_a_time) {
    struct handing *f = *state;
    bool found = true;
    assert_int_equal(search(f, COLLECTION_HANDOVER, 50, "a", &found), 1);
    assert_false(found);
    struct version_name first =
        records_set(&f->records, &f->birk, 10, &f->record, "first_day", "a", NULL, 0);
    records_set(&f->records, &f->birk, 11, &f->record, "first_day", "b", &first, 1);
    records_set(&f->records, &f->skole, 12, &f->record, "first_day", "c", NULL, 0);
    records_set(&f->records, &f->birk, 13, &f->record, "likes", "d", NULL, 0);
    static const char *const here[] = {"b", "c"}, *const not_here[] = {"a", "d", "bc", ""};
    for (size_t i = 0; i < 2; i++) {
        search(f, COLLECTION_HANDOVER, 50, here[i], &found);
        assert_true(found);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(search(f, COLLECTION_HANDOVER, 50, not_here[i], &found), 3);
        assert_false(found);
    }
}

TEST(of_a_fixed_field_only_the_value_that_counts_is_found) {
    struct handing *f = *state;
    bool found = false;
    handing_publish(f, 20, SURVEY_TITLE, "later");
    handing_publish(f, 10, SURVEY_TITLE, "first");
    search(f, COLLECTION_SURVEY, SURVEY_TITLE, "later", &found);
    assert_false(found);
    search(f, COLLECTION_SURVEY, SURVEY_TITLE, "first", &found);
    assert_true(found);
    assert_string_equal(handing_survey_text(f, SURVEY_TITLE), "first");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        AT_BIRK(a_value_is_looked_for_among_the_live_ones_one_at_a_time),
        AT_BIRK(of_a_fixed_field_only_the_value_that_counts_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
