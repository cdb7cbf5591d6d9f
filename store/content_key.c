#include "content_key.h"
#include "epoch.h"
#include "replica.h"

#include <sodium.h>

static enum err earlier_block(struct store *store, struct feed_row *feed, uint64_t seq,
                              struct seal_block *ret_block) {
    struct buffer bytes = {0};
    struct header header;
    time_ms stored;
    enum err e = entry_bytes(store, feed->row, seq, &bytes, &stored);
    if (e == ERR_NOT_FOUND)
        e = ERR_CORRUPT;
    if (e == OK && (bytes.size < SIGNED_HEADER_SIZE + SEAL_BLOCK_SIZE ||
                    header_decode(bytes.data, &header) != OK || header.seal_seq != header.seq))
        e = ERR_SEAL;
    if (e == OK)
        seal_block_decode(bytes.data + SIGNED_HEADER_SIZE, ret_block);
    buffer_done(&bytes);
    return e;
}

static enum err secret_of(struct store *store, const struct channel_id *channel,
                          const struct epoch_public *epoch, const struct declared *declared,
                          struct epoch_secret *ret_secret) {
    for (size_t i = 0; i < declared->n; i++) {
        const struct declaration *declaration = &declared->declarations[i];
        if (declaration->kind == DECLARATION_EPOCH &&
            memcmp(declaration->epoch.public_key.bytes, epoch->bytes, sizeof epoch->bytes) == 0 &&
            epoch_secret_declared(store, &declaration->epoch, ret_secret) == OK)
            return OK;
    }
    return epoch_secret(store, channel, epoch, ret_secret);
}

enum err content_key_find(struct store *store, struct feed_row *feed, uint64_t seal_seq,
                          const struct seal_block *block, const struct declared *declared) {
    if (feed->has_key && feed->key_seq == seal_seq)
        return OK;
    struct seal_block earlier;
    struct epoch_secret secret;
    struct content_key key;
    enum err e = OK;
    if (block == NULL) {
        e = earlier_block(store, feed, seal_seq, &earlier);
        block = &earlier;
    }
    if (e == OK)
        e = secret_of(store, &feed->info.channel_id, &block->epoch, declared, &secret);
    if (e == OK)
        e = seal_block_open(block, &block->epoch, &secret, &key);
    if (e == OK) {
        feed->has_key = true;
        feed->key_seq = seal_seq;
        feed->key_epoch = block->epoch;
        feed->key = key;
    }
    sodium_memzero(&secret, sizeof secret);
    sodium_memzero(&key, sizeof key);
    return e;
}
