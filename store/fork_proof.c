#include "fork_proof.h"
#include "admit.h"
#include "member.h"
#include "proto/limits.h"
#include "quarantine_put.h"
#include "replica.h"

static enum err read_on(sqlite3_stmt *get, int column, struct buffer *bytes) {
    struct bytes on = db_column_bytes(get, column);
    return on.size % SIGNED_HEADER_SIZE != 0 ? ERR_CORRUPT : buffer_append(bytes, on.data, on.size);
}

static enum err read_proof(sqlite3_stmt *get, struct buffer *bytes,
                           struct message_proof *ret_proof) {
    size_t start = bytes->size, middle = start;
    enum err e = db_column_copy(get, 0, ret_proof->first, SIGNED_HEADER_SIZE);
    if (e == OK)
        e = db_column_copy(get, 1, ret_proof->second, SIGNED_HEADER_SIZE);
    if (e == OK && (e = read_on(get, 2, bytes)) == OK) {
        middle = bytes->size;
        e = read_on(get, 3, bytes);
    }
    if (e == OK) {
        ret_proof->first_on = (struct bytes){bytes->data + start, middle - start};
        ret_proof->second_on = (struct bytes){bytes->data + middle, bytes->size - middle};
    }
    return e;
}

enum err admit_proof_of(struct store *store, const struct feed_id *feed, struct buffer *bytes,
                        struct message_proof *ret_proof) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT first, second, first_on, second_on FROM fork"
                                " WHERE feed = ? ORDER BY seq LIMIT 1");
    db_bind_bytes(get, 1, feed->bytes, sizeof feed->bytes);
    struct message_proof proof = {.feed = *feed};
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK)
        e = row ? read_proof(get, bytes, &proof) : ERR_NOT_FOUND;
    db_reset(get);
    if (e == OK)
        *ret_proof = proof;
    return e;
}

static enum err put(struct store *store, const struct message_proof *proof, uint64_t seq) {
    sqlite3_stmt *put =
        db_statement(store->db, "INSERT INTO fork (feed, seq, first, second, first_on, second_on,"
                                " at) VALUES (?1, ?2, ?3, ?4, nullif(?5, x''), nullif(?6, x''), ?7)"
                                " ON CONFLICT DO NOTHING");
    db_bind_bytes(put, 1, proof->feed.bytes, sizeof proof->feed.bytes);
    sqlite3_bind_int64(put, 2, (int64_t)seq);
    db_bind_bytes(put, 3, proof->first, SIGNED_HEADER_SIZE);
    db_bind_bytes(put, 4, proof->second, SIGNED_HEADER_SIZE);
    db_bind_bytes(put, 5, proof->first_on.data, proof->first_on.size);
    db_bind_bytes(put, 6, proof->second_on.data, proof->second_on.size);
    sqlite3_bind_int64(put, 7, store_now(store));
    return db_run(store->db, put);
}

/* Headers are signed by the thousand, and need no envelopes: an author who makes long proofs of
 * itself has been shown to fork by those that are here. ERR_QUOTA: no room for another. */
