/* What the replica in a stopped home holds, as one JSON object on standard output, so that replicas
 * can be compared:
 *
 *     {"member": HEX, "digest": HEX, "restored": BOOL,
 *      "feeds": [{"feed", "channel", "kind", "parties": [HEX], "author", "head_seq", "head",
 * "waiting", "voided", "confirmed", "forked", "ids": HEX, "judged": HEX}], "records": [{"record",
 * "collection", "channel", "revision", "versions": [{"field", "author", "clock", "live", "size",
 * "begins", "hash"}]}]}
 *
 * `ids` is a hash over the numbers and ids of all entries, `judged` over what became of them.
 * `versions` are all that were ever accepted; of a value stand its hash and the first 40 bytes, as
 * far as they are ASCII.
 *
 *     holdings HOME */
#include "proto/hash.h"
#include "proto/limits.h"
#include "store/acks.h"
#include "store/feed.h"
#include "store/home.h"
#include "store/record.h"
#include "store/store.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { BEGINS = 40, FIELD_ARENA_MAX = KIB(65536) };

static void fail(const char *what, enum err err) {
    fprintf(stderr, "holdings: %s: %s\n", what, err_text(err));
    exit(1);
}

static json_t *hex(const uint8_t *bytes, size_t size) {
    char text[HEX_TEXT_MAX];
    hex_text(bytes, size, text);
    return json_string(text);
}

struct entries {
    struct hasher ids, judged;
};

static enum err add_entry(void *context, const struct feed_info *feed,
                          const struct entry_info *entry) {
    struct entries *entries = context;
    (void)feed;
    hasher_add_u64(&entries->ids, entry->seq);
    hasher_add(&entries->ids, entry->id.bytes, sizeof entry->id.bytes);
    hasher_add_u64(&entries->judged, entry->seq);
    hasher_add_u64(&entries->judged, (uint64_t)entry->status);
    hasher_add_u64(&entries->judged, (uint64_t)entry->reason);
    return OK;
}

struct walk {
    struct store *store;
    json_t *list;
    uint16_t collection;
};

static enum err add_feed(void *context, const struct feed_info *feed) {
    struct walk *walk = context;
    struct entries entries;
    hasher_init(&entries.ids, HASH_STORE);
    hasher_init(&entries.judged, HASH_STORE);
    enum err err = feed_entries(walk->store, &feed->id, 1, add_entry, &entries);
    if (err != OK)
        return err;
    struct hash ids = hasher_final(&entries.ids), judged = hasher_final(&entries.judged);
    json_t *parties = json_array();
    for (size_t i = 0; feed->channel.kind == CHANNEL_HANDOVER && i < 2; i++)
        json_array_append_new(parties, hex(feed->channel.parties[i].bytes, 16));
    json_t *object = json_pack(
        "{s:o, s:o, s:i, s:o, s:o, s:I, s:o, s:I, s:I, s:b, s:o, s:o}", "feed",
        hex(feed->id.bytes, 32), "channel", hex(feed->channel_id.bytes, 32), "kind",
        (int)feed->channel.kind, "parties", parties, "author", hex(feed->author.bytes, 16),
        "head_seq", (json_int_t)feed->head.seq, "head", hex(feed->head.id.bytes, 32), "waiting",
        (json_int_t)feed->waiting, "voided", (json_int_t)feed->voided, "forked", feed->forked,
        "ids", hex(ids.bytes, 32), "judged", hex(judged.bytes, 32));
    return json_array_append_new(walk->list, object) == 0 ? OK : ERR_MEMORY;
}

/* Of a value that may be cut within a character. */
static json_t *beginning(struct bytes value) {
    char text[BEGINS];
    size_t n = 0;
    while (n < value.size && n < BEGINS && value.data[n] < 0x80) {
        text[n] = (char)value.data[n];
        n++;
    }
    return json_stringn(text, n);
}

