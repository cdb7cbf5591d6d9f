#include "fork.h"
#include "fork_proof.h"
#include "quarantine_put.h"
#include "replica.h"

/* Kept aside without one of its sections it would never be taken whole again. */
static enum err verify_whole(struct bytes run, const struct feed_id *feed, const struct head *after,
                             const struct sign_public *author, struct arena *arena,
                             struct verified_run *ret_run) {
    enum err e = run_verify(run, feed, after, author, arena, ret_run);
    return e == OK && !run_is_whole(ret_run) ? ERR_HASH : e;
}

/* Where the branches part: the first of `run` that is not here under its number. */
static enum err parting(struct store *store, const struct feed_row *feed,
                        const struct verified_run *run, size_t *ret_index) {
    for (size_t i = 0; i < run->envelopes_n; i++) {
        struct envelope_id ours;
        enum err e = entry_id(store, feed->row, run->envelopes[i].header.seq, &ours);
        if (e == OK && envelope_id_equal(&ours, &run->envelopes[i].id))
            continue;
        if (e == OK)
            *ret_index = i;
        return e == ERR_NOT_FOUND ? ERR_INTERNAL : e;
    }
    return ERR_INTERNAL;
}

bool fork_holds(struct bytes branch, uint64_t seq, const struct envelope_id *id) {
    while (branch.size >= SIGNED_HEADER_SIZE) {
        struct header header;
        struct envelope_id here;
        size_t size;
        if (header_decode(branch.data, &header) != OK || envelope_skip(branch, &size) != OK)
            return false;
        here = envelope_id_of(branch.data);
        if (header.seq == seq)
            return envelope_id_equal(&here, id);
        branch.data += size;
        branch.size -= size;
    }
    return false;
}

static enum err is_kept(struct store *store, const struct feed_id *feed, uint64_t seq,
                        const struct envelope_id *id, bool *ret_kept) {
    sqlite3_stmt *walk =
        db_walk(store->db, "SELECT bytes FROM quarantine WHERE kind = 4 AND feed = ?");
    db_bind_bytes(walk, 1, feed->bytes, sizeof feed->bytes);
    bool row = false, kept = false;
    enum err e = OK;
    while (!kept && (e = db_row(store->db, walk, &row)) == OK && row)
        kept = fork_holds(db_column_bytes(walk, 0), seq, id);
    sqlite3_finalize(walk);
    if (e == OK)
        *ret_kept = kept;
    return e;
}

static enum err keep_branch(struct store *store, struct feed_row *feed,
                            const struct member_id *from, const struct sign_public *author,
                            const struct verified_run *branch, size_t at, struct bytes run) {
    const struct envelope *theirs = &branch->envelopes[at];
    bool kept = false;
    enum err e = is_kept(store, &feed->info.id, branch->head.seq, &branch->head.id, &kept);
    if (e != OK || kept)
        return e;
    if (!feed->info.forked)
        e = fork_prove(store, feed, author, theirs, branch->envelopes_n - at);
    if (e == OK)
        e = quarantine_branch_came(store, &feed->info.id);
    size_t shared = (size_t)(theirs->bytes.data - run.data);
    if (e == OK)
        e = quarantine_put(store, &(struct quarantine_new){
                                      .kind = QUARANTINE_FORK,
                                      .feed = feed->info.id,
                                      .seq = theirs->header.seq,
                                      .author = feed->info.author,
                                      .from = *from,
                                      .reason = ERR_FORK,
                                      .text = "another branch of a feed that its author forked: "
                                              "stafet quarantine show",
                                      .bytes = {theirs->bytes.data, run.size - shared}});
    return e;
}

enum err fork_keep(struct store *store, struct feed_row *feed, const struct member_id *from,
                   const struct sign_public *author, struct bytes run, struct arena *arena) {
    struct header first;
    struct head after = {0};
    struct verified_run verified;
    size_t at = 0;
    enum err e = header_decode(run.data, &first);
    if (e == OK && first.seq > 1) {
        after.seq = first.seq - 1;
        e = entry_id(store, feed->row, after.seq, &after.id);
    }
    if (e == OK)
        e = verify_whole(run, &feed->info.id, &after, author, arena, &verified);
    if (e == OK)
        e = parting(store, feed, &verified, &at);
    if (e == OK)
        e = keep_branch(store, feed, from, author, &verified, at, run);
    return e == OK ? ERR_FORK : e;
}

static enum err keep_rest(struct store *store, const struct feed_row *feed,
                          const struct member_id *from, const struct verified_run *run,
                          struct bytes bytes) {
    const struct envelope *last = &run->envelopes[run->envelopes_n - 1];
    bool kept = false;
    enum err e = is_kept(store, &feed->info.id, last->header.seq, &last->id, &kept);
    if (e != OK || kept)
        return e;
    return quarantine_put(store,
                          &(struct quarantine_new){
                              .kind = QUARANTINE_FORK,
                              .feed = feed->info.id,
                              .seq = run->envelopes[0].header.seq,
                              .author = feed->info.author,
                              .from = *from,
                              .reason = ERR_FORK,
                              .text = "more of a branch that is kept aside: stafet quarantine show",
                              .bytes = bytes});
}

enum err fork_follow(struct store *store, struct feed_row *feed, const struct member_id *from,
                     const struct sign_public *author, struct bytes run, struct arena *arena,
                     bool *ret_kept) {
    struct header first;
    struct envelope_id ours;
    struct verified_run verified;
    bool kept = false;
    *ret_kept = false;
    if (!feed->info.forked || run.size < SIGNED_HEADER_SIZE ||
        header_decode(run.data, &first) != OK || first.seq == 1)
        return OK;
    enum err e = entry_id(store, feed->row, first.seq - 1, &ours);
    if (e == OK && envelope_id_equal(&ours, &first.prev))
        return OK;
    if (e == OK || e == ERR_NOT_FOUND)
        e = is_kept(store, &feed->info.id, first.seq - 1, &first.prev, &kept);
    if (e != OK || !kept)
        return e;
    struct head after = {first.seq - 1, first.prev};
    e = verify_whole(run, &feed->info.id, &after, author, arena, &verified);
    if (e == OK)
        e = keep_rest(store, feed, from, &verified, run);
    *ret_kept = e == OK;
    return e;
}
