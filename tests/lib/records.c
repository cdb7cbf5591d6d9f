#include "records.h"

#include "proto/owner.h"
#include "store/collection.h"
#include "test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static void must(enum err e) {
    if (e != OK) {
        fprintf(stderr, "records: %s\n", err_text(e));
        abort();
    }
}

enum role records_role(int member) {
    return member == NORDBY ? ROLE_MUNICIPALITY : member == SKOLE ? ROLE_SCHOOL : ROLE_KINDERGARTEN;
}

static void open_store(struct records *r, int self) {
    char path[300];
    snprintf(path, sizeof path, "%s/replica.db", r->folder);
    struct store_config config = {.path = path, .keys = &r->keys, .place = {{1}}};
    must(store_open(&config, &r->store));
    r->store->self = (struct self){r->federation, r->members[self], records_role(self)};
}

void records_open(struct records *r, int self) {
    *r = (struct records){.federation = {{7}}};
    must(key_library_init());
    struct seed seed = seed_new();
    must(node_keys_derive(&seed, &r->keys));
    for (int i = 0; i < RECORDS_MEMBERS; i++)
        memset(r->members[i].bytes, 0x11 * (i + 1), sizeof r->members[i].bytes);
    temp_folder(r->folder);
    open_store(r, self);
}

void records_close(struct records *r) {
    store_close(r->store);
    temp_remove(r->folder);
}

void records_reopen(struct records *r, int self) {
    store_close(r->store);
    open_store(r, self);
}

static int64_t channel_row(struct records *r, const struct origin *origin) {
    struct db *db = r->store->db;
    bool row;
    sqlite3_stmt *statement =
        db_statement(db, "INSERT INTO channel (id, kind, party_a, party_b) VALUES (?1, ?2, ?3, ?4)"
                         " ON CONFLICT DO NOTHING");
    db_bind_bytes(statement, 1, origin->channel_id.bytes, sizeof origin->channel_id.bytes);
    sqlite3_bind_int(statement, 2, (int)origin->channel.kind);
    db_bind_bytes(statement, 3, origin->channel.parties[0].bytes, sizeof(struct member_id));
    db_bind_bytes(statement, 4, origin->channel.parties[1].bytes, sizeof(struct member_id));
    must(db_run(db, statement));
    statement = db_statement(db, "SELECT row FROM channel WHERE id = ?1");
    db_bind_bytes(statement, 1, origin->channel_id.bytes, sizeof origin->channel_id.bytes);
    must(db_row(db, statement, &row));
    int64_t number = sqlite3_column_int64(statement, 0);
    db_reset(statement);
    return number;
}

struct writer records_writer(struct records *r, int author, enum channel_kind kind, int with) {
    struct writer w = {.origin = {.author = r->members[author], .role = records_role(author)}};
    struct incarnation incarnation = incarnation_new(1000);
    struct db *db = r->store->db;
    bool parties = kind == CHANNEL_HANDOVER;
    must(channel_make(kind, parties ? &r->members[author] : NULL,
                      parties ? &r->members[with] : NULL, &w.origin.channel));
    w.origin.channel_id = channel_id_of(&r->federation, &w.origin.channel);
    w.origin.feed =
        feed_id_of(&r->federation, &w.origin.channel_id, &w.origin.author, &incarnation);
    int64_t channel = channel_row(r, &w.origin);
    sqlite3_stmt *statement =
        db_statement(db, "INSERT INTO feed (id, channel, author, incarnation, head_id) VALUES (?1, "
                         "?2, ?3, ?4, zeroblob(32))");
    db_bind_bytes(statement, 1, w.origin.feed.bytes, sizeof w.origin.feed.bytes);
    sqlite3_bind_int64(statement, 2, channel);
    db_bind_bytes(statement, 3, w.origin.author.bytes, sizeof w.origin.author.bytes);
    db_bind_bytes(statement, 4, incarnation.bytes, sizeof incarnation.bytes);
    must(db_run(db, statement));
    w.origin.feed_row = sqlite3_last_insert_rowid(db_handle(db));
    return w;
}

void writer_next(struct writer *w, uint64_t clock) {
    w->origin.seq++;
    w->origin.clock = clock;
    w->origin.stored = (time_ms)clock;
    randombytes_buf(w->origin.id8.bytes, sizeof w->origin.id8.bytes);
}

struct version_name writer_name(const struct writer *w) {
    return (struct version_name){w->origin.feed, w->origin.seq, w->origin.id8};
}

struct version_name records_write(struct records *r, struct writer *w, uint64_t clock,
                                  const struct change_set *set) {
    char why[200] = "";
    writer_next(w, clock);
    if (apply_check(&w->origin, set, 1, why, sizeof why) != OK) {
        fprintf(stderr, "records: void: %s\n", why);
        abort();
    }
    must(store_begin(r->store));
    must(apply_sets(r->store, &w->origin, set, 1));
    must(store_commit(r->store));
    return writer_name(w);
}

struct write write_of(const struct record_id *record, const char *field, const char *value,
                      const struct version_name *replaces, size_t replaces_n) {
    const struct field *declared =
        collection_field_named(collection_find(COLLECTION_HANDOVER), field);
    if (declared == NULL)
        abort();
    return (struct write){.record = *record,
                          .collection = COLLECTION_HANDOVER,
                          .field = declared->number,
                          .value = bytes_of_text(value),
                          .replaces = replaces,
                          .replaces_n = replaces_n};
}

struct version_name records_set(struct records *r, struct writer *w, uint64_t clock,
                                const struct record_id *record, const char *field,
                                const char *value, const struct version_name *replaces,
                                size_t replaces_n) {
    struct write write = write_of(record, field, value, replaces, replaces_n);
    struct change_set set = {
        .actor_name = "Mette H.", .actor_function = "pedagogue", .writes = &write, .writes_n = 1};
    return records_write(r, w, clock, &set);
}
