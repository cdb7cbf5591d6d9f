#include "epoch.h"
#include "backlog.h"
#include "key_ring.h"
#include "member.h"
#include "quarantine_put.h"
#include "replica.h"

#include <sodium.h>
#include <stdlib.h>

static enum err open_grant(struct store *store, const uint8_t *sealed,
                           const struct epoch_public *epoch, struct epoch_secret *ret_secret) {
    const struct node_keys *keys = store->config.keys;
    if (keys == NULL)
        return ERR_SEAL;
    return grant_open(sealed, &keys->public.seal, &keys->seal, epoch, ret_secret);
}

enum err epoch_secret(struct store *store, const struct channel_id *channel,
                      const struct epoch_public *epoch, struct epoch_secret *ret_secret) {
    const struct epoch_secret *known = key_ring_find(store->ring, channel, epoch);
    if (known != NULL) {
        *ret_secret = *known;
        return OK;
    }
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT g.sealed FROM epoch e JOIN epoch_grant g ON g.epoch = e.key"
                                " WHERE e.channel = ? AND e.key = ? AND g.member = ?");
    db_bind_bytes(get, 1, channel->bytes, sizeof channel->bytes);
    db_bind_bytes(get, 2, epoch->bytes, sizeof epoch->bytes);
    db_bind_bytes(get, 3, store->self.member.bytes, sizeof store->self.member.bytes);
    struct epoch_secret secret = {0};
    bool row = false, opened = false;
    enum err e;
    while ((e = db_row(store->db, get, &row)) == OK && row && !opened) {
        uint8_t sealed[SEALED_KEY_SIZE];
        if ((e = db_column_copy(get, 0, sealed, sizeof sealed)) != OK)
            break;
        opened = open_grant(store, sealed, epoch, &secret) == OK;
    }
    db_reset(get);
    if (e == OK)
        e = opened ? key_ring_add(store->ring, channel, epoch, &secret) : ERR_KEY;
    if (e == OK)
        *ret_secret = secret;
    sodium_memzero(&secret, sizeof secret);
    return e;
}

enum err epoch_secret_declared(struct store *store, const struct epoch_declaration *epoch,
                               struct epoch_secret *ret_secret) {
    for (size_t i = 0; i < epoch->grants_n; i++) {
        const struct grant *grant = &epoch->grants[i];
        if (member_id_equal(&grant->member, &store->self.member) &&
            open_grant(store, grant->sealed, &epoch->public_key, ret_secret) == OK)
            return OK;
    }
    return ERR_KEY;
}

static enum err put_grant(struct store *store, const struct epoch_public *epoch,
                          const struct grant *grant) {
    sqlite3_stmt *put = db_statement(
        store->db,
        "INSERT INTO epoch_grant (epoch, member, sealed) VALUES (?, ?, ?) ON CONFLICT DO NOTHING");
    db_bind_bytes(put, 1, epoch->bytes, sizeof epoch->bytes);
    db_bind_bytes(put, 2, grant->member.bytes, sizeof grant->member.bytes);
    db_bind_bytes(put, 3, grant->sealed, sizeof grant->sealed);
    return db_run(store->db, put);
}

static enum err put_epoch(struct store *store, const struct epoch_declaration *epoch) {
    sqlite3_stmt *put =
        db_statement(store->db, "INSERT INTO epoch (channel, key, number) VALUES (?, ?, ?)"
                                " ON CONFLICT DO UPDATE SET number = max(number, excluded.number)");
    db_bind_bytes(put, 1, epoch->channel.bytes, sizeof epoch->channel.bytes);
    db_bind_bytes(put, 2, epoch->public_key.bytes, sizeof epoch->public_key.bytes);
    sqlite3_bind_int64(put, 3, epoch->number);
    return db_run(store->db, put);
}

/* Valid once each reader has a grant: the municipality, or the two parties. */
static enum err complete(struct store *store, const struct channel *channel,
                         const struct epoch_declaration *epoch) {
    bool handover = channel->kind == CHANNEL_HANDOVER;
    const struct member_id *a = handover ? &channel->parties[0] : &store->roster.municipality;
    const struct member_id *b = handover ? &channel->parties[1] : &store->roster.municipality;
    sqlite3_stmt *put = db_statement(
        store->db, "UPDATE epoch SET complete = 1 WHERE channel = ?1 AND key = ?2"
                   " AND EXISTS (SELECT 1 FROM epoch_grant WHERE epoch = ?2 AND member = ?3)"
                   " AND EXISTS (SELECT 1 FROM epoch_grant WHERE epoch = ?2 AND member = ?4)");
    db_bind_bytes(put, 1, epoch->channel.bytes, sizeof epoch->channel.bytes);
    db_bind_bytes(put, 2, epoch->public_key.bytes, sizeof epoch->public_key.bytes);
    db_bind_bytes(put, 3, a->bytes, sizeof a->bytes);
    db_bind_bytes(put, 4, b->bytes, sizeof b->bytes);
    return db_run(store->db, put);
}

