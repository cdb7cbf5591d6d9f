#include "answers.h"
#include "replica.h"
#include "tally.h"

#include "feed_row.h"
#include "part_heap.h"
#include "proto/hash.h"
#include "row_key.h"
#include "set_reader.h"

#include <stddef.h>
#include <stdlib.h>

enum { ROWS_AT_ONCE = 128, ANSWERS_AT_ONCE = 16, PARTS_AT_ONCE = 128 };

/* The rows that may count, feed by feed of `until`, or all when there is none. */
struct range {
    size_t next; /* of `until` */
    bool open;   /* within a feed; rows after `at` up to `to` are left */
    int64_t at, to;
    struct hash rows; /* so far, each with what was before it: a hasher asks for a stricter
                       * alignment than calloc gives */
};

struct answers_walk {
    struct store *store;
    struct record_id survey;
    const struct version_name *until;
    size_t until_n;
    enum { COLLECTING, GATHERING, VISITING, COMPARING } phase;
    struct range range;
    struct hash collected;
    struct part_heap heap;
    struct buffer import; /* struct tally_part each, of the import at hand */
    size_t part, answer;  /* where it is in it */
    struct set_reader *reader;
    enum err trouble; /* why a part could not be opened: that it is gone, perhaps */
};

_Static_assert(_Alignof(struct answers_walk) <= _Alignof(max_align_t), "calloc gives no more");

static void begin_range(struct range *range) {
    *range = (struct range){0};
}

enum err answers_walk_new(struct store *s, const struct record_id *survey,
                          const struct version_name *until, size_t until_n,
                          struct answers_walk **ret_walk) {
    struct answers_walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        return ERR_MEMORY;
    *walk = (struct answers_walk){
        .store = s, .survey = *survey, .until = until, .until_n = until_n, .phase = COLLECTING};
    begin_range(&walk->range);
    enum err e = set_reader_new(s, &walk->reader);
    if (e == OK)
        *ret_walk = walk;
    else
        answers_walk_free(walk);
    return e;
}

void answers_walk_free(struct answers_walk *walk) {
    if (walk == NULL)
        return;
    set_reader_free(walk->reader);
    part_heap_done(&walk->heap);
    buffer_done(&walk->import);
    free(walk);
}

static enum err read_part(sqlite3_stmt *statement, struct tally_part *ret_part) {
    int64_t key = sqlite3_column_int64(statement, 0);
    struct tally_part part = {.seq = row_key_seq(key),
                              .set_index = (size_t)row_key_index(key),
                              .part = (uint32_t)sqlite3_column_int64(statement, 3),
                              .parts = (uint32_t)sqlite3_column_int64(statement, 4),
                              .answers = (uint64_t)sqlite3_column_int64(statement, 5)};
    enum err e = db_column_copy(statement, 2, part.mark.bytes, sizeof part.mark.bytes);
    if (e == OK)
        e = db_column_copy(statement, 6, part.feed.bytes, sizeof part.feed.bytes);
    if (e == OK)
        e = db_column_copy(statement, 7, part.author.bytes, sizeof part.author.bytes);
    if (e == OK)
        *ret_part = part;
    return e;
}

/* The row names its section by number and id, so that equal rows are equal answers. */
static enum err hash_part(sqlite3_stmt *statement, const struct tally_part *part,
                          struct hash *rows) {
    struct hasher h;
    struct id8 id8;
    enum err e = db_column_copy(statement, 1, id8.bytes, sizeof id8.bytes);
    if (e != OK)
        return e;
    hasher_init(&h, HASH_STORE);
    hasher_add(&h, rows->bytes, sizeof rows->bytes);
    hasher_add_u64(&h, (uint64_t)sqlite3_column_int64(statement, 0));
    hasher_add(&h, id8.bytes, sizeof id8.bytes);
    hasher_add(&h, part->mark.bytes, sizeof part->mark.bytes);
    hasher_add_u32(&h, part->part);
    hasher_add_u32(&h, part->parts);
    hasher_add_u64(&h, part->answers);
    *rows = hasher_final(&h);
    return OK;
}

static enum err take_rows(struct answers_walk *walk, bool keep) {
    struct range *range = &walk->range;
    size_t n = 0;
    bool row;
    enum err e;
    sqlite3_stmt *statement = db_statement(
        walk->store->db, "SELECT p.key, p.id8, p.mark, p.part, p.parts, p.answers, f.id, f.author"
                         " FROM answer_part p JOIN feed f ON f.row = p.key >> 45"
                         " WHERE p.survey = ?1 AND p.key > ?2 AND +p.key > ?2 AND p.key <= ?3"
                         " ORDER BY p.key LIMIT ?4");
    db_bind_borrowed(statement, 1, walk->survey.bytes, sizeof walk->survey.bytes);
    sqlite3_bind_int64(statement, 2, range->at);
    sqlite3_bind_int64(statement, 3, range->to);
    sqlite3_bind_int(statement, 4, ROWS_AT_ONCE);
    while ((e = db_row(walk->store->db, statement, &row)) == OK && row) {
        struct tally_part part;
        range->at = sqlite3_column_int64(statement, 0);
        n++;
        if ((e = read_part(statement, &part)) != OK ||
            (e = hash_part(statement, &part, &range->rows)) != OK ||
            (keep && (e = part_heap_push(&walk->heap, &part)) != OK))
            break;
    }
    db_reset(statement);
    range->open = n == ROWS_AT_ONCE;
    return e;
}

