#include "acks.h"
#include "check_parts.h"
#include "field_row.h"
#include "member.h"

#include <stdio.h>

enum { STATEMENTS_AT_ONCE = 16 };

/* One number from one row. */
static enum err count_rows(struct check *check, const char *sql, int64_t bound, int64_t *ret_n) {
    sqlite3_stmt *walk = db_walk(check->store->db, sql);
    if (sqlite3_bind_parameter_count(walk) > 0)
        sqlite3_bind_int64(walk, 1, bound);
    bool row = false;
    enum err e = db_row(check->store->db, walk, &row);
    if (e == OK)
        *ret_n = sqlite3_column_int64(walk, 0);
    sqlite3_finalize(walk);
    return e;
}

/* ---- Roster, federation, epochs ---- */

static enum err check_self(struct check *check) {
    struct store *store = check->store;
    struct sign_public key;
    struct rights rights;
    if (store->self.role == 0)
        return OK;
    enum err e = member_sign_key(store, &store->self.member, &key);
    if (e == OK)
        e = member_rights(store, &store->self.member, UINT64_MAX, &rights);
    if (e == ERR_NOT_FOUND ||
        (e == OK && (rights.role != store->self.role ||
                     (store->config.keys != NULL &&
                      memcmp(key.bytes, store->config.keys->public.sign.bytes, 32) != 0)))) {
        check_tell(check, 0, ERR_CORRUPT, "this node is another member than its keys are of");
        return OK;
    }
    return e;
}

static enum err check_roster(struct check *check, bool *ret_done) {
    int64_t rows = 0, seq = 0, head = 0;
    *ret_done = true;
    if (check->store->roster.feed_row == 0)
        return OK;
    enum err e = count_rows(check, "SELECT count(*) FROM roster WHERE seq <= ?",
                            (int64_t)check->roster_head, &rows);
    if (e == OK)
        e = count_rows(check, "SELECT roster_seq FROM federation", 0, &seq);
    if (e == OK)
        e = count_rows(check,
                       "SELECT coalesce(max(key & (1 << 40) - 1), 0) FROM entry WHERE status <> 2"
                       " AND key >= (SELECT roster_feed << 40 FROM federation)"
                       " AND key < (SELECT roster_feed + 1 << 40 FROM federation)",
                       0, &head);
    if (e != OK)
        return e;
    if (!check->founded)
        check_tell(check, 0, ERR_CORRUPT, "nothing in the log founds the federation");
    if ((uint64_t)rows != check->roster_rows)
        check_tell(check, 0, ERR_CORRUPT, "the roster holds what no entry of its feed says");
    if (seq != head)
        check_tell(check, 0, ERR_CORRUPT, "the roster is not applied as far as its feed says");
    return check_self(check);
}

static enum err check_epochs(struct check *check, bool *ret_done) {
    int64_t n = 0;
    *ret_done = true;
    enum err e = count_rows(
        check,
        "SELECT count(*) FROM epoch e JOIN channel c ON c.id = e.channel JOIN federation n"
        " WHERE e.complete <> (EXISTS (SELECT 1 FROM epoch_grant g WHERE g.epoch = e.key AND"
        " g.member = CASE c.kind WHEN 4 THEN c.party_a ELSE n.municipality END)"
        " AND EXISTS (SELECT 1 FROM epoch_grant g WHERE g.epoch = e.key AND"
        " g.member = CASE c.kind WHEN 4 THEN c.party_b ELSE n.municipality END))",
        0, &n);
    if (e == OK && n > 0)
        check_tell(check, 0, ERR_CORRUPT, "an epoch is kept as usable whose grants say otherwise");
    return e;
}

/* ---- Records ---- */

static enum err next_record(struct check *check, bool *ret_any) {
    sqlite3_stmt *get =
        db_statement(check->store->db, "SELECT record, channel, collection FROM version"
                                       " WHERE (record, channel, collection) > (?1, ?2, ?3)"
                                       " AND (+record, +channel, +collection) > (?1, ?2, ?3)"
                                       " ORDER BY record, channel, collection LIMIT 1");
    record_key_bind(get, &check->record);
    struct record_key next = {0};
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    if (e == OK && row) {
        next.channel_row = sqlite3_column_int64(get, 1);
        next.collection = (uint16_t)sqlite3_column_int(get, 2);
        e = db_column_copy(get, 0, next.id.bytes, sizeof next.id.bytes);
    }
    db_reset(get);
    if (e == OK && row)
        check->record = next;
    *ret_any = row;
    return e;
}

/* Versions of entries that are not applied, or of none. */
static enum err check_origins(struct check *check) {
    sqlite3_stmt *get = db_statement(
        check->store->db, "SELECT 1 FROM version v WHERE record = ?1 AND channel = ?2"
                          " AND collection = ?3 AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.key ="
                          " (v.key >> 45 << 40 | (v.key >> 18 & (1 << 27) - 1)) AND e.status = 1)"
                          " LIMIT 1");
    record_key_bind(get, &check->record);
    bool row = false;
    enum err e = db_row(check->store->db, get, &row);
    db_reset(get);
    if (e == OK && row)
        check_tell(check, 0, ERR_CORRUPT, "the records hold a value that no applied entry brought");
    return e;
}

static enum err list_fields(struct check *check) {
    sqlite3_stmt *walk =
        db_statement(check->store->db, "SELECT DISTINCT field FROM version WHERE record = ?1"
                                       " AND channel = ?2 AND collection = ?3");
    record_key_bind(walk, &check->record);
    bool row = false;
    enum err e;
    buffer_clear(&check->fields);
    while ((e = db_row(check->store->db, walk, &row)) == OK && row) {
        uint16_t field = (uint16_t)sqlite3_column_int(walk, 0);
        if ((e = buffer_append(&check->fields, &field, sizeof field)) != OK)
            break;
    }
    db_reset(walk);
    return e;
}

