/* Random histories of one field, and a naive model of what they mean, written without
 * store/merge.c: everything is recomputed from the full list each time. */
#ifndef STAFET_TESTS_HISTORY_H
#define STAFET_TESTS_HISTORY_H

#include "dice.h"
#include "store/collection.h"

enum {
    HISTORY_WRITERS_MAX = 5,
    HISTORY_WRITES_MAX = 20,
    HISTORY_REPLACES_MAX = HISTORY_WRITES_MAX + 1
};

/* What a history is made of. */
struct history_shape {
    size_t writers_n;
    struct feed_id feeds[HISTORY_WRITERS_MAX];
    uint64_t seqs[HISTORY_WRITERS_MAX]; /* the last used; moved on */
    const char *const *values;
    size_t values_n;
    size_t writes_min, writes_max;
    bool (*is_void)(size_t writer); /* whose writes are void; NULL: a tenth of all */
};

struct history_write {
    struct version_name name;
    size_t writer;
    uint64_t clock;
    const char *value;
    struct version_name replaces[HISTORY_REPLACES_MAX];
    size_t replaces_n;
    bool is_void;
};

struct history {
    struct history_write writes[HISTORY_WRITES_MAX];
    size_t writes_n;
};

/* Writers who hear of each other's writes now and then, and name what they know to be live, or part
 * of it, or none, or what nobody has ever seen. */
void history_make(struct history *, struct history_shape *, struct dice *);

/* A random order of what is not void, some of it twice. Returns how many. */
enum { HISTORY_DELIVERIES_MAX = 2 * HISTORY_WRITES_MAX };
size_t history_deliver(const struct history *, struct dice *,
                       size_t ret_order[static HISTORY_DELIVERIES_MAX]);

/* What the delivered writes mean. */
struct model {
    size_t live[HISTORY_WRITES_MAX]; /* indexes of writes, in version order */
    size_t live_n;
    size_t shown;                           /* index in live */
    const char *values[HISTORY_WRITES_MAX]; /* the different ones, in byte order */
    size_t sides_n;
    bool conflicted;
};
void model_make(const struct history *, const bool delivered[static HISTORY_WRITES_MAX],
                enum policy, struct model *ret_model);
/* Where the field is written once: the earliest of the live writes alone is left. */
void model_fix(const struct history *, struct model *);
/* The revision of a record that has this one field. */
struct revision model_revision(const struct model *, const struct record_id *, uint16_t field,
                               enum part);

#endif
