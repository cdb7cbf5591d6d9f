/* Proves that no combination of printed figures yields a hidden unit's. The cells of all units are
 * the unknowns; what is printed is a set of linear forms in them; a figure of one hidden unit can
 * be derived by adding and subtracting (with any factors) exactly if its form lies in the span of
 * those. Forms are compared modulo a large prime, so exactly. */
#include "test.h"

#include "service/disclosure.h"
#include <stdio.h>
#include <stdlib.h>

enum { UNITS_MAX = 8, CHOICES_MAX = 6, CELLS_MAX = UNITS_MAX * CHOICES_MAX, FORMS_MAX = 200 };
#define PRIME UINT64_C(2147483647)

static const bool on_scale[CHOICES_MAX] = {true, true, true, true, true, false};
static const int scores[CHOICES_MAX] = {1, 2, 3, 4, 5, 0};

struct span {
    uint64_t rows[FORMS_MAX][CELLS_MAX];
    size_t pivot[FORMS_MAX];
    size_t rows_n, cells_n;
};

static uint64_t power(uint64_t base, uint64_t exponent) {
    uint64_t result = 1;
    for (; exponent > 0; exponent >>= 1, base = base * base % PRIME)
        if (exponent & 1)
            result = result * base % PRIME;
    return result;
}

/* Reduces `form` by the span's rows; the first cell left, or cells_n when nothing is: then it lies
 * in the span. */
static size_t reduce(const struct span *span, uint64_t form[static CELLS_MAX]) {
    for (size_t r = 0; r < span->rows_n; r++) {
        uint64_t factor = form[span->pivot[r]];
        for (size_t i = 0; factor != 0 && i < span->cells_n; i++)
            form[i] = (form[i] + (PRIME - factor) * span->rows[r][i]) % PRIME;
    }
    for (size_t i = 0; i < span->cells_n; i++)
        if (form[i] != 0)
            return i;
    return span->cells_n;
}

static void span_add(struct span *span, const uint64_t form[static CELLS_MAX]) {
    uint64_t *row = span->rows[span->rows_n];
    assert_true(span->rows_n < FORMS_MAX);
    memcpy(row, form, sizeof span->rows[0]);
    size_t pivot = reduce(span, row);
    if (pivot == span->cells_n)
        return;
    uint64_t inverse = power(row[pivot], PRIME - 2);
    for (size_t i = 0; i < span->cells_n; i++)
        row[i] = row[i] * inverse % PRIME;
    span->pivot[span->rows_n++] = pivot;
}

static bool span_has(const struct span *span, const uint64_t form[static CELLS_MAX]) {
    uint64_t copy[CELLS_MAX];
    memcpy(copy, form, sizeof copy);
    return reduce(span, copy) == span->cells_n;
}

struct scenario {
    struct tally tally;
    uint64_t counts[CELLS_MAX];
};

/* What one printed row says: each cell's sum over the units it covers, n, and n times the mean. */
static void add_printed(struct span *span, const struct scenario *s,
                        const bool covered[static UNITS_MAX], const struct figures *figures) {
    uint64_t n[CELLS_MAX] = {0}, sum[CELLS_MAX] = {0};
    for (size_t c = 0; c < s->tally.choices_n; c++) {
        uint64_t form[CELLS_MAX] = {0}, value = 0;
        if (figures->scale_only && !on_scale[c]) {
            assert_int_equal(figures->counts[c], 0);
            continue;
        }
        for (size_t u = 0; u < s->tally.units_n; u++) {
            size_t cell = u * s->tally.choices_n + c;
            if (!covered[u])
                continue;
            form[cell] = 1;
            n[cell] = on_scale[c];
            sum[cell] = (uint64_t)scores[c];
            value += s->counts[cell];
        }
        /* The form is indeed what was printed. */
        assert_int_equal(figures->counts[c], value);
        span_add(span, form);
    }
    span_add(span, n);
    span_add(span, sum);
}

static void learn_printed(struct span *span, const struct scenario *s, const struct disclosed *d) {
    bool shown[UNITS_MAX] = {false}, all[UNITS_MAX] = {false};
    for (size_t u = 0; u < s->tally.units_n; u++) {
        bool only[UNITS_MAX] = {false};
        all[u] = only[u] = true;
        shown[u] = !d->units[u].hidden;
        if (shown[u])
            add_printed(span, s, only, &d->units[u]);
    }
    if (!d->total.hidden)
        add_printed(span, s, d->covers == COVERS_ALL ? all : shown, &d->total);
}

