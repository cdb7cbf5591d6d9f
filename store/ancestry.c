#include "ancestry.h"

#include <stdlib.h>

struct walk {
    const struct ancestor *all;
    size_t n;
    size_t *reached; /* by how many live versions */
    size_t *last;    /* by which live version last, counted from 1 */
    size_t *open;    /* stack of versions whose names are still to be followed */
    size_t open_n;
};

static int compare_name(const void *name, const void *ancestor) {
    return version_name_compare(name, &((const struct ancestor *)ancestor)->name);
}

static void follow(struct walk *w, const struct ancestor *from, size_t mark) {
    for (size_t i = 0; i < from->replaces_n; i++) {
        const struct ancestor *found =
            bsearch(&from->replaces[i], w->all, w->n, sizeof *w->all, compare_name);
        if (found == NULL)
            continue;
        size_t index = (size_t)(found - w->all);
        if (w->last[index] == mark)
            continue;
        w->last[index] = mark;
        w->reached[index]++;
        w->open[w->open_n++] = index;
    }
}

static bool is_newer(const struct ancestor *a, const struct ancestor *b) {
    return a->clock != b->clock ? a->clock > b->clock
                                : version_name_compare(&a->name, &b->name) > 0;
}

enum err ancestry_base(const struct ancestor *all, size_t n, struct arena *arena,
                       size_t *ret_index) {
    struct walk walk = {.all = all,
                        .n = n,
                        .reached = arena_array(arena, n, sizeof(size_t)),
                        .last = arena_array(arena, n, sizeof(size_t)),
                        .open = arena_array(arena, n, sizeof(size_t))};
    if (walk.reached == NULL || walk.last == NULL || walk.open == NULL)
        return ERR_MEMORY;
    size_t live_n = 0, best = n;
    for (size_t i = 0; i < n; i++) {
        if (!all[i].live)
            continue;
        live_n++;
        follow(&walk, &all[i], live_n);
        while (walk.open_n > 0)
            follow(&walk, &all[walk.open[--walk.open_n]], live_n);
    }
    for (size_t i = 0; i < n; i++)
        if (live_n > 0 && walk.reached[i] == live_n && !all[i].live &&
            (best == n || is_newer(&all[i], &all[best])))
            best = i;
    if (best == n)
        return ERR_NOT_FOUND;
    *ret_index = best;
    return OK;
}
