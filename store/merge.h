/* Merging one field: a function of the set of accepted versions, never of their order. PROTOCOL.md,
 * "Merge".
 *
 * Pure: no store, no SQL, no clock, no file. A `struct merge` holds versions and the names that
 * accepted versions replaced; live = versions - names. Each version's liveness depends on its own
 * name alone, so a part of a field's versions may be held as long as every name that concerns them
 * is. */
#ifndef STAFET_STORE_MERGE_H
#define STAFET_STORE_MERGE_H

#include "collection.h"
#include "proto/bytes.h"
#include "proto/hash.h"
#include "proto/id.h"

struct merge_version {
    struct version_name name;
    uint64_t clock;
    struct member_id author;
    struct bytes value; /* borrowed from whoever added it */
};

/* Zero-initialised is empty and valid. Both arrays are in version order, without duplicates. */
struct merge {
    struct merge_version *versions;
    size_t versions_n, versions_room;
    struct version_name *named;
    size_t named_n, named_room;
};
void merge_done(struct merge *);
/* Empties it and keeps the memory. */
void merge_clear(struct merge *);

/* Adds an accepted version and the names it replaced, of versions that are here or not. A version
 * that is here already changes nothing. ERR_MEMORY: the set is then incomplete and must not be
 * used. */
MUST_USE enum err merge_add(struct merge *, const struct merge_version *,
                            const struct version_name *replaces, size_t replaces_n);
/* Adds a name that some accepted version replaced. ERR_MEMORY. */
MUST_USE enum err merge_add_name(struct merge *, const struct version_name *);

const struct merge_version *merge_find(const struct merge *,
                                       const struct version_name *); /* NULL: not here */
bool merge_is_named(const struct merge *, const struct version_name *);
/* Copies the live versions, in version order, to `ret_live` (room for versions_n). Returns their
 * number. */
size_t merge_live(const struct merge *, struct merge_version *ret_live);

/* What several live versions mean under a policy. */
struct merge_pick {
    size_t shown;    /* index of the live version whose value is shown */
    size_t sides_n;  /* different values */
    bool conflicted; /* a person must choose: keep-both with more than one side */
};
/* `live` is in version order, live_n > 0. `ret_values` (room for live_n) gets the different values,
 * sides_n of them, in byte order. */
struct merge_pick merge_resolve(enum policy, const struct merge_version *live, size_t live_n,
                                struct bytes *ret_values);

/* Of a field that is written once, the version that counts: the lowest clock, then the lowest
 * version, so that a later one never does. `live` is in version order, live_n > 0. */
size_t merge_first(const struct merge_version *live, size_t live_n);

/* Names a conflict by record, field and live versions, so that another live version makes it
 * another conflict. */
struct conflict_id merge_conflict_id(const struct record_id *, uint16_t field,
                                     const struct merge_version *live, size_t live_n);
/* The same from names that stand `stride` bytes apart. */
struct conflict_id merge_conflict_id_of(const struct record_id *, uint16_t field,
                                        const struct version_name *first, size_t n, size_t stride);

/* A live value of a record. */
struct merge_value {
    uint16_t field;
    struct bytes value;
};
/* Names what a record says, whoever wrote it and when. `values` are those of all live versions
 * outside part track, in any order and however often each; they are sorted here. */
struct revision merge_revision(const struct record_id *, struct merge_value *values,
                               size_t values_n);

#endif
