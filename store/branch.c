#include "apply.h"
#include "fork.h"
#include "judge.h"
#include "proto/limits.h"
#include "quarantine.h"
#include "quarantine_put.h"
#include "replica.h"

#include <sodium.h>
#include <stdlib.h>

/* Pieces of a branch, read from its first on: later ones may use the content key of an earlier one.
 */
struct branch {
    struct store *store;
    struct judge *judge;
    struct feed_row feed; /* a copy: what the other branch teaches must not touch the feed's own */
    struct quarantined wanted;
    struct buffer bytes; /* of the wanted piece */

    /* The pieces that lead to it, from the last back; while they are looked for, `first` begins the
     * last one found, and what is left to look at stands before (seq, number). */
    struct buffer numbers;
    bool found;
    struct header first;
    uint64_t seq;
    int64_t number;

    /* The piece that is being read, and what is left of it. */
    struct buffer lead;
    bool open, is_wanted;
    struct bytes rest;
    struct arena arena;
    struct branch_entry entry;
};

static bool has_sealed(const struct envelope *envelope) {
    for (size_t i = 0; i < envelope->header.sections_n; i++)
        if (envelope->sections[i].kind == SECTION_SEALED)
            return true;
    return false;
}

static enum err read_envelope(struct branch *branch, const struct envelope *envelope) {
    struct origin origin;
    struct branch_entry entry = {.seq = envelope->header.seq, .clock = envelope->header.clock};
    enum err e = judge_reopen(branch->store, branch->judge, &branch->feed, envelope, 0, &origin,
                              &entry.sets, &entry.sets_n);
    if (e == ERR_MEMORY || e == ERR_IO || e == ERR_CORRUPT)
        return e;
    entry.unread = e;
    if (e == OK && entry.sets_n == 0 && has_sealed(envelope))
        entry.unread = ERR_DENIED;
    if (e != OK)
        entry.sets_n = 0;
    branch->entry = entry;
    return OK;
}

static enum err read_next(struct branch *branch) {
    struct envelope envelope;
    size_t size = 0;
    arena_reset(&branch->arena);
    enum err e = envelope_parse(branch->rest, &branch->arena, &envelope, &size);
    if (e == OK)
        e = read_envelope(branch, &envelope);
    branch->rest.data += size;
    branch->rest.size -= size;
    return e;
}

/* A copy of a kept piece. `*ret_there` false: it isn't there any more. */
static enum err copy_piece(struct store *store, int64_t number, struct buffer *ret_bytes,
                           bool *ret_there) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT bytes FROM quarantine WHERE number = ?");
    sqlite3_bind_int64(get, 1, number);
    enum err e = db_row(store->db, get, ret_there);
    buffer_clear(ret_bytes);
    if (e == OK && *ret_there) {
        struct bytes bytes = db_column_bytes(get, 0);
        e = buffer_append(ret_bytes, bytes.data, bytes.size);
    }
    db_reset(get);
    return e;
}

static enum err next_candidate(struct branch *branch, bool *ret_any) {
    sqlite3_stmt *get = db_statement(
        branch->store->db,
        "SELECT seq, number FROM quarantine WHERE kind = 4 AND feed = ?1"
        " AND seq <= ?2 AND (seq < ?2 OR number < ?3) ORDER BY seq DESC, number DESC LIMIT 1");
    db_bind_bytes(get, 1, branch->wanted.feed.bytes, sizeof branch->wanted.feed.bytes);
    sqlite3_bind_int64(get, 2, (int64_t)branch->seq);
    sqlite3_bind_int64(get, 3, branch->number);
    enum err e = db_row(branch->store->db, get, ret_any);
    if (e == OK && *ret_any) {
        branch->seq = (uint64_t)sqlite3_column_int64(get, 0);
        branch->number = sqlite3_column_int64(get, 1);
    }
    db_reset(get);
    return e;
}

/* Each leads to the one after it that holds the entry which that one's first follows. Another
 * branch may part where this one does, and came with other keys. */
