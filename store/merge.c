#include "merge.h"

#include <stdlib.h>

void merge_done(struct merge *m) {
    if (m == NULL)
        return;
    free(m->versions);
    free(m->named);
    *m = (struct merge){0};
}

void merge_clear(struct merge *m) {
    m->versions_n = 0;
    m->named_n = 0;
}

/* Where `name` stands or would stand in an array of things that begin with a version_name. Versions
 * mostly come in version order, so the end is tried first. */
static size_t position(const void *array, size_t n, size_t size, const struct version_name *name,
                       bool *ret_found) {
    const char *at = array;
    size_t low = 0, high = n;
    *ret_found = false;
    if (n > 0 && version_name_compare((const void *)(at + (n - 1) * size), name) < 0)
        return n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = version_name_compare((const void *)(at + middle * size), name);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Makes room for one more element of `size` bytes at `index`. */
static enum err open_gap(void **array, size_t *n, size_t *room, size_t size, size_t index) {
    enum { ROOM_MIN = 4 };
    if (*n == *room) {
        size_t wanted = *room == 0 ? ROOM_MIN : *room * 2;
        void *grown = reallocarray(*array, wanted, size);
        if (grown == NULL)
            return ERR_MEMORY;
        *array = grown;
        *room = wanted;
    }
    char *at = (char *)*array + index * size;
    memmove(at + size, at, (*n - index) * size);
    (*n)++;
    return OK;
}

enum err merge_add_name(struct merge *m, const struct version_name *name) {
    bool found;
    size_t index = position(m->named, m->named_n, sizeof *m->named, name, &found);
    if (found)
        return OK;
    void *array = m->named;
    enum err e = open_gap(&array, &m->named_n, &m->named_room, sizeof *m->named, index);
    m->named = array;
    if (e == OK)
        m->named[index] = *name;
    return e;
}

enum err merge_add(struct merge *m, const struct merge_version *version,
                   const struct version_name *replaces, size_t replaces_n) {
    bool found;
    size_t index =
        position(m->versions, m->versions_n, sizeof *m->versions, &version->name, &found);
    if (found)
        return OK;
    for (size_t i = 0; i < replaces_n; i++) {
        enum err e = merge_add_name(m, &replaces[i]);
        if (e != OK)
            return e;
    }
    void *array = m->versions;
    enum err e = open_gap(&array, &m->versions_n, &m->versions_room, sizeof *m->versions, index);
    m->versions = array;
    if (e == OK)
        m->versions[index] = *version;
    return e;
}

const struct merge_version *merge_find(const struct merge *m, const struct version_name *name) {
    bool found;
    size_t index = position(m->versions, m->versions_n, sizeof *m->versions, name, &found);
    return found ? &m->versions[index] : NULL;
}

bool merge_is_named(const struct merge *m, const struct version_name *name) {
    bool found;
    position(m->named, m->named_n, sizeof *m->named, name, &found);
    return found;
}

size_t merge_live(const struct merge *m, struct merge_version *ret_live) {
    size_t n = 0, named = 0;
    for (size_t i = 0; i < m->versions_n; i++) {
        const struct merge_version *version = &m->versions[i];
        while (named < m->named_n && version_name_compare(&m->named[named], &version->name) < 0)
            named++;
        if (named == m->named_n || version_name_compare(&m->named[named], &version->name) != 0)
            ret_live[n++] = *version;
    }
    return n;
}

/* The latest of those that `counts` admits: highest clock, then highest version. live_n when it
 * admits none. */
static size_t latest(const struct merge_version *live, size_t live_n,
                     bool (*counts)(const struct merge_version *)) {
    size_t best = live_n;
    for (size_t i = 0; i < live_n; i++)
        if ((counts == NULL || counts(&live[i])) &&
            (best == live_n || live[i].clock >= live[best].clock))
            best = i;
    return best;
}

size_t merge_first(const struct merge_version *live, size_t live_n) {
    size_t first = 0;
    for (size_t i = 1; i < live_n; i++)
        if (live[i].clock < live[first].clock)
            first = i;
    return first;
}

static bool is_not_given(const struct merge_version *version) {
    return !bytes_equal(version->value, bytes_of_text("given"));
}

static int by_value(const void *a, const void *b) {
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

/* The different values, in byte order. Returns their number. */
static size_t sort_values(const struct merge_version *live, size_t live_n,
                          struct bytes *ret_values) {
    size_t n = 0;
    for (size_t i = 0; i < live_n; i++)
        ret_values[i] = live[i].value;
    qsort(ret_values, live_n, sizeof *ret_values, by_value);
    for (size_t i = 0; i < live_n; i++)
        if (n == 0 || !bytes_equal(ret_values[n - 1], ret_values[i]))
            ret_values[n++] = ret_values[i];
    return n;
}

struct merge_pick merge_resolve(enum policy policy, const struct merge_version *live, size_t live_n,
                                struct bytes *ret_values) {
    struct merge_pick pick = {.sides_n = sort_values(live, live_n, ret_values)};
    pick.conflicted = policy == POLICY_KEEP_BOTH && pick.sides_n > 1;
    pick.shown = policy == POLICY_WITHDRAWN_WINS ? latest(live, live_n, is_not_given) : live_n;
    if (pick.shown == live_n)
        pick.shown = latest(live, live_n, NULL);
    return pick;
}

static void add_name(struct hasher *h, const struct version_name *name) {
    hasher_add(h, name->feed.bytes, sizeof name->feed.bytes);
    hasher_add_u64(h, name->seq);
    hasher_add(h, name->id8.bytes, sizeof name->id8.bytes);
}

struct conflict_id merge_conflict_id_of(const struct record_id *record, uint16_t field,
                                        const struct version_name *first, size_t n, size_t stride) {
    struct hasher h;
    hasher_init(&h, HASH_CONFLICT);
    hasher_add(&h, record->bytes, sizeof record->bytes);
    hasher_add_u16(&h, field);
    for (size_t i = 0; i < n; i++)
        add_name(&h, (const struct version_name *)(const void *)((const char *)first + i * stride));
    struct hash hash = hasher_final(&h);
    struct conflict_id id;
    memcpy(id.bytes, hash.bytes, sizeof id.bytes);
    return id;
}

struct conflict_id merge_conflict_id(const struct record_id *record, uint16_t field,
                                     const struct merge_version *live, size_t live_n) {
    return merge_conflict_id_of(record, field, &live->name, live_n, sizeof *live);
}

static int by_field_and_value(const void *a, const void *b) {
    const struct merge_value *first = a, *second = b;
    if (first->field != second->field)
        return first->field < second->field ? -1 : 1;
    return bytes_compare(first->value, second->value);
}

struct revision merge_revision(const struct record_id *record, struct merge_value *values,
                               size_t values_n) {
    struct hasher h;
    hasher_init(&h, HASH_REVISION);
    hasher_add(&h, record->bytes, sizeof record->bytes);
    qsort(values, values_n, sizeof *values, by_field_and_value);
    for (size_t i = 0; i < values_n; i++) {
        const struct merge_value *next = i + 1 < values_n ? &values[i + 1] : NULL;
        bool last_of_field = next == NULL || next->field != values[i].field;
        if (!last_of_field && bytes_equal(values[i].value, next->value))
            continue;
        /* The empty value comes first in its field. With others it is a side; alone it is as if
         * the field had never been written. */
        if (last_of_field && values[i].value.size == 0)
            continue;
        hasher_add_u16(&h, values[i].field);
        hasher_add_u32(&h, (uint32_t)values[i].value.size);
        hasher_add(&h, values[i].value.data, values[i].value.size);
    }
    struct hash hash = hasher_final(&h);
    struct revision revision;
    memcpy(revision.bytes, hash.bytes, sizeof revision.bytes);
    return revision;
}
