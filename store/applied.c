#include "applied.h"

#include "field_row.h"
#include "newest.h"
#include "proto/limits.h"
#include "row_key.h"
#include "version_new.h"

/* A version that a write replaces, as it stands in the database. */
struct replaced {
    int64_t key;
    struct version_name name;
    bool was_live;
};

/* Does anything of it stand here? */
static enum err find_record(struct applied *a, const struct record_key *record) {
    bool row = false, may = true;
    enum err e = newest_may_be_here(a->store, &record->id, &may);
    a->record_new = !may;
    if (e != OK || !may)
        return e;
    sqlite3_stmt *statement =
        db_statement(a->store->db, "SELECT 1 FROM version WHERE record = ?1 AND channel = ?2"
                                   " AND collection = ?3 LIMIT 1");
    record_key_bind(statement, record);
    e = db_row(a->store->db, statement, &row);
    if (e != OK)
        return e;
    a->record_new = !row;
    db_reset(statement);
    return OK;
}

static enum err take_record(struct applied *a, const struct write *write) {
    if (a->has_record && a->record.collection == write->collection &&
        record_id_equal(&a->record.id, &write->record))
        return OK;
    a->has_record = false;
    a->record = (struct record_key){write->record, a->channel_row, write->collection};
    enum err e = find_record(a, &a->record);
    a->has_record = e == OK;
    return e;
}

/* The accepted version of this field with this name, if there is one. */
static enum err find_version(struct applied *a, uint16_t field, const struct version_name *name,
                             struct replaced *ret_found, bool *ret_has) {
    struct db *db = a->store->db;
    if (name->seq >> ROW_KEY_SEQ_BITS != 0) {
        *ret_has = false;
        return OK;
    }
    sqlite3_stmt *statement = db_statement(
        db, "SELECT v.key, v.live FROM feed f CROSS JOIN version v INDEXED BY version_of_record"
            " ON v.record = ?1 AND v.channel = ?2 AND v.collection = ?3 AND v.live IN (0, 1)"
            " AND v.field = ?4 AND v.key >= ((f.row << 45) | (?6 << 18))"
            " AND v.key < ((f.row << 45) | (?6 << 18)) + (1 << 18)"
            " WHERE f.id = ?5 AND v.id8 = ?7");
    record_key_bind(statement, &a->record);
    sqlite3_bind_int(statement, 4, field);
    db_bind_borrowed(statement, 5, name->feed.bytes, sizeof name->feed.bytes);
    sqlite3_bind_int64(statement, 6, (int64_t)name->seq);
    db_bind_borrowed(statement, 7, name->id8.bytes, sizeof name->id8.bytes);
    enum err e = db_row(db, statement, ret_has);
    if (e == OK && *ret_has)
        *ret_found = (struct replaced){.key = sqlite3_column_int64(statement, 0),
                                       .name = *name,
                                       .was_live = sqlite3_column_int(statement, 1) != 0};
    db_reset(statement);
    return e;
}

/* Loads the versions that the write replaces into the merge. */
static enum err load_replaced(struct applied *a, uint16_t field, const struct version_name *names,
                              size_t names_n, struct replaced *found, size_t *ret_found_n) {
    size_t n = 0;
    for (size_t i = 0; i < names_n && !a->record_new; i++) {
        bool has;
        enum err e = find_version(a, field, &names[i], &found[n], &has);
        if (e != OK)
            return e;
        if (!has || merge_find(&a->merge, &names[i]) != NULL)
            continue;
        e = merge_add(&a->merge, &(struct merge_version){.name = names[i]}, NULL, 0);
        if (e != OK)
            return e;
        n++;
    }
    *ret_found_n = n;
    return OK;
}

/* Has a version that came earlier replaced this one? Then it is awaited no longer. */
static enum err take_awaited(struct applied *a, uint16_t field) {
    uint8_t name[NAME_SIZE];
    struct db *db = a->store->db;
    if (a->record_new)
        return OK;
    version_name_write(&a->name, name);
    sqlite3_stmt *statement =
        db_statement(db, "DELETE FROM awaited WHERE record = ?1 AND channel = ?2"
                         " AND collection = ?3 AND field = ?4 AND name = ?5");
    record_key_bind(statement, &a->record);
    sqlite3_bind_int(statement, 4, field);
    db_bind_borrowed(statement, 5, name, sizeof name);
    enum err e = db_run(db, statement);
    if (e == OK && sqlite3_changes(db_handle(db)) > 0)
        e = merge_add_name(&a->merge, &a->name);
    return e;
}

