/* A bounded bump allocator: everything decoded from untrusted bytes lives in one, so that hostile
 * input costs bounded memory and is freed in one go. */
#ifndef STAFET_PROTO_ARENA_H
#define STAFET_PROTO_ARENA_H

#include "err.h"
#include <stdbool.h>
#include <stddef.h>

struct arena_block;

/* Initialise with arena_init; blocks are taken from the heap as needed. `bytes` is what has been
 * handed out, `taken` the size of the blocks, each at most `bytes_max`: so is what the ends of
 * blocks waste, a sixteenth at most. */
struct arena {
    struct arena_block *blocks; /* the first is the one being filled */
    size_t bytes, taken, bytes_max;
    bool capped; /* since arena_reset the cap has denied something: what was read is too large, and not this machine too small */
};

void arena_init(struct arena *, size_t bytes_max);
/* The cap for decoding `size` untrusted bytes: min(16 x size + 64 KiB, 4 MiB). PROTOCOL.md,
 * "Limits". */
size_t arena_cap_for(size_t size);
void arena_done(struct arena *);
/* Zeroed, aligned for any type; NULL when the cap or the heap is exhausted. A size of 0 gives a
 * pointer too. */
void *arena_alloc(struct arena *, size_t size);
/* The same for `n` things of `size`; NULL also when the product overflows. */
void *arena_array(struct arena *, size_t n, size_t size);
/* Forgets everything and keeps one block for reuse. */
void arena_reset(struct arena *);

#endif
