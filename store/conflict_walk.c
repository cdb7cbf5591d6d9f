#include "merge.h"
#include "row_key.h"
#include "version_row.h"

#include "proto/limits.h"
#include <stdlib.h>

/* A live version of the field at hand. */
struct candidate {
    struct version_name name;
    int64_t key;
};

struct conflict_walk {
    struct store *store;
    struct record_key record; /* the field at hand; those up to it have been looked at */
    uint16_t field;
    struct buffer live; /* struct candidate each, in version order, when the field was come to */
    size_t live_n, opened_n;
    struct buffer value; /* of the first; wiped */
};

enum err conflict_walk_new(struct store *s, struct conflict_walk **ret_walk) {
    struct conflict_walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        return ERR_MEMORY;
    walk->store = s;
    *ret_walk = walk;
    return OK;
}

void conflict_walk_free(struct conflict_walk *walk) {
    if (walk == NULL)
        return;
    buffer_done(&walk->live);
    buffer_wipe(&walk->value);
    free(walk);
}

static enum err next_contested(struct conflict_walk *walk, bool *ret_any) {
    struct db *db = walk->store->db;
    sqlite3_stmt *get =
        db_statement(db, "SELECT record, collection, field FROM contested WHERE record >= ?1"
                         " AND (record, collection, field) > (?1, ?2, ?3)"
                         " AND (+record, +collection, +field) > (?1, ?2, ?3)"
                         " ORDER BY record, collection, field LIMIT 1");
    db_bind_borrowed(get, 1, walk->record.id.bytes, sizeof walk->record.id.bytes);
    sqlite3_bind_int(get, 2, walk->record.collection);
    sqlite3_bind_int(get, 3, walk->field);
    struct record_key next = {0};
    uint16_t field = 0;
    enum err e = db_row(db, get, ret_any);
    if (e == OK && *ret_any) {
        next.collection = (uint16_t)sqlite3_column_int(get, 1);
        field = (uint16_t)sqlite3_column_int(get, 2);
        e = db_column_copy(get, 0, next.id.bytes, sizeof next.id.bytes);
    }
    db_reset(get);
    if (e == OK && *ret_any) {
        walk->record = next;
        walk->field = field;
    }
    return e;
}

/* Only in a field that keeps what both wrote, and that is known here, there is something to choose.
 */
static bool may_conflict(const struct conflict_walk *walk) {
    const struct collection *collection = collection_find(walk->record.collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, walk->field) : NULL;
    return field != NULL && !field->fixed && field->policy == POLICY_KEEP_BOTH;
}

static enum err load_live(struct conflict_walk *walk) {
    struct db *db = walk->store->db;
    bool row;
    enum err e;
    sqlite3_stmt *statement = db_statement(
        db, "SELECT v.key, v.id8, f.id FROM version v JOIN feed f ON f.row = v.key >> 45"
            " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3"
            " AND v.live = 1 AND v.field = ?4 ORDER BY f.id, v.key");
    record_key_bind(statement, &walk->record);
    sqlite3_bind_int(statement, 4, walk->field);
    while ((e = db_row(db, statement, &row)) == OK && row) {
        struct candidate live = {.key = sqlite3_column_int64(statement, 0)};
        live.name.seq = row_key_seq(live.key);
        e = db_column_copy(statement, 1, live.name.id8.bytes, sizeof live.name.id8.bytes);
        if (e == OK)
            e = db_column_copy(statement, 2, live.name.feed.bytes, sizeof live.name.feed.bytes);
        if (e == OK)
            e = buffer_append(&walk->live, &live, sizeof live);
        if (e != OK)
            break;
    }
    db_reset(statement);
    walk->live_n = walk->live.size / sizeof(struct candidate);
    return e;
}

/* Comes to the field at hand: its record's channel, and what is live in it. */
static enum err begin_field(struct conflict_walk *walk) {
    struct record_row record;
    buffer_clear(&walk->live);
    walk->live_n = walk->opened_n = 0;
    if (!may_conflict(walk))
        return OK;
    enum err e = record_row_find(walk->store, walk->record.collection, &walk->record.id, &record);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    walk->record = record.key;
    e = load_live(walk);
    if (walk->live_n < 2)
        walk->live_n = 0;
    return e;
}

/* `*ret_there` false: it is live no more. */
static enum err open_version(struct conflict_walk *walk, int64_t key, struct arena *arena,
                             struct bytes *ret_value, bool *ret_there) {
    struct version_row version;
    sqlite3_stmt *statement = db_statement(
        walk->store->db, "SELECT v.key, v.field, v.id8, v.clock, v.stored, v.live, v.replaces,"
                         "       v.actor_name, v.actor_function, v.value, f.id, f.author"
                         " FROM version v JOIN feed f ON f.row = v.key >> 45"
                         " WHERE v.key = ?1 AND v.live = 1");
    sqlite3_bind_int64(statement, 1, key);
    enum err e = db_row(walk->store->db, statement, ret_there);
    if (e == OK && *ret_there)
        e = version_row_read(walk->store, statement, &walk->record.id, arena, &version);
    db_reset(statement);
    if (e == OK && *ret_there)
        *ret_value = version.version.value;
    return e;
}

/* Compares the next live version's value with the first one's. */
static enum err compare_next(struct conflict_walk *walk, bool *ret_differs) {
    const struct candidate *live = (const struct candidate *)(const void *)walk->live.data;
    struct arena arena;
    struct bytes value = {0};
    bool there = false;
    arena_init(&arena, DECODE_MEMORY_MAX);
    enum err e = open_version(walk, live[walk->opened_n].key, &arena, &value, &there);
    if (e == OK && !there) {
        e = begin_field(walk); /* as it stands now */
    } else if (e == OK && walk->opened_n++ == 0) {
        buffer_clear(&walk->value);
        e = buffer_append(&walk->value, value.data, value.size);
    } else if (e == OK) {
        *ret_differs = !bytes_equal(buffer_view(&walk->value), value);
    }
    arena_done(&arena);
    return e;
}

enum err conflict_walk_step(struct conflict_walk *walk, struct conflict *ret_conflict,
                            bool *ret_found, bool *ret_done) {
    bool any = false, differs = false;
    *ret_found = *ret_done = false;
    if (walk->opened_n == walk->live_n) {
        enum err e = next_contested(walk, &any);
        *ret_done = e == OK && !any;
        return e == OK && any ? begin_field(walk) : e;
    }
    enum err e = compare_next(walk, &differs);
    if (e != OK || !differs)
        return e;
    const struct candidate *live = (const struct candidate *)(const void *)walk->live.data;
    struct conflict_id id = merge_conflict_id_of(&walk->record.id, walk->field, &live->name,
                                                 walk->live_n, sizeof *live);
    *ret_conflict = (struct conflict){id, walk->record.id, walk->record.collection, walk->field};
    *ret_found = true;
    walk->live_n = walk->opened_n = 0;
    return OK;
}
