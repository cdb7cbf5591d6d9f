#include "ledger.h"

#include "memory.h"
#include <stdlib.h>
#include <string.h>

enum { TWICE_MAX = 256 };

struct promise {
    struct feed_id feed;
    struct head head;
};
struct ledger {
    struct promise *promises;
    size_t n, capacity;
};

struct ledger *ledger_new(void) {
    return hold_zero(sizeof(struct ledger));
}

void ledger_free(struct ledger *ledger) {
    if (ledger == NULL)
        return;
    hold_free(ledger->promises);
    hold_free(ledger);
}

struct ledger *ledger_copy(const struct ledger *ledger) {
    struct ledger *copy = ledger_new();
    for (size_t i = 0; i < ledger->n; i++)
        ledger_put(copy, &ledger->promises[i].feed, &ledger->promises[i].head);
    return copy;
}

void ledger_put(struct ledger *ledger, const struct feed_id *feed, const struct head *head) {
    for (size_t i = 0; i < ledger->n; i++) {
        if (!feed_id_equal(&ledger->promises[i].feed, feed))
            continue;
        if (head->seq > ledger->promises[i].head.seq)
            ledger->promises[i].head = *head;
        return;
    }
    if (ledger->n == ledger->capacity) {
        ledger->capacity = ledger->capacity * 2 + 16;
        ledger->promises = hold(ledger->promises, ledger->capacity * sizeof *ledger->promises);
    }
    ledger->promises[ledger->n++] = (struct promise){*feed, *head};
}

size_t ledger_n(const struct ledger *ledger) {
    return ledger->n;
}

void ledger_get(const struct ledger *ledger, size_t index, struct feed_id *ret_feed,
                struct head *ret_head) {
    *ret_feed = ledger->promises[index].feed;
    *ret_head = ledger->promises[index].head;
}

void ledger_forget(struct ledger *ledger) {
    ledger->n = 0;
}

struct sent {
    struct feed_id feed;
    uint64_t seq; /* 0: free */
    struct envelope_id id;
};
static struct {
    struct sent *table;
    size_t n, size; /* a power of two */
} all;

static struct {
    struct twice list[TWICE_MAX];
    size_t n;
} doubles;

void ledger_double(const struct feed_id *feed, uint64_t seq, unsigned machine) {
    for (size_t i = 0; i < doubles.n; i++)
        if (doubles.list[i].seq == seq && feed_id_equal(&doubles.list[i].feed, feed))
            return;
    if (doubles.n < TWICE_MAX)
        doubles.list[doubles.n++] = (struct twice){*feed, seq, machine};
}

size_t ledger_doubles(const struct twice **ret_list) {
    *ret_list = doubles.list;
    return doubles.n;
}

void registry_clear(void) {
    doubles.n = 0;
    hold_free(all.table);
    memset(&all, 0, sizeof all);
}

static struct sent *place_of(struct sent *table, size_t size, const struct feed_id *feed,
                             uint64_t seq) {
    uint64_t hash;
    memcpy(&hash, feed->bytes, sizeof hash);
    hash ^= seq * UINT64_C(0x9e3779b97f4a7c15);
    while (table[hash & (size - 1)].seq != 0 &&
           (table[hash & (size - 1)].seq != seq ||
            !feed_id_equal(&table[hash & (size - 1)].feed, feed)))
        hash++;
    return &table[hash & (size - 1)];
}

static void grow(void) {
    size_t size = all.size == 0 ? 1024 : all.size * 2;
    struct sent *table = hold_zero(size * sizeof *table);
    for (size_t i = 0; i < all.size; i++)
        if (all.table[i].seq != 0)
            *place_of(table, size, &all.table[i].feed, all.table[i].seq) = all.table[i];
    hold_free(all.table);
    all.table = table;
    all.size = size;
}

bool registry_put(const struct feed_id *feed, uint64_t seq, const struct envelope_id *id) {
    if (all.n * 2 >= all.size)
        grow();
    struct sent *sent = place_of(all.table, all.size, feed, seq);
    if (sent->seq != 0)
        return envelope_id_equal(&sent->id, id);
    *sent = (struct sent){*feed, seq, *id};
    all.n++;
    return true;
}

bool registry_has_other(const struct version_name *name) {
    if (all.size == 0)
        return false;
    const struct sent *sent = place_of(all.table, all.size, &name->feed, name->seq);
    struct id8 id8 = envelope_id8(&sent->id);
    return sent->seq != 0 && !id8_equal(&id8, &name->id8);
}

size_t registry_n(void) {
    return all.n;
}
