#include "disclosure.h"

#include <stdlib.h>
#include <string.h>

static uint64_t answers_on_scale(const struct tally *tally, const uint64_t *counts) {
    uint64_t n = 0;
    for (size_t i = 0; i < tally->choices_n; i++)
        n += tally->on_scale[i] ? counts[i] : 0;
    return n;
}

static void add(const struct tally *tally, size_t unit, uint64_t *sums) {
    for (size_t i = 0; i < tally->choices_n; i++)
        sums[i] += tally->counts[unit * tally->choices_n + i];
}

/* n and mean follow from the counts of the very same set. */
static void work_out(const struct tally *tally, struct figures *figures) {
    int64_t sum = 0;
    figures->n = answers_on_scale(tally, figures->counts);
    if (tally->scores == NULL || figures->n == 0)
        return;
    for (size_t i = 0; i < tally->choices_n; i++)
        sum += tally->on_scale[i] ? tally->scores[i] * (int64_t)figures->counts[i] : 0;
    int64_t n = (int64_t)figures->n, half = sum < 0 ? -n : n;
    figures->has_mean = true;
    figures->mean_tenths = (20 * sum + half) / (2 * n);
}

static enum err make_room(const struct tally *tally, struct disclosed *ret) {
    *ret = (struct disclosed){.units_n = tally->units_n, .choices_n = tally->choices_n};
    uint64_t *counts = calloc((tally->units_n + 1) * tally->choices_n, sizeof *counts);
    ret->units = calloc(tally->units_n + 1, sizeof *ret->units);
    ret->total.counts = counts;
    if (counts == NULL || ret->units == NULL) {
        disclosed_done(ret);
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < tally->units_n; i++)
        ret->units[i].counts = counts + (i + 1) * tally->choices_n;
    return OK;
}

struct hidden {
    size_t units_n;
    uint64_t n, largest_n; /* answers on the scale; those of the choice that has most */
};

static enum err count_hidden(const struct tally *tally, const struct disclosed *d,
                             struct hidden *ret_hidden) {
    struct hidden hidden = {0};
    uint64_t *sums = calloc(tally->choices_n, sizeof *sums);
    if (sums == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < tally->units_n; i++) {
        if (!d->units[i].hidden)
            continue;
        hidden.units_n++;
        add(tally, i, sums);
    }
    hidden.n = answers_on_scale(tally, sums);
    for (size_t i = 0; i < tally->choices_n; i++)
        if (tally->on_scale[i] && sums[i] > hidden.largest_n)
            hidden.largest_n = sums[i];
    free(sums);
    *ret_hidden = hidden;
    return OK;
}

/* How many answered (one choice for everybody) are always the same answer: that says nothing. */
static bool may_enter(const struct tally *tally, const struct hidden *hidden) {
    bool agree = hidden->largest_n == hidden->n && tally->choices_n > 1;
    return hidden->units_n >= 2 && hidden->n >= DISCLOSURE_N_MIN &&
           hidden->n < hidden->units_n * (DISCLOSURE_N_MIN - 1) && !agree;
}

static void work_out_total(const struct tally *tally, const struct hidden *hidden,
                           struct disclosed *d) {
    bool enter = may_enter(tally, hidden);
    d->covers = hidden->units_n == 0 || enter ? COVERS_ALL : COVERS_SHOWN;
    d->total.hidden = hidden->units_n > 0 && hidden->units_n == tally->units_n && !enter;
    d->total.scale_only = enter;
    for (size_t i = 0; i < tally->units_n; i++)
        if (!d->units[i].hidden || enter)
            add(tally, i, d->total.counts);
    for (size_t i = 0; enter && i < tally->choices_n; i++)
        if (!tally->on_scale[i])
            d->total.counts[i] = 0;
    work_out(tally, &d->total);
}

enum err disclose(const struct tally *tally, struct disclosed *ret_disclosed) {
    struct disclosed d;
    struct hidden hidden;
    if (tally->choices_n == 0)
        return ERR_ARGUMENT;
    if (make_room(tally, &d) != OK)
        return ERR_MEMORY;
    for (size_t i = 0; i < tally->units_n; i++) {
        uint64_t n = answers_on_scale(tally, tally->counts + i * tally->choices_n);
        d.units[i].hidden = n < DISCLOSURE_N_MIN;
        if (d.units[i].hidden)
            continue;
        add(tally, i, d.units[i].counts);
        work_out(tally, &d.units[i]);
    }
    enum err e = count_hidden(tally, &d, &hidden);
    if (e != OK) {
        disclosed_done(&d);
        return e;
    }
    work_out_total(tally, &hidden, &d);
    *ret_disclosed = d;
    return OK;
}

void disclosed_done(struct disclosed *disclosed) {
    free(disclosed->total.counts); /* the units' too */
    free(disclosed->units);
    *disclosed = (struct disclosed){0};
}