static enum err check_room(struct store *store, const struct feed_row *feed,
                           const struct message_proof *proof) {
    size_t size = proof->first_on.size + proof->second_on.size;
    if (size == 0)
        return OK;
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT coalesce(sum(coalesce(length(p.first_on), 0) +"
                                " coalesce(length(p.second_on), 0)), 0)"
                                " FROM fork p JOIN feed f ON f.id = p.feed WHERE f.author = ?");
    db_bind_bytes(get, 1, feed->info.author.bytes, sizeof feed->info.author.bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    size_t used = row ? (size_t)sqlite3_column_int64(get, 0) : 0;
    db_reset(get);
    return e == OK && used + size > PROOFS_PER_AUTHOR_MAX ? ERR_QUOTA : e;
}

static enum err mark(struct store *store, struct feed_row *feed) {
    feed->info.forked = true;
    enum err e = feed_row_save(store, feed);
    return e == OK ? news_put_feed(store, &feed->info.id) : e;
}

static bool is_signed(const struct sign_public *author, const uint8_t *signed_header) {
    struct signature signature;
    memcpy(signature.bytes, signed_header + HEADER_SIZE, sizeof signature.bytes);
    return key_verify(author, SIGN_ENVELOPE, (struct bytes){signed_header, HEADER_SIZE},
                      &signature) == OK;
}

static enum err our_header(struct store *store, const struct feed_row *feed, uint64_t seq,
                           uint8_t ret_signed[static SIGNED_HEADER_SIZE]) {
    struct buffer bytes = {0};
    time_ms stored;
    enum err e = entry_bytes(store, feed->row, seq, &bytes, &stored);
    if (e == ERR_NOT_FOUND || (e == OK && bytes.size < SIGNED_HEADER_SIZE))
        e = ERR_CORRUPT; /* what is stored ends at a good signature */
    if (e == OK)
        memcpy(ret_signed, bytes.data, SIGNED_HEADER_SIZE);
    buffer_done(&bytes);
    return e;
}

/* Our headers after `seq`, up to one that its author has signed. */
static enum err ours_on(struct store *store, const struct feed_row *feed,
                        const struct sign_public *author, uint64_t seq, struct buffer *out) {
    uint8_t here[SIGNED_HEADER_SIZE];
    enum err e;
    do {
        e = our_header(store, feed, ++seq, here);
        if (e == OK)
            e = buffer_append(out, here, sizeof here);
    } while (e == OK && !is_signed(author, here));
    return e;
}

static enum err theirs_on(const struct sign_public *author, const struct envelope *theirs,
                          size_t theirs_n, struct buffer *out) {
    enum err e = OK;
    bool done = false;
    for (size_t i = 0; e == OK && !done && i < theirs_n; i++) {
        e = buffer_append(out, theirs[i].bytes.data, SIGNED_HEADER_SIZE);
        done = is_signed(author, theirs[i].bytes.data);
    }
    return e;
}

/* The first number under which either is well signed: then one header is enough for that branch,
 * and what the other goes on with is part of one run and fits a frame. */
static enum err find_pair(struct store *store, const struct feed_row *feed,
                          const struct sign_public *author, const struct envelope *theirs,
                          size_t theirs_n, struct message_proof *proof, size_t *ret_at) {
    for (size_t i = 0; i < theirs_n; i++) {
        const uint8_t *other = theirs[i].bytes.data;
        enum err e = our_header(store, feed, theirs[i].header.seq, proof->first);
        if (e != OK)
            return e;
        if (!is_signed(author, proof->first) && !is_signed(author, other))
            continue;
        memcpy(proof->second, other, SIGNED_HEADER_SIZE);
        *ret_at = i;
        return OK;
    }
    return ERR_INTERNAL;
}

enum err fork_prove(struct store *store, struct feed_row *feed, const struct sign_public *author,
                    const struct envelope *theirs, size_t theirs_n) {
    struct message_proof proof = {.feed = feed->info.id};
    struct buffer on = {0};
    size_t at = 0;
    enum err e = find_pair(store, feed, author, theirs, theirs_n, &proof, &at);
    bool ours_good = e == OK && is_signed(author, proof.first);
    if (e == OK && !ours_good)
        e = ours_on(store, feed, author, theirs[at].header.seq, &on);
    else if (e == OK && !is_signed(author, proof.second))
        e = theirs_on(author, theirs + at + 1, theirs_n - at - 1, &on);
    *(ours_good ? &proof.second_on : &proof.first_on) = buffer_view(&on);
    if (e == OK)
        e = check_room(store, feed, &proof);
    if (e == OK)
        e = put(store, &proof, theirs[at].header.seq);
    else if (e == ERR_QUOTA)
        e = OK;
    buffer_done(&on);
    return e == OK ? mark(store, feed) : e;
}

/* A header, and those that lead from it to the author's signature. */
static enum err check_branch(const struct sign_public *author, const struct feed_id *feed,
                             const uint8_t first[static SIGNED_HEADER_SIZE], struct bytes on,
                             struct header *ret_header) {
    struct header before, header;
    enum err e = header_decode(first, &before);
    if (e == OK && !feed_id_equal(&before.feed, feed))
        e = ERR_ARGUMENT;
    const uint8_t *last = first;
    if (e == OK)
        *ret_header = before;
    for (; e == OK && on.size >= SIGNED_HEADER_SIZE;
         on.data += SIGNED_HEADER_SIZE, on.size -= SIGNED_HEADER_SIZE) {
        struct envelope_id id = envelope_id_of(last);
        last = on.data;
        e = header_decode(last, &header);
        if (e == OK && (!feed_id_equal(&header.feed, feed) || header.seq - 1 != before.seq ||
                        !envelope_id_equal(&header.prev, &id)))
            e = ERR_CHAIN;
        before = header;
    }
    return e == OK && !is_signed(author, last) ? ERR_SIGNATURE : e;
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

static enum err check_proof(struct store *store, const struct message_proof *proof,
                            struct feed_row **ret_feed, uint64_t *ret_seq) {
    struct sign_public author;
    struct header one, two;
    enum err e = feed_row_find(store, &proof->feed, ret_feed);
    if (e == OK)
        e = member_sign_key(store, &(*ret_feed)->info.author, &author);
    if (e == OK)
        e = check_branch(&author, &proof->feed, proof->first, proof->first_on, &one);
    if (e == OK)
        e = check_branch(&author, &proof->feed, proof->second, proof->second_on, &two);
    if (e != OK)
        return e;
    if (one.seq != two.seq || one.seq > (uint64_t)ENTRY_SEQ_MAX ||
        memcmp(proof->first, proof->second, SIGNED_HEADER_SIZE) == 0)
        return ERR_ARGUMENT;
    *ret_seq = one.seq;
    return OK;
}

enum err admit_proof(struct store *store, const struct message_proof *proof) {
    struct feed_row *feed = NULL;
    uint64_t seq = 0;
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    e = check_proof(store, proof, &feed, &seq);
    /* One is enough: an author could make as many as there are numbers. */
    if (e == OK && !feed->info.forked) {
        e = check_room(store, feed, proof);
        if (e == OK)
            e = put(store, proof, seq);
        if (e == OK)
            e = mark(store, feed);
        if (e == OK)
            e = note_proof(store, feed, seq);
    }
    return store_leave(store, own, e);
}
