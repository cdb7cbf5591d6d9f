#include "version_new.h"
#include "replica.h"

#include <stdlib.h>

enum { KEPT_MAX = 256 };

struct versions_new {
    struct store *store;
    struct rows rows;
    size_t n;
    struct version_new list[KEPT_MAX];
};

enum column { KEY, RECORD, CHANNEL, COLLECTION, FIELD, ID8, CLOCK, STORED };

static void column(const struct rows *rows, size_t at, int number, sqlite3_context *out) {
    const struct version_new *version = (const struct version_new *)rows->list + at;
    switch ((enum column)number) {
    case KEY:
        sqlite3_result_int64(out, version->key);
        break;
    case RECORD:
        sqlite3_result_blob64(out, version->record.id.bytes, sizeof version->record.id.bytes,
                              SQLITE_STATIC);
        break;
    case CHANNEL:
        sqlite3_result_int64(out, version->record.channel_row);
        break;
    case COLLECTION:
        sqlite3_result_int(out, version->record.collection);
        break;
    case FIELD:
        sqlite3_result_int(out, version->field);
        break;
    case ID8:
        sqlite3_result_blob64(out, version->id8.bytes, sizeof version->id8.bytes, SQLITE_STATIC);
        break;
    case CLOCK:
        sqlite3_result_int64(out, (int64_t)version->clock);
        break;
    case STORED:
        sqlite3_result_int64(out, version->stored);
        break;
    }
}

/* FAIL, since what fails undoes the whole transaction: keeping the pages as they were before the
 * statement would only cost. */
static enum err write(void *context) {
    struct versions_new *versions = context;
    struct db *db = versions->store->db;
    versions->rows.n = versions->n;
    versions->n = 0;
    enum err e = db_run(
        db,
        db_statement(db, "INSERT OR FAIL INTO version"
                         " (key, record, channel, collection, field, live, id8, clock, stored)"
                         " SELECT key, record, channel, collection, field, 1, id8, clock, stored"
                         " FROM versions_new WHERE true ON CONFLICT (key) DO NOTHING"));
    versions->rows.n = 0;
    return e;
}

static void drop(void *context) {
    struct versions_new *versions = context;
    versions->n = 0;
}

enum err versions_new_open(struct store *store, struct versions_new **ret_versions) {
    struct versions_new *versions = calloc(1, sizeof *versions);
    if (versions == NULL)
        return ERR_MEMORY;
    versions->store = store;
    versions->rows = (struct rows){
        .name = "versions_new",
        .declaration = "CREATE TABLE versions_new"
                       " (key, record, channel, collection, field, id8, clock, stored)",
        .column = column,
        .list = versions->list};
    *ret_versions = versions;
    return rows_register(store->db, &versions->rows);
}

void versions_new_free(struct versions_new *versions) {
    free(versions);
}

enum err version_new_put(struct store *store, const struct version_new *version) {
    struct versions_new *versions = store->versions_new;
    static const struct db_delayed delayed = {.write = write, .drop = drop};
    if (versions->n == KEPT_MAX) {
        enum err e = db_catch_up(store->db);
        if (e != OK)
            return e;
    }
    versions->list[versions->n++] = *version;
    db_delay(store->db, &delayed, versions);
    return store->in_transaction ? OK : db_catch_up(store->db);
}
