/* What was refused or is void, kept with its reason so that nobody loses anything silently; bounded by quota. */
#ifndef STAFET_STORE_QUARANTINE_H
#define STAFET_STORE_QUARANTINE_H

#include "feed.h"

enum quarantine_kind { QUARANTINE_REFUSED = 1, QUARANTINE_VOID, QUARANTINE_WAITING, QUARANTINE_FORK, QUARANTINE_INCIDENT };
struct quarantined {
    uint64_t number; /* local, for naming it */
    enum quarantine_kind kind;
    struct feed_id feed;
    uint64_t seq;
    struct member_id author, from;
    enum err reason;
    const char *text; /* what was wrong, in a sentence */
    time_ms at;
    size_t size;
};
typedef enum err quarantine_visit(void *context, const struct quarantined *);
MUST_USE enum err quarantine_each(struct store *, quarantine_visit *, void *context);

#endif
