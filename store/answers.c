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
               " ORDER BY f.author, p.mark, p.parts, f.id, p.part, p.key");
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

/* A feed with answers to a survey. */
struct source {
    struct member_id author;
    struct version_name head;
};

static enum err read_source(sqlite3_stmt *statement, struct source *ret_source) {
    struct envelope_id id;
    struct source source = {.head.seq = (uint64_t)sqlite3_column_int64(statement, 2)};
    enum err e = db_column_copy(statement, 0, source.author.bytes, sizeof source.author.bytes);
    if (e == OK)
        e = db_column_copy(statement, 1, source.head.feed.bytes, sizeof source.head.feed.bytes);
    if (e == OK)
        e = db_column_copy(statement, 3, id.bytes, sizeof id.bytes);
    if (e != OK)
        return e;
    source.head.id8 = envelope_id8(&id);
    *ret_source = source;
    return OK;
}

/* Author by author; of each the feeds with most answers first. */
static enum err load_sources(struct store *s, const struct record_id *survey,
                             struct buffer *sources) {
    bool row;
    enum err e;
    struct source source;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT f.author, f.id, f.head_seq, f.head_id FROM feed f JOIN"
                            " (SELECT key >> 45 AS feed, sum(answers) AS n FROM answer_part"
                            "  WHERE survey = ?1 GROUP BY 1) p ON p.feed = f.row"
                            " ORDER BY f.author, p.n DESC, f.id");
    db_bind_borrowed(statement, 1, survey->bytes, sizeof survey->bytes);
    while ((e = db_row(s->db, statement, &row)) == OK && row)
        if ((e = read_source(statement, &source)) != OK ||
            (e = buffer_append(sources, &source, sizeof source)) != OK)
            break;
    db_reset(statement);
    return e;
}

/* Copies at most `each_max` heads of each author (`heads` NULL: only counts them). */
static size_t take_heads(const struct source *sources, size_t n, size_t each_max,
                         struct version_name *heads) {
    size_t taken = 0, of_author = 0;
    for (size_t i = 0; i < n; i++) {
        bool same = i > 0 && member_id_equal(&sources[i].author, &sources[i - 1].author);
        of_author = same ? of_author + 1 : 1;
        if (of_author > each_max)
            continue;
        if (heads != NULL)
            heads[taken] = sources[i].head;
        taken++;
    }
    return taken;
}

enum err answers_heads(struct store *s, const struct record_id *survey, size_t heads_max,
                       struct arena *arena, const struct version_name **ret_heads, size_t *ret_n,
                       size_t *ret_left_out_n) {
    struct buffer bytes = {0};
    struct version_name *heads = NULL;
    enum err e = load_sources(s, survey, &bytes);
    if (e != OK)
        goto done;
    const struct source *sources = (const struct source *)(const void *)bytes.data;
    size_t n = bytes.size / sizeof *sources, each_max = 0;
    /* The most that fits, by halves: with one more for each there are more heads, or as many. */
    for (size_t above = n + 1; above - each_max > 1;) {
        size_t middle = each_max + (above - each_max) / 2;
        if (take_heads(sources, n, middle, NULL) <= heads_max)
            each_max = middle;
        else
            above = middle;
    }
    if (n > 0 && each_max == 0) {
        e = ERR_LIMIT;
        goto done;
    }
    heads = arena_array(arena, n + 1, sizeof *heads);
    if (heads == NULL) {
        e = ERR_MEMORY;
        goto done;
    }
    *ret_n = take_heads(sources, n, each_max, heads);
    *ret_left_out_n = n - *ret_n;
    *ret_heads = heads;
done:
    buffer_done(&bytes);
    return e;
}
