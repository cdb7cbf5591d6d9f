#include "check.h"
#include "feed_row.h"
#include "proto/limits.h"
#include "replica.h"

#include <sodium.h>
#include <stdlib.h>

/* What has been opened last: most envelopes share their content key with the one before. */
struct search {
    struct store *store;
    const struct node_keys *keys;
    struct bytes text;
    struct arena arena;
    struct buffer plain, block, entry;
    int64_t last_key, feed_row;
    bool has_key, no_key; /* the block at key_seq opens, or has been found not to */
    uint64_t key_seq;
    struct content_key key;
    bool has_epoch, no_epoch;
    struct epoch_public epoch;
    struct epoch_secret secret;
    uint64_t opened, hits;
};

static void look(struct search *search, struct bytes content) {
    search->opened++;
    if (memmem(content.data, content.size, search->text.data, search->text.size) != NULL)
        search->hits++;
}

/* Whose keys they are is not asked: every grant of the epoch is tried. */
static enum err open_epoch(struct search *search, const struct epoch_public *epoch) {
    if ((search->has_epoch || search->no_epoch) &&
        memcmp(&search->epoch, epoch, sizeof *epoch) == 0)
        return OK;
    search->epoch = *epoch;
    search->has_epoch = false;
    sqlite3_stmt *get =
        db_statement(search->store->db, "SELECT sealed FROM epoch_grant WHERE epoch = ?");
    db_bind_bytes(get, 1, epoch->bytes, sizeof epoch->bytes);
    uint8_t sealed[SEALED_KEY_SIZE];
    bool row = false;
    enum err e = OK;
    while (!search->has_epoch && (e = db_row(search->store->db, get, &row)) == OK && row) {
        if ((e = db_column_copy(get, 0, sealed, sizeof sealed)) != OK)
            break;
        search->has_epoch = grant_open(sealed, &search->keys->public.seal, &search->keys->seal,
                                       epoch, &search->secret) == OK;
    }
    db_reset(get);
    search->no_epoch = !search->has_epoch;
    return e;
}

static enum err block_of(struct search *search, const struct envelope *envelope,
                         struct seal_block *ret_block) {
    time_ms stored;
    if (envelope->has_seal) {
        *ret_block = envelope->seal;
        return OK;
    }
    buffer_clear(&search->block);
    enum err e = entry_bytes(search->store, search->feed_row, envelope->header.seal_seq,
                             &search->block, &stored);
    if (e == OK && search->block.size < SIGNED_HEADER_SIZE + SEAL_BLOCK_SIZE)
        e = ERR_NOT_FOUND;
    if (e == OK)
        seal_block_decode(search->block.data + SIGNED_HEADER_SIZE, ret_block);
    return e;
}

static enum err open_key(struct search *search, const struct envelope *envelope) {
    struct seal_block block = {0};
    if ((search->has_key || search->no_key) && search->key_seq == envelope->header.seal_seq)
        return OK;
    search->key_seq = envelope->header.seal_seq;
    search->has_key = false;
    search->no_key = true;
    enum err e = block_of(search, envelope, &block);
    if (e == ERR_NOT_FOUND)
        return OK;
    if (e == OK)
        e = open_epoch(search, &block.epoch);
    if (e != OK || !search->has_epoch)
        return e;
    search->has_key = seal_block_open(&block, &block.epoch, &search->secret, &search->key) == OK;
    search->no_key = !search->has_key;
    return OK;
}

static enum err search_sections(struct search *search, const struct envelope *envelope) {
    enum err e = OK;
    for (uint16_t i = 0; e == OK && i < envelope->header.sections_n; i++) {
        const struct section *section = &envelope->sections[i];
        if (section->state != SECTION_PRESENT)
            continue;
        if (section->kind != SECTION_SEALED) {
            look(search, section->content);
            continue;
        }
        if (search->keys == NULL || envelope->header.seal_seq == 0)
            continue;
        if ((e = open_key(search, envelope)) != OK || !search->has_key)
            continue;
        struct section_place place = {envelope->header.feed, envelope->header.seq, i};
        buffer_clear(&search->plain);
        e = section_open(&search->key, &place, section->content, &search->plain);
        if (e == OK)
            look(search, buffer_view(&search->plain));
        if (search->plain.size > 0)
            sodium_memzero(search->plain.data, search->plain.size);
        if (e == ERR_SEAL || e == ERR_FORMAT)
            e = OK;
    }
    return e;
}

static enum err search_entry(struct search *search, int64_t key, struct bytes bytes) {
    struct envelope envelope;
    size_t size;
    if (key >> ENTRY_SEQ_BITS != search->feed_row) {
        search->feed_row = key >> ENTRY_SEQ_BITS;
        search->has_key = search->no_key = false;
    }
    arena_reset(&search->arena);
    enum err e = envelope_parse(bytes, &search->arena, &envelope, &size);
    if (e == OK)
        return search_sections(search, &envelope);
    return e == ERR_MEMORY ? e : OK; /* damaged: check_step says so */
}

enum err search_new(struct store *store, const struct node_keys *keys, const char *text,
                    struct search **ret_search) {
    struct search *search = calloc(1, sizeof *search);
    if (search == NULL)
        return ERR_MEMORY;
    *search = (struct search){.store = store, .keys = keys, .text = bytes_of_text(text)};
    arena_init(&search->arena, DECODE_MEMORY_MAX);
    *ret_search = search;
    return OK;
}

void search_free(struct search *search) {
    if (search == NULL)
        return;
    arena_done(&search->arena);
    buffer_wipe(&search->plain);
    buffer_done(&search->block);
    buffer_done(&search->entry);
    sodium_memzero(search, sizeof *search);
    free(search);
}

enum err search_step(struct search *search, bool *ret_done) {
    sqlite3_stmt *get =
        db_statement(search->store->db, "SELECT key, bytes FROM entry WHERE key > ?1 AND +key > ?1"
                                        " ORDER BY key LIMIT 1");
    bool row = false;
    sqlite3_bind_int64(get, 1, search->last_key);
    enum err e = db_row(search->store->db, get, &row);
    if (e == OK && row) {
        struct bytes bytes = db_column_bytes(get, 1);
        search->last_key = sqlite3_column_int64(get, 0);
        buffer_clear(&search->entry);
        e = buffer_append(&search->entry, bytes.data, bytes.size);
    }
    db_reset(get);
    if (e == OK && row)
        e = search_entry(search, search->last_key, buffer_view(&search->entry));
    if (e == OK)
        *ret_done = !row;
    return e;
}

void search_counts(const struct search *search, uint64_t *ret_opened, uint64_t *ret_hits) {
    *ret_opened = search->opened;
    *ret_hits = search->hits;
}

enum err check_search(struct store *store, const struct node_keys *keys, const char *text,
                      uint64_t *ret_opened, uint64_t *ret_hits) {
    struct search *search = NULL;
    bool done = false;
    enum err e = search_new(store, keys, text, &search);
    while (e == OK && !done)
        e = search_step(search, &done);
    if (e == OK)
        search_counts(search, ret_opened, ret_hits);
    search_free(search);
    return e;
}
