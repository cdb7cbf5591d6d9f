#include "apply.h"
#include "fork.h"
#include "judge.h"
#include "proto/limits.h"
#include "quarantine.h"
#include "replica.h"

#include <sodium.h>

/* Pieces of a branch, read from its first on: later ones may use the content key of an earlier one.
 */
struct reading {
    struct store *store;
    struct judge *judge;
    struct feed_row feed; /* a copy: what the other branch teaches must not touch the feed's own */
    struct arena arena;
    branch_visit *visit; /* NULL: read for its keys alone */
    void *context;
};

static bool has_sealed(const struct envelope *envelope) {
    for (size_t i = 0; i < envelope->header.sections_n; i++)
        if (envelope->sections[i].kind == SECTION_SEALED)
            return true;
    return false;
}

static enum err read_envelope(struct reading *reading, const struct envelope *envelope) {
    struct store *store = reading->store;
    struct origin origin;
    struct branch_entry entry = {.seq = envelope->header.seq, .clock = envelope->header.clock};
    enum err e = judge_reopen(store, reading->judge, &reading->feed, envelope, 0, &origin,
                              &entry.sets, &entry.sets_n);
    if (e == ERR_MEMORY || e == ERR_IO || e == ERR_CORRUPT)
        return e;
    entry.unread = e;
    if (e == OK && entry.sets_n == 0 && has_sealed(envelope))
        entry.unread = ERR_DENIED;
    if (e != OK)
        entry.sets_n = 0;
    return reading->visit == NULL ? OK : reading->visit(reading->context, &entry);
}

static enum err read_piece(struct reading *reading, struct bytes piece) {
    enum err e = OK;
    while (e == OK && piece.size > 0) {
        struct envelope envelope;
        size_t size = 0;
        arena_reset(&reading->arena);
        e = envelope_parse(piece, &reading->arena, &envelope, &size);
        if (e == OK)
            e = read_envelope(reading, &envelope);
        piece.data += size;
        piece.size -= size;
    }
    return e;
}

/* The pieces that lead to the wanted one, from it back: each holds the entry that the first of the
 * one after it follows. Another branch may part where this one does, and came with other keys. */
static enum err find_pieces(struct store *store, const struct quarantined *wanted,
                            struct buffer *ret_numbers) {
    struct header first = {0};
    sqlite3_stmt *walk = db_walk(store->db, "SELECT number, bytes FROM quarantine WHERE kind = 4"
                                            " AND feed = ? AND seq <= ?"
                                            " ORDER BY seq DESC, number = ? DESC, number DESC");
    db_bind_bytes(walk, 1, wanted->feed.bytes, sizeof wanted->feed.bytes);
    sqlite3_bind_int64(walk, 2, (int64_t)wanted->seq);
    sqlite3_bind_int64(walk, 3, (int64_t)wanted->number);
    bool row = false;
    enum err e;
    while ((e = db_row(store->db, walk, &row)) == OK && row) {
        int64_t number = sqlite3_column_int64(walk, 0);
        struct bytes piece = db_column_bytes(walk, 1);
        bool leads = first.seq == 0 ? (uint64_t)number == wanted->number
                                    : fork_holds(piece, first.seq - 1, &first.prev);
        if (!leads || piece.size < SIGNED_HEADER_SIZE)
            continue;
        if ((e = header_decode(piece.data, &first)) != OK)
            break;
        if ((e = buffer_append(ret_numbers, &number, sizeof number)) != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e;
}

static enum err read_numbered(struct reading *reading, int64_t number) {
    sqlite3_stmt *walk =
        db_walk(reading->store->db, "SELECT bytes FROM quarantine WHERE number = ?");
    sqlite3_bind_int64(walk, 1, number);
    bool row = false;
    enum err e = db_row(reading->store->db, walk, &row);
    if (e == OK && row)
        e = read_piece(reading, db_column_bytes(walk, 0));
    sqlite3_finalize(walk);
    return e;
}

static enum err read_branch(struct reading *reading, const struct quarantined *wanted,
                            branch_visit *visit) {
    struct buffer numbers = {0};
    enum err e = find_pieces(reading->store, wanted, &numbers);
    for (size_t n = numbers.size / sizeof(int64_t); e == OK && n > 0; n--) {
        int64_t number;
        memcpy(&number, numbers.data + (n - 1) * sizeof number, sizeof number);
        reading->visit = n == 1 ? visit : NULL;
        e = read_numbered(reading, number);
        /* One that is damaged costs the keys that it brought, and says nothing of the wanted one.
         */
        if (n > 1 && e != ERR_MEMORY && e != ERR_IO)
            e = OK;
    }
    buffer_done(&numbers);
    return e;
}

struct finding {
    uint64_t number;
    bool found;
    struct quarantined item;
};

static enum err find(void *context, const struct quarantined *item) {
    struct finding *finding = context;
    if (item->number == finding->number) {
        finding->found = true;
        finding->item = *item;
        finding->item.text = "";
    }
    return OK;
}

static enum err bytes_kept(struct store *store, uint64_t number, size_t *ret_size) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT length(bytes) FROM quarantine WHERE number = ?");
    sqlite3_bind_int64(get, 1, (int64_t)number);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK)
        *ret_size = row ? (size_t)sqlite3_column_int64(get, 0) : 0;
    db_reset(get);
    return e;
}

enum err quarantine_branch(struct store *store, uint64_t number, struct quarantined *ret_item,
                           branch_visit *visit, void *context) {
    struct finding finding = {.number = number};
    struct feed_row *feed = NULL;
    size_t size = 0;
    enum err e = quarantine_each(store, find, &finding);
    if (e == OK && !finding.found)
        e = ERR_NOT_FOUND;
    if (e == OK && finding.item.kind != QUARANTINE_FORK)
        e = ERR_STATE;
    if (e == OK)
        e = bytes_kept(store, number, &size);
    if (e == OK && size == 0)
        e = ERR_QUOTA;
    if (e == OK)
        e = feed_row_find(store, &finding.item.feed, &feed);
    if (e != OK)
        return e;
    struct reading reading = {
        .store = store, .judge = judge_new(), .feed = *feed, .context = context};
    reading.feed.has_key = false;
    arena_init(&reading.arena, DECODE_MEMORY_MAX);
    e = reading.judge == NULL ? ERR_MEMORY : read_branch(&reading, &finding.item, visit);
    judge_free(reading.judge);
    arena_done(&reading.arena);
    sodium_memzero(&reading.feed, sizeof reading.feed);
    if (e == OK)
        *ret_item = finding.item;
    return e;
}
