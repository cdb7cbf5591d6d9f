/* store/merge.c against the naive model of tests/lib/history.c.
 *
 *   STAFET_HISTORIES=N   how many histories (default 100,000)
 *   STAFET_SEED=S        the first history's seed; a failure prints the one to use, with
 * STAFET_HISTORIES=1 */
#include "history.h"
#include "test.h"

#include "store/merge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const enum policy policies[] = {POLICY_KEEP_BOTH, POLICY_UNION, POLICY_LATEST,
                                       POLICY_WITHDRAWN_WINS, POLICY_OWNER};

static uint64_t setting(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void deliver(struct merge *merge, const struct history_write *write) {
    struct merge_version version = {
        .name = write->name, .clock = write->clock, .value = bytes_of_text(write->value)};
    if (merge_add(merge, &version, write->replaces, write->replaces_n) != OK)
        abort();
}

static bool same_live(const struct history *h, const struct model *model,
                      const struct merge_version *live, size_t live_n) {
    bool same = live_n == model->live_n;
    for (size_t i = 0; same && i < live_n; i++)
        same = version_name_compare(&live[i].name, &h->writes[model->live[i]].name) == 0;
    return same;
}

static bool same_values(const struct model *model, const struct bytes *values) {
    bool same = true;
    for (size_t i = 0; same && i < model->sides_n; i++)
        same = bytes_equal(values[i], bytes_of_text(model->values[i]));
    return same;
}

static bool same_revision(const struct model *model, const struct merge_version *live,
                          size_t live_n) {
    struct record_id record = {{7}};
    struct merge_value values[HISTORY_WRITES_MAX];
    for (size_t i = 0; i < live_n; i++)
        values[i] = (struct merge_value){50, live[i].value};
    struct revision expected = model_revision(model, &record, 50, PART_START_PLAN),
                    found = merge_revision(&record, values, live_n);
    return revision_equal(&expected, &found);
}

/* Under every policy: does the merge agree with the model? */
static bool agrees(const struct history *h, const bool *delivered, const struct merge *merge) {
    struct merge_version live[HISTORY_WRITES_MAX];
    struct bytes values[HISTORY_WRITES_MAX];
    size_t live_n = merge_live(merge, live);
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        struct model model;
        model_make(h, delivered, policies[i], &model);
        if (!same_live(h, &model, live, live_n) || !same_revision(&model, live, live_n))
            return false;
        if (live_n == 0)
            continue;
        struct merge_pick pick = merge_resolve(policies[i], live, live_n, values);
        if (pick.shown != model.shown || pick.sides_n != model.sides_n ||
            pick.conflicted != model.conflicted || !same_values(&model, values))
            return false;
    }
    struct model fixed;
    model_make(h, delivered, POLICY_LATEST, &fixed);
    model_fix(h, &fixed);
    return live_n == 0 || version_name_compare(&live[merge_first(live, live_n)].name,
                                               &h->writes[fixed.live[0]].name) == 0;
}

/* Delivers in a random order and compares, with the model after the last and at a random place
 * before. */
static bool run_order(const struct history *h, struct dice *dice, struct merge *merge) {
    size_t order[HISTORY_DELIVERIES_MAX];
    bool delivered[HISTORY_WRITES_MAX] = {false};
    size_t n = history_deliver(h, dice, order), stop = n == 0 ? 0 : dice_below(dice, n);
    merge_clear(merge);
    for (size_t i = 0; i < n; i++) {
        deliver(merge, &h->writes[order[i]]);
        delivered[order[i]] = true;
        if (i == stop && !agrees(h, delivered, merge))
            return false;
    }
    return agrees(h, delivered, merge);
}

static bool run_history(uint64_t seed, struct merge *first, struct merge *second,
                        bool *ret_conflicted) {
    static const char *const values[] = {"12 August", "13 August", "given", "withdrawn", ""};
    struct dice dice = {seed};
    struct history h;
    struct merge_version live[HISTORY_WRITES_MAX], other[HISTORY_WRITES_MAX];
    struct bytes sides[HISTORY_WRITES_MAX];
    struct record_id record = {{1}};
    struct history_shape shape = {.writers_n = 3 + dice_below(&dice, 3),
                                  .values = values,
                                  .values_n = 2 + dice_below(&dice, 4),
                                  .writes_min = 8,
                                  .writes_max = HISTORY_WRITES_MAX};
    for (size_t i = 0; i < shape.writers_n; i++)
        for (size_t k = 0; k < sizeof shape.feeds[i].bytes; k++)
            shape.feeds[i].bytes[k] = (uint8_t)dice_next(&dice);
    history_make(&h, &shape, &dice);
    if (!run_order(&h, &dice, first) || !run_order(&h, &dice, second))
        return false;
    size_t n = merge_live(first, live);
    if (n != merge_live(second, other))
        return false;
    struct conflict_id a = merge_conflict_id(&record, 50, live, n),
                       b = merge_conflict_id(&record, 50, other, n);
    *ret_conflicted = n > 0 && merge_resolve(POLICY_KEEP_BOTH, live, n, sides).conflicted;
    return conflict_id_equal(&a, &b);
}

TEST(any_history_in_any_order_means_what_the_naive_model_says) {
    struct merge first = {0}, second = {0};
    uint64_t seed = setting("STAFET_SEED", 1), histories = setting("STAFET_HISTORIES", 100000),
             conflicts = 0;
    for (uint64_t i = 0; i < histories; i++) {
        bool conflicted = false;
        if (!run_history(seed + i, &first, &second, &conflicted))
            fail_msg("history %" PRIu64 " differs: STAFET_SEED=%" PRIu64
                     " STAFET_HISTORIES=1 test_merge_model",
                     i, seed + i);
        conflicts += conflicted;
    }
    merge_done(&first);
    merge_done(&second);
    print_message("%" PRIu64 " histories, %" PRIu64 " ended in conflict (%.1f%%)\n", histories,
                  conflicts, 100.0 * (double)conflicts / (double)histories);
    assert_true(histories < 100 || conflicts * 5 >= histories);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_history_in_any_order_means_what_the_naive_model_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
