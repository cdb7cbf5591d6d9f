#include "vector.h"

#include "proto/hash.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REQUIRE(condition, what)                                                                   \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "vector: %s\n", what);                                                 \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* ---- Random bytes that are no accident ---- */

static struct bytes replay;
static struct hash stream_key;
static uint64_t stream_calls;
static bool streaming;

static const char *random_name(void) {
    return "vectors";
}

static void random_buf(void *data, size_t size) {
    if (streaming) {
        uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
        put_u64(nonce, stream_calls++);
        crypto_stream_chacha20(data, size, nonce, stream_key.bytes);
        return;
    }
    REQUIRE(size <= replay.size, "input \"random\" is too short");
    memcpy(data, replay.data, size);
    replay.data += size;
    replay.size -= size;
}

static uint32_t random_number(void) {
    uint32_t number;
    random_buf(&number, sizeof number);
    return number;
}

void vector_library_init(void) {
    static struct randombytes_implementation source = {
        .implementation_name = random_name, .random = random_number, .buf = random_buf};
    streaming = true;
    REQUIRE(randombytes_set_implementation(&source) == 0, "random source refused");
    REQUIRE(key_library_init() == OK, "libsodium refused");
}

void random_from(const char *name) {
    stream_key = hash_of(HASH_STORE, name, strlen(name));
    stream_calls = 0;
    streaming = true;
}

void in_random(const json_t *in) {
    replay = in_bytes(in, "random");
    streaming = false;
}

/* ---- Inputs ---- */

static struct arena inputs;

struct arena *vector_arena(void) {
    return &inputs;
}

static const json_t *need(const json_t *in, const char *key) {
    const json_t *value = json_object_get(in, key);
    REQUIRE(value != NULL, key);
    return value;
}

/* One piece: hexadecimal digits, perhaps "*TIMES". Appends, and returns what follows. */
static const char *read_piece(const char *at, struct buffer *out) {
    size_t digits = strspn(at, "0123456789abcdef"), times = 1;
    const char *end = at + digits;
    uint8_t piece[4096];
    size_t size;
    REQUIRE(digits % 2 == 0 && digits / 2 <= sizeof piece, "hexadecimal");
    if (sodium_hex2bin(piece, sizeof piece, at, digits, NULL, &size, NULL) != 0)
        abort();
    if (*end == '*') {
        char *after;
        times = strtoul(end + 1, &after, 10);
        end = after;
    }
    REQUIRE(*end == ' ' || *end == '\0', "hexadecimal");
    for (size_t i = 0; i < times; i++)
        REQUIRE(buffer_append(out, piece, size) == OK, "memory");
    return end + strspn(end, " ");
}

struct bytes in_bytes(const json_t *in, const char *key) {
    const char *text = json_string_value(need(in, key));
    struct buffer buffer = {0};
    REQUIRE(text != NULL, key);
    while (*text != '\0')
        text = read_piece(text, &buffer);
    uint8_t *copy = arena_alloc(&inputs, buffer.size);
    REQUIRE(copy != NULL, "memory");
    if (buffer.size > 0)
        memcpy(copy, buffer.data, buffer.size);
    struct bytes bytes = {copy, buffer.size};
    buffer_done(&buffer);
    return bytes;
}

void in_fixed(const json_t *in, const char *key, void *ret, size_t size) {
    struct bytes bytes = in_bytes(in, key);
    REQUIRE(bytes.size == size, key);
    memcpy(ret, bytes.data, size);
}

void in_fixed_optional(const json_t *in, const char *key, void *ret, size_t size) {
    if (json_object_get(in, key) != NULL)
        in_fixed(in, key, ret, size);
    else
        memset(ret, 0, size);
}

const char *in_text(const json_t *in, const char *key) {
    const char *text = json_string_value(need(in, key));
    REQUIRE(text != NULL, key);
    return text;
}

uint64_t in_number(const json_t *in, const char *key) {
    const json_t *value = need(in, key);
    REQUIRE(json_is_integer(value), key);
    return (uint64_t)json_integer_value(value);
}

/* ---- Outputs ---- */

json_t *hex_json(const void *data, size_t size) {
    char *text = malloc(2 * size + 1);
    REQUIRE(text != NULL, "memory");
    sodium_bin2hex(text, 2 * size + 1, data, size);
    json_t *json = json_string(text);
    free(text);
    return json;
}

void is_hex(json_t *is, const char *key, const void *data, size_t size) {
    json_object_set_new(is, key, hex_json(data, size));
}

void is_bytes(json_t *is, const char *key, struct bytes bytes) {
    is_hex(is, key, bytes.data, bytes.size);
}

void is_text(json_t *is, const char *key, const char *text) {
    json_object_set_new(is, key, json_string(text));
}

void is_number(json_t *is, const char *key, uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    json_object_set_new(is, key,
                        number <= INT64_MAX ? json_integer((json_int_t)number) : json_string(text));
}

/* ---- A case ---- */

enum err vector_check(const json_t *vector, json_t **ret_is) {
    static const struct vector_type *const all[] = {vector_types_keys, vector_types_log,
                                                    vector_types_messages};
    const char *type = in_text(vector, "type");
    arena_done(&inputs);
    arena_init(&inputs, SIZE_MAX);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        for (const struct vector_type *t = all[i]; t->name != NULL; t++)
            if (strcmp(t->name, type) == 0) {
                json_t *is = json_object();
                enum err err = t->check(vector, is);
                if (err != OK)
                    json_object_clear(is);
                *ret_is = is;
                return err;
            }
    REQUIRE(false, type);
    return ERR_INTERNAL;
}