static void assert_nothing_hidden_is_derivable(const struct scenario *s,
                                               const struct disclosed *d) {
    static struct span span;
    span = (struct span){.cells_n = s->tally.units_n * s->tally.choices_n};
    learn_printed(&span, s, d);
    for (size_t u = 0; u < s->tally.units_n; u++) {
        uint64_t n[CELLS_MAX] = {0}, everyone[CELLS_MAX] = {0}, sum[CELLS_MAX] = {0};
        for (size_t c = 0; c < s->tally.choices_n; c++) {
            uint64_t form[CELLS_MAX] = {0};
            size_t cell = u * s->tally.choices_n + c;
            form[cell] = everyone[cell] = 1;
            n[cell] = on_scale[c];
            sum[cell] = (uint64_t)scores[c];
            assert_int_equal(span_has(&span, form), !d->units[u].hidden);
        }
        assert_int_equal(span_has(&span, n), !d->units[u].hidden);
        assert_int_equal(span_has(&span, everyone), !d->units[u].hidden);
        assert_int_equal(span_has(&span, sum), !d->units[u].hidden);
    }
}

static void assert_hidden_rows_are_empty(const struct disclosed *d) {
    for (size_t u = 0; u < d->units_n; u++) {
        const struct figures *unit = &d->units[u];
        if (!unit->hidden)
            continue;
        assert_int_equal(unit->n, 0);
        assert_false(unit->has_mean);
        assert_int_equal(unit->mean_tenths, 0);
        for (size_t c = 0; c < d->choices_n; c++)
            assert_int_equal(unit->counts[c], 0);
    }
}

static uint64_t state_of_chance;
static uint64_t chance(uint64_t below) {
    state_of_chance =
        state_of_chance * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (state_of_chance >> 33) % below;
}

static void scenario_init(struct scenario *s, size_t units_n) {
    *s = (struct scenario){0};
    s->tally = (struct tally){units_n, CHOICES_MAX, s->counts, on_scale, scores};
}

/* Units with no answer, with "don't know" only, with few, and with many, in every mixture. */
static void fill(struct scenario *s) {
    for (size_t u = 0; u < s->tally.units_n; u++) {
        uint64_t *cells = s->counts + u * CHOICES_MAX;
        uint64_t kind = chance(5), n = kind == 0 ? 0 : kind < 4 ? chance(6) : 5 + chance(200);
        for (uint64_t i = 0; i < n; i++)
            cells[chance(5)]++;
        cells[5] = chance(3) == 0 ? chance(9) : 0;
    }
}

static uint64_t n_of(const struct scenario *s, size_t unit) {
    uint64_t n = 0;
    for (size_t c = 0; c < 5; c++)
        n += s->counts[unit * CHOICES_MAX + c];
    return n;
}

/* Did all in the hidden units give the same answer? */
static bool agree(const struct scenario *s, const struct disclosed *d) {
    size_t given = 0;
    for (size_t c = 0; c < 5; c++) {
        uint64_t sum = 0;
        for (size_t u = 0; u < s->tally.units_n; u++)
            sum += d->units[u].hidden ? s->counts[u * CHOICES_MAX + c] : 0;
        given += sum > 0;
    }
    return given <= 1;
}

TEST(no_sum_or_difference_of_printed_figures_yields_a_hidden_unit) {
    size_t hidden_one = 0, hidden_in_total = 0, hidden_not_in_total = 0, nothing_shown = 0;
    state_of_chance = 42;
    for (int round = 0; round < 20000; round++) {
        struct scenario s;
        struct disclosed d;
        scenario_init(&s, 1 + chance(UNITS_MAX));
        fill(&s);
        assert_ok(disclose(&s.tally, &d));
        size_t hidden = 0;
        uint64_t hidden_n = 0;
        for (size_t u = 0; u < s.tally.units_n; u++) {
            assert_int_equal(d.units[u].hidden, n_of(&s, u) < 5);
            hidden += d.units[u].hidden;
            hidden_n += d.units[u].hidden ? n_of(&s, u) : 0;
        }
        bool enter = hidden >= 2 && hidden_n >= 5 && hidden_n < 4 * hidden && !agree(&s, &d);
        assert_int_equal(d.covers, hidden == 0 || enter ? COVERS_ALL : COVERS_SHOWN);
        assert_int_equal(d.total.hidden, hidden == s.tally.units_n && !enter);
        hidden_one += hidden == 1;
        hidden_in_total += enter;
        hidden_not_in_total += hidden >= 2 && !enter;
        nothing_shown += d.total.hidden;
        assert_hidden_rows_are_empty(&d);
        assert_nothing_hidden_is_derivable(&s, &d);
        disclosed_done(&d);
    }
    /* The cases that matter did come up, often. */
    assert_true(hidden_one > 500 && hidden_in_total > 500 && hidden_not_in_total > 500 &&
                nothing_shown > 500);
}

