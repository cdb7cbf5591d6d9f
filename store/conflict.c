#include "ancestry.h"
#include "merge.h"
#include "version_row.h"

/* A contested field as the walk finds it. */
struct contested {
    struct record_id record;
    uint16_t collection, field;
};

static enum err live_of(struct store *s, const struct contested *contested, struct arena *arena,
                        struct conflict *ret_conflict, bool *ret_conflicted) {
    struct record record;
    *ret_conflicted = false;
    enum err e = record_load(s, contested->collection, &contested->record, arena, &record);
    const struct field_state *state = e == OK ? record_field(&record, contested->field) : NULL;
    if (state == NULL || !state->conflicted)
        return e == ERR_NOT_FOUND ? OK : e;
    struct merge_version *live = arena_array(arena, state->live_n, sizeof *live);
    if (live == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < state->live_n; i++)
        live[i] = (struct merge_version){.name = state->live[i].name};
    *ret_conflict =
        (struct conflict){merge_conflict_id(&record.id, state->number, live, state->live_n),
                          record.id, record.collection, state->number};
    *ret_conflicted = true;
    return OK;
}

enum err conflict_each(struct store *s, conflict_visit *visit, void *context) {
    struct arena arena;
    bool row;
    enum err e;
    sqlite3_stmt *walk = db_walk(s->db, "SELECT DISTINCT record, collection, field FROM contested"
                                        " ORDER BY record, collection, field");
    arena_init(&arena, SIZE_MAX);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        struct contested contested = {.collection = (uint16_t)sqlite3_column_int(walk, 1),
                                      .field = (uint16_t)sqlite3_column_int(walk, 2)};
        struct conflict conflict;
        bool conflicted = false;
        e = db_column_copy(walk, 0, contested.record.bytes, sizeof contested.record.bytes);
        if (e == OK)
            e = live_of(s, &contested, &arena, &conflict, &conflicted);
        if (e == OK && conflicted)
            e = visit(context, &conflict);
        if (e != OK)
            break;
        arena_reset(&arena);
    }
    sqlite3_finalize(walk);
    arena_done(&arena);
    return e;
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