static enum err check_field(struct check *check) {
    uint16_t field;
    char text[120], id[ID_TEXT_MAX];
    bool same = true;
    check->fields.size -= sizeof field;
    memcpy(&field, check->fields.data + check->fields.size, sizeof field);
    enum err e = field_row_verify(check->store, &check->record, field, &same);
    if (e != OK || same)
        return e;
    record_text(&check->record.id, id);
    snprintf(text, sizeof text, "record %s: field %u is not merged as its versions say", id,
             (unsigned)field);
    check_tell(check, 0, ERR_CORRUPT, text);
    return OK;
}

/* One field of the record at hand, or the next record. */
static enum err check_record(struct check *check, bool *ret_done) {
    bool any = false;
    *ret_done = false;
    if (check->fields.size > 0)
        return check_field(check);
    enum err e = next_record(check, &any);
    if (e == OK && any)
        e = check_origins(check);
    if (e == OK && any)
        e = list_fields(check);
    *ret_done = !any;
    return e;
}

/* What stands beside the versions of a field that has none. */
static enum err check_strays(struct check *check, bool *ret_done) {
    int64_t n = 0, more = 0;
    *ret_done = true;
    enum err e = count_rows(
        check,
        "SELECT (SELECT count(*) FROM contested t WHERE NOT EXISTS (SELECT 1 FROM version v WHERE"
        " v.record = t.record AND v.channel = t.channel AND v.collection = t.collection AND"
        " v.live = 1 AND v.field = t.field))"
        " + (SELECT count(*) FROM awaited t WHERE NOT EXISTS (SELECT 1 FROM version v WHERE"
        " v.record = t.record AND v.channel = t.channel AND v.collection = t.collection AND"
        " v.live IN (0, 1) AND v.field = t.field))",
        0, &n);
    if (e == OK)
        e = count_rows(check,
                       "SELECT count(*) FROM answer_part p WHERE NOT EXISTS (SELECT 1 FROM entry e"
                       " WHERE e.key = (p.key >> 45 << 40 | (p.key >> 18 & (1 << 27) - 1))"
                       " AND e.status = 1)",
                       0, &more);
    if (e == OK && n > 0)
        check_tell(check, 0, ERR_CORRUPT,
                   "a field is kept as contested or awaited that has no versions");
    if (e == OK && more > 0)
        check_tell(check, 0, ERR_CORRUPT, "answers are counted that no applied entry brought");
    return e;
}

/* ---- Statements ---- */

static bool same_statement(const struct ack_info *ack, const struct statement *statement) {
    return member_id_equal(&ack->member, &statement->member) &&
           channel_id_equal(&ack->channel_id, &statement->channel) &&
           ack->counter == statement->counter && ack->waiting == statement->waiting;
}

static enum err check_statement(void *context, const struct ack_info *ack) {
    struct check *check = context;
    struct statement statement;
    struct sign_public key;
    if (check->statement_at++ < check->statements)
        return OK;
    if (check->statement_at > check->statements + STATEMENTS_AT_ONCE)
        return ERR_CANCELLED; /* the next slice goes on from here */
    arena_reset(&check->arena);
    enum err e = statement_decode(ack->statement, &check->arena, &statement);
    if (e == ERR_MEMORY)
        return e;
    if (e == OK && !same_statement(ack, &statement))
        e = ERR_CORRUPT;
    if (e == OK)
        e = member_sign_key(check->store, &statement.member, &key);
    if (e == OK)
        e = statement_verify(ack->statement, &key);
    if (e == ERR_IO || e == ERR_MEMORY)
        return e;
    if (e != OK)
        check_tell(check, 0, e, "a statement is not the one that its member signed");
    return OK;
}

static enum err check_statements(struct check *check, bool *ret_done) {
    int64_t n = 0;
    check->statement_at = 0;
    enum err e = acks_each(check->store, check_statement, check);
    *ret_done = e != ERR_CANCELLED;
    if (e == ERR_CANCELLED) {
        check->statements += STATEMENTS_AT_ONCE;
        return OK;
    }
    if (e == OK)
        e = count_rows(
            check, "SELECT count(*) FROM statement WHERE channel NOT IN (SELECT id FROM channel)",
            0, &n);
    if (e == OK && n > 0)
        check_tell(check, 0, ERR_CORRUPT, "a statement is about a channel that is not known here");
    return e;
}

/* ---- Sealed at rest ---- */

static enum err note_local(void *context, const struct record_id *record, const char *key,
                           struct bytes value) {
    (void)context, (void)record, (void)key, (void)value;
    return OK;
}

static enum err check_local(struct check *check, bool *ret_done) {
    *ret_done = true;
    enum err e = local_each(check->store, NULL, note_local, NULL);
    if (e != ERR_SEAL && e != ERR_CORRUPT)
        return e;
    check_tell(check, 0, e, "a draft or note of this node does not open");
    return OK;
}

enum err check_derived(struct check *check, bool *ret_done) {
    static enum err (*const parts[])(struct check *, bool *) = {
        check_roster, check_epochs, check_record, check_strays, check_statements, check_local};
    enum { PARTS = sizeof parts / sizeof *parts };
    bool done = false;
    enum err e = parts[check->part](check, &done);
    if (e == OK && done)
        check->part++;
    *ret_done = check->part == PARTS;
    return e;
}