/* The proof above must be able to fail: a total that lets a single hidden unit in is found. */
TEST(the_proof_finds_a_total_that_gives_a_hidden_unit_away) {
    static struct span span;
    struct scenario s;
    struct disclosed d;
    bool all[UNITS_MAX] = {true, true};
    scenario_init(&s, 2);
    s.counts[0] = 9;
    s.counts[CHOICES_MAX] = 3;
    assert_ok(disclose(&s.tally, &d));
    span = (struct span){.cells_n = 2 * CHOICES_MAX};
    learn_printed(&span, &s, &d);
    uint64_t form[CELLS_MAX] = {0};
    form[CHOICES_MAX] = 1;
    assert_false(span_has(&span, form));
    d.total.counts[0] = 12; /* what a careless total would say */
    add_printed(&span, &s, all, &d.total);
    assert_true(span_has(&span, form));
    disclosed_done(&d);
}

/* Whatever hidden units hold, as long as they stay outside the total the print is the same to the
 * last figure. */
TEST(hidden_units_outside_the_total_leave_no_trace_at_all) {
    size_t compared = 0;
    state_of_chance = 7;
    for (int round = 0; round < 20000; round++) {
        struct scenario s, twin;
        struct disclosed d, d_twin;
        scenario_init(&s, 1 + chance(UNITS_MAX));
        fill(&s);
        assert_ok(disclose(&s.tally, &d));
        twin = s;
        twin.tally.counts = twin.counts;
        uint64_t left = 4;
        for (size_t u = 0; u < s.tally.units_n; u++) {
            uint64_t *cells = twin.counts + u * CHOICES_MAX;
            if (!d.units[u].hidden)
                continue;
            memset(cells, 0, CHOICES_MAX * sizeof *cells);
            uint64_t n = chance(left + 1);
            left -= n;
            for (uint64_t i = 0; i < n; i++)
                cells[chance(5)]++;
            cells[5] = chance(20);
        }
        assert_ok(disclose(&twin.tally, &d_twin));
        if (d.covers == COVERS_SHOWN) {
            compared++;
            assert_int_equal(d_twin.covers, COVERS_SHOWN);
            for (size_t u = 0; u <= s.tally.units_n; u++) {
                const struct figures *a = u < s.tally.units_n ? &d.units[u] : &d.total;
                const struct figures *b = u < s.tally.units_n ? &d_twin.units[u] : &d_twin.total;
                assert_true(a->hidden == b->hidden && a->n == b->n && a->has_mean == b->has_mean &&
                            a->mean_tenths == b->mean_tenths);
                assert_memory_equal(a->counts, b->counts, CHOICES_MAX * sizeof *a->counts);
            }
        }
        disclosed_done(&d);
        disclosed_done(&d_twin);
    }
    assert_true(compared > 2000);
}

TEST(every_small_case_of_three_units_follows_the_rule) {
    for (uint64_t a = 0; a <= 6; a++)
        for (uint64_t b = 0; b <= 6; b++)
            for (uint64_t c = 0; c <= 6; c++) {
                struct scenario s;
                struct disclosed d;
                scenario_init(&s, 3);
                s.counts[0] = a;
                s.counts[CHOICES_MAX + 2] = b;
                s.counts[2 * CHOICES_MAX + 4] = c;
                s.counts[2 * CHOICES_MAX + 5] = 1;
                assert_ok(disclose(&s.tally, &d));
                assert_nothing_hidden_is_derivable(&s, &d);
                disclosed_done(&d);
            }
}

/* ---- What a reader can tell who knows the rule too ----
 * Every world of `hidden_n` small units beside a large one, two choices on the scale and "don't
 * know": worlds that print the same can't be told apart. So in each such class every hidden unit
 * must still be able to hold different numbers. */

enum { WORLD_CHOICES = 3, WORLD_UNITS_MAX = 4, KINDS = 45 };

