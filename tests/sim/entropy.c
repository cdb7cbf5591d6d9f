#include "entropy.h"

#include "dice.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 4096 };

static struct {
    uint8_t key[crypto_stream_chacha20_KEYBYTES];
    uint64_t block;
    uint8_t pool[POOL];
    size_t left;
} all;

void entropy_fill(void *ret_bytes, size_t size) {
    uint8_t *out = ret_bytes;
    while (size > 0) {
        if (all.left == 0) {
            uint8_t nonce[crypto_stream_chacha20_NONCEBYTES] = {0};
            all.block++;
            memcpy(nonce, &all.block,
                   sizeof nonce < sizeof all.block ? sizeof nonce : sizeof all.block);
            if (crypto_stream_chacha20(all.pool, POOL, nonce, all.key) != 0)
                abort();
            all.left = POOL;
        }
        size_t part = size < all.left ? size : all.left;
        memcpy(out, all.pool + POOL - all.left, part);
        all.left -= part;
        out += part;
        size -= part;
    }
}

static const char *name(void) {
    return "simulated";
}

static uint32_t next(void) {
    uint32_t value;
    entropy_fill(&value, sizeof value);
    return value;
}

static void fill(void *const bytes, const size_t size) {
    entropy_fill(bytes, size);
}

static struct randombytes_implementation implementation = {
    .implementation_name = name, .random = next, .buf = fill};

void entropy_install(void) {
    if (randombytes_set_implementation(&implementation) != 0)
        abort();
}

void entropy_seed(uint64_t seed) {
    struct dice dice = {seed ^ UINT64_C(0x5afe7)};
    for (size_t i = 0; i < sizeof all.key; i += sizeof seed) {
        uint64_t word = dice_next(&dice);
        memcpy(all.key + i, &word, sizeof word);
    }
    all.block = 0;
    all.left = 0;
}
