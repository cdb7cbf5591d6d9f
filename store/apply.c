#include "answer_row.h"
#include "feed_row.h"
#include "field_row.h"
#include "quarantine_put.h"
#include "row_key.h"
#include "version_row.h"

static void applied_done(struct applied *a) {
    merge_done(&a->merge);
    buffer_done(&a->names);
}

static enum err find_channel(struct applied *a) {
    struct feed_row *feed;
    enum err e = feed_row_find(a->store, &a->origin->feed, &feed);
    if (e == ERR_NOT_FOUND || (e == OK && feed->row != a->origin->feed_row))
        return ERR_INTERNAL;
    if (e == OK)
        a->channel_row = feed->channel_row;
    return e;
}

/* What a site publishes once must not change under those who have read it: the first goes on to
 * count, and whoever wrote a second is named. */
static enum err watch_fixed(const struct applied *a, const struct write *write) {
    const struct collection *collection = collection_find(write->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, write->field) : NULL;
    bool differs = false;
    if (field == NULL || !field->fixed)
        return OK;
    sqlite3_stmt *statement =
        db_statement(a->store->db, "SELECT 1 FROM version WHERE record = ?1 AND channel = ?2"
                                   " AND collection = ?3 AND live = 1 AND field = ?4"
                                   " AND value IS NOT ?5 LIMIT 1");
    db_bind_borrowed(statement, 1, write->record.bytes, sizeof write->record.bytes);
    sqlite3_bind_int64(statement, 2, a->channel_row);
    sqlite3_bind_int(statement, 3, write->collection);
    sqlite3_bind_int(statement, 4, write->field);
    db_bind_borrowed(statement, 5, write->value.data, write->value.size);
    enum err e = db_row(a->store->db, statement, &differs);
    db_reset(statement);
    if (e != OK || !differs)
        return e;
    return quarantine_put(
        a->store,
        &(struct quarantine_new){.kind = QUARANTINE_INCIDENT,
                                 .feed = a->origin->feed,
                                 .seq = a->origin->seq,
                                 .author = a->origin->author,
                                 .reason = ERR_EXISTS,
                                 .text = "what is written once was written again, otherwise; "
                                         "the earliest counts"});
}

enum err apply_sets(struct store *s, const struct origin *origin, const struct change_set *sets,
                    size_t sets_n) {
    struct applied a = {
        .store = s, .origin = origin, .name = {origin->feed, origin->seq, origin->id8}};
    bool readable = channel_may_read(&origin->channel, &s->self.member, s->self.role);
    enum err e = find_channel(&a);
    for (size_t i = 0; e == OK && i < sets_n; i++) {
        for (size_t k = 0; e == OK && k < sets[i].writes_n; k++) {
            e = watch_fixed(&a, &sets[i].writes[k]);
            if (e == OK)
                e = applied_write(&a, &sets[i], &sets[i].writes[k]);
        }
        /* A site keeps no readable copy of what it has collected. */
        if (e == OK && sets[i].has_answers && readable)
            e = answer_row_apply(&a, &sets[i].answers);
        a.sets_n++;
    }
    applied_done(&a);
    return e;
}

/* ---- Before writing ---- */

static enum err is_written(struct store *s, const struct channel_id *channel,
                           const struct write *write, bool *ret_written) {
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT 1 FROM version WHERE record = ?1 AND collection = ?2"
                            " AND channel = (SELECT row FROM channel WHERE id = ?3)"
                            " AND live IN (0, 1) AND field = ?4 LIMIT 1");
    db_bind_borrowed(statement, 1, write->record.bytes, sizeof write->record.bytes);
    sqlite3_bind_int(statement, 2, write->collection);
    db_bind_borrowed(statement, 3, channel->bytes, sizeof channel->bytes);
    sqlite3_bind_int(statement, 4, write->field);
    enum err e = db_row(s->db, statement, ret_written);
    db_reset(statement);
    return e;
}

static enum err check_fixed(struct store *s, const struct channel_id *channel,
                            const struct write *write) {
    const struct collection *collection = collection_find(write->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, write->field) : NULL;
    bool written = false;
    if (field == NULL || !field->fixed)
        return OK;
    enum err e = is_written(s, channel, write, &written);
    return e == OK && written ? store_fail(s, ERR_ARGUMENT,
                                           "%s: it is written once and never changed", field->name)
                              : e;
}

enum err apply_check_fixed(struct store *s, const struct channel_id *channel,
                           const struct change_set *sets, size_t sets_n) {
    enum err e = OK;
    for (size_t i = 0; e == OK && i < sets_n; i++)
        for (size_t k = 0; e == OK && k < sets[i].writes_n; k++)
            e = check_fixed(s, channel, &sets[i].writes[k]);
    return e;
}

/* ---- Forgetting ---- */

struct touched {
    struct record_key record;
    uint16_t field;
};

static enum err note_touched(struct store *s, int64_t from, int64_t to, struct buffer *out) {
    bool row;
    enum err e;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT record, channel, collection, field FROM version"
                            " WHERE key >= ?1 AND key < ?2 ORDER BY key");
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, to);
    while ((e = db_row(s->db, statement, &row)) == OK && row) {
        struct touched touched = {
            .record = {.channel_row = sqlite3_column_int64(statement, 1),
                       .collection = (uint16_t)sqlite3_column_int(statement, 2)},
            .field = (uint16_t)sqlite3_column_int(statement, 3)};
        struct record_id *id = &touched.record.id;
        e = db_column_copy(statement, 0, id->bytes, sizeof id->bytes);
        if (e == OK)
            e = buffer_append(out, &touched, sizeof touched);
        if (e != OK)
            break;
    }
    db_reset(statement);
    return e;
}

enum err apply_forget(struct store *s, int64_t feed_row, uint64_t seq) {
    struct buffer touched = {0};
    int64_t from, to;
    enum err e = row_key_make(feed_row, seq, 0, &from);
    if (e != OK)
        return e;
    to = from + ((int64_t)1 << ROW_KEY_INDEX_BITS);
    if ((e = note_touched(s, from, to, &touched)) != OK)
        goto done;
    sqlite3_stmt *statement =
        db_statement(s->db, "DELETE FROM version WHERE key >= ?1 AND key < ?2");
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, to);
    e = db_run(s->db, statement);
    struct touched one;
    for (size_t at = 0; e == OK && at < touched.size; at += sizeof one) {
        memcpy(&one, touched.data + at, sizeof one);
        e = field_row_rebuild(s, &one.record, one.field);
        if (e == OK)
            e = news_put_record(s, &one.record.id);
    }
    if (e == OK)
        e = answer_row_forget(s, from, to);
done:
    buffer_done(&touched);
    return e;
}