struct world {
    uint64_t counts[WORLD_UNITS_MAX * WORLD_CHOICES], print[2 + WORLD_CHOICES];
};

/* The unit kinds: 15 ways of at most 4 answers on two choices, each with 0 to 2 who don't know. */
static void put_kind(size_t kind, uint64_t *cells) {
    cells[2] = kind % 3;
    kind /= 3;
    for (cells[0] = 0; kind > 4 - cells[0]; cells[0]++)
        kind -= 5 - cells[0];
    cells[1] = kind;
}

static void print_world(struct world *world, size_t units_n) {
    static const bool scale[WORLD_CHOICES] = {true, true, false};
    struct tally tally = {units_n, WORLD_CHOICES, world->counts, scale, NULL};
    struct disclosed d;
    assert_ok(disclose(&tally, &d));
    assert_false(d.units[0].hidden);
    world->print[0] = (uint64_t)d.covers;
    world->print[1] = d.total.n;
    memcpy(&world->print[2], d.total.counts, WORLD_CHOICES * sizeof *d.total.counts);
    disclosed_done(&d);
}

static int by_print(const void *a, const void *b) {
    return memcmp(((const struct world *)a)->print, ((const struct world *)b)->print,
                  sizeof((const struct world *)a)->print);
}

/* May the unit hold different numbers of this kind in the class? `choice` WORLD_CHOICES: its n. */
static bool differs(const struct world *worlds, size_t n, size_t unit, size_t choice) {
    for (size_t i = 1; i < n; i++) {
        const uint64_t *a = &worlds[0].counts[unit * WORLD_CHOICES];
        const uint64_t *b = &worlds[i].counts[unit * WORLD_CHOICES];
        if (choice == WORLD_CHOICES ? a[0] + a[1] != b[0] + b[1] : a[choice] != b[choice])
            return true;
    }
    return false;
}

static void assert_class_tells_nothing(const struct world *worlds, size_t n, size_t units_n) {
    for (size_t unit = 1; unit < units_n; unit++) {
        assert_true(differs(worlds, n, unit, WORLD_CHOICES));
        assert_true(differs(worlds, n, unit, 2));
        for (size_t choice = 0; choice < 2; choice++)
            assert_true(worlds[0].counts[unit * WORLD_CHOICES + choice] == 0 ||
                        differs(worlds, n, unit, choice));
    }
}

TEST(who_knows_the_bounds_cannot_tell_a_hidden_units_figures_either) {
    static struct world worlds[KINDS * KINDS * KINDS];
    for (size_t hidden_n = 1; hidden_n < WORLD_UNITS_MAX; hidden_n++) {
        size_t n = 1, classes_n = 0;
        for (size_t i = 0; i < hidden_n; i++)
            n *= KINDS;
        for (size_t i = 0; i < n; i++) {
            worlds[i] = (struct world){.counts = {20, 30, 4}};
            for (size_t unit = 1, rest = i; unit <= hidden_n; unit++, rest /= KINDS)
                put_kind(rest % KINDS, &worlds[i].counts[unit * WORLD_CHOICES]);
            print_world(&worlds[i], hidden_n + 1);
        }
        qsort(worlds, n, sizeof *worlds, by_print);
        for (size_t at = 0, end; at < n; at = end, classes_n++) {
            for (end = at + 1; end < n && by_print(&worlds[end], &worlds[at]) == 0;)
                end++;
            assert_class_tells_nothing(&worlds[at], end - at, hidden_n + 1);
        }
        assert_true(hidden_n == 1 ? classes_n == 1 : classes_n > 5);
    }
}

TEST(two_hidden_units_that_are_full_or_all_agree_stay_out) {
    struct scenario s;
    struct disclosed d;
    scenario_init(&s, 3);
    s.counts[0] = 50;
    s.counts[CHOICES_MAX] = 4;
    s.counts[2 * CHOICES_MAX + 1] = 4;
    assert_ok(disclose(&s.tally, &d));
    assert_int_equal(d.covers, COVERS_SHOWN);
    disclosed_done(&d);
    s.counts[2 * CHOICES_MAX + 1] = 3;
    s.counts[5] = 9;
    assert_ok(disclose(&s.tally, &d));
    assert_int_equal(d.covers, COVERS_ALL);
    assert_true(d.total.scale_only);
    assert_int_equal(d.total.counts[5], 0);
    disclosed_done(&d);
    s.counts[2 * CHOICES_MAX + 1] = 0;
    s.counts[2 * CHOICES_MAX] = 3;
    assert_ok(disclose(&s.tally, &d));
    assert_int_equal(d.covers, COVERS_SHOWN);
    disclosed_done(&d);
}

