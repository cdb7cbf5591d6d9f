#include "ancestry.h"
#include "merge.h"
#include "row_key.h"
#include "version_row.h"

/* For a record's live values. The other party of a channel can write far more. */
enum { RECORD_MEMORY_MAX = 16 * 1024 * 1024 };

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

static enum err live_names(struct store *s, const struct record_key *record, uint16_t field,
                           struct merge *merge) {
    bool row;
    enum err e;
    sqlite3_stmt *walk =
        db_walk(s->db, "SELECT v.key, v.id8, f.id FROM version v JOIN feed f ON f.row = v.key >> 45"
                       " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3"
                       " AND v.live = 1 AND v.field = ?4 ORDER BY f.id, v.key");
    record_key_bind(walk, record);
    sqlite3_bind_int(walk, 4, field);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        struct merge_version version = {.name.seq = row_key_seq(sqlite3_column_int64(walk, 0))};
        struct version_name *name = &version.name;
        e = db_column_copy(walk, 1, name->id8.bytes, sizeof name->id8.bytes);
        if (e == OK)
            e = db_column_copy(walk, 2, name->feed.bytes, sizeof name->feed.bytes);
        if (e == OK)
            e = merge_add(merge, &version, NULL, 0);
        if (e != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

/* Where the values are more than is read here, they are not compared: better a conflict that turns
 * out to be none than one that nobody sees. */
static enum err live_unread(struct store *s, const struct contested *contested,
                            struct conflict *ret_conflict, bool *ret_conflicted) {
    const struct collection *collection = collection_find(contested->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, contested->field) : NULL;
    struct record_row record;
    struct merge merge = {0};
    if (field == NULL || field->fixed || field->policy != POLICY_KEEP_BOTH)
        return OK;
    enum err e = record_row_find(s, contested->collection, &contested->record, &record);
    if (e == OK)
        e = live_names(s, &record.key, contested->field, &merge);
    *ret_conflicted = e == OK && merge.versions_n > 1;
    if (*ret_conflicted)
        *ret_conflict =
            (struct conflict){merge_conflict_id(&contested->record, contested->field,
                                                merge.versions, merge.versions_n),
                              contested->record, contested->collection, contested->field};
    merge_done(&merge);
    return e;
}

enum err conflict_each(struct store *s, conflict_visit *visit, void *context) {
    struct arena arena;
    bool row;
    enum err e;
    sqlite3_stmt *walk = db_walk(s->db, "SELECT DISTINCT record, collection, field FROM contested"
                                        " ORDER BY record, collection, field");
    arena_init(&arena, RECORD_MEMORY_MAX);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        struct contested contested = {.collection = (uint16_t)sqlite3_column_int(walk, 1),
                                      .field = (uint16_t)sqlite3_column_int(walk, 2)};
        struct conflict conflict;
        bool conflicted = false;
        e = db_column_copy(walk, 0, contested.record.bytes, sizeof contested.record.bytes);
        if (e == OK)
            e = live_of(s, &contested, &arena, &conflict, &conflicted);
        if (e == ERR_MEMORY && arena.capped)
            e = live_unread(s, &contested, &conflict, &conflicted);
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