/* A grant to this node that does not open is not kept: it is tried this once, and the epoch stays
 * incomplete here, so that nothing is sealed to it. */
static enum err put_grants(struct store *store, const struct epoch_declaration *epoch,
                           bool *ret_failed) {
    bool judges = store->self.role != 0 && store->config.keys != NULL, failed = false;
    enum err e = OK;
    for (size_t i = 0; e == OK && i < epoch->grants_n; i++) {
        const struct grant *grant = &epoch->grants[i];
        struct epoch_secret secret;
        if (judges && member_id_equal(&grant->member, &store->self.member) &&
            open_grant(store, grant->sealed, &epoch->public_key, &secret) != OK)
            failed = true;
        else
            e = put_grant(store, &epoch->public_key, grant);
        sodium_memzero(&secret, sizeof secret);
    }
    if (e == OK)
        *ret_failed = failed;
    return e;
}

enum err epoch_put(struct store *store, const struct channel *channel,
                   const struct epoch_declaration *epoch, const struct feed_id *feed, uint64_t seq,
                   const struct member_id *author) {
    bool failed = false;
    enum err e = put_epoch(store, epoch);
    if (e == OK)
        e = put_grants(store, epoch, &failed);
    if (e == OK)
        e = complete(store, channel, epoch);
    if (e != OK)
        return e;
    backlog_add_channel(store->backlog, &epoch->channel);
    if (!failed)
        return OK;
    return quarantine_put(
        store, &(struct quarantine_new){.kind = QUARANTINE_INCIDENT,
                                        .feed = *feed,
                                        .seq = seq,
                                        .author = *author,
                                        .reason = ERR_SEAL,
                                        .text = "an epoch's grant to this node does not open"});
}

enum err epoch_newest(struct store *store, const struct channel *channel,
                      const struct channel_id *channel_id, struct epoch_public *ret_epoch) {
    bool reads = channel_may_read(channel, &store->self.member, store->self.role);
    sqlite3_stmt *walk =
        db_statement(store->db, "SELECT key FROM epoch WHERE channel = ? AND complete = 1"
                                " ORDER BY number DESC, key");
    db_bind_bytes(walk, 1, channel_id->bytes, sizeof channel_id->bytes);
    bool row = false;
    enum err e, found = ERR_KEY;
    while (found != OK && (e = db_row(store->db, walk, &row)) == OK && row) {
        struct epoch_public epoch;
        struct epoch_secret secret;
        if ((e = db_column_copy(walk, 0, epoch.bytes, sizeof epoch.bytes)) != OK)
            break;
        found = reads ? epoch_secret(store, channel_id, &epoch, &secret) : OK;
        sodium_memzero(&secret, sizeof secret);
        if (found == OK)
            *ret_epoch = epoch;
        else if (found != ERR_KEY)
            break;
    }
    db_reset(walk);
    return found == ERR_KEY && e != OK ? e : found;
}

enum err epoch_make(const struct channel_id *channel, uint32_t number, const struct reader *readers,
                    size_t readers_n, struct arena *arena, struct declaration *ret_declaration) {
    struct grant *grants = arena_array(arena, readers_n, sizeof *grants);
    if (grants == NULL)
        return ERR_MEMORY;
    struct declaration declaration = {.kind = DECLARATION_EPOCH};
    declaration.epoch = (struct epoch_declaration){
        .channel = *channel, .number = number, .grants = grants, .grants_n = readers_n};
    struct epoch_secret secret;
    enum err e = epoch_new(&declaration.epoch.public_key, &secret);
    for (size_t i = 0; e == OK && i < readers_n; i++) {
        grants[i].member = readers[i].member;
        e = grant_seal(&secret, &readers[i].key, grants[i].sealed);
    }
    sodium_memzero(&secret, sizeof secret);
    if (e == OK)
        *ret_declaration = declaration;
    return e;
}

static enum err next_number(struct store *store, const struct channel_id *channel,
                            uint32_t *ret_number) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT coalesce(max(number), 0) FROM epoch WHERE channel = ?");
    db_bind_bytes(get, 1, channel->bytes, sizeof channel->bytes);
    bool row = false;
    enum err e = db_row(store->db, get, &row);
    if (e == OK) {
        uint32_t newest = (uint32_t)sqlite3_column_int64(get, 0);
        *ret_number = newest == UINT32_MAX ? newest : newest + 1;
    }
    db_reset(get);
    return e;
}

enum err epoch_make_handover(struct store *store, const struct channel *channel,
                             const struct channel_id *channel_id, struct arena *arena,
                             struct declaration *ret_declaration) {
    struct reader readers[2];
    uint32_t number = 0;
    enum err e = next_number(store, channel_id, &number);
    for (int i = 0; e == OK && i < 2; i++) {
        readers[i].member = channel->parties[i];
        e = member_seal_key(store, &channel->parties[i], &readers[i].key);
        if (e == ERR_NOT_FOUND)
            e = ERR_ROSTER;
    }
    return e == OK ? epoch_make(channel_id, number, readers, 2, arena, ret_declaration) : e;
}
