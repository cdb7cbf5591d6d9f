/* Inside the store: epoch secrets that this node has opened, so that one is not opened anew for each envelope; in sodium_malloc
 * memory. At most KEY_RING_MAX, 384 KiB, however many epochs others declare: when it is full all are forgotten, and opened again as they
 * are asked for. Found by halves. */
#ifndef STAFET_STORE_KEY_RING_H
#define STAFET_STORE_KEY_RING_H

#include "proto/seal.h"

enum { KEY_RING_MAX = 4096 };

struct key_ring;
struct key_ring *key_ring_new(void); /* NULL: out of memory */
void key_ring_free(struct key_ring *); /* wipes; NULL is accepted */
void key_ring_clear(struct key_ring *);
size_t key_ring_n(const struct key_ring *);
/* Borrowed until the next is added. NULL: it isn't here. */
const struct epoch_secret *key_ring_find(struct key_ring *, const struct channel_id *, const struct epoch_public *);
/* One that isn't here yet. */
MUST_USE enum err key_ring_add(struct key_ring *, const struct channel_id *, const struct epoch_public *,
                               const struct epoch_secret *);

#endif
