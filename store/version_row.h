/* Inside the store: how records and versions stand in the database. */
#ifndef STAFET_STORE_VERSION_ROW_H
#define STAFET_STORE_VERSION_ROW_H

#include "record.h"
#include "replica.h"

/* What tells a record from others: the versions that agree in these are its own. */
struct record_key {
    struct record_id id;
    int64_t channel_row; /* in table channel */
    uint16_t collection;
};
/* Binds it as ?1, ?2 and ?3; borrowed. */
void record_key_bind(sqlite3_stmt *, const struct record_key *);

/* A record, and what its channel says of it. */
struct record_row {
    struct record_key key;
    struct channel channel;
    struct channel_id channel_id;
};
/* Records are kept by channel, id and collection, so that nobody can reach into another channel's
 * record. Should an id of this collection stand in several channels, the one whose owner has
 * written in it counts, then the lowest. ERR_NOT_FOUND. */
MUST_USE enum err record_row_find(struct store *, uint16_t collection, const struct record_id *,
                                  struct record_row *ret_row);
/* The member that owns the record: for a handover, the party that its id names; otherwise false. */
bool record_row_owner(const struct record_row *, struct member_id *ret_owner);

/* Do actor and value of such a version stand in its row? Otherwise the row has none, and they are
 * read in the sealed section that brought them. What is not known here goes by how it came. */
bool version_row_stands_here(uint16_t collection, enum channel_kind);

/* Every SELECT that version_row_read reads has these columns:
 * key, field, id8, clock, stored, live, replaces, actor_name, actor_function, value,
 * feed.id, feed.author */
struct version_row {
    struct version version;
    int64_t key;
    uint16_t field;
    bool live;
    bool stands_here;
    time_ms stored;
    const struct version_name *replaces;
    size_t replaces_n;
};
/* Reads the current row into the arena. ERR_CORRUPT, ERR_KEY, ERR_SEAL, ERR_MEMORY. */
MUST_USE enum err version_row_read(struct store *, sqlite3_stmt *, const struct record_id *,
                                   struct arena *, struct version_row *ret_row);
/* The same without actor and value, unless they stand in the row. */
MUST_USE enum err version_row_read_here(sqlite3_stmt *, struct arena *,
                                        struct version_row *ret_row);
/* All versions of a field, in version order. */
MUST_USE enum err version_row_history(struct store *, const struct record_row *, uint16_t field,
                                      struct arena *, struct version_row **ret_rows, size_t *ret_n);

/* Names in column `replaces` and table awaited: feed, seq, id8. */
enum { NAME_SIZE = 48 };
void version_name_write(const struct version_name *, uint8_t ret_bytes[static NAME_SIZE]);
void version_name_read(const uint8_t bytes[static NAME_SIZE], struct version_name *ret_name);

#endif
