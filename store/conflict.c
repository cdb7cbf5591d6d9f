#include "ancestry.h"
#include "merge.h"
#include "version_row.h"

enum err conflict_each(struct store *s, conflict_visit *visit, void *context) {
    struct conflict_walk *walk = NULL;
    struct conflict conflict;
    bool found, done = false;
    enum err e = conflict_walk_new(s, &walk);
    while (e == OK && !done) {
        e = conflict_walk_step(walk, &conflict, &found, &done);
        if (e == OK && found)
            e = visit(context, &conflict);
    }
    conflict_walk_free(walk);
    return e;
}

bool conflict_of(const struct record *record, const struct field_state *state,
                 struct conflict *ret_conflict) {
    if (!state->conflicted)
        return false;
    struct conflict_id id = merge_conflict_id_of(&record->id, state->number, &state->live->name,
                                                 state->live_n, sizeof *state->live);
    *ret_conflict = (struct conflict){id, record->id, record->collection, state->number};
    return true;
}

struct finding {
    const char *prefix;
    struct conflict conflict;
    size_t n;
};

static enum err find_visit(void *context, const struct conflict *conflict) {
    struct finding *finding = context;
    char text[ID_TEXT_MAX];
    id_text(conflict->id.bytes, sizeof conflict->id.bytes, text);
    if (id_text_has_prefix(text, finding->prefix)) {
        finding->conflict = *conflict;
        finding->n++;
    }
    return OK;
}

enum err conflict_find(struct store *s, const char *prefix, struct conflict *ret_conflict) {
    struct finding finding = {.prefix = prefix};
    enum err e = conflict_each(s, find_visit, &finding);
    if (e != OK)
        return e;
    if (finding.n != 1)
        return finding.n == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS;
    *ret_conflict = finding.conflict;
    return OK;
}

enum err conflict_base(struct store *s, const struct conflict *conflict, struct arena *arena,
                       struct version *ret_base) {
    struct record_row record;
    struct version_row *rows = NULL;
    size_t n = 0, base;
    enum err e = record_row_find(s, conflict->collection, &conflict->record, &record);
    if (e == OK)
        e = version_row_history(s, &record, conflict->field, arena, &rows, &n);
    if (e != OK)
        return e;
    struct ancestor *all = arena_array(arena, n, sizeof *all);
    if (all == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        all[i] = (struct ancestor){rows[i].version.name, rows[i].version.clock, rows[i].live,
                                   rows[i].replaces, rows[i].replaces_n};
    e = ancestry_base(all, n, arena, &base);
    if (e == OK)
        *ret_base = rows[base].version;
    return e;
}
