/* Which parts of which imports count. Pure. An import counts when all its parts are there in one
 * feed; one mark counts once per author, however often it was sent. PROTOCOL.md, "Change sets". */
#ifndef STAFET_STORE_TALLY_H
#define STAFET_STORE_TALLY_H

#include "proto/clock.h"
#include "proto/id.h"
#include <stddef.h>

enum tally_state {
    TALLY_INCOMPLETE = 0, /* another part of its import is missing */
    TALLY_COUNTED,        /* its import was whole in time */
    TALLY_LATE,           /* its import is whole, but was not in time */
    TALLY_REPEATED        /* its import counts already by another copy */
};

struct tally_part {
    struct member_id author;
    struct hash mark;
    uint32_t part, parts;
    bool late;        /* came after the survey was closed */
    size_t set_index; /* where it stands in its envelope */
    uint64_t answers;
    time_ms stored;
    struct feed_id feed;
    uint64_t seq;
    enum tally_state state;
};

/* Sets each part's state. They are in order of author, mark, parts, feed, part, then where they stand. */
void tally(struct tally_part *parts, size_t n);

#endif
