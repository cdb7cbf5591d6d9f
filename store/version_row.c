#include "version_row.h"

#include "proto/owner.h"
#include "row_key.h"
#include "set_reader.h"

enum column {
    KEY,
    FIELD,
    ID8,
    CLOCK,
    STORED,
    LIVE,
    REPLACES,
    ACTOR_NAME,
    ACTOR_FUNCTION,
    VALUE,
    FEED,
    AUTHOR
};

bool version_row_stands_here(uint16_t collection, enum channel_kind kind) {
    const struct collection *known = collection_find(collection);
    return known != NULL ? known->rest == REST_PLAIN : !channel_is_sealed(kind);
}

void version_name_write(const struct version_name *name, uint8_t ret_bytes[static NAME_SIZE]) {
    memcpy(ret_bytes, name->feed.bytes, sizeof name->feed.bytes);
    put_u64(ret_bytes + 32, name->seq);
    memcpy(ret_bytes + 40, name->id8.bytes, sizeof name->id8.bytes);
}

void version_name_read(const uint8_t bytes[static NAME_SIZE], struct version_name *ret_name) {
    memcpy(ret_name->feed.bytes, bytes, sizeof ret_name->feed.bytes);
    ret_name->seq = get_u64(bytes + 32);
    memcpy(ret_name->id8.bytes, bytes + 40, sizeof ret_name->id8.bytes);
}

void record_key_bind(sqlite3_stmt *statement, const struct record_key *key) {
    db_bind_borrowed(statement, 1, key->id.bytes, sizeof key->id.bytes);
    sqlite3_bind_int64(statement, 2, key->channel_row);
    sqlite3_bind_int(statement, 3, key->collection);
}

bool record_row_owner(const struct record_row *row, struct member_id *ret_owner) {
    if (row->channel.kind != CHANNEL_HANDOVER)
        return false;
    for (int i = 0; i < 2; i++)
        if (record_id_owned_by(&row->key.id, &row->channel.parties[i])) {
            *ret_owner = row->channel.parties[i];
            return true;
        }
    return false;
}

static enum err owner_has_written(struct store *s, const struct record_row *row,
                                  bool *ret_written) {
    struct member_id owner;
    *ret_written = false;
    if (!record_row_owner(row, &owner))
        return OK;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT 1 FROM version v JOIN feed f ON f.row = v.key >> 45"
                            " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3"
                            " AND f.author = ?4 LIMIT 1");
    record_key_bind(statement, &row->key);
    db_bind_borrowed(statement, 4, owner.bytes, sizeof owner.bytes);
    enum err e = db_row(s->db, statement, ret_written);
    db_reset(statement);
    return e;
}

static bool comes_before(const struct record_row *a, const struct record_row *b) {
    return channel_id_compare(&a->channel_id, &b->channel_id) < 0;
}

static enum err prefer(struct store *s, const struct record_row *candidate,
                       struct record_row *best) {
    bool in_candidate = false, in_best = false;
    enum err e = owner_has_written(s, candidate, &in_candidate);
    if (e == OK)
        e = owner_has_written(s, best, &in_best);
    if (e == OK && (in_candidate != in_best ? in_candidate : comes_before(candidate, best)))
        *best = *candidate;
    return e;
}

static enum err read_record(sqlite3_stmt *statement, struct record_row *ret_row) {
    struct record_row row = {.key.channel_row = sqlite3_column_int64(statement, 0),
                             .channel.kind = (enum channel_kind)sqlite3_column_int(statement, 2)};
    enum err e = db_column_copy(statement, 1, row.channel_id.bytes, sizeof row.channel_id.bytes);
    for (int i = 0; e == OK && i < 2; i++)
        e = db_column_copy(statement, 3 + i, row.channel.parties[i].bytes,
                           sizeof row.channel.parties[i].bytes);
    if (e == OK)
        *ret_row = row;
    return e;
}

