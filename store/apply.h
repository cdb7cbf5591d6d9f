/* Inside the store: where an accepted envelope's change sets meet the records. Called by judge.c, for what arrives and for what is
 * written here alike, in its caller's transaction. */
#ifndef STAFET_STORE_APPLY_H
#define STAFET_STORE_APPLY_H

#include "proto/changeset.h"
#include "proto/hash.h"
#include "store.h"

/* Where a change set stands. */
struct origin {
    int64_t feed_row; /* the feed's local number (table feed) */
    struct feed_id feed;
    uint64_t seq;
    struct id8 id8;
    uint64_t clock;
    struct member_id author;
    enum role role; /* the author's, at the roster tip the header names */
    struct channel channel;
    struct channel_id channel_id;
    time_ms stored;
};

/* Would this envelope be void? A pure function of the sets, the origin and the declared collections: two values for one field,
 * a writer that may not, a value out of form, a fixed field replaced, a record id that neither party owns, a field number beyond
 * FIELDS_PER_RECORD_MAX, answers or records in a channel of another kind. ERR_DENIED or ERR_ARGUMENT with a sentence in `ret_why`
 * (size bytes): void. ERR_MEMORY says nothing about the envelope. Fields and collections that are not known here pass. */
MUST_USE enum err apply_check(const struct origin *, const struct change_set *sets, size_t sets_n, char *ret_why,
                              size_t size);
/* Would this node write a field again that is written once? That voids nothing and changes nothing where it arrives (the first
 * version counts), so it is refused before it is written. ERR_ARGUMENT, with a sentence for store_failure. */
MUST_USE enum err apply_check_fixed(struct store *, const struct channel_id *, const struct change_set *sets, size_t sets_n);
/* Merges sets that apply_check has passed: versions, live sets, conflicts, answers; queues NEWS_RECORD. An envelope that has been
 * merged already changes nothing. The feed must stand in table feed. Answers are kept only where their channel may be read. */
MUST_USE enum err apply_sets(struct store *, const struct origin *, const struct change_set *sets, size_t sets_n);
/* Forgets everything merged from the envelopes of this feed with these numbers, as if they had never been accepted (a rebuild after a
 * void, an erasure): the caller applies again what remains. */
MUST_USE enum err apply_forget(struct store *, int64_t feed_row, uint64_t seq);

/* Do the records hold what these sets, applied earlier, wrote? ERR_CORRUPT with a sentence in `ret_why` when a version is
 * missing or has another value. For check.c, which walks every applied entry. */
MUST_USE enum err apply_verify(struct store *, const struct origin *, const struct change_set *sets, size_t sets_n,
                               char *ret_why, size_t size);
/* Adds the record half's canonical content (accepted versions, live sets, answers) to store_digest's hasher. */
MUST_USE enum err apply_digest(struct store *, struct hasher *);

#endif
