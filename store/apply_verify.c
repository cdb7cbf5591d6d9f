/* apply.h's looking back: do the records hold what the sections say, and a digest over all that has
 * been merged. */
#include "answer_row.h"
#include "row_key.h"
#include "version_row.h"

#include <stdio.h>

#define VERSION_COLUMNS                                                                            \
    "SELECT v.key, v.field, v.id8, v.clock, v.stored, v.live, v.replaces,"                         \
    " v.actor_name, v.actor_function, v.value, f.id, f.author"

static bool same_names(const struct origin *origin, const struct write *write,
                       const struct version_row *row) {
    if (write->replaces_n != row->replaces_n)
        return false;
    for (size_t i = 0; i < write->replaces_n; i++) {
        struct version_name name = write->replaces[i];
        if (feed_id_is_zero(&name.feed))
            name.feed = origin->feed;
        if (version_name_compare(&name, &row->replaces[i]) != 0)
            return false;
    }
    return true;
}

/* What stands in the section alone is the same. */
static bool same_text(const struct change_set *set, const struct write *write,
                      const struct version_row *row) {
    const struct version *version = &row->version;
    return !row->stands_here || (strcmp(version->actor_name, set->actor_name) == 0 &&
                                 strcmp(version->actor_function, set->actor_function) == 0 &&
                                 bytes_equal(version->value, write->value));
}

static bool same_version(const struct origin *origin, const struct change_set *set,
                         const struct write *write, const struct version_row *row) {
    const struct version *version = &row->version;
    return row->field == write->field && id8_equal(&version->name.id8, &origin->id8) &&
           version->clock == origin->clock && member_id_equal(&version->author, &origin->author) &&
           same_text(set, write, row) && same_names(origin, write, row);
}

static enum err verify_write(struct store *s, const struct origin *origin,
                             const struct change_set *set, const struct write *write, size_t index,
                             bool *ret_same) {
    struct arena arena;
    struct version_row version;
    int64_t key;
    bool row;
    enum err e = row_key_make(origin->feed_row, origin->seq, index, &key);
    if (e != OK)
        return e;
    sqlite3_stmt *statement = db_statement(
        s->db, VERSION_COLUMNS
        " FROM version v JOIN feed f ON f.row = v.key >> 45"
        " WHERE v.key = ?1 AND v.record = ?2 AND v.collection = ?3 AND v.channel = f.channel");
    sqlite3_bind_int64(statement, 1, key);
    db_bind_borrowed(statement, 2, write->record.bytes, sizeof write->record.bytes);
    sqlite3_bind_int(statement, 3, write->collection);
    arena_init(&arena, SIZE_MAX);
    *ret_same = false;
    if ((e = db_row(s->db, statement, &row)) != OK || !row)
        goto done;
    e = version_row_read_here(statement, &arena, &version);
    if (e == OK)
        *ret_same = same_version(origin, set, write, &version);
    else if (e == ERR_CORRUPT)
        e = OK;
done:
    db_reset(statement);
    arena_done(&arena);
    return e;
}

/* Is there anything between the envelope's row keys that its sections do not hold? */
static enum err count_versions(struct store *s, const struct origin *origin, size_t *ret_n) {
    int64_t from;
    bool row;
    enum err e = row_key_make(origin->feed_row, origin->seq, 0, &from);
    if (e != OK)
        return e;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT count(*) FROM version WHERE key >= ?1 AND key < ?2");
    sqlite3_bind_int64(statement, 1, from);
    sqlite3_bind_int64(statement, 2, from + ((int64_t)1 << ROW_KEY_INDEX_BITS));
    e = db_row(s->db, statement, &row);
    if (e == OK)
        *ret_n = (size_t)sqlite3_column_int64(statement, 0);
    db_reset(statement);
    return e;
}

static enum err verify_set(struct store *s, const struct origin *origin,
                           const struct change_set *set, size_t set_index, size_t *writes_n,
                           bool *ret_same) {
    enum err e = OK;
    bool same = true;
    for (size_t i = 0; e == OK && same && i < set->writes_n; i++)
        e = verify_write(s, origin, set, &set->writes[i], (*writes_n)++, &same);
    bool readable = channel_may_read(&origin->channel, &s->self.member, s->self.role);
    if (e == OK && same && set->has_answers && readable)
        e = answer_row_verify(s, origin, set_index, &set->answers, &same);
    *ret_same = same;
    return e;
}

