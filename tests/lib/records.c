#include "records.h"

#include "proto/envelope.h"
#include "proto/limits.h"
#include "proto/owner.h"
#include "store/collection.h"
#include "store/feed_row.h"
#include "store/set_reader.h"
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

size_t records_number(struct records *records, const char *sql) {
    bool row = false;
    sqlite3_stmt *walk = db_walk(records->store->db, sql);
    must(db_row(records->store->db, walk, &row));
    size_t n = (size_t)sqlite3_column_int64(walk, 0);
    sqlite3_finalize(walk);
    return n;
}

void records_reopen(struct records *r, int self) {
    store_close(r->store);
    open_store(r, self);
}

static int64_t put_channel(struct records *r, const struct origin *origin) {
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

/* An epoch of the channel, granted to whichever member the replica is opened as. */
static struct epoch_public declare_epoch(struct records *r, const struct channel_id *channel) {
    struct db *db = r->store->db;
    struct epoch_secret secret;
    struct epoch_public epoch;
    uint8_t sealed[SEALED_KEY_SIZE];
    must(epoch_new(&epoch, &secret));
    must(grant_seal(&secret, &r->keys.public.seal, sealed));
    sqlite3_stmt *statement = db_statement(
        db, "INSERT INTO epoch (channel, key, number, complete) VALUES (?1, ?2, 1, 1)");
    db_bind_bytes(statement, 1, channel->bytes, sizeof channel->bytes);
    db_bind_bytes(statement, 2, epoch.bytes, sizeof epoch.bytes);
    must(db_run(db, statement));
    for (int i = 0; i < RECORDS_MEMBERS; i++) {
        statement =
            db_statement(db, "INSERT INTO epoch_grant (epoch, member, sealed) VALUES (?1, ?2, ?3)");
        db_bind_bytes(statement, 1, epoch.bytes, sizeof epoch.bytes);
        db_bind_bytes(statement, 2, r->members[i].bytes, sizeof(struct member_id));
        db_bind_bytes(statement, 3, sealed, sizeof sealed);
        must(db_run(db, statement));
    }
    return epoch;
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
    int64_t channel = put_channel(r, &w.origin);
    sqlite3_stmt *statement =
        db_statement(db, "INSERT INTO feed (id, channel, author, incarnation, head_id) VALUES (?1, "
                         "?2, ?3, ?4, zeroblob(32))");
    db_bind_bytes(statement, 1, w.origin.feed.bytes, sizeof w.origin.feed.bytes);
    sqlite3_bind_int64(statement, 2, channel);
    db_bind_bytes(statement, 3, w.origin.author.bytes, sizeof w.origin.author.bytes);
    db_bind_bytes(statement, 4, incarnation.bytes, sizeof incarnation.bytes);
    must(db_run(db, statement));
    w.origin.feed_row = sqlite3_last_insert_rowid(db_handle(db));
    if (channel_is_sealed(kind))
        w.epoch = declare_epoch(r, &w.origin.channel_id);
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

void records_log(struct records *r, struct writer *w, const struct change_set *sets, size_t sets_n,
                 bool keeps_id) {
    struct draft draft;
    struct buffer plain = {0}, bytes = {0};
    struct envelope_id id;
    draft_init(&draft);
    if (w->key_seq == 0 || w->key_seq > w->origin.seq ||
        w->origin.seq - w->key_seq >= SEAL_REUSE_MAX) {
        must(seal_block_new(&w->epoch, &w->key, &w->seal));
        w->key_seq = w->origin.seq;
    }
    draft.header = (struct header){.schema = SCHEMA_CURRENT,
                                   .feed = w->origin.feed,
                                   .seq = w->origin.seq,
                                   .seal_seq = w->key_seq,
                                   .clock = w->origin.clock};
    if (w->origin.seq > 1) /* some id: nobody follows the chain here */
        memset(draft.header.prev.bytes, 1, sizeof draft.header.prev.bytes);
    draft.has_seal = w->key_seq == w->origin.seq;
    draft.key = w->key;
    draft.seal = w->seal;
    for (size_t i = 0; i < sets_n; i++) {
        buffer_clear(&plain);
        must(change_set_encode(&sets[i], &plain));
        must(draft_add_sealed(&draft, buffer_view(&plain), true));
    }
    must(draft_sign(&draft, &r->keys.sign, &bytes, &id));
    if (!keeps_id)
        w->origin.id8 = envelope_id8(&id);
    sqlite3_stmt *statement = db_statement(
        r->store->db, "INSERT OR REPLACE INTO entry (key, id, status, reason, checked, stored,"
                      " bytes) VALUES (?1, ?2, 1, 0, 1, ?3, ?4)");
    sqlite3_bind_int64(statement, 1, entry_key(w->origin.feed_row, w->origin.seq));
    db_bind_bytes(statement, 2, id.bytes, sizeof id.bytes);
    sqlite3_bind_int64(statement, 3, w->origin.stored);
    db_bind_bytes(statement, 4, bytes.data, bytes.size);
    must(db_run(r->store->db, statement));
    /* It may have replaced another, as nothing but a roll-back does in a store. */
    feed_cache_clear(r->store->feeds);
    set_reader_forget(r->store->reader);
    buffer_done(&plain);
    buffer_done(&bytes);
    draft_done(&draft);
}

struct version_name records_write(struct records *r, struct writer *w, uint64_t clock,
                                  const struct change_set *set) {
    return records_write_sets(r, w, clock, set, 1);
}

struct version_name records_write_sets(struct records *r, struct writer *w, uint64_t clock,
                                       const struct change_set *sets, size_t sets_n) {
    char why[200] = "";
    writer_next(w, clock);
    if (apply_check(&w->origin, sets, sets_n, why, sizeof why) != OK) {
        fprintf(stderr, "records: void: %s\n", why);
        abort();
    }
    must(store_begin(r->store));
    if (channel_is_sealed(w->origin.channel.kind))
        records_log(r, w, sets, sets_n, false);
    must(apply_sets(r->store, &w->origin, sets, sets_n));
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
