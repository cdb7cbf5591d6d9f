#include "field_row.h"

#include "merge.h"
#include "row_key.h"

enum err field_row_await(struct store *s, const struct record_key *record, uint16_t field,
                         const struct version_name *name) {
    uint8_t bytes[NAME_SIZE];
    version_name_write(name, bytes);
    sqlite3_stmt *statement =
        db_statement(s->db, "INSERT INTO awaited (record, channel, collection, field, name)"
                            " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING");
    record_key_bind(statement, record);
    sqlite3_bind_int(statement, 4, field);
    db_bind_borrowed(statement, 5, bytes, sizeof bytes);
    return db_run(s->db, statement);
}

enum err field_row_set_live(struct store *s, int64_t key, bool live) {
    sqlite3_stmt *statement = db_statement(s->db, "UPDATE version SET live = ?2 WHERE key = ?1");
    sqlite3_bind_int64(statement, 1, key);
    sqlite3_bind_int(statement, 2, live);
    return db_run(s->db, statement);
}

static enum err count_live(struct store *s, const struct record_key *record, uint16_t field,
                           int *ret_n) {
    bool row;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT count(*) FROM (SELECT 1 FROM version WHERE record = ?1"
                            " AND channel = ?2 AND collection = ?3 AND live = 1 AND field = ?4"
                            " LIMIT 2)");
    record_key_bind(statement, record);
    sqlite3_bind_int(statement, 4, field);
    enum err e = db_row(s->db, statement, &row);
    if (e == OK)
        *ret_n = sqlite3_column_int(statement, 0);
    db_reset(statement);
    return e;
}

/* Only whether there are several: what they say is looked at when somebody asks, so that merging
 * needs no opened value. */
enum err field_row_note_contested(struct store *s, const struct record_key *record,
                                  uint16_t field) {
    int live = 0;
    enum err e = count_live(s, record, field, &live);
    if (e != OK)
        return e;
    sqlite3_stmt *statement =
        live > 1 ? db_statement(s->db, "INSERT INTO contested (record, channel, collection, field)"
                                       " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING")
                 : db_statement(s->db, "DELETE FROM contested WHERE record = ?1 AND channel = ?2"
                                       " AND collection = ?3 AND field = ?4");
    record_key_bind(statement, record);
    sqlite3_bind_int(statement, 4, field);
    return db_run(s->db, statement);
}

/* The names that a field's versions replaced, and which of the versions are here; their values
 * don't matter. */
static enum err load_field(struct store *s, const struct record_key *record, uint16_t field,
                           struct merge *merge) {
    struct merge_version version = {0};
    bool row;
    enum err e;
    sqlite3_stmt *statement = db_statement(
        s->db,
        "SELECT f.id, v.key, v.id8, v.replaces FROM version v JOIN feed f ON f.row = v.key >> 45"
        " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3 AND v.live IN (0, 1)"
        " AND v.field = ?4 ORDER BY f.id, v.key");
    record_key_bind(statement, record);
    sqlite3_bind_int(statement, 4, field);
    while ((e = db_row(s->db, statement, &row)) == OK && row) {
        struct bytes names = db_column_bytes(statement, 3);
        version.name.seq = row_key_seq(sqlite3_column_int64(statement, 1));
        e = db_column_copy(statement, 0, version.name.feed.bytes, sizeof version.name.feed.bytes);
        if (e == OK)
            e = db_column_copy(statement, 2, version.name.id8.bytes, sizeof version.name.id8.bytes);
        for (size_t at = 0; e == OK && at + NAME_SIZE <= names.size; at += NAME_SIZE) {
            struct version_name name;
            version_name_read(names.data + at, &name);
            e = merge_add_name(merge, &name);
        }
        if (e == OK)
            e = merge_add(merge, &version, NULL, 0);
        if (e != OK)
            break;
    }
    db_reset(statement);
    return e;
}

