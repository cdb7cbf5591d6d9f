/* Inside the store: keeping what was refused. */
#ifndef STAFET_STORE_QUARANTINE_PUT_H
#define STAFET_STORE_QUARANTINE_PUT_H

#include "quarantine.h"

/* The same thing from the same member again replaces what was kept. The oldest make room, counted,
 * and shown as an incident. Zero ids are allowed. */
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

enum { QUARANTINE_ROWS_MAX = 10000, QUARANTINE_BYTES_MAX = 64 * 1024 * 1024 };

#endif
