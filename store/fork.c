#include "fork.h"
#include "admit.h"
#include "member.h"
#include "quarantine_put.h"
#include "replica.h"

enum err admit_proof_of(struct store *store, const struct feed_id *feed,
                        uint8_t ret_first[static SIGNED_HEADER_SIZE],
                        uint8_t ret_second[static SIGNED_HEADER_SIZE]) {
    sqlite3_stmt *get = db_statement(
        store->db, "SELECT first, second FROM fork WHERE feed = ? ORDER BY seq LIMIT 1");
    db_bind_bytes(get, 1, feed->bytes, sizeof feed->bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && !row)
        e = ERR_NOT_FOUND;
    else if (e == OK)
        e = db_column_copy(get, 0, ret_first, SIGNED_HEADER_SIZE);
    if (e == OK)
        e = db_column_copy(get, 1, ret_second, SIGNED_HEADER_SIZE);
    db_reset(get);
    return e;
}

static enum err proof_put(struct store *store, const struct feed_id *feed, uint64_t seq,
                          const uint8_t *first, const uint8_t *second) {
    sqlite3_stmt *put = db_statement(store->db, "INSERT INTO fork (feed, seq, first, second, at) "
                                                "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING");
    db_bind_bytes(put, 1, feed->bytes, sizeof feed->bytes);
    sqlite3_bind_int64(put, 2, (int64_t)seq);
    db_bind_bytes(put, 3, first, SIGNED_HEADER_SIZE);
    db_bind_bytes(put, 4, second, SIGNED_HEADER_SIZE);
    sqlite3_bind_int64(put, 5, store_now(store));
    return db_run(store->db, put);
}

static enum err mark(struct store *store, struct feed_row *feed) {
    feed->info.forked = true;
    enum err e = feed_row_save(store, feed);
    return e == OK ? news_put_feed(store, &feed->info.id) : e;
}

/* Kept aside without one of its sections it would never be taken whole again. */
static enum err verify_whole(struct bytes run, const struct feed_id *feed, const struct head *after,
                             const struct sign_public *author, struct arena *arena,
                             struct verified_run *ret_run) {
    enum err e = run_verify(run, feed, after, author, arena, ret_run);
    return e == OK && !run_is_whole(ret_run) ? ERR_HASH : e;
}

/* Where the branches part: the first of `run` that is not here under its number. */
static enum err parting(struct store *store, const struct feed_row *feed,
                        const struct verified_run *run, const struct envelope **ret_envelope) {
    for (size_t i = 0; i < run->envelopes_n; i++) {
        struct envelope_id ours;
        enum err e = entry_id(store, feed->row, run->envelopes[i].header.seq, &ours);
        if (e == OK && envelope_id_equal(&ours, &run->envelopes[i].id))
            continue;
        if (e == OK)
            *ret_envelope = &run->envelopes[i];
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
                            const struct member_id *from, const struct envelope *theirs,
                            const struct envelope *last, struct bytes run) {
    struct buffer ours = {0};
    time_ms stored;
    bool kept = false;
    uint64_t seq = theirs->header.seq;
    enum err e = is_kept(store, &feed->info.id, last->header.seq, &last->id, &kept);
    if (e != OK || kept)
        return e;
    e = entry_bytes(store, feed->row, seq, &ours, &stored);
    if (e == OK && !feed->info.forked) {
        e = proof_put(store, &feed->info.id, seq, ours.data, theirs->bytes.data);
        if (e == OK)
            e = mark(store, feed);
    }
    if (e == OK)
        e = quarantine_branch_came(store, &feed->info.id);
    size_t shared = (size_t)(theirs->bytes.data - run.data);
    if (e == OK)
        e = quarantine_put(store, &(struct quarantine_new){
                                      .kind = QUARANTINE_FORK,
                                      .feed = feed->info.id,
                                      .seq = seq,
                                      .author = feed->info.author,
                                      .from = *from,
                                      .reason = ERR_FORK,
                                      .text = "another branch of a feed that its author forked: "
                                              "stafet quarantine show",
                                      .bytes = {theirs->bytes.data, run.size - shared}});
    buffer_done(&ours);
    return e;
}

enum err fork_keep(struct store *store, struct feed_row *feed, const struct member_id *from,
                   const struct sign_public *author, struct bytes run, struct arena *arena) {
    struct header first;
    struct head after = {0};
    struct verified_run verified;
    const struct envelope *theirs = NULL;
    enum err e = header_decode(run.data, &first);
    if (e == OK && first.seq > 1) {
        after.seq = first.seq - 1;
        e = entry_id(store, feed->row, after.seq, &after.id);
    }
    if (e == OK)
        e = verify_whole(run, &feed->info.id, &after, author, arena, &verified);
    if (e == OK)
        e = parting(store, feed, &verified, &theirs);
    if (e == OK)
        e = keep_branch(store, feed, from, theirs, &verified.envelopes[verified.envelopes_n - 1],
                        run);
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

static enum err check_signed(const uint8_t *signed_header, const struct sign_public *author,
                             const struct feed_id *feed, struct header *ret_header) {
    struct signature signature;
    memcpy(signature.bytes, signed_header + HEADER_SIZE, sizeof signature.bytes);
    enum err e = header_decode(signed_header, ret_header);
    if (e == OK && !feed_id_equal(&ret_header->feed, feed))
        e = ERR_ARGUMENT;
    return e == OK ? key_verify(author, SIGN_ENVELOPE, (struct bytes){signed_header, HEADER_SIZE},
                                &signature)
                   : e;
}

/* Whoever holds one branch alone would see nothing of it otherwise. */
static enum err note_proof(struct store *store, const struct feed_row *feed, uint64_t seq) {
    bool own = member_id_equal(&feed->info.author, &store->self.member);
    return quarantine_put(
        store,
        &(struct quarantine_new){
            .kind = QUARANTINE_FORK,
            .feed = feed->info.id,
            .seq = seq,
            .author = feed->info.author,
            .reason = ERR_FORK,
            .text =
                own ? "this node, or an old copy or clone of it, has signed another entry under "
                      "this number; it is not here"
                    : "its author has signed another entry under this number; it is not here"});
}

enum err admit_proof(struct store *store, const struct feed_id *id,
                     const uint8_t first[static SIGNED_HEADER_SIZE],
                     const uint8_t second[static SIGNED_HEADER_SIZE]) {
    struct feed_row *feed = NULL;
    struct sign_public author;
    struct header one, two;
    enum err e = feed_row_find(store, id, &feed);
    if (e == OK)
        e = member_sign_key(store, &feed->info.author, &author);
    if (e == OK)
        e = check_signed(first, &author, id, &one);
    if (e == OK)
        e = check_signed(second, &author, id, &two);
    if (e != OK)
        return e;
    if (one.seq != two.seq || one.seq > (uint64_t)ENTRY_SEQ_MAX ||
        memcmp(first, second, SIGNED_HEADER_SIZE) == 0)
        return ERR_ARGUMENT;
    bool own = false;
    if ((e = store_enter(store, &own)) != OK)
        return e;
    e = feed_row_find(store, id, &feed); /* what was borrowed ended where the transaction began */
    /* One is enough: an author could make as many as there are numbers. */
    if (e == OK && !feed->info.forked) {
        e = proof_put(store, id, one.seq, first, second);
        if (e == OK)
            e = mark(store, feed);
        if (e == OK)
            e = note_proof(store, feed, one.seq);
    }
    return store_leave(store, own, e);
}
