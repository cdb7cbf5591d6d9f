#include "arriving.h"
#include "feed_row.h"

#include <stdlib.h>

struct table {
    sqlite3_vtab base;
    const struct arriving *arriving;
};

struct cursor {
    sqlite3_vtab_cursor base;
    size_t at;
};

enum column { KEY, ID, CHECKED, BYTES };

static const struct arriving *arriving_of(const sqlite3_vtab_cursor *cursor) {
    return ((const struct table *)(const void *)cursor->pVtab)->arriving;
}

static int connect(sqlite3 *handle, void *context, int argc __attribute__((unused)),
                   const char *const *argv __attribute__((unused)), sqlite3_vtab **ret_table,
                   char **ret_message __attribute__((unused))) {
    int code = sqlite3_declare_vtab(handle, "CREATE TABLE arriving (key, id, checked, bytes)");
    if (code == SQLITE_OK)
        code = sqlite3_vtab_config(handle, SQLITE_VTAB_DIRECTONLY);
    struct table *table = code == SQLITE_OK ? calloc(1, sizeof *table) : NULL;
    if (table == NULL)
        return code == SQLITE_OK ? SQLITE_NOMEM : code;
    table->arriving = context;
    *ret_table = &table->base;
    return SQLITE_OK;
}

static int disconnect(sqlite3_vtab *table) {
    free(table);
    return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table __attribute__((unused)),
                      sqlite3_index_info *info __attribute__((unused))) {
    return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table __attribute__((unused)),
                       sqlite3_vtab_cursor **ret_cursor) {
    struct cursor *cursor = calloc(1, sizeof *cursor);
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *ret_cursor = &cursor->base;
    return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor) {
    free(cursor);
    return SQLITE_OK;
}

static int filter(sqlite3_vtab_cursor *cursor, int index __attribute__((unused)),
                  const char *text __attribute__((unused)), int argc __attribute__((unused)),
                  sqlite3_value **argv __attribute__((unused))) {
    ((struct cursor *)(void *)cursor)->at = 0;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *cursor) {
    ((struct cursor *)(void *)cursor)->at++;
    return SQLITE_OK;
}

static int is_past(sqlite3_vtab_cursor *cursor) {
    const struct verified_run *run = arriving_of(cursor)->run;
    return run == NULL || ((struct cursor *)(void *)cursor)->at >= run->envelopes_n;
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column) {
    const struct arriving *arriving = arriving_of(cursor);
    size_t at = ((struct cursor *)(void *)cursor)->at;
    const struct envelope *envelope = &arriving->run->envelopes[at];
    switch ((enum column)column) {
    case KEY:
        sqlite3_result_int64(out, entry_key(arriving->feed_row, envelope->header.seq));
        break;
    case ID:
        sqlite3_result_blob64(out, envelope->id.bytes, sizeof envelope->id.bytes, SQLITE_STATIC);
        break;
    case CHECKED: /* the last signature stands for all before it */
        sqlite3_result_int(out, at + 1 == arriving->run->envelopes_n);
        break;
    case BYTES:
        sqlite3_result_blob64(out, envelope->bytes.data, envelope->bytes.size, SQLITE_STATIC);
        break;
    }
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_row) {
    *ret_row = (sqlite3_int64)((struct cursor *)(void *)cursor)->at;
    return SQLITE_OK;
}

/* Without xCreate it is there by its name alone, and nobody can make one. */
static const sqlite3_module module = {.xConnect = connect,
                                      .xBestIndex = best_index,
                                      .xDisconnect = disconnect,
                                      .xOpen = open_cursor,
                                      .xClose = close_cursor,
                                      .xFilter = filter,
                                      .xNext = next,
                                      .xEof = is_past,
                                      .xColumn = column,
                                      .xRowid = rowid};

enum err arriving_register(struct db *db, struct arriving *arriving) {
    return db_error(db, sqlite3_create_module(db_handle(db), "arriving", &module, arriving));
}
