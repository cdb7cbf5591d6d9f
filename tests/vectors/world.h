/* The federation that the vectors are about: Nordby, its kindergarten Birk and its school Søndre
 * Skole, with all keys and feeds from fixed seeds. */
#ifndef STAFET_TESTS_WORLD_H
#define STAFET_TESTS_WORLD_H

#include "proto/changeset.h"
#include "proto/declaration.h"
#include "proto/run.h"

enum { FEED_ENTRIES_MAX = 8 };

struct member_of_world {
    struct seed seed;
    struct node_keys keys;
    struct member_id id;
};

struct feed_of_world {
    struct member_of_world *author;
    struct birth birth;
    struct channel_id channel;
    struct feed_id feed;
    struct buffer bytes;
    size_t starts[FEED_ENTRIES_MAX + 1];     /* where each entry starts, and the end */
    struct head heads[FEED_ENTRIES_MAX + 1]; /* heads[n]: after entry n */
    size_t n;
};

struct epoch_of_world {
    struct epoch_public public;
    struct epoch_secret secret;
};

struct world {
    struct seed root_seed;
    struct root_keys root;
    struct member_of_world nordby, birk, skole;
    struct buffer founding_record;
    struct founding founding;
    struct federation_id federation;
    struct seed ticket_secret;
    struct feed_of_world roster;   /* founding, both sites, the answers' epoch */
    struct feed_of_world handover; /* by Birk, three entries under one seal, for Søndre Skole */
    struct feed_of_world answers;  /* by Birk, one batch */
    struct epoch_of_world handover_epoch, answers_epoch;
    struct content_key handover_key, answers_key;
    struct record_id record, survey;
    struct buffer handover_plain[3], answers_plain;
};

extern const int64_t world_ms; /* 1 June 2026, 12.00 UTC */

void world_init(struct world *);
void world_done(struct world *);
/* Entries first..last (from 1) of a feed. */
struct bytes feed_part(const struct feed_of_world *, size_t first, size_t last);
struct roster_entry world_entry(const struct world *, const struct member_of_world *);

#endif
