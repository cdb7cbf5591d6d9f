#include "key_ring.h"

#include <sodium.h>
#include <stdlib.h>

struct ring_entry {
    struct channel_id channel;
    struct epoch_public epoch;
    struct epoch_secret secret;
};

/* In order of epoch, then channel. `last` is where the last one asked for stands: envelopes come in
 * runs of one channel. */
struct key_ring {
    struct ring_entry *entries;
    size_t entries_n, entries_max, last;
};

struct key_ring *key_ring_new(void) {
    return calloc(1, sizeof(struct key_ring));
}

void key_ring_clear(struct key_ring *ring) {
    sodium_free(ring->entries); /* wipes */
    *ring = (struct key_ring){0};
}

void key_ring_free(struct key_ring *ring) {
    if (ring != NULL)
        key_ring_clear(ring);
    free(ring);
}

size_t key_ring_n(const struct key_ring *ring) {
    return ring->entries_n;
}

static int compare(const struct ring_entry *entry, const struct channel_id *channel,
                   const struct epoch_public *epoch) {
    int order = memcmp(entry->epoch.bytes, epoch->bytes, sizeof epoch->bytes);
    return order != 0 ? order : channel_id_compare(&entry->channel, channel);
}

/* The first that does not come before it. */
static size_t place_of(const struct key_ring *ring, const struct channel_id *channel,
                       const struct epoch_public *epoch) {
    size_t low = 0, high = ring->entries_n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&ring->entries[middle], channel, epoch) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct key_ring *ring, size_t at, const struct channel_id *channel,
                  const struct epoch_public *epoch) {
    return at < ring->entries_n && compare(&ring->entries[at], channel, epoch) == 0;
}

const struct epoch_secret *key_ring_find(struct key_ring *ring, const struct channel_id *channel,
                                         const struct epoch_public *epoch) {
    if (!is_at(ring, ring->last, channel, epoch))
        ring->last = place_of(ring, channel, epoch);
    return is_at(ring, ring->last, channel, epoch) ? &ring->entries[ring->last].secret : NULL;
}

static enum err make_room(struct key_ring *ring) {
    if (ring->entries_n == KEY_RING_MAX)
        key_ring_clear(ring);
    if (ring->entries_n < ring->entries_max)
        return OK;
    size_t entries_max = ring->entries_max == 0 ? 16 : ring->entries_max * 2;
    struct ring_entry *entries = sodium_allocarray(entries_max, sizeof *entries);
    if (entries == NULL)
        return ERR_MEMORY;
    if (ring->entries_n > 0)
        memcpy(entries, ring->entries, ring->entries_n * sizeof *entries);
    sodium_free(ring->entries);
    ring->entries = entries;
    ring->entries_max = entries_max;
    return OK;
}

enum err key_ring_add(struct key_ring *ring, const struct channel_id *channel,
                      const struct epoch_public *epoch, const struct epoch_secret *secret) {
    enum err e = make_room(ring);
    if (e != OK)
        return e;
    size_t at = place_of(ring, channel, epoch);
    struct ring_entry *entry = &ring->entries[at];
    memmove(entry + 1, entry, (ring->entries_n - at) * sizeof *entry);
    entry->channel = *channel;
    entry->epoch = *epoch;
    entry->secret = *secret;
    ring->entries_n++;
    ring->last = at;
    return OK;
}
