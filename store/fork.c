#include "fork.h"
#include "admit.h"
#include "member.h"
#include "quarantine_put.h"
#include "replica.h"

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

static enum err keep_branch(struct store *store, struct feed_row *feed,
                            const struct member_id *from, const struct envelope *theirs,
                            struct bytes run) {
    struct buffer ours = {0};
    time_ms stored;
    uint64_t seq = theirs->header.seq;
    enum err e = entry_bytes(store, feed->row, seq, &ours, &stored);
    if (e == OK)
        e = proof_put(store, &feed->info.id, seq, ours.data, theirs->bytes.data);
    if (e == OK)
        e = mark(store, feed);
    size_t shared = (size_t)(theirs->bytes.data - run.data);
    if (e == OK)
        e = quarantine_put(store, &(struct quarantine_new){
                                      .kind = QUARANTINE_FORK,
                                      .feed = feed->info.id,
                                      .seq = seq,
                                      .author = feed->info.author,
                                      .from = *from,
                                      .reason = ERR_FORK,
                                      .text = "another branch of a feed that its author forked",
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
        e = run_verify(run, &feed->info.id, &after, author, arena, &verified);
    if (e == OK)
        e = parting(store, feed, &verified, &theirs);
    if (e == OK)
        e = keep_branch(store, feed, from, theirs, run);
    return e == OK ? ERR_FORK : e;
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
    e = proof_put(store, id, one.seq, first, second);
    if (e == OK && !feed->info.forked)
        e = mark(store, feed);
    return store_leave(store, own, e);
}
