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

enum err disclose(const struct tally *tally, struct disclosed *ret_disclosed) {
    struct disclosed d;
    size_t hidden_units = 0;
    uint64_t hidden_n = 0;
    if (tally->choices_n == 0)
        return ERR_ARGUMENT;
    if (make_room(tally, &d) != OK)
        return ERR_MEMORY;
    for (size_t i = 0; i < tally->units_n; i++) {
        uint64_t n = answers_on_scale(tally, tally->counts + i * tally->choices_n);
        d.units[i].hidden = n < DISCLOSURE_N_MIN;
        if (d.units[i].hidden) {
            hidden_units++;
            hidden_n += n;
            continue;
        }
        add(tally, i, d.units[i].counts);
        work_out(tally, &d.units[i]);
    }
    bool hidden_enter = hidden_units >= 2 && hidden_n >= DISCLOSURE_N_MIN;
    d.covers = hidden_units == 0 || hidden_enter ? COVERS_ALL : COVERS_SHOWN;
    d.total.hidden = hidden_units > 0 && hidden_units == tally->units_n && !hidden_enter;
    for (size_t i = 0; i < tally->units_n; i++)
        if (!d.units[i].hidden || hidden_enter)
            add(tally, i, d.total.counts);
    work_out(tally, &d.total);
    *ret_disclosed = d;
    return OK;
}

void disclosed_done(struct disclosed *disclosed) {
    free(disclosed->total.counts); /* the units' too */
    free(disclosed->units);
    *disclosed = (struct disclosed){0};
}