/* Walks the same rows again; each is set right before the next is read. */
static enum err store_live(struct store *s, const struct record_key *record, uint16_t field,
                           const struct merge *merge) {
    bool row;
    enum err e;
    struct version_name name;
    sqlite3_stmt *walk = db_walk(
        s->db, "SELECT v.key, v.id8, f.id, v.live FROM version v JOIN feed f ON f.row = v.key >> 45"
               " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3 AND v.live IN (0, 1)"
               " AND v.field = ?4 ORDER BY f.id, v.key");
    record_key_bind(walk, record);
    sqlite3_bind_int(walk, 4, field);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        int64_t key = sqlite3_column_int64(walk, 0);
        name.seq = row_key_seq(key);
        e = db_column_copy(walk, 1, name.id8.bytes, sizeof name.id8.bytes);
        if (e == OK)
            e = db_column_copy(walk, 2, name.feed.bytes, sizeof name.feed.bytes);
        bool live = e == OK && !merge_is_named(merge, &name);
        if (e == OK && live != (sqlite3_column_int(walk, 3) != 0))
            e = field_row_set_live(s, key, live);
        if (e != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

enum err field_row_rebuild(struct store *s, const struct record_key *record, uint16_t field) {
    struct merge merge = {0};
    enum err e = load_field(s, record, field, &merge);
    if (e == OK)
        e = store_live(s, record, field, &merge);
    if (e != OK)
        goto done;
    sqlite3_stmt *statement =
        db_statement(s->db, "DELETE FROM awaited WHERE record = ?1 AND channel = ?2"
                            " AND collection = ?3 AND field = ?4");
    record_key_bind(statement, record);
    sqlite3_bind_int(statement, 4, field);
    e = db_run(s->db, statement);
    for (size_t i = 0; e == OK && merge.versions_n > 0 && i < merge.named_n; i++)
        if (merge_find(&merge, &merge.named[i]) == NULL)
            e = field_row_await(s, record, field, &merge.named[i]);
    if (e == OK)
        e = field_row_note_contested(s, record, field);
done:
    merge_done(&merge);
    return e;
}

/* ---- Looking back ---- */

static enum err verify_live(struct store *s, const struct record_key *record, uint16_t field,
                            const struct merge *merge, size_t *ret_live_n, bool *ret_same) {
    bool row, same = true;
    size_t live_n = 0;
    enum err e;
    struct version_name name;
    sqlite3_stmt *walk = db_statement(
        s->db, "SELECT v.key, v.id8, f.id, v.live FROM version v JOIN feed f ON f.row = v.key >> 45"
               " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3 AND v.field = ?4");
    record_key_bind(walk, record);
    sqlite3_bind_int(walk, 4, field);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        name.seq = row_key_seq(sqlite3_column_int64(walk, 0));
        e = db_column_copy(walk, 1, name.id8.bytes, sizeof name.id8.bytes);
        if (e == OK)
            e = db_column_copy(walk, 2, name.feed.bytes, sizeof name.feed.bytes);
        if (e != OK)
            break;
        bool live = !merge_is_named(merge, &name);
        same = same && sqlite3_column_int64(walk, 3) == live;
        live_n += live;
    }
    db_reset(walk);
    *ret_live_n = live_n;
    *ret_same = same;
    return e;
}

static enum err verify_awaited(struct store *s, const struct record_key *record, uint16_t field,
                               const struct merge *merge, bool *ret_same) {
    size_t expected = 0, n = 0;
    bool row, same = true;
    enum err e;
    for (size_t i = 0; i < merge->named_n; i++)
        expected += merge_find(merge, &merge->named[i]) == NULL;
    sqlite3_stmt *walk =
        db_statement(s->db, "SELECT name FROM awaited WHERE record = ?1 AND channel ="
                            " ?2 AND collection = ?3 AND field = ?4");
    record_key_bind(walk, record);
    sqlite3_bind_int(walk, 4, field);
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        uint8_t bytes[NAME_SIZE];
        struct version_name name;
        if ((e = db_column_copy(walk, 0, bytes, sizeof bytes)) != OK)
            break;
        version_name_read(bytes, &name);
        same = same && merge_is_named(merge, &name) && merge_find(merge, &name) == NULL;
        n++;
    }
    db_reset(walk);
    *ret_same = same && n == expected;
    return e;
}

static enum err is_contested(struct store *s, const struct record_key *record, uint16_t field,
                             bool *ret_contested) {
    sqlite3_stmt *get = db_statement(s->db, "SELECT 1 FROM contested WHERE record = ?1 AND"
                                            " channel = ?2 AND collection = ?3 AND field = ?4");
    record_key_bind(get, record);
    sqlite3_bind_int(get, 4, field);
    enum err e = db_row(s->db, get, ret_contested);
    db_reset(get);
    return e;
}

enum err field_row_verify(struct store *s, const struct record_key *record, uint16_t field,
                          bool *ret_same) {
    struct merge merge = {0};
    size_t live_n = 0;
    bool live = false, awaited = false, contested = false;
    enum err e = load_field(s, record, field, &merge);
    if (e == OK)
        e = verify_live(s, record, field, &merge, &live_n, &live);
    if (e == OK)
        e = verify_awaited(s, record, field, &merge, &awaited);
    if (e == OK)
        e = is_contested(s, record, field, &contested);
    merge_done(&merge);
    if (e == OK)
        *ret_same = live && awaited && contested == (live_n > 1);
    return e;
}