/* The rows of the next head's feed up to it. */
static enum err open_range(struct answers_walk *walk) {
    struct range *range = &walk->range;
    const struct version_name *head = &walk->until[range->next++];
    struct feed_row *feed;
    enum err e = feed_row_find(walk->store, &head->feed, &feed);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    uint64_t last = (uint64_t)1 << ROW_KEY_SEQ_BITS;
    last = head->seq < last ? head->seq : last - 1;
    e = row_key_make(feed->row, 0, 0, &range->at);
    if (e == OK)
        e = row_key_make(feed->row, last, ((size_t)1 << ROW_KEY_INDEX_BITS) - 1, &range->to);
    range->open = e == OK;
    return e;
}

static enum err walk_rows(struct answers_walk *walk, bool keep, bool *ret_done) {
    struct range *range = &walk->range;
    *ret_done = false;
    if (range->open)
        return take_rows(walk, keep);
    if (walk->until == NULL && range->next == 0) {
        range->next = 1;
        range->open = true;
        range->to = INT64_MAX;
        return OK;
    }
    if (walk->until != NULL && range->next < walk->until_n)
        return open_range(walk);
    *ret_done = true;
    return OK;
}

static struct tally_part *parts_at_hand(const struct answers_walk *walk, size_t *ret_n) {
    *ret_n = walk->import.size / sizeof(struct tally_part);
    return (struct tally_part *)(void *)walk->import.data;
}

/* The next import's parts, and which of them count. */
static enum err gather(struct answers_walk *walk) {
    struct tally_part next;
    size_t n;
    for (int i = 0; i < PARTS_AT_ONCE; i++) {
        const struct tally_part *parts = parts_at_hand(walk, &n);
        bool same = part_heap_first(&walk->heap, &next) &&
                    (n == 0 || (member_id_equal(&next.author, &parts[0].author) &&
                                hash_equal(&next.mark, &parts[0].mark)));
        if (!same) {
            if (n > 0)
                tally(parts_at_hand(walk, &n), n);
            walk->phase = n > 0 ? VISITING : COMPARING;
            walk->part = walk->answer = 0;
            return OK;
        }
        part_heap_pop(&walk->heap);
        /* The same feed may stand among the heads twice. */
        if (n > 0 && part_compare(&parts[n - 1], &next) == 0)
            continue;
        enum err e = buffer_append(&walk->import, &next, sizeof next);
        if (e != OK)
            return e;
    }
    return OK;
}

static enum err visit_some(struct answers_walk *walk, const struct tally_part *part,
                           answer_visit *visit, void *context) {
    const struct change_set *sets;
    size_t sets_n;
    enum err e = set_reader_open(walk->reader, &part->feed, part->seq, &sets, &sets_n);
    if (e == ERR_KEY || e == ERR_SEAL || e == ERR_CORRUPT)
        walk->trouble = e;
    if (e != OK)
        return e;
    const struct change_set *set = part->set_index < sets_n ? &sets[part->set_index] : NULL;
    if (set == NULL || !set->has_answers || set->answers.answers_n != part->answers)
        return walk->trouble = ERR_CORRUPT;
    for (int i = 0; e == OK && i < ANSWERS_AT_ONCE && walk->answer < part->answers; i++)
        e = visit(context, &part->author, set->answers.answers[walk->answer++]);
    return e;
}

static enum err visit_next(struct answers_walk *walk, answer_visit *visit, void *context) {
    size_t n;
    const struct tally_part *parts = parts_at_hand(walk, &n);
    for (int i = 0; walk->part < n && i < PARTS_AT_ONCE; i++) {
        const struct tally_part *part = &parts[walk->part];
        if (part->state == TALLY_COUNTED && walk->answer < part->answers)
            return visit_some(walk, part, visit, context);
        walk->part++;
        walk->answer = 0;
    }
    if (walk->part == n) {
        buffer_clear(&walk->import);
        walk->phase = GATHERING;
    }
    return OK;
}

/* Noted twice, the same both times: so it was in between. */
static enum err compare(struct answers_walk *walk, bool *ret_done) {
    bool done;
    enum err e = walk_rows(walk, false, &done);
    if (e != OK || !done)
        return e;
    struct hash again = walk->range.rows;
    if (!hash_equal(&again, &walk->collected))
        return ERR_STALE;
    *ret_done = walk->trouble == OK;
    return walk->trouble;
}

enum err answers_walk_step(struct answers_walk *walk, answer_visit *visit, void *context,
                           bool *ret_done) {
    bool done = false;
    enum err e;
    *ret_done = false;
    switch (walk->phase) {
    case COLLECTING:
        e = walk_rows(walk, true, &done);
        if (e == OK && done) {
            walk->collected = walk->range.rows;
            walk->phase = GATHERING;
        }
        return e;
    case GATHERING:
        e = gather(walk);
        break;
    case VISITING:
        e = visit_next(walk, visit, context);
        break;
    case COMPARING:
        return compare(walk, ret_done);
    default:
        return ERR_INTERNAL;
    }
    if (walk->trouble != OK) {
        e = OK;
        walk->phase = COMPARING;
    }
    if (e == OK && walk->phase == COMPARING)
        begin_range(&walk->range);
    return e;
}

enum err answers_each(struct store *s, const struct record_id *survey,
                      const struct version_name *until, size_t until_n, answer_visit *visit,
                      void *context) {
    struct answers_walk *walk = NULL;
    bool done = false;
    enum err e = answers_walk_new(s, survey, until, until_n, &walk);
    while (e == OK && !done)
        e = answers_walk_step(walk, visit, context, &done);
    answers_walk_free(walk);
    return e;
}