enum err record_row_find(struct store *s, uint16_t collection, const struct record_id *id,
                         struct record_row *ret_row) {
    sqlite3_stmt *statement = db_statement(s->db, "SELECT c.row, c.id, c.kind, c.party_a, c.party_b"
                                                  " FROM (SELECT DISTINCT channel FROM version"
                                                  "       WHERE record = ?1 AND collection = ?2) r"
                                                  " JOIN channel c ON c.row = r.channel");
    db_bind_borrowed(statement, 1, id->bytes, sizeof id->bytes);
    sqlite3_bind_int(statement, 2, collection);
    struct record_row best = {0};
    bool row, has_best = false;
    enum err e;
    while ((e = db_row(s->db, statement, &row)) == OK && row) {
        struct record_row candidate;
        if ((e = read_record(statement, &candidate)) != OK)
            break;
        candidate.key.id = *id;
        candidate.key.collection = collection;
        if (!has_best)
            best = candidate;
        else if ((e = prefer(s, &candidate, &best)) != OK)
            break;
        has_best = true;
    }
    db_reset(statement);
    if (e == OK && !has_best)
        e = ERR_NOT_FOUND;
    if (e == OK)
        *ret_row = best;
    return e;
}

static enum err copy_text(struct arena *arena, const void *data, size_t size,
                          const char **ret_text) {
    char *text = arena_alloc(arena, size + 1);
    if (text == NULL)
        return ERR_MEMORY;
    if (size > 0)
        memcpy(text, data, size);
    *ret_text = text;
    return OK;
}

/* With a NUL after it, for whoever wants a text. */
static enum err take_value(struct bytes plain, struct arena *arena, struct bytes *ret_value) {
    const char *copy;
    enum err e = copy_text(arena, plain.data, plain.size, &copy);
    if (e == OK)
        *ret_value = (struct bytes){(const uint8_t *)copy, plain.size};
    return e;
}

/* The write that brought the version, in its envelope. */
static const struct write *find_write(const struct change_set *sets, size_t sets_n, int64_t key,
                                      const struct change_set **ret_set) {
    uint64_t index = row_key_index(key);
    for (size_t i = 0; i < sets_n; i++) {
        if (index < sets[i].writes_n) {
            *ret_set = &sets[i];
            return &sets[i].writes[index];
        }
        index -= sets[i].writes_n;
    }
    return NULL;
}

static enum err read_section(struct store *s, const struct record_id *record, struct arena *arena,
                             struct version_row *row) {
    struct version *version = &row->version;
    const struct change_set *sets, *set;
    size_t sets_n;
    enum err e = set_reader_open(s->reader, &version->name.feed, version->name.seq, &sets, &sets_n);
    if (e != OK)
        return e;
    const struct write *write = find_write(sets, sets_n, row->key, &set);
    if (write == NULL || write->field != row->field || !record_id_equal(&write->record, record))
        return ERR_CORRUPT;
    e = copy_text(arena, set->actor_name, strlen(set->actor_name), &version->actor_name);
    if (e == OK)
        e = copy_text(arena, set->actor_function, strlen(set->actor_function),
                      &version->actor_function);
    return e == OK ? take_value(write->value, arena, &version->value) : e;
}

static enum err read_plain(sqlite3_stmt *statement, struct arena *arena, struct version *version) {
    struct bytes name = db_column_bytes(statement, ACTOR_NAME);
    enum err e = copy_text(arena, name.data, name.size, &version->actor_name);
    struct bytes function = db_column_bytes(statement, ACTOR_FUNCTION);
    if (e == OK)
        e = copy_text(arena, function.data, function.size, &version->actor_function);
    if (e == OK)
        e = take_value(db_column_bytes(statement, VALUE), arena, &version->value);
    return e;
}

