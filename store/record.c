#include "record.h"

#include "merge.h"
#include "version_row.h"

#include <stdlib.h>

/* A record being loaded: versions in order of field, then version. */
struct loading {
    struct store *store;
    struct arena *arena;
    struct record_row row;
    struct version *versions;
    uint16_t *numbers; /* each version's field */
    size_t versions_n, versions_max;
};

static enum err count_live(struct store *s, const struct record_key *record, size_t *ret_n) {
    bool row;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT count(*) FROM version WHERE record = ?1 AND channel = ?2"
                            " AND collection = ?3 AND live = 1");
    record_key_bind(statement, record);
    enum err e = db_row(s->db, statement, &row);
    if (e == OK)
        *ret_n = (size_t)sqlite3_column_int64(statement, 0);
    db_reset(statement);
    return e;
}

static enum err load_versions(struct loading *l) {
    struct db *db = l->store->db;
    bool row;
    enum err e = count_live(l->store, &l->row.key, &l->versions_max);
    if (e != OK)
        return e;
    l->versions = arena_array(l->arena, l->versions_max, sizeof *l->versions);
    l->numbers = arena_array(l->arena, l->versions_max, sizeof *l->numbers);
    if (l->versions == NULL || l->numbers == NULL)
        return ERR_MEMORY;
    sqlite3_stmt *statement =
        db_statement(db, "SELECT v.key, v.field, v.id8, v.clock, v.stored, v.live, v.replaces,"
                         "       v.actor_name, v.actor_function, v.value, f.id, f.author"
                         " FROM version v JOIN feed f ON f.row = v.key >> 45"
                         " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3"
                         " AND v.live = 1 ORDER BY v.field, f.id, v.key");
    record_key_bind(statement, &l->row.key);
    while ((e = db_row(db, statement, &row)) == OK && row && l->versions_n < l->versions_max) {
        struct version_row version;
        if ((e = version_row_read(l->store, statement, &l->row.key.id, l->arena, &version)) != OK)
            break;
        l->versions[l->versions_n] = version.version;
        l->numbers[l->versions_n++] = version.field;
    }
    db_reset(statement);
    return e;
}

/* The next field's versions, from `at`, as the merge sees them. */
static size_t take_field(const struct loading *l, size_t at, struct merge_version *ret_live) {
    size_t n = 0;
    for (; at + n < l->versions_n && l->numbers[at + n] == l->numbers[at]; n++) {
        const struct version *version = &l->versions[at + n];
        ret_live[n] =
            (struct merge_version){version->name, version->clock, version->author, version->value};
    }
    return n;
}

/* A field that is not known here keeps all its values, and nobody can be asked about them. */
static struct field_state state_of(const struct loading *l, size_t at,
                                   const struct merge_version *live, size_t live_n,
                                   struct bytes *ret_values) {
    const struct collection *collection = collection_find(l->row.key.collection);
    struct field_state state = {
        .number = l->numbers[at], .live = &l->versions[at], .live_n = live_n, .values = ret_values};
    if (collection != NULL)
        state.field = collection_field(collection, state.number);
    if (state.field != NULL && state.field->fixed) {
        size_t first = merge_first(live, live_n);
        state.live += first;
        live += first;
        state.live_n = live_n = 1;
    }
    enum policy policy = state.field != NULL ? state.field->policy : POLICY_KEEP_BOTH;
    struct merge_pick pick = merge_resolve(policy, live, live_n, ret_values);
    state.shown = pick.shown;
    state.sides_n = pick.sides_n;
    state.conflicted = pick.conflicted && state.field != NULL;
    return state;
}

static enum err load_fields(struct loading *l, struct record *record) {
    struct field_state *fields = arena_array(l->arena, l->versions_n, sizeof *fields);
    struct merge_version *live = arena_array(l->arena, l->versions_n, sizeof *live);
    struct bytes *values = arena_array(l->arena, l->versions_n, sizeof *values);
    if (fields == NULL || live == NULL || values == NULL)
        return ERR_MEMORY;
    for (size_t at = 0; at < l->versions_n;) {
        size_t n = take_field(l, at, live);
        fields[record->fields_n++] = state_of(l, at, live, n, values + at);
        at += n;
    }
    record->fields = fields;
    return record_revision_with(record, NULL, 0, l->arena, &record->revision);
}

enum err record_load(struct store *s, uint16_t collection, const struct record_id *id,
                     struct arena *arena, struct record *ret_record) {
    struct loading loading = {.store = s, .arena = arena};
    enum err e = record_row_find(s, collection, id, &loading.row);
    if (e == OK)
        e = load_versions(&loading);
    if (e != OK)
        return e;
    struct record record = {.id = *id,
                            .collection = loading.row.key.collection,
                            .channel = loading.row.channel,
                            .channel_id = loading.row.channel_id};
    if (!record_row_owner(&loading.row, &record.owner) && loading.versions_n > 0)
        record.owner = loading.versions[0].author;
    e = load_fields(&loading, &record);
    if (e == OK)
        *ret_record = record;
    return e;
}

const struct field_state *record_field(const struct record *record, uint16_t number) {
    for (size_t i = 0; i < record->fields_n; i++)
        if (record->fields[i].number == number)
            return &record->fields[i];
    return NULL;
}

