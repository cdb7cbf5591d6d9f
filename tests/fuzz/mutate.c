#include "mutate.h"

#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 512, DEPTH_MAX = 4 };

/* One field, as it stands: its key, and what follows. */
struct piece {
    struct bytes whole;
    uint64_t key, value;
    struct bytes content; /* of a sized one */
};

static bool take_varint(struct bytes *bytes, uint64_t *ret_value) {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && bytes->size > 0; shift += 7) {
        uint8_t byte = *bytes->data++;
        bytes->size--;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool take_piece(struct bytes *bytes, struct piece *ret_piece) {
    struct bytes rest = *bytes;
    struct piece piece = {.whole = {rest.data, 0}};
    size_t size = 0;
    if (!take_varint(&rest, &piece.key))
        return false;
    switch (piece.key & 7) {
    case 0:
        if (!take_varint(&rest, &piece.value))
            return false;
        break;
    case 1:
        size = 8;
        break;
    case 2:
        if (!take_varint(&rest, &piece.value) || piece.value > rest.size)
            return false;
        size = (size_t)piece.value;
        break;
    case 5:
        size = 4;
        break;
    default:
        return false;
    }
    if (size > rest.size)
        return false;
    piece.content = (struct bytes){rest.data, size};
    rest = (struct bytes){rest.data + size, rest.size - size};
    piece.whole.size = bytes->size - rest.size;
    *bytes = rest;
    *ret_piece = piece;
    return true;
}

/* 0: it is no message. */
static size_t take_pieces(struct bytes bytes, struct piece *ret_pieces) {
    size_t n = 0;
    while (bytes.size > 0) {
        if (n == PIECES_MAX || !take_piece(&bytes, &ret_pieces[n]))
            return 0;
        n++;
    }
    return n;
}

/* ---- Writing ---- */

struct writing {
    uint8_t *data;
    size_t size, size_max;
    bool full;
};

static void put(struct writing *w, const void *data, size_t size) {
    if (w->full || size > w->size_max - w->size) {
        w->full = true;
        return;
    }
    if (size > 0)
        memcpy(w->data + w->size, data, size);
    w->size += size;
}

static void put_varint(struct writing *w, uint64_t value) {
    uint8_t bytes[10];
    size_t n = 0;
    do {
        bytes[n++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value > 0);
    put(w, bytes, n);
}

static void put_piece(struct writing *w, const struct piece *piece) {
    put(w, piece->whole.data, piece->whole.size);
}

static uint64_t edge(uint64_t value, struct dice *dice) {
    static const uint64_t edges[] = {0,          1,
                                     2,          127,
                                     256,        UINT16_MAX,
                                     65536,      INT32_MAX,
                                     UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                                     INT64_MAX,  (uint64_t)INT64_MAX + 1,
                                     UINT64_MAX};
    switch (dice_below(dice, 4)) {
    case 0:
        return value + 1;
    case 1:
        return value - 1;
    case 2:
        return dice_next(dice) >> dice_below(dice, 64);
    default:
        return edges[dice_below(dice, sizeof edges / sizeof *edges)];
    }
}

static size_t mutate_at(uint8_t *data, size_t size, size_t size_max, unsigned depth,
                        struct dice *dice);

/* Another content in the place of a piece's. */
static void put_changed(struct writing *w, const struct piece *piece, unsigned depth,
                        struct dice *dice) {
    static const size_t sizes[] = {0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200, 201};
    if ((piece->key & 7) != 2) {
        put_varint(w, piece->key);
        if ((piece->key & 7) == 0)
            put_varint(w, edge(piece->value, dice));
        else
            put(w, piece->content.data, piece->content.size);
        return;
    }
    size_t size_max = piece->content.size * 2 + 256, size = piece->content.size;
    uint8_t *content = calloc(1, size_max);
    HOLDS(content != NULL);
    if (size > 0)
        memcpy(content, piece->content.data, size);
    if (dice_chance(dice, 15))
        size = sizes[dice_below(dice, sizeof sizes / sizeof *sizes)];
    else if (depth < DEPTH_MAX && dice_chance(dice, 75))
        size = mutate_at(content, size, size_max, depth + 1, dice);
    else
        size = LLVMFuzzerMutate(content, size, size_max);
    put_varint(w, piece->key);
    put_varint(w, size);
    put(w, content, size);
    free(content);
}

static void put_repeated(struct writing *w, const struct piece *piece, struct dice *dice) {
    size_t times = dice_chance(dice, 80) ? 2 + dice_below(dice, 4) : dice_below(dice, 5000);
    while (times-- > 0 && piece->whole.size <= w->size_max - w->size)
        put_piece(w, piece);
}

static void put_renumbered(struct writing *w, const struct piece *piece, struct dice *dice) {
    uint64_t number = dice_chance(dice, 70) ? 1 + dice_below(dice, 16) : edge(0, dice) >> 3;
    put_varint(w, number << 3 | (piece->key & 7));
    struct bytes after = piece->whole;
    uint64_t key;
    if (take_varint(&after, &key))
        put(w, after.data, after.size);
}

static void put_pieces(struct writing *w, const struct piece *pieces, size_t n, unsigned depth,
                       struct dice *dice) {
    size_t chosen = dice_below(dice, n), other = dice_below(dice, n), way = dice_below(dice, 12);
    for (size_t i = 0; i < n; i++) {
        if (i != chosen && !(way == 1 && i == other)) {
            put_piece(w, &pieces[i]);
        } else if (way == 0) {
            continue;
        } else if (way == 1) {
            put_piece(w, &pieces[i == chosen ? other : chosen]);
        } else if (way == 2) {
            put_repeated(w, &pieces[i], dice);
        } else if (way == 3) {
            put_renumbered(w, &pieces[i], dice);
        } else if (way == 4) {
            put_piece(w, &pieces[i]);
            put_changed(w, &pieces[other], depth, dice);
        } else {
            put_changed(w, &pieces[i], depth, dice);
        }
    }
}

static size_t mutate_at(uint8_t *data, size_t size, size_t size_max, unsigned depth,
                        struct dice *dice) {
    struct piece *pieces = malloc(PIECES_MAX * sizeof *pieces);
    uint8_t *copy = fuzz_copy(data, size);
    HOLDS(pieces != NULL);
    size_t n = take_pieces((struct bytes){copy, size}, pieces);
    struct writing w = {.data = data, .size_max = size_max};
    if (n > 0 && !dice_chance(dice, 5))
        put_pieces(&w, pieces, n, depth, dice);
    if (w.size == 0 || w.full) {
        memcpy(data, copy, size);
        w.size = LLVMFuzzerMutate(data, size, size_max);
    }
    free(pieces);
    free(copy);
    return w.size;
}

size_t mutate_message(uint8_t *data, size_t size, size_t size_max, struct dice *dice) {
    return mutate_at(data, size, size_max, 0, dice);
}

size_t mutate_signed(uint8_t *data, size_t size, size_t size_max, const char *prefix,
                     const struct sign_secret *secret, struct dice *dice) {
    struct piece pieces[2];
    struct bytes rest = {data, size};
    struct signature signature;
    if (dice_chance(dice, 10) || !take_piece(&rest, &pieces[0]) || pieces[0].key != (1 << 3 | 2) ||
        size_max < 256)
        return mutate_message(data, size, size_max, dice);
    size_t body_max = size_max - 80, body_size = pieces[0].content.size;
    uint8_t *body = calloc(1, size_max);
    HOLDS(body != NULL);
    if (body_size > body_max)
        body_size = body_max;
    if (body_size > 0)
        memcpy(body, pieces[0].content.data, body_size);
    body_size = mutate_message(body, body_size, body_max, dice);
    HOLDS(key_sign(secret, prefix, (struct bytes){body, body_size}, &signature) == OK);
    struct writing w = {.data = data, .size_max = size_max};
    put_varint(&w, 1 << 3 | 2);
    put_varint(&w, body_size);
    put(&w, body, body_size);
    put_varint(&w, 2 << 3 | 2);
    put_varint(&w, sizeof signature.bytes);
    put(&w, signature.bytes, sizeof signature.bytes);
    free(body);
    return w.size;
}

/* ---- Chunks ---- */

enum { CHUNK_HEAD = 4, CHUNKS_MAX = 256 };

bool chunk_next(struct bytes *bytes, struct chunk *ret_chunk) {
    if (bytes->size < CHUNK_HEAD)
        return false;
    size_t size = get_u16(bytes->data + 2), left = bytes->size - CHUNK_HEAD;
    size = size < left ? size : left;
    *ret_chunk = (struct chunk){bytes->data[0], bytes->data[1], {bytes->data + CHUNK_HEAD, size}};
    *bytes = (struct bytes){bytes->data + CHUNK_HEAD + size, left - size};
    return true;
}

static void put_chunk(struct writing *w, const struct chunk *chunk) {
    uint8_t head[CHUNK_HEAD] = {chunk->op, chunk->argument};
    if (chunk->content.size + CHUNK_HEAD > w->size_max - w->size)
        return;
    put_u16(head + 2, (uint16_t)chunk->content.size);
    put(w, head, sizeof head);
    put(w, chunk->content.data, chunk->content.size);
}

static void put_changed_chunk(struct writing *w, struct chunk chunk, content_mutator *mutator,
                              struct dice *dice) {
    size_t size_max = chunk.content.size * 2 + 128, size = chunk.content.size;
    size_max = size_max > UINT16_MAX ? UINT16_MAX : size_max;
    uint8_t *content = calloc(1, size_max);
    HOLDS(content != NULL);
    if (size > 0)
        memcpy(content, chunk.content.data, size);
    size_t way = dice_below(dice, 10);
    if (way == 0)
        chunk.op = (uint8_t)dice_below(dice, 32);
    else if (way < 4)
        chunk.argument = (uint8_t)(dice_chance(dice, 50) ? dice_below(dice, 8) : dice_next(dice));
    else if (mutator != NULL)
        size = mutator(chunk.op, content, size, size_max, dice);
    else
        size = LLVMFuzzerMutate(content, size, size_max);
    chunk.content = (struct bytes){content, size};
    put_chunk(w, &chunk);
    free(content);
}

static void put_chunks(struct writing *w, const struct chunk *chunks, size_t n,
                       content_mutator *mutator, struct dice *dice) {
    size_t chosen = dice_below(dice, n), other = dice_below(dice, n), way = dice_below(dice, 8);
    for (size_t i = 0; i < n; i++) {
        if (i != chosen && !(way == 1 && i == other)) {
            put_chunk(w, &chunks[i]);
        } else if (way == 0) {
            continue;
        } else if (way == 1) {
            put_chunk(w, &chunks[i == chosen ? other : chosen]);
        } else if (way == 2) {
            put_chunk(w, &chunks[i]);
            put_chunk(w, &chunks[other]);
        } else if (way == 3) {
            put_chunk(w, &chunks[i]);
            put_changed_chunk(w, chunks[other], mutator, dice);
        } else {
            put_changed_chunk(w, chunks[i], mutator, dice);
        }
    }
}

size_t mutate_chunks(uint8_t *data, size_t size, size_t size_max, content_mutator *mutator,
                     struct dice *dice) {
    struct chunk *chunks = malloc(CHUNKS_MAX * sizeof *chunks);
    uint8_t *copy = fuzz_copy(data, size);
    struct bytes rest = {copy, size};
    struct writing w = {.data = data, .size_max = size_max};
    size_t n = 0;
    HOLDS(chunks != NULL);
    while (n < CHUNKS_MAX && chunk_next(&rest, &chunks[n]))
        n++;
    if (n > 0 && !dice_chance(dice, 5))
        put_chunks(&w, chunks, n, mutator, dice);
    if (w.size == 0) {
        memcpy(data, copy, size);
        w.size = LLVMFuzzerMutate(data, size, size_max);
    }
    free(chunks);
    free(copy);
    return w.size;
}
