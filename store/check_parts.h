/* Inside the store: a replica being verified, and what is compared beside the log itself. */
#ifndef STAFET_STORE_CHECK_PARTS_H
#define STAFET_STORE_CHECK_PARTS_H

#include "check.h"
#include "proto/envelope.h"
#include "replica.h"
#include "version_row.h"

/* First the schema and the free pages, then the database's own check, table by table or at once;
 * then feed by feed, entry by entry; then what was derived from them. Between slices the store may
 * change: a feed is checked up to the head it had when its turn came. */
struct check {
    struct store *store;
    struct arena arena;
    struct buffer bytes;
    bool whole, schema_done, integrity_done, feeds_done, feed_open;
    int64_t table, feed_row;
    struct feed_info feed;
    struct sign_public author;
    struct head before;
    uint64_t checked, total;
    uint64_t roster_head,
        roster_rows;         /* how far the roster was checked, and the rows it calls for */
    uint64_t clock, tip_max; /* of the feed at hand, as its headers say */
    bool founded;            /* the founding has been seen */
    uint64_t statements, statement_at; /* verified, and where the walk is */
    int part;                          /* of what is derived: where the check is */
    struct record_key record;          /* the one at hand, or the last one compared */
    struct buffer fields;              /* uint16_t each, of that one: those that are left */
    void (*found)(void *context, const struct check_finding *);
    void *context;
};
void check_tell(struct check *, uint64_t seq, enum err, const char *text);

/* Tables, columns and indexes, as the migrations make them in an empty database. SQLite's own check
 * knows of none that should be there: after a part of its log rotted the schema may be an earlier
 * one. */
MUST_USE enum err check_schema(struct check *);
/* The feed's own row and its channel, at its end. */
MUST_USE enum err check_feed_row(struct check *);
/* Roster, federation and epochs, as the declarations of an applied entry call for. */
MUST_USE enum err check_declarations(struct check *, uint64_t seq, const struct envelope *);
/* The rest, a little with each call: rows that no declaration calls for, live sets, statements,
 * and what is sealed at rest. */
MUST_USE enum err check_derived(struct check *, bool *ret_done);

#endif
