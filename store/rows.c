#include "rows.h"

#include <stdlib.h>

struct table {
    sqlite3_vtab base;
    const struct rows *rows;
};

struct cursor {
    sqlite3_vtab_cursor base;
    size_t at;
};

static const struct rows *rows_of(const sqlite3_vtab_cursor *cursor) {
    return ((const struct table *)(const void *)cursor->pVtab)->rows;
}

static size_t *at_of(sqlite3_vtab_cursor *cursor) {
    return &((struct cursor *)(void *)cursor)->at;
}

static int connect(sqlite3 *handle, void *context, int argc __attribute__((unused)),
                   const char *const *argv __attribute__((unused)), sqlite3_vtab **ret_table,
                   char **ret_message __attribute__((unused))) {
    const struct rows *rows = context;
    int code = sqlite3_declare_vtab(handle, rows->declaration);
    if (code == SQLITE_OK)
        code = sqlite3_vtab_config(handle, SQLITE_VTAB_DIRECTONLY);
    struct table *table = code == SQLITE_OK ? calloc(1, sizeof *table) : NULL;
    if (table == NULL)
        return code == SQLITE_OK ? SQLITE_NOMEM : code;
    table->rows = rows;
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
    *at_of(cursor) = 0;
    return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *cursor) {
    ++*at_of(cursor);
    return SQLITE_OK;
}

static int is_past(sqlite3_vtab_cursor *cursor) {
    return *at_of(cursor) >= rows_of(cursor)->n;
}

static int column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int number) {
    const struct rows *rows = rows_of(cursor);
    rows->column(rows, *at_of(cursor), number, out);
    return SQLITE_OK;
}

static int rowid(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_row) {
    *ret_row = (sqlite3_int64)*at_of(cursor);
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

enum err rows_register(struct db *db, struct rows *rows) {
    return db_error(db, sqlite3_create_module(db_handle(db), rows->name, &module, rows));
}
