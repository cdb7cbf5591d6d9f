#include "value_search.h"

#include "proto/limits.h"
#include "version_row.h"

#define COLUMNS                                                                                    \
    "SELECT v.key, v.field, v.id8, v.clock, v.stored, v.live, v.replaces,"                         \
    "       v.actor_name, v.actor_function, v.value, f.id, f.author"                               \
    " FROM version v JOIN feed f ON f.row = v.key >> 45"                                           \
    " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3 AND v.live = 1 AND v.field = "  \
    "?4"

static bool is_fixed(const struct value_search *search) {
    const struct collection *collection = collection_find(search->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, search->field) : NULL;
    return field != NULL && field->fixed;
}

/* Of a fixed field the lowest clock counts, then the lowest version, as merge_first says. */
static sqlite3_stmt *next_version(struct store *s, const struct value_search *search,
                                  const struct record_key *record) {
    sqlite3_stmt *statement =
        is_fixed(search)
            ? db_statement(s->db, COLUMNS " AND ?5 = 0 ORDER BY v.clock, f.id, v.key LIMIT 1")
            : db_statement(s->db, COLUMNS " AND v.key > ?5 AND +v.key > ?5 ORDER BY v.key LIMIT 1");
    record_key_bind(statement, record);
    sqlite3_bind_int(statement, 4, search->field);
    sqlite3_bind_int64(statement, 5, search->after);
    return statement;
}

enum err value_search_step(struct store *s, struct value_search *search, struct bytes value,
                           bool *ret_found, bool *ret_done) {
    struct record_row record;
    struct version_row version = {0};
    struct arena arena;
    bool row = false, found = false;
    enum err e = record_row_find(s, search->collection, &search->record, &record);
    if (e == ERR_NOT_FOUND) {
        *ret_found = false;
        *ret_done = true;
        return OK;
    }
    if (e != OK)
        return e;
    arena_init(&arena, DECODE_MEMORY_MAX);
    sqlite3_stmt *statement = next_version(s, search, &record.key);
    e = db_row(s->db, statement, &row);
    if (e == OK && row)
        e = version_row_read(s, statement, &search->record, &arena, &version);
    db_reset(statement);
    if (e == OK && row) {
        search->after = version.key;
        found = bytes_equal(version.version.value, value);
    }
    arena_done(&arena);
    if (e != OK)
        return e;
    *ret_found = found;
    *ret_done = found || !row;
    return OK;
}