static enum err find_next(struct branch *branch) {
    bool any = false, there = false;
    enum err e = next_candidate(branch, &any);
    if (e != OK || !any) {
        branch->found = e == OK;
        return e;
    }
    e = copy_piece(branch->store, branch->number, &branch->lead, &there);
    struct bytes piece = buffer_view(&branch->lead);
    if (e != OK || !there || piece.size < SIGNED_HEADER_SIZE ||
        !fork_holds(piece, branch->first.seq - 1, &branch->first.prev))
        return e;
    if ((e = header_decode(piece.data, &branch->first)) != OK)
        return e;
    return buffer_append(&branch->numbers, &branch->number, sizeof branch->number);
}

static enum err find_anew(struct branch *branch) {
    feed_key_forget(&branch->feed);
    buffer_clear(&branch->numbers);
    branch->found = false;
    branch->seq = branch->wanted.seq;
    branch->number = 0;
    return header_decode(branch->bytes.data, &branch->first);
}

/* The piece after the last one read. */
static enum err open_next(struct branch *branch) {
    int64_t number;
    bool there = false;
    branch->open = true;
    branch->is_wanted = branch->numbers.size == 0;
    if (branch->is_wanted) {
        branch->rest = buffer_view(&branch->bytes);
        return OK;
    }
    branch->numbers.size -= sizeof number;
    memcpy(&number, branch->numbers.data + branch->numbers.size, sizeof number);
    enum err e = copy_piece(branch->store, number, &branch->lead, &there);
    branch->rest = buffer_view(&branch->lead);
    if (e != OK || there)
        return e;
    branch->open = false; /* more of it has come, in its stead */
    return find_anew(branch);
}

enum err branch_step(struct branch *branch, const struct branch_entry **ret_entry, bool *ret_done) {
    *ret_entry = NULL;
    *ret_done = false;
    if (!branch->found)
        return find_next(branch);
    if (!branch->open)
        return open_next(branch);
    if (branch->rest.size == 0) {
        branch->open = false;
        *ret_done = branch->is_wanted;
        return OK;
    }
    enum err e = read_next(branch);
    if (e == OK && branch->is_wanted)
        *ret_entry = &branch->entry;
    /* One that is damaged costs the keys that it brought, and says nothing of the wanted one. */
    if (e != OK && !branch->is_wanted && e != ERR_MEMORY && e != ERR_IO) {
        branch->open = false;
        return OK;
    }
    return e;
}

void branch_free(struct branch *branch) {
    if (branch == NULL)
        return;
    judge_free(branch->judge);
    arena_done(&branch->arena);
    buffer_done(&branch->bytes);
    buffer_done(&branch->lead);
    buffer_done(&branch->numbers);
    sodium_memzero(branch, sizeof *branch);
    free(branch);
}

enum err branch_new(struct store *store, uint64_t number, struct quarantined *ret_item,
                    struct branch **ret_branch) {
    struct feed_row *feed = NULL;
    bool there = false;
    struct branch *branch = calloc(1, sizeof *branch);
    if (branch == NULL)
        return ERR_MEMORY;
    branch->store = store;
    arena_init(&branch->arena, DECODE_MEMORY_MAX);
    enum err e = quarantine_find(store, number, &branch->wanted);
    if (e == OK && branch->wanted.kind != QUARANTINE_FORK)
        e = ERR_STATE;
    if (e == OK)
        e = copy_piece(store, (int64_t)number, &branch->bytes, &there);
    if (e == OK && branch->bytes.size == 0)
        e = ERR_QUOTA;
    if (e == OK)
        e = feed_row_find(store, &branch->wanted.feed, &feed);
    if (e == OK) {
        branch->feed = *feed;
        e = branch->bytes.size < SIGNED_HEADER_SIZE ? ERR_CORRUPT : find_anew(branch);
    }
    if (e == OK && (branch->judge = judge_new()) == NULL)
        e = ERR_MEMORY;
    if (e != OK) {
        branch_free(branch);
        return e;
    }
    *ret_item = branch->wanted;
    *ret_branch = branch;
    return OK;
}

enum err quarantine_branch(struct store *store, uint64_t number, struct quarantined *ret_item,
                           branch_visit *visit, void *context) {
    struct branch *branch = NULL;
    struct quarantined item;
    const struct branch_entry *entry;
    bool done = false;
    enum err e = branch_new(store, number, &item, &branch);
    while (e == OK && !done) {
        e = branch_step(branch, &entry, &done);
        if (e == OK && entry != NULL)
            e = visit(context, entry);
    }
    branch_free(branch);
    if (e == OK)
        *ret_item = item;
    return e;
}
