#include "entropy.h"

#include "dice.h"
#include "memory.h"
#include "trace.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { POOL = 4096 };

/* Which nonce has been used under which key; open addressing, a power of two. */
static struct {
    uint64_t *list; /* 0: free */
    size_t n, size;
} nonces;

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
    nonces.n = 0;
    if (nonces.size > 0)
        memset(nonces.list, 0, nonces.size * sizeof *nonces.list);
}

/* False: it is there already. */
static bool put(uint64_t *list, size_t size, uint64_t of) {
    size_t at = (size_t)of & (size - 1);
    while (list[at] != 0 && list[at] != of)
        at = (at + 1) & (size - 1);
    if (list[at] == of)
        return false;
    list[at] = of;
    return true;
}

static void grow(void) {
    size_t size = nonces.size == 0 ? 1 << 14 : nonces.size * 2;
    uint64_t *list = hold_zero(size * sizeof *list);
    for (size_t i = 0; i < nonces.size; i++)
        if (nonces.list[i] != 0)
            (void)put(list, size, nonces.list[i]);
    hold_free(nonces.list);
    nonces.list = list;
    nonces.size = size;
}

int __real_crypto_aead_xchacha20poly1305_ietf_encrypt(
    uint8_t *ret_sealed, unsigned long long *ret_size, const uint8_t *text, unsigned long long size,
    const uint8_t *with, unsigned long long with_size, const uint8_t *none, const uint8_t *nonce,
    const uint8_t *key);
int __wrap_crypto_aead_xchacha20poly1305_ietf_encrypt(
    uint8_t *ret_sealed, unsigned long long *ret_size, const uint8_t *text, unsigned long long size,
    const uint8_t *with, unsigned long long with_size, const uint8_t *none, const uint8_t *nonce,
    const uint8_t *key);

/* Two texts under one key and nonce would lay both open. */
int __wrap_crypto_aead_xchacha20poly1305_ietf_encrypt(
    uint8_t *ret_sealed, unsigned long long *ret_size, const uint8_t *text, unsigned long long size,
    const uint8_t *with, unsigned long long with_size, const uint8_t *none, const uint8_t *nonce,
    const uint8_t *key) {
    uint8_t both[crypto_aead_xchacha20poly1305_ietf_KEYBYTES +
                 crypto_aead_xchacha20poly1305_ietf_NPUBBYTES],
        of[crypto_shorthash_siphashx24_BYTES];
    static const uint8_t hash_key[crypto_shorthash_siphashx24_KEYBYTES] = {'n'};
    uint64_t short_of;
    memcpy(both, key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
    memcpy(both + crypto_aead_xchacha20poly1305_ietf_KEYBYTES, nonce,
           crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    if (crypto_shorthash_siphashx24(of, both, sizeof both, hash_key) != 0)
        abort();
    memcpy(&short_of, of, sizeof short_of);
    if (nonces.n * 2 >= nonces.size)
        grow();
    if (!put(nonces.list, nonces.size, short_of | 1))
        violation("a nonce is used twice under one key");
    nonces.n++;
    return __real_crypto_aead_xchacha20poly1305_ietf_encrypt(ret_sealed, ret_size, text, size, with,
                                                             with_size, none, nonce, key);
}
