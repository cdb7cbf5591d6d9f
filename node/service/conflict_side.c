#include "conflict_side.h"

#include "form.h"
#include "name.h"

#include <stdlib.h>
#include <string.h>

/* Latest first; versions in their own order settle a tie, as they do for the one that is shown. */
static int by_clock(const void *a, const void *b) {
    const struct version *first = *(const struct version *const *)a,
                         *second = *(const struct version *const *)b;
    if (first->clock != second->clock)
        return first->clock > second->clock ? -1 : 1;
    return -version_name_compare(&first->name, &second->name);
}

enum err sides_load(struct store *store, const struct conflict *conflict, struct arena *arena,
                    struct sides *ret_sides) {
    struct record record;
    enum err e = record_load(store, conflict->collection, &conflict->record, arena, &record);
    if (e != OK)
        return e;
    const struct field_state *state = record_field(&record, conflict->field);
    if (state == NULL)
        return ERR_NOT_FOUND;
    struct sides sides = {.live = state->live, .live_n = state->live_n};
    size_t *counts = arena_array(arena, state->sides_n, sizeof *counts);
    struct side **of_value = arena_array(arena, state->sides_n, sizeof(struct side *));
    const struct version **order = arena_array(arena, state->live_n, sizeof *order);
    sides.list = arena_array(arena, state->sides_n, sizeof *sides.list);
    if (counts == NULL || of_value == NULL || order == NULL || sides.list == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < state->live_n; i++) {
        order[i] = &state->live[i];
        counts[field_value(state, state->live[i].value)]++;
    }
    qsort(order, state->live_n, sizeof *order, by_clock);
    for (size_t i = 0; i < state->live_n; i++) {
        size_t value = field_value(state, order[i]->value);
        struct side *side = of_value[value];
        if (side == NULL) {
            side = of_value[value] = &sides.list[sides.n++];
            side->value = order[i]->value;
            side->versions = arena_array(arena, counts[value], sizeof *side->versions);
            if (side->versions == NULL)
                return ERR_MEMORY;
        }
        side->versions[side->versions_n++] = order[i];
    }
    sides.shown =
        (size_t)(of_value[field_value(state, state->live[state->shown].value)] - sides.list);
    *ret_sides = sides;
    return OK;
}

static bool is_number(const char *text, size_t *ret_number) {
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    *ret_number = (size_t)strtoul(text, &end, 10);
    return *end == '\0';
}

typedef bool is_called(const char *site, const char *name);

static bool wrote(struct store *store, const struct side *side, const char *name,
                  is_called *called) {
    char site[FORM_NAME_MAX];
    for (size_t i = 0; i < side->versions_n; i++)
        if (called(form_name(store, &side->versions[i]->author, site), name))
            return true;
    return false;
}

static size_t find_named(struct store *store, const struct sides *sides, const char *name,
                         is_called *called, size_t *ret_index) {
    size_t n = 0;
    for (size_t i = 0; i < sides->n; i++)
        if (wrote(store, &sides->list[i], name, called)) {
            *ret_index = i;
            n++;
        }
    return n;
}

enum err sides_find(struct store *store, const struct sides *sides, const char *name,
                    size_t *ret_index) {
    size_t number, index = 0;
    if (is_number(name, &number)) {
        if (number < 1 || number > sides->n)
            return ERR_NOT_FOUND;
        *ret_index = number - 1;
        return OK;
    }
    if (*name == '\0')
        return ERR_NOT_FOUND;
    size_t n = find_named(store, sides, name, name_is_like, &index);
    if (n == 0)
        n = find_named(store, sides, name, name_begins, &index);
    if (n != 1)
        return n == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS;
    *ret_index = index;
    return OK;
}
