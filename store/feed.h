/* Feeds as the replica knows them, and runs served from them. */
#ifndef STAFET_STORE_FEED_H
#define STAFET_STORE_FEED_H

#include "store.h"

struct feed_info {
    struct feed_id id;
    struct channel_id channel_id;
    struct channel channel;
    struct member_id author;
    struct incarnation incarnation;
    struct head head; /* the last entry, durably stored */
    uint64_t waiting; /* entries stored but not applied, void ones apart */
    uint64_t voided;
    bool confirmed; /* own feeds: may be continued */
    bool forked;
};

/* Return OK to go on; anything else ends the walk and is returned. */
typedef enum err feed_visit(void *context, const struct feed_info *);
/* In order of channel id, then feed id. */
MUST_USE enum err feed_each(struct store *, feed_visit *, void *context);
MUST_USE enum err feed_find(struct store *, const struct feed_id *, struct feed_info *ret_info);

/* Appends to `out` a run that follows entry `after` (whose id begins with `after_id8`; ignored when
 * `after` is 0): whole envelopes, at least one, at most `bytes_max` unless the first alone is
 * larger, ending at a signature that this node has checked. ERR_NOT_FOUND: no such feed or nothing
 * after it; ERR_CHAIN: `after` is another envelope here. */
MUST_USE enum err feed_load(struct store *, const struct feed_id *, uint64_t after,
                            const struct id8 *after_id8, size_t bytes_max, struct buffer *out);

/* Member `from` has said that this is the head of an own feed. That is hearsay: the same head as
 * here confirms a feed that is unconfirmed; more than here only makes the confirmation wait for as
 * long as delivering it may take (report.h), and becomes an incident that names `from` if it never
 * comes. A feed that was closed for good stays so; the roster's, which has one incarnation only,
 * then needs a person's word (roster_confirm). Feeds of others, unknown ones and lesser heads
 * change nothing. The roster feed is reported so too, from HELLO's and ROSTER's tip. */
MUST_USE enum err feed_reported(struct store *, const struct member_id *from,
                                const struct feed_id *, uint64_t seq, const struct id8 *);
/* A statement that this node itself has signed names (seq, id8) of an own feed. Where that is not
 * here, this database is an old copy (acks_restored): the feed is closed for good. */
MUST_USE enum err feed_proved(struct store *, const struct feed_id *, uint64_t seq,
                              const struct id8 *, bool *ret_lost);
/* Confirms an own feed if by now all is said that it needs. */
MUST_USE enum err feed_settle(struct store *, const struct feed_id *, bool *ret_confirmed);

/* One entry as stored, with what became of it; for log list and verify. */
enum entry_status { ENTRY_APPLIED = 1, ENTRY_WAITING = 2, ENTRY_VOID = 3 };
struct entry_info {
    uint64_t seq;
    struct envelope_id id;
    enum entry_status status;
    enum err reason;       /* why it waits or is void; OK when applied */
    time_ms stored;        /* when this node committed it, by its wall clock */
    struct bytes envelope; /* borrowed until the next step */
};
typedef enum err entry_visit(void *context, const struct feed_info *, const struct entry_info *);
MUST_USE enum err feed_entries(struct store *, const struct feed_id *, uint64_t from, entry_visit *,
                               void *context);

#endif