enum err apply_verify(struct store *s, const struct origin *origin, const struct change_set *sets,
                      size_t sets_n, char *ret_why, size_t size) {
    size_t writes_n = 0, stored_n = 0;
    enum err e = OK;
    for (size_t i = 0; e == OK && i < sets_n; i++) {
        bool same = true;
        e = verify_set(s, origin, &sets[i], i, &writes_n, &same);
        if (e == OK && !same) {
            snprintf(ret_why, size, "the records do not hold what change set %zu says", i + 1);
            return ERR_CORRUPT;
        }
    }
    if (e == OK)
        e = count_versions(s, origin, &stored_n);
    if (e == OK && stored_n != writes_n) {
        snprintf(ret_why, size, "the records hold %zu values of it, its change sets %zu", stored_n,
                 writes_n);
        return ERR_CORRUPT;
    }
    return e;
}

/* ---- Digest ---- */

static void add_bytes(struct hasher *h, const void *data, size_t size) {
    hasher_add_u64(h, size);
    hasher_add(h, data, size);
}

static void add_version(struct hasher *h, const struct version_row *row) {
    const struct version *version = &row->version;
    hasher_add_u16(h, row->field);
    hasher_add(h, version->name.feed.bytes, sizeof version->name.feed.bytes);
    hasher_add_u64(h, version->name.seq);
    hasher_add(h, version->name.id8.bytes, sizeof version->name.id8.bytes);
    hasher_add_u16(h, row->live);
    hasher_add_u64(h, version->clock);
    add_bytes(h, version->actor_name, strlen(version->actor_name));
    add_bytes(h, version->actor_function, strlen(version->actor_function));
    add_bytes(h, version->value.data, version->value.size);
}

static enum err digest_record(struct store *s, const struct record_key *record, struct hasher *h) {
    struct arena arena;
    bool row;
    enum err e;
    sqlite3_stmt *statement =
        db_statement(s->db, VERSION_COLUMNS " FROM version v JOIN feed f ON f.row = v.key >> 45"
                                            " WHERE v.record = ?1 AND v.channel = ?2"
                                            " AND v.collection = ?3"
                                            " ORDER BY v.field, f.id, v.key");
    record_key_bind(statement, record);
    arena_init(&arena, SIZE_MAX);
    while ((e = db_row(s->db, statement, &row)) == OK && row) {
        struct version_row version;
        if ((e = version_row_read(s, statement, &record->id, &arena, &version)) != OK)
            break;
        add_version(h, &version);
        arena_reset(&arena);
    }
    db_reset(statement);
    arena_done(&arena);
    return e;
}

enum err apply_digest(struct store *s, struct hasher *h) {
    bool row;
    enum err e;
    sqlite3_stmt *walk = db_walk(
        s->db, "SELECT r.record, r.channel, r.collection, c.id"
               " FROM (SELECT DISTINCT record, channel, collection FROM version) r"
               " JOIN channel c ON c.row = r.channel ORDER BY c.id, r.record, r.collection");
    while ((e = db_row(s->db, walk, &row)) == OK && row) {
        struct record_key record = {.channel_row = sqlite3_column_int64(walk, 1),
                                    .collection = (uint16_t)sqlite3_column_int(walk, 2)};
        struct channel_id channel;
        e = db_column_copy(walk, 0, record.id.bytes, sizeof record.id.bytes);
        if (e == OK)
            e = db_column_copy(walk, 3, channel.bytes, sizeof channel.bytes);
        if (e == OK) {
            hasher_add(h, channel.bytes, sizeof channel.bytes);
            hasher_add(h, record.id.bytes, sizeof record.id.bytes);
            hasher_add_u16(h, record.collection);
            e = digest_record(s, &record, h);
        }
        if (e != OK)
            break;
    }
    sqlite3_finalize(walk);
    return e == OK ? answer_row_digest(s, h) : e;
}
