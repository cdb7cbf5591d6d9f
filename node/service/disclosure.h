/* Which figures of one question may be printed, so that no unit with few answers shows, neither by itself nor by subtraction.
 * Pure: no I/O, no state.
 *
 * - A unit with fewer than DISCLOSURE_N_MIN answers on the scale is hidden, with all its cells ("don't know" too).
 * - Hidden units enter the total only if there are at least two, if they have together at least DISCLOSURE_N_MIN answers on the
 *   scale and fewer than would fill each of them to the brim (DISCLOSURE_N_MIN - 1), and if those are not all the same answer;
 *   otherwise the total covers the shown units alone.
 * - A total that hidden units are in says nothing of the choices off the scale ("don't know"): they could be set against what is
 *   known of a site's size.
 *
 * So the printed figures are cells of shown units, and sums over all shown units or over all units. Subtracting leaves at most the sum
 * over all hidden units: never one of them. Nor do the bounds 0 to DISCLOSURE_N_MIN - 1, which every reader knows, fix a hidden unit's n
 * or a cell of it, but for one case: a cell that is zero in that sum is zero in each ("nobody there answered 1"). */
#ifndef STAFET_NODE_DISCLOSURE_H
#define STAFET_NODE_DISCLOSURE_H

#include "proto/err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DISCLOSURE_N_MIN = 5 };

/* What was counted. */
struct tally {
    size_t units_n, choices_n;
    const uint64_t *counts; /* [unit * choices_n + choice] */
    const bool *on_scale;   /* per choice: counted in n */
    const int *scores;      /* per choice, of those on the scale; NULL: no mean */
};

struct figures {
    bool hidden;        /* nothing below may be shown: all of it is zero */
    uint64_t n;         /* answers on the scale */
    bool has_mean;
    int64_t mean_tenths; /* the mean times ten, halves away from zero */
    uint64_t *counts;   /* per choice */
    bool scale_only;    /* counts off the scale may not be shown: they are zero */
};

enum covers { COVERS_ALL = 1, COVERS_SHOWN };
struct disclosed {
    size_t units_n, choices_n;
    struct figures *units;
    struct figures total; /* hidden when it would cover nothing */
    enum covers covers;
};

/* ERR_MEMORY; ERR_ARGUMENT without choices. */
MUST_USE enum err disclose(const struct tally *, struct disclosed *ret_disclosed);
void disclosed_done(struct disclosed *);

#endif