static int by_value(const void *a, const void *b) {
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

size_t field_value(const struct field_state *state, struct bytes value) {
    const struct bytes *found =
        bsearch(&value, state->values, state->sides_n, sizeof *state->values, by_value);
    return found != NULL ? (size_t)(found - state->values) : state->sides_n;
}

/* Part track speaks about a revision, so it is not in one. */
static bool is_in_revision(const struct collection *collection, uint16_t number) {
    const struct field *field = collection != NULL ? collection_field(collection, number) : NULL;
    return field == NULL || field->part != PART_TRACK;
}

static bool is_replaced(const struct version *version, uint16_t field, const struct write *writes,
                        size_t writes_n) {
    for (size_t i = 0; i < writes_n; i++)
        for (size_t k = 0; writes[i].field == field && k < writes[i].replaces_n; k++)
            if (version_name_compare(&writes[i].replaces[k], &version->name) == 0)
                return true;
    return false;
}

enum err record_revision_with(const struct record *record, const struct write *writes,
                              size_t writes_n, struct arena *arena, struct revision *ret_revision) {
    const struct collection *collection = collection_find(record->collection);
    size_t n = 0, room = writes_n;
    for (size_t i = 0; i < record->fields_n; i++)
        room += record->fields[i].live_n;
    struct merge_value *values = arena_array(arena, room, sizeof *values);
    if (values == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < record->fields_n; i++) {
        const struct field_state *state = &record->fields[i];
        for (size_t k = 0; is_in_revision(collection, state->number) && k < state->live_n; k++)
            if (!is_replaced(&state->live[k], state->number, writes, writes_n))
                values[n++] = (struct merge_value){state->number, state->live[k].value};
    }
    for (size_t i = 0; i < writes_n; i++)
        if (is_in_revision(collection, writes[i].field))
            values[n++] = (struct merge_value){writes[i].field, writes[i].value};
    *ret_revision = merge_revision(&record->id, values, n);
    return OK;
}

/* All the values of a union, one a line. */
static const char *union_of(const struct field_state *state, struct arena *arena) {
    size_t size = 0, at = 0;
    for (size_t i = 0; i < state->sides_n; i++)
        size += state->values[i].size + 1;
    char *text = arena_alloc(arena, size + 1);
    for (size_t i = 0; text != NULL && i < state->sides_n; i++) {
        struct bytes value = state->values[i];
        if (value.size == 0)
            continue;
        if (at > 0)
            text[at++] = '\n';
        memcpy(text + at, value.data, value.size);
        at += value.size;
    }
    return text;
}

const char *record_text_of(const struct record *record, uint16_t number, struct arena *arena) {
    const struct field_state *state = record_field(record, number);
    if (state == NULL)
        return "";
    if (state->field != NULL && state->field->policy == POLICY_UNION)
        return union_of(state, arena);
    /* Values are loaded with a NUL after them. */
    return (const char *)state->live[state->shown].value.data;
}

enum err record_each(struct store *s, uint16_t collection, record_visit *visit, void *context) {
    struct record_id id;
    bool row;
    enum err e;
    sqlite3_stmt *walk =
        db_walk(s->db, "SELECT DISTINCT record FROM version WHERE collection = ?1 ORDER BY record");
    sqlite3_bind_int(walk, 1, collection);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        if ((e = db_column_copy(walk, 0, id.bytes, sizeof id.bytes)) != OK ||
            (e = visit(context, &id)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

struct finding {
    const char *prefix;
    struct record_id id;
    size_t n;
};

static enum err find_visit(void *context, const struct record_id *id) {
    struct finding *finding = context;
    char text[ID_TEXT_MAX];
    record_text(id, text);
    if (id_text_has_prefix(text, finding->prefix)) {
        finding->id = *id;
        finding->n++;
    }
    return OK;
}

enum err record_find(struct store *s, uint16_t collection, const char *prefix,
                     struct record_id *ret_id) {
    struct finding finding = {.prefix = prefix};
    enum err e = record_each(s, collection, find_visit, &finding);
    if (e != OK)
        return e;
    if (finding.n != 1)
        return finding.n == 0 ? ERR_NOT_FOUND : ERR_AMBIGUOUS;
    *ret_id = finding.id;
    return OK;
}

static int by_clock(const void *a, const void *b) {
    const struct version *first = &((const struct past_version *)a)->version;
    const struct version *second = &((const struct past_version *)b)->version;
    if (first->clock != second->clock)
        return first->clock < second->clock ? -1 : 1;
    return version_name_compare(&first->name, &second->name);
}

static bool is_fixed(uint16_t collection, uint16_t number) {
    const struct collection *known = collection_find(collection);
    const struct field *field = known != NULL ? collection_field(known, number) : NULL;
    return field != NULL && field->fixed;
}

enum err record_history(struct store *s, uint16_t collection, const struct record_id *id,
                        uint16_t field, struct arena *arena,
                        const struct past_version **ret_versions, size_t *ret_n) {
    struct record_row record;
    struct version_row *rows = NULL;
    size_t n = 0;
    enum err e = record_row_find(s, collection, id, &record);
    if (e == OK)
        e = version_row_history(s, &record, field, arena, &rows, &n);
    if (e != OK)
        return e;
    struct past_version *versions = arena_array(arena, n, sizeof *versions);
    if (versions == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        versions[i] = (struct past_version){rows[i].version, rows[i].live, rows[i].stored};
    qsort(versions, n, sizeof *versions, by_clock);
    for (size_t i = 1; i < n && is_fixed(collection, field); i++)
        versions[i].live = false;
    *ret_versions = versions;
    *ret_n = n;
    return OK;
}