static enum err write_names(struct applied *a, const struct version_name *names, size_t n) {
    buffer_clear(&a->names);
    enum err e = OK;
    for (size_t i = 0; e == OK && i < n; i++) {
        uint8_t *at;
        e = buffer_extend(&a->names, NAME_SIZE, &at);
        if (e == OK)
            version_name_write(&names[i], at);
    }
    return e;
}

static void bind_text(struct applied *a, sqlite3_stmt *statement, const struct change_set *set,
                      const struct write *write) {
    if (!version_row_stands_here(write->collection, a->origin->channel.kind))
        return;
    db_bind_text(statement, 11, set->actor_name);
    db_bind_text(statement, 12, set->actor_function);
    db_bind_borrowed(statement, 13, write->value.data, write->value.size);
}

/* Of a record that is new here: nothing of it can stand there already. */
static enum err put_new(struct applied *a, const struct write *write, int64_t key) {
    return version_new_put(a->store, &(struct version_new){.key = key,
                                                           .record = a->record,
                                                           .field = write->field,
                                                           .id8 = a->name.id8,
                                                           .clock = a->origin->clock,
                                                           .stored = a->origin->stored});
}

/* `*ret_new` is false when this version stands there already. */
static enum err insert_version(struct applied *a, const struct change_set *set,
                               const struct write *write, bool *ret_new) {
    int64_t key;
    struct db *db = a->store->db;
    enum err e = row_key_make(a->origin->feed_row, a->origin->seq, a->writes_n, &key);
    if (e == OK)
        e = newest_add(a->store, &a->record.id);
    if (e != OK)
        return e;
    if (a->record_new && write->replaces_n == 0 &&
        !version_row_stands_here(write->collection, a->origin->channel.kind)) {
        *ret_new = true;
        return put_new(a, write, key);
    }
    sqlite3_stmt *statement = db_statement(
        db,
        "INSERT INTO version (record, channel, collection, field, key, live, id8, clock, stored,"
        " replaces, actor_name, actor_function, value)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        " ON CONFLICT (key) DO NOTHING");
    record_key_bind(statement, &a->record);
    sqlite3_bind_int(statement, 4, write->field);
    sqlite3_bind_int64(statement, 5, key);
    sqlite3_bind_int(statement, 6, !merge_is_named(&a->merge, &a->name));
    db_bind_borrowed(statement, 7, a->name.id8.bytes, sizeof a->name.id8.bytes);
    sqlite3_bind_int64(statement, 8, (int64_t)a->origin->clock);
    sqlite3_bind_int64(statement, 9, a->origin->stored);
    if (a->names.size > 0)
        db_bind_borrowed(statement, 10, a->names.data, a->names.size);
    bind_text(a, statement, set, write);
    e = db_run(db, statement);
    *ret_new = e == OK && sqlite3_changes(db_handle(db)) > 0;
    return e;
}

/* What the merge says against what the database said. */
static enum err write_back(struct applied *a, const struct write *write,
                           const struct replaced *found, size_t found_n) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < found_n; i++)
        if (found[i].was_live && merge_is_named(&a->merge, &found[i].name))
            e = field_row_set_live(a->store, found[i].key, false);
    for (size_t i = 0; e == OK && i < a->merge.named_n; i++)
        if (merge_find(&a->merge, &a->merge.named[i]) == NULL)
            e = field_row_await(a->store, &a->record, write->field, &a->merge.named[i]);
    if (e == OK && !a->record_new)
        e = field_row_note_contested(a->store, &a->record, write->field);
    if (e == OK)
        e = news_put_record(a->store, &write->record);
    return e;
}

enum err applied_write(struct applied *a, const struct change_set *set, const struct write *write) {
    struct version_name names[REPLACES_PER_WRITE_MAX];
    struct replaced found[REPLACES_PER_WRITE_MAX];
    size_t found_n = 0;
    bool new = false;
    if (write->replaces_n > REPLACES_PER_WRITE_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < write->replaces_n; i++) {
        names[i] = write->replaces[i];
        if (feed_id_is_zero(&names[i].feed))
            names[i].feed = a->name.feed;
    }
    merge_clear(&a->merge);
    enum err e = take_record(a, write);
    if (e == OK)
        e = load_replaced(a, write->field, names, write->replaces_n, found, &found_n);
    if (e == OK)
        e = take_awaited(a, write->field);
    if (e == OK)
        e = merge_add(&a->merge, &(struct merge_version){.name = a->name}, names,
                      write->replaces_n);
    if (e == OK)
        e = write_names(a, names, write->replaces_n);
    if (e == OK)
        e = insert_version(a, set, write, &new);
    if (e == OK && new)
        e = write_back(a, write, found, found_n);
    a->writes_n++;
    return e;
}
