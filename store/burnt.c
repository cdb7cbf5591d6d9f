#include "burnt.h"
#include "feed_row.h"
#include "replica.h"

#include <stdlib.h>

struct burnt {
    int64_t *rows;
    size_t rows_n, capacity;
    size_t sure_n; /* so many are burnt; the rest may be, if this transaction does not commit */
};

struct burnt *burnt_new(void) {
    return calloc(1, sizeof(struct burnt));
}

void burnt_free(struct burnt *burnt) {
    if (burnt != NULL)
        free(burnt->rows);
    free(burnt);
}

enum err burnt_note(struct burnt *burnt, int64_t feed_row) {
    for (size_t i = burnt->rows_n; i > 0; i--) {
        if (burnt->rows[i - 1] == feed_row)
            return OK;
    }
    if (burnt->rows_n == burnt->capacity) {
        size_t capacity = burnt->capacity == 0 ? 8 : burnt->capacity * 2;
        int64_t *rows = realloc(burnt->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return ERR_MEMORY;
        burnt->rows = rows;
        burnt->capacity = capacity;
    }
    burnt->rows[burnt->rows_n++] = feed_row;
    return OK;
}

void burnt_restore(struct burnt *burnt) {
    burnt->rows_n = burnt->sure_n;
}

void burnt_add(struct burnt *burnt, enum err e) {
    if (e == ERR_DISK_FULL)
        burnt_restore(burnt);
    else
        burnt->sure_n = burnt->rows_n;
}

void burnt_keep(struct burnt *burnt) {
    burnt->rows_n = burnt->sure_n = 0;
}

enum err burnt_close(struct store *store) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < store->burnt->sure_n; i++) {
        sqlite3_stmt *put =
            db_statement(store->db, "UPDATE feed SET confirmed = 0, barred = 1 WHERE row = ?");
        sqlite3_bind_int64(put, 1, store->burnt->rows[i]);
        e = db_run(store->db, put);
    }
    if (store->burnt->sure_n > 0)
        feed_cache_clear(store->feeds); /* which may have read them since */
    return e;
}