static enum err read_names(sqlite3_stmt *statement, struct arena *arena, struct version_row *row) {
    struct bytes bytes = db_column_bytes(statement, REPLACES);
    if (bytes.size % NAME_SIZE != 0)
        return ERR_CORRUPT;
    row->replaces_n = bytes.size / NAME_SIZE;
    struct version_name *names = arena_array(arena, row->replaces_n, sizeof *names);
    if (names == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < row->replaces_n; i++)
        version_name_read(bytes.data + i * NAME_SIZE, &names[i]);
    row->replaces = names;
    return OK;
}

enum err version_row_read_here(sqlite3_stmt *statement, struct arena *arena,
                               struct version_row *ret_row) {
    struct version_row row = {.key = sqlite3_column_int64(statement, KEY),
                              .field = (uint16_t)sqlite3_column_int(statement, FIELD),
                              .live = sqlite3_column_int(statement, LIVE) != 0,
                              .stands_here = sqlite3_column_type(statement, VALUE) != SQLITE_NULL,
                              .stored = sqlite3_column_int64(statement, STORED)};
    struct version *version = &row.version;
    version->clock = (uint64_t)sqlite3_column_int64(statement, CLOCK);
    version->name.seq = row_key_seq(row.key);
    enum err e =
        db_column_copy(statement, ID8, version->name.id8.bytes, sizeof version->name.id8.bytes);
    if (e == OK)
        e = db_column_copy(statement, FEED, version->name.feed.bytes,
                           sizeof version->name.feed.bytes);
    if (e == OK)
        e = db_column_copy(statement, AUTHOR, version->author.bytes, sizeof version->author.bytes);
    if (e == OK)
        e = read_names(statement, arena, &row);
    if (e == OK && row.stands_here)
        e = read_plain(statement, arena, version);
    if (e == OK)
        *ret_row = row;
    return e;
}

enum err version_row_read(struct store *s, sqlite3_stmt *statement, const struct record_id *record,
                          struct arena *arena, struct version_row *ret_row) {
    struct version_row row;
    enum err e = version_row_read_here(statement, arena, &row);
    if (e == OK && !row.stands_here)
        e = read_section(s, record, arena, &row);
    if (e == OK)
        *ret_row = row;
    return e;
}

static enum err count_history(struct store *s, const struct record_key *record, uint16_t field,
                              size_t *ret_n) {
    bool row;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT count(*) FROM version WHERE record = ?1 AND channel = ?2"
                            " AND collection = ?3 AND live IN (0, 1) AND field = ?4");
    record_key_bind(statement, record);
    sqlite3_bind_int(statement, 4, field);
    enum err e = db_row(s->db, statement, &row);
    if (e == OK)
        *ret_n = (size_t)sqlite3_column_int64(statement, 0);
    db_reset(statement);
    return e;
}

enum err version_row_history(struct store *s, const struct record_row *record, uint16_t field,
                             struct arena *arena, struct version_row **ret_rows, size_t *ret_n) {
    size_t n = 0, n_max = 0;
    bool row;
    enum err e = count_history(s, &record->key, field, &n_max);
    if (e != OK)
        return e;
    struct version_row *rows = arena_array(arena, n_max, sizeof *rows);
    if (rows == NULL)
        return ERR_MEMORY;
    sqlite3_stmt *statement =
        db_statement(s->db, "SELECT v.key, v.field, v.id8, v.clock, v.stored, v.live, v.replaces,"
                            "       v.actor_name, v.actor_function, v.value, f.id, f.author"
                            " FROM version v JOIN feed f ON f.row = v.key >> 45"
                            " WHERE v.record = ?1 AND v.channel = ?2 AND v.collection = ?3"
                            " AND v.live IN (0, 1) AND v.field = ?4 ORDER BY f.id, v.key");
    record_key_bind(statement, &record->key);
    sqlite3_bind_int(statement, 4, field);
    while ((e = db_row(s->db, statement, &row)) == OK && row && n < n_max)
        if ((e = version_row_read(s, statement, &record->key.id, arena, &rows[n++])) != OK)
            break;
    db_reset(statement);
    if (e != OK)
        return e;
    *ret_rows = rows;
    *ret_n = n;
    return OK;
}