TEST(the_total_covers_shown_units_when_just_one_is_hidden) {
    struct scenario s;
    struct disclosed d;
    scenario_init(&s, 3);
    const uint64_t counts[3][CHOICES_MAX] = {
        {6, 14, 38, 84, 64, 8}, {15, 32, 49, 61, 41, 5}, {0, 1, 0, 2, 0, 0}};
    memcpy(s.counts, counts, sizeof counts);
    assert_ok(disclose(&s.tally, &d));
    assert_int_equal(d.covers, COVERS_SHOWN);
    assert_int_equal(d.units[0].n, 206);
    assert_int_equal(d.units[0].mean_tenths, 39);
    assert_int_equal(d.units[1].n, 198);
    assert_int_equal(d.units[1].mean_tenths, 34);
    assert_true(d.units[2].hidden);
    assert_int_equal(d.total.n, 404);
    assert_int_equal(d.total.mean_tenths, 37);
    assert_int_equal(d.total.counts[5], 13);
    disclosed_done(&d);
}

TEST(four_answers_are_hidden_and_five_are_shown) {
    struct scenario s;
    struct disclosed d;
    scenario_init(&s, 2);
    s.counts[0] = 4;
    s.counts[5] = 100;
    s.counts[CHOICES_MAX] = 5;
    assert_ok(disclose(&s.tally, &d));
    assert_true(d.units[0].hidden);
    assert_false(d.units[1].hidden);
    disclosed_done(&d);
}

TEST(two_hidden_units_with_four_together_stay_out_and_with_five_come_in) {
    struct scenario s;
    struct disclosed d;
    scenario_init(&s, 3);
    s.counts[0] = 50;
    s.counts[CHOICES_MAX + 1] = 2;
    s.counts[2 * CHOICES_MAX + 1] = 2;
    assert_ok(disclose(&s.tally, &d));
    assert_int_equal(d.covers, COVERS_SHOWN);
    assert_int_equal(d.total.n, 50);
    disclosed_done(&d);
    s.counts[CHOICES_MAX + 2] = 1;
    assert_ok(disclose(&s.tally, &d));
    assert_int_equal(d.covers, COVERS_ALL);
    assert_int_equal(d.total.n, 55);
    disclosed_done(&d);
}

TEST(means_are_rounded_half_away_from_zero) {
    static const int both[2] = {-1, 1};
    static const bool scale[2] = {true, true};
    const uint64_t counts[2][2] = {{21, 19}, {19, 21}};
    for (int i = 0; i < 2; i++) {
        struct tally tally = {1, 2, counts[i], scale, both};
        struct disclosed d;
        assert_ok(disclose(&tally, &d)); /* -2/40 and 2/40: half a tenth */
        assert_int_equal(d.units[0].mean_tenths, i == 0 ? -1 : 1);
        disclosed_done(&d);
    }
}

TEST(without_scores_there_is_no_mean) {
    static const bool scale[2] = {true, true};
    const uint64_t counts[2] = {3, 4};
    struct tally tally = {1, 2, counts, scale, NULL};
    struct disclosed d;
    assert_ok(disclose(&tally, &d));
    assert_int_equal(d.units[0].n, 7);
    assert_false(d.units[0].has_mean);
    disclosed_done(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_sum_or_difference_of_printed_figures_yields_a_hidden_unit),
        cmocka_unit_test(the_proof_finds_a_total_that_gives_a_hidden_unit_away),
        cmocka_unit_test(hidden_units_outside_the_total_leave_no_trace_at_all),
        cmocka_unit_test(every_small_case_of_three_units_follows_the_rule),
        cmocka_unit_test(who_knows_the_bounds_cannot_tell_a_hidden_units_figures_either),
        cmocka_unit_test(two_hidden_units_that_are_full_or_all_agree_stay_out),
        cmocka_unit_test(the_total_covers_shown_units_when_just_one_is_hidden),
        cmocka_unit_test(four_answers_are_hidden_and_five_are_shown),
        cmocka_unit_test(two_hidden_units_with_four_together_stay_out_and_with_five_come_in),
        cmocka_unit_test(means_are_rounded_half_away_from_zero),
        cmocka_unit_test(without_scores_there_is_no_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