static json_t *version_json(uint16_t field, const struct past_version *past) {
    const struct version *version = &past->version;
    struct hash hash = hash_of(HASH_STORE, version->value.data, version->value.size);
    return json_pack("{s:i, s:o, s:I, s:b, s:I, s:o, s:o}", "field", (int)field, "author",
                     hex(version->author.bytes, 16), "clock", (json_int_t)version->clock, "live",
                     past->live, "size", (json_int_t)version->value.size, "begins",
                     beginning(version->value), "hash", hex(hash.bytes, 32));
}

static enum err add_versions(struct store *store, const struct record *record, uint16_t field,
                             json_t *versions) {
    const struct past_version *past;
    size_t n;
    struct arena arena;
    arena_init(&arena, FIELD_ARENA_MAX);
    enum err err = record_history(store, record->collection, &record->id, field, &arena, &past, &n);
    for (size_t i = 0; err == OK && i < n; i++)
        if (json_array_append_new(versions, version_json(field, &past[i])) != 0)
            err = ERR_MEMORY;
    arena_done(&arena);
    return err;
}

static enum err add_record(void *context, const struct record_id *id) {
    struct walk *walk = context;
    struct arena arena;
    struct record record;
    arena_init(&arena, FIELD_ARENA_MAX);
    enum err err = record_load(walk->store, walk->collection, id, &arena, &record);
    if (err != OK)
        goto done;
    json_t *versions = json_array();
    json_t *object =
        json_pack("{s:o, s:i, s:o, s:o, s:o}", "record", hex(id->bytes, 16), "collection",
                  (int)walk->collection, "channel", hex(record.channel_id.bytes, 32), "revision",
                  hex(record.revision.bytes, 32), "versions", versions);
    if (json_array_append_new(walk->list, object) != 0)
        err = ERR_MEMORY;
    for (size_t i = 0; err == OK && i < record.fields_n; i++)
        err = add_versions(walk->store, &record, record.fields[i].number, versions);
done:
    arena_done(&arena);
    return err;
}

static json_t *all_feeds(struct store *store) {
    struct walk walk = {.store = store, .list = json_array()};
    enum err err = feed_each(store, add_feed, &walk);
    if (err != OK)
        fail("feeds", err);
    return walk.list;
}

static json_t *all_records(struct store *store) {
    static const uint16_t collections[] = {COLLECTION_SURVEY, COLLECTION_HANDOVER};
    struct walk walk = {.store = store, .list = json_array()};
    for (size_t i = 0; i < sizeof collections / sizeof *collections; i++) {
        walk.collection = collections[i];
        enum err err = record_each(store, walk.collection, add_record, &walk);
        if (err != OK)
            fail("records", err);
    }
    return walk.list;
}

static json_t *holdings(struct store *store) {
    struct self self;
    struct hash digest;
    bool restored = false;
    enum err err = store_self(store, &self);
    if (err == OK)
        err = store_digest(store, &digest);
    if (err == OK)
        err = acks_restored(store, &restored);
    if (err != OK)
        fail("the replica", err);
    return json_pack("{s:o, s:o, s:b, s:o, s:o}", "member", hex(self.member.bytes, 16), "digest",
                     hex(digest.bytes, 32), "restored", restored, "feeds", all_feeds(store),
                     "records", all_records(store));
}

int main(int argc, char **argv) {
    struct home home;
    struct store *store = NULL;
    char database[HOME_PATH_MAX];
    if (argc != 2)
        fail("usage: holdings HOME", ERR_ARGUMENT);
    enum err err = key_library_init();
    if (err == OK)
        err = home_open(argv[1], false, &home);
    if (err == OK)
        err = home_file(&home, "replica.db", database);
    if (err != OK)
        fail(argv[1], err);
    struct store_config config = {.path = database, .keys = home.keys};
    err = store_open(&config, &store);
    if (err != OK)
        fail(database, err);
    json_t *document = holdings(store);
    int code = document != NULL && json_dumpf(document, stdout, JSON_COMPACT) == 0 ? 0 : 1;
    json_decref(document);
    store_close(store);
    home_close(&home);
    return code;
}
