#include "newest.h"
#include "replica.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4096, IDS_MAX = SLOTS / 2 };

/* Of ids up to `bound` nothing is known; those above are in the slots, by open addressing. */
struct newest {
    bool known;
    struct record_id bound, top; /* top: the highest, in the slots or not */
    size_t ids_n;
    struct record_id slots[SLOTS]; /* zero: empty */
};

struct newest *newest_new(void) {
    return calloc(1, sizeof(struct newest));
}

void newest_free(struct newest *newest) {
    free(newest);
}

static enum err learn(struct store *store, struct newest *newest) {
    struct record_id bound = {0};
    bool row = false;
    sqlite3_stmt *get = db_statement(store->db, "SELECT max(record) FROM version");
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row && sqlite3_column_type(get, 0) != SQLITE_NULL)
        e = db_column_copy(get, 0, bound.bytes, sizeof bound.bytes);
    db_reset(get);
    if (e != OK)
        return e;
    newest->bound = newest->top = bound;
    newest->known = true;
    return OK;
}

/* By the bytes that are random; the milliseconds before them are alike. */
static struct record_id *slot_of(struct newest *newest, const struct record_id *id) {
    uint32_t mixed = get_u32(id->bytes + sizeof id->bytes - 4) ^ get_u32(id->bytes + 4);
    mixed *= 0x9e3779b1u;
    for (size_t at = mixed >> 7;; at++) {
        struct record_id *slot = &newest->slots[at % SLOTS];
        if (record_id_is_zero(slot) || record_id_equal(slot, id))
            return slot;
    }
}

enum err newest_may_be_here(struct store *store, const struct record_id *id, bool *ret_may) {
    struct newest *newest = store->newest;
    enum err e = newest->known ? OK : learn(store, newest);
    if (e != OK)
        return e;
    *ret_may =
        record_id_compare(id, &newest->bound) <= 0 ||
        (record_id_compare(id, &newest->top) <= 0 && !record_id_is_zero(slot_of(newest, id)));
    return OK;
}

enum err newest_add(struct store *store, const struct record_id *id) {
    struct newest *newest = store->newest;
    enum err e = newest->known ? OK : learn(store, newest);
    if (e != OK || record_id_compare(id, &newest->bound) <= 0)
        return e;
    struct record_id *slot = slot_of(newest, id);
    newest->ids_n += record_id_is_zero(slot);
    *slot = *id;
    if (record_id_compare(id, &newest->top) > 0)
        newest->top = *id;
    if (newest->ids_n < IDS_MAX)
        return OK;
    newest->bound = newest->top;
    newest->ids_n = 0;
    memset(newest->slots, 0, sizeof newest->slots);
    return OK;
}
