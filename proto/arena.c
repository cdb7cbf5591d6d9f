#include "arena.h"

#include "limits.h"
#include "poison.h"
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE_MIN = 4096, BLOCK_SIZE_MAX = 256 * 1024 };

/* What has not been handed out, or was taken back by a reset, is poisoned. */
struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) unsigned char data[];
};

void arena_init(struct arena *arena, size_t bytes_max) {
    *arena = (struct arena){.bytes_max = bytes_max};
}

size_t arena_cap_for(size_t size) {
    if (size >= (DECODE_MEMORY_MAX - KIB(64)) / 16)
        return DECODE_MEMORY_MAX;
    return 16 * size + KIB(64);
}

void arena_done(struct arena *arena) {
    if (arena == NULL)
        return;
    for (struct arena_block *block = arena->blocks, *next; block != NULL; block = next) {
        next = block->next;
        UNPOISON(block->data, block->size);
        free(block);
    }
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena) {
    struct arena_block *kept = arena->blocks;
    size_t bytes_max = arena->bytes_max;
    if (kept != NULL) {
        arena->blocks = kept->next;
        kept->next = NULL;
        kept->used = 0;
        POISON(kept->data, kept->size);
    }
    arena_done(arena);
    arena->blocks = kept;
    arena->taken = kept != NULL ? kept->size : 0;
    arena->bytes_max = bytes_max;
}

static struct arena_block *block_new(size_t size) {
    struct arena_block *block = malloc(sizeof(struct arena_block) + size);
    if (block == NULL)
        return NULL;
    *block = (struct arena_block){.size = size};
    POISON(block->data, size);
    return block;
}

/* The block that `size` bytes go into: the one being filled; when they don't fit, a new one in its
 * place, or, for large ones that would waste much of its rest, one of their own behind it. */
static struct arena_block *block_for(struct arena *arena, size_t size) {
    struct arena_block *first = arena->blocks;
    size_t rest = first != NULL ? first->size - first->used : 0;
    if (first != NULL && rest >= size)
        return first;
    size_t left = arena->bytes_max > arena->taken ? arena->bytes_max - arena->taken : 0;
    size_t next_size = first == NULL ? BLOCK_SIZE_MIN : first->size * 2;
    if (next_size > BLOCK_SIZE_MAX)
        next_size = BLOCK_SIZE_MAX;
    bool alone = first != NULL && rest > first->size / 16 && size > next_size / 32;
    if (alone || next_size < size)
        next_size = size;
    if (next_size > left)
        next_size = left;
    arena->capped = arena->capped || next_size < size;
    struct arena_block *block = next_size < size ? NULL : block_new(next_size);
    if (block == NULL)
        return NULL;
    arena->taken += next_size;
    if (alone) {
        block->next = first->next;
        first->next = block;
    } else {
        block->next = first;
        arena->blocks = block;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t size) {
    if (size > SIZE_MAX - alignof(max_align_t))
        return NULL;
    size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (aligned > arena->bytes_max - arena->bytes) {
        arena->capped = true;
        return NULL;
    }
    struct arena_block *block = block_for(arena, aligned);
    if (block == NULL)
        return NULL;
    void *start = block->data + block->used;
    block->used += aligned;
    arena->bytes += aligned;
    UNPOISON(start, size);
    return memset(start, 0, size);
}

void *arena_array(struct arena *arena, size_t n, size_t size) {
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    return arena_alloc(arena, n * size);
}
