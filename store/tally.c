#include "tally.h"

static bool same_import(const struct tally_part *a, const struct tally_part *b) {
    return member_id_equal(&a->author, &b->author) && hash_equal(&a->mark, &b->mark);
}

/* Among copies of one feed that agree on the number of parts: does each part stand here at least
 * once, and in time if `in_time`? If so, the first copy of each gets `state`. */
static bool take_whole(struct tally_part *copies, size_t n, bool in_time, enum tally_state state) {
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++)
        if (copies[i].part == next && !(in_time && copies[i].late))
            next++;
    if (next != copies[0].parts)
        return false;
    next = 0;
    for (size_t i = 0; i < n; i++)
        if (copies[i].part == next && !(in_time && copies[i].late)) {
            copies[i].state = state;
            next++;
        }
    return true;
}

static bool same_copy(const struct tally_part *a, const struct tally_part *b) {
    return a->parts == b->parts && feed_id_equal(&a->feed, &b->feed);
}

/* One author's parts under one mark. Parts of different feeds don't make up an import: it was
 * shuffled anew for each. */
static bool take_import(struct tally_part *parts, size_t n, bool in_time, enum tally_state state) {
    for (size_t at = 0, end; at < n; at = end) {
        for (end = at + 1; end < n && same_copy(&parts[end], &parts[at]);)
            end++;
        if (take_whole(&parts[at], end - at, in_time, state))
            return true;
    }
    return false;
}

void tally(struct tally_part *parts, size_t n) {
    for (size_t at = 0, end; at < n; at = end) {
        for (end = at; end < n && same_import(&parts[end], &parts[at]); end++)
            parts[end].state = TALLY_INCOMPLETE;
        if (!take_import(&parts[at], end - at, true, TALLY_COUNTED) &&
            !take_import(&parts[at], end - at, false, TALLY_LATE))
            continue;
        for (size_t i = at; i < end; i++)
            if (parts[i].state == TALLY_INCOMPLETE)
                parts[i].state = TALLY_REPEATED;
    }
}
