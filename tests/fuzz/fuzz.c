#include "fuzz.h"
#include "test.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_broken(const char *promise, const char *file, int line) {
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, promise);
    abort();
}

/* ---- Random bytes that are no accident ---- */

static uint64_t calls;

static const char *random_name(void) {
    return "fuzz";
}

static void random_buf(void *data, size_t size) {
    static const uint8_t key[crypto_stream_chacha20_KEYBYTES] = {1};
    uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
    put_u64(nonce, calls++);
    crypto_stream_chacha20(data, size, nonce, key);
}

static uint32_t random_number(void) {
    uint32_t number;
    random_buf(&number, sizeof number);
    return number;
}

/* ---- Keys ---- */

static const enum fuzz_letter letters[] = {NORDBY, BIRK, SKOLE};
static struct node_keys keys[3];
static struct root_keys root;

static void init(void) {
    static struct randombytes_implementation source = {
        .implementation_name = random_name, .random = random_number, .buf = random_buf};
    struct seed seed;
    HOLDS(randombytes_set_implementation(&source) == 0);
    HOLDS(key_library_init() == OK);
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        memset(seed.bytes, (int)letters[i], sizeof seed.bytes);
        HOLDS(node_keys_derive(&seed, &keys[i]) == OK);
    }
    memset(seed.bytes, ROOT, sizeof seed.bytes);
    HOLDS(root_keys_derive(&seed, &root) == OK);
}

void fuzz_begin(void) {
    static bool done;
    if (!done)
        init();
    done = true;
    calls = (uint64_t)1 << 32;
}

void fuzz_begin_fixture(void) {
    fuzz_begin();
    calls = 0;
}

const struct node_keys *fuzz_keys(enum fuzz_letter letter) {
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i] == letter)
            return &keys[i];
    abort();
}

const struct root_keys *fuzz_root(void) {
    return &root;
}

const struct sign_secret *fuzz_secret_of(const uint8_t public_key[static 32]) {
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
        if (memcmp(keys[i].public.sign.bytes, public_key, 32) == 0)
            return &keys[i].sign;
    return memcmp(root.sign_public.bytes, public_key, 32) == 0 ? &root.sign : NULL;
}

/* ---- Memory ---- */

/* Of AddressSanitizer; absent in other builds. */
__attribute__((weak)) int
__sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                          void (*on_free)(const volatile void *));
__attribute__((weak)) size_t __sanitizer_get_allocated_size(const volatile void *);

static bool counting;
static long long live, peak;

static void on_malloc(const volatile void *at, size_t size) {
    (void)at;
    if (!counting)
        return;
    live += (long long)size;
    peak = live > peak ? live : peak;
}

static void on_free(const volatile void *at) {
    if (counting && at != NULL)
        live -= (long long)__sanitizer_get_allocated_size(at);
}

void memory_begin(void) {
    static bool installed;
    if (!installed && __sanitizer_install_malloc_and_free_hooks != NULL)
        HOLDS(__sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) != 0);
    installed = true;
    live = peak = 0;
    counting = true;
}

size_t memory_end(size_t bytes_max) {
    counting = false;
    if ((size_t)peak > bytes_max)
        fprintf(stderr, "took %lld bytes of memory, of at most %zu\n", peak, bytes_max);
    HOLDS((size_t)peak <= bytes_max);
    return (size_t)peak;
}

enum err fuzz_decoded(enum err e) {
    (void)memory_end(DECODE_MEMORY_MAX + KIB(16));
    return e;
}

static char folder[256];

static void remove_folder(void) {
    temp_remove(folder);
}

const char *fuzz_folder(void) {
    if (folder[0] == '\0') {
        temp_folder(folder);
        atexit(remove_folder);
    }
    return folder;
}

uint8_t *fuzz_copy(const void *data, size_t size) {
    uint8_t *copy = malloc(size > 0 ? size : 1);
    HOLDS(copy != NULL);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}
