/* Inside the store: a feed as admission and appending see it, kept in memory so that an envelope
 * costs one insert and no look-up. Rows are borrowed from the cache until a roll-back, the end of a
 * failed part, or feed_cache_trim. */
#ifndef STAFET_STORE_FEED_ROW_H
#define STAFET_STORE_FEED_ROW_H

#include "db.h"
#include "feed.h"
#include "proto/declaration.h"
#include "proto/envelope.h"

/* An entry's key: the feed's row in the high bits, the number in the feed below. */
#define ENTRY_SEQ_BITS 40
#define ENTRY_SEQ_MAX ((INT64_C(1) << ENTRY_SEQ_BITS) - 1)
#define FEED_ROW_MAX ((INT64_C(1) << (62 - ENTRY_SEQ_BITS)) - 1)
int64_t entry_key(int64_t feed_row, uint64_t seq);

struct feed_row {
    int64_t row, channel_row;
    struct feed_info info;
    uint64_t clock;   /* the highest that an entry has borne */
    uint64_t tip_max; /* the highest roster tip that an entry has named */
    bool closed;      /* own: the birth of a later one has closed it */
    bool barred; /* own: known to have been longer than here; never continued. The roster's: only
                  * by a person's word */
    /* What the last entry that was judged taught. */
    bool has_rights, active; /* at the tip that it named */
    uint64_t tip;
    struct id8 tip_id8;
    bool active_now; /* as of `learnt_at`, the roster's last entry then */
    uint64_t learnt_at;
    enum role role;
    bool has_key;
    uint64_t key_seq; /* where its seal block stands */
    struct epoch_public key_epoch;
    struct content_key key;
};

struct feed_cache;
struct feed_cache *feed_cache_new(void);
void feed_cache_free(struct feed_cache *); /* wipes the content keys */
void feed_cache_clear(struct feed_cache *);
/* What is kept is unconfirmed, or barred as well. */
void feed_cache_doubt(struct feed_cache *, bool barred);
/* Forgets all when there are many; between runs, never within. */
void feed_cache_trim(struct feed_cache *);

/* ERR_NOT_FOUND. */
MUST_USE enum err feed_row_find(struct store *, const struct feed_id *, struct feed_row **ret_feed);
MUST_USE enum err feed_row_numbered(struct store *, int64_t row, struct feed_row **ret_feed);
/* Wipes the content key in hand: the next is looked up again. */
void feed_key_forget(struct feed_row *);
/* A new feed, without entries. ERR_LIMIT; ERR_QUOTA: its author, another, has too many in the
 * channel. */
MUST_USE enum err feed_row_create(struct store *, const struct feed_id *, const struct birth *,
                                  struct feed_row **ret_feed);
/* Writes head, clock, tip, counts and flags back. */
MUST_USE enum err feed_row_save(struct store *, const struct feed_row *);

/* The local row of a channel, made when it is not there yet. */
MUST_USE enum err channel_row(struct store *, const struct channel_id *, const struct channel *,
                              int64_t *ret_row);

/* Stores `envelope` as the feed's next entry and moves the head in memory; feed_row_save once a
 * run. */
struct entry_new {
    enum entry_status status;
    enum err reason;
    const char *note; /* of a void one, or NULL */
    bool checked;
    time_ms stored;
};
MUST_USE enum err entry_insert(struct store *, struct feed_row *, const struct envelope *,
                               const struct entry_new *);
/* Stores all of a run that follows the feed's head, as applied; then entry_heard says of one after
 * the other what became of it, and moves the head in memory. Until then, what asks for entries by
 * their numbers finds them, and nothing asks for more than those before the one that is heard. */
struct verified_run;
MUST_USE enum err entry_rows_open(struct store *); /* once, before */
MUST_USE enum err entry_insert_run(struct store *, const struct feed_row *,
                                   const struct verified_run *, time_ms stored);
MUST_USE enum err entry_heard(struct store *, struct feed_row *, const struct envelope *,
                              enum entry_status, enum err reason, const char *note);
/* What became of a waiting entry. Counts move in memory. */
MUST_USE enum err entry_judged(struct store *, struct feed_row *, uint64_t seq, enum entry_status,
                               enum err reason, const char *note);
/* The id of an entry. ERR_NOT_FOUND. */
MUST_USE enum err entry_id(struct store *, int64_t feed_row, uint64_t seq,
                           struct envelope_id *ret_id);
/* Appends the bytes of an entry to `out`. ERR_NOT_FOUND. */
MUST_USE enum err entry_bytes(struct store *, int64_t feed_row, uint64_t seq, struct buffer *out,
                              time_ms *ret_stored);

/* Reads a row of the view feed_full. */
MUST_USE enum err feed_row_read(struct store *, sqlite3_stmt *, struct feed_row *ret_feed);

#endif
