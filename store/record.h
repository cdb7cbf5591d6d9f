/* Records as merged from the accepted versions, and local drafts. */
#ifndef STAFET_STORE_RECORD_H
#define STAFET_STORE_RECORD_H

#include "collection.h"
#include "proto/changeset.h"
#include "store.h"

/* One live version. */
struct version {
    struct version_name name;
    struct member_id author;
    const char *actor_name, *actor_function;
    uint64_t clock;
    struct bytes value; /* with a NUL after it */
};

struct field_state {
    uint16_t number;
    const struct field *field;  /* NULL: not known here */
    const struct version *live; /* in version order; at least one; of a fixed field the first alone */
    size_t live_n;
    size_t shown;               /* index of the pick */
    size_t sides_n;             /* different values; more than one with keep-both is a conflict */
    const struct bytes *values; /* these, in byte order */
    bool conflicted;
};

struct record {
    struct record_id id;
    uint16_t collection;
    struct channel channel;
    struct channel_id channel_id;
    struct member_id owner;
    struct revision revision;
    const struct field_state *fields; /* in order of number */
    size_t fields_n;
};

/* An id names a record within its collection, and the collection says which kind of channel carries it: a record of another
 * collection never stands in for it. Should a handover's id stand in several channels, the one that its owner has written in
 * counts, then the lowest. All of it lives in the arena. ERR_NOT_FOUND. */
MUST_USE enum err record_load(struct store *, uint16_t collection, const struct record_id *, struct arena *,
                              struct record *ret_record);
const struct field_state *record_field(const struct record *, uint16_t number); /* NULL: never written */
size_t field_value(const struct field_state *, struct bytes value); /* index in `values`; sides_n: it is none of them */
/* The revision that the record would have once `writes`, all of them about it, were accepted; the record may be one that nobody
 * has written yet, with id and collection alone. ERR_MEMORY of the arena. */
MUST_USE enum err record_revision_with(const struct record *, const struct write *writes, size_t writes_n, struct arena *,
                                       struct revision *ret_revision);
/* The shown value of a field as a NUL-terminated text; "" when it has none. Of a union all values, one a line, in byte order: in the
 * arena, and NULL when that gives out. */
const char *record_text_of(const struct record *, uint16_t number, struct arena *);

typedef enum err record_visit(void *context, const struct record_id *);
/* Records of one collection, oldest first. */
MUST_USE enum err record_each(struct store *, uint16_t collection, record_visit *, void *context);
/* By text form or unique prefix of it. ERR_NOT_FOUND, ERR_AMBIGUOUS (the candidates are up to `record_each` to list). */
MUST_USE enum err record_find(struct store *, uint16_t collection, const char *prefix, struct record_id *ret_id);

/* Every version ever accepted of a field, replaced ones too, in clock order: for history, and the base of a conflict. */
struct past_version { struct version version; bool live; time_ms stored; };
MUST_USE enum err record_history(struct store *, uint16_t collection, const struct record_id *, uint16_t field,
                                 struct arena *, const struct past_version **ret_versions, size_t *ret_n);

/* A conflict: a keep-both field with two or more different live values. */
struct conflict {
    struct conflict_id id;
    struct record_id record;
    uint16_t collection, field;
};
typedef enum err conflict_visit(void *context, const struct conflict *);
/* In order of record, then field. */
MUST_USE enum err conflict_each(struct store *, conflict_visit *, void *context);
/* The same a little at a time: a step looks at one contested field, or opens one of its live versions, however much the other party has
 * written. Each conflict is told as it stood when its field was come to; what happens in between may be seen or not. `*ret_found`: one
 * has been found. */
struct conflict_walk;
MUST_USE enum err conflict_walk_new(struct store *, struct conflict_walk **ret_walk);
MUST_USE enum err conflict_walk_step(struct conflict_walk *, struct conflict *ret_conflict, bool *ret_found, bool *ret_done);
void conflict_walk_free(struct conflict_walk *); /* wipes what was opened; NULL is accepted */
/* The conflict that this field of a loaded record is in. False: it is in none. */
bool conflict_of(const struct record *, const struct field_state *, struct conflict *ret_conflict);
/* By prefix of its id's text form. ERR_NOT_FOUND, ERR_AMBIGUOUS. */
MUST_USE enum err conflict_find(struct store *, const char *prefix, struct conflict *ret_conflict);
/* The newest version that every live version descends from, if one is known. ERR_NOT_FOUND. */
MUST_USE enum err conflict_base(struct store *, const struct conflict *, struct arena *, struct version *ret_base);

/* Local and unsent: values typed but not yet sent, and small notes this node keeps about a record; sealed at rest, never on
 * the wire. Key and value are free (the key stands in the clear); an empty value removes. local_get appends; ERR_NOT_FOUND. */
MUST_USE enum err local_put(struct store *, const struct record_id *, const char *key, struct bytes value);
MUST_USE enum err local_get(struct store *, const struct record_id *, const char *key, struct buffer *ret_value);
typedef enum err local_visit(void *context, const struct record_id *, const char *key, struct bytes value);
/* Of one record, or of all when `record` is NULL. */
MUST_USE enum err local_each(struct store *, const struct record_id *record, local_visit *, void *context);

#endif
