#include "answers.h"
#include "replica.h"
#include "tally.h"

#include "answer_row.h"
#include "row_key.h"

/* The parts of a survey's imports, tallied. */
struct parts {
    struct buffer bytes; /* struct tally_part each */
    size_t n;
};

static struct tally_part *part_at(const struct parts *parts, size_t index) {
    return (struct tally_part *)(void *)parts->bytes.data + index;
}

static bool is_late(const struct tally_part *part, const struct version_name *until,
                    size_t until_n) {
    if (until == NULL)
        return false;
    for (size_t i = 0; i < until_n; i++)
        if (feed_id_equal(&until[i].feed, &part->feed))
            return part->seq > until[i].seq;
    return true;
}

static enum err read_part(sqlite3_stmt *statement, struct tally_part *ret_part) {
    int64_t key = sqlite3_column_int64(statement, 0);
    *ret_part = (struct tally_part){.seq = row_key_seq(key),
                                    .set_index = (size_t)row_key_index(key),
                                    .part = (uint32_t)sqlite3_column_int64(statement, 2),
                                    .parts = (uint32_t)sqlite3_column_int64(statement, 3),
                                    .answers = (uint64_t)sqlite3_column_int64(statement, 4),
                                    .stored = sqlite3_column_int64(statement, 5)};
    enum err e = db_column_copy(statement, 1, ret_part->mark.bytes, sizeof ret_part->mark.bytes);
    if (e == OK)
        e = db_column_copy(statement, 6, ret_part->feed.bytes, sizeof ret_part->feed.bytes);
    if (e == OK)
        e = db_column_copy(statement, 7, ret_part->author.bytes, sizeof ret_part->author.bytes);
    return e;
}

static enum err load_parts(struct store *s, const struct record_id *survey,
                           const struct version_name *until, size_t until_n, struct parts *parts) {
    bool row;
    enum err e;
    sqlite3_stmt *statement = db_statement(
        s->db, "SELECT p.key, p.mark, p.part, p.parts, p.answers, p.stored, f.id, f.author"
               " FROM answer_part p JOIN feed f ON f.row = p.key >> 45 WHERE p.survey = ?1"
               " ORDER BY f.author, p.mark, p.parts, p.part, f.id, p.key");
    db_bind_borrowed(statement, 1, survey->bytes, sizeof survey->bytes);
    while ((e = db_row(s->db, statement, &row)) == OK && row) {
        struct tally_part part;
        if ((e = read_part(statement, &part)) != OK)
            break;
        part.late = is_late(&part, until, until_n);
        if ((e = buffer_append(&parts->bytes, &part, sizeof part)) != OK)
            break;
        parts->n++;
    }
    db_reset(statement);
    if (e == OK && parts->n > 0)
        tally(part_at(parts, 0), parts->n);
    return e;
}

static bool begins_import(const struct parts *parts, size_t index) {
    const struct tally_part *part = part_at(parts, index), *before = index == 0 ? NULL : part - 1;
    return before == NULL || !member_id_equal(&part->author, &before->author) ||
           !hash_equal(&part->mark, &before->mark);
}

static void count_part(const struct parts *parts, size_t index, struct answers_count *count) {
    const struct tally_part *part = part_at(parts, index);
    if (part->state == TALLY_COUNTED) {
        count->answers += part->answers;
        count->imports += part->part == 0;
    }
    if (part->state == TALLY_LATE)
        count->late += part->answers;
    /* All parts of an import that is not whole are in this state. */
    if (part->state == TALLY_INCOMPLETE)
        count->imports_incomplete += begins_import(parts, index);
    if (part->stored > count->last)
        count->last = part->stored;
}

enum err answers_counts(struct store *s, const struct record_id *survey,
                        const struct version_name *until, size_t until_n,
                        answers_count_visit *visit, void *context) {
    struct parts parts = {0};
    enum err e = load_parts(s, survey, until, until_n, &parts);
    for (size_t at = 0; e == OK && at < parts.n;) {
        struct answers_count count = {.member = part_at(&parts, at)->author};
        for (; at < parts.n && member_id_equal(&part_at(&parts, at)->author, &count.member); at++)
            count_part(&parts, at, &count);
        e = visit(context, &count);
    }
    buffer_done(&parts.bytes);
    return e;
}

static enum err visit_part(struct answer_reader *reader, const struct tally_part *part,
                           answer_visit *visit, void *context) {
    const struct answer_batch *batch;
    enum err e = answer_reader_part(reader, &part->feed, part->seq, part->set_index, &batch);
    if (e == OK && batch->answers_n != part->answers)
        e = ERR_CORRUPT;
    for (size_t i = 0; e == OK && i < part->answers; i++)
        e = visit(context, &part->author, batch->answers[i]);
    return e;
}

enum err answers_each(struct store *s, const struct record_id *survey,
                      const struct version_name *until, size_t until_n, answer_visit *visit,
                      void *context) {
    struct parts parts = {0};
    struct answer_reader *reader = NULL;
    enum err e = load_parts(s, survey, until, until_n, &parts);
    if (e == OK)
        e = answer_reader_new(s, &reader);
    for (size_t i = 0; e == OK && i < parts.n; i++)
        if (part_at(&parts, i)->state == TALLY_COUNTED)
            e = visit_part(reader, part_at(&parts, i), visit, context);
    answer_reader_free(reader);
    buffer_done(&parts.bytes);
    return e;
}

static enum err head_visit(void *context, const struct feed_info *feed) {
    struct buffer *heads = context;
    if (feed->channel.kind != CHANNEL_ANSWERS || feed->head.seq == 0)
        return OK;
    struct version_name head = {feed->id, feed->head.seq, envelope_id8(&feed->head.id)};
    return buffer_append(heads, &head, sizeof head);
}

enum err answers_heads(struct store *s, struct arena *arena, const struct version_name **ret_heads,
                       size_t *ret_n) {
    struct buffer heads = {0};
    enum err e = feed_each(s, head_visit, &heads);
    if (e != OK)
        goto done;
    struct version_name *copy = arena_alloc(arena, heads.size);
    if (copy == NULL) {
        e = ERR_MEMORY;
        goto done;
    }
    if (heads.size > 0)
        memcpy(copy, heads.data, heads.size);
    *ret_heads = copy;
    *ret_n = heads.size / sizeof *copy;
done:
    buffer_done(&heads);
    return e;
}
