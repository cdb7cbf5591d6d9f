/* Inside the store: keeping what was refused. */
#ifndef STAFET_STORE_QUARANTINE_PUT_H
#define STAFET_STORE_QUARANTINE_PUT_H

#include "quarantine.h"

/* The same thing from the same member again replaces what was kept; of a branch, more of the same
 * does. Zero ids are allowed. Of what was refused only the beginning is kept, and the oldest make
 * room, those of the same member first.
 * Branches of forks and incidents never do: where their room is full, a branch is kept without its
 * bytes, or nothing more is. All that is not kept is counted, and shown as an incident. */
struct quarantine_new {
    enum quarantine_kind kind; /* REFUSED, FORK or INCIDENT */
    struct feed_id feed;
    uint64_t seq;
    struct member_id author, from;
    enum err reason;
    const char *text;
    struct bytes bytes;
};
MUST_USE enum err quarantine_put(struct store *, const struct quarantine_new *);
/* What is kept under a number in the quarantine itself, without its text. ERR_NOT_FOUND; ERR_STATE: it is an entry of the log. */
MUST_USE enum err quarantine_find(struct store *, uint64_t number, struct quarantined *ret_item);
/* A branch of the forked feed is here now: nobody need be told any more that none is. */
MUST_USE enum err quarantine_branch_came(struct store *, const struct feed_id *);

/* For what was refused, and again for the rest. `_PER_SOURCE` is of one kind from one member. */
enum {
    QUARANTINE_ROWS_MAX = 10000,
    QUARANTINE_ROWS_PER_SOURCE_MAX = 1000,
    QUARANTINE_BYTES_MAX = 64 * 1024 * 1024,
    QUARANTINE_REFUSED_BYTES_MAX = 4096
};

#endif
