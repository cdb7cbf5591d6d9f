#include "key.h"

#include "hash.h"
#include <sodium.h>
#include <stdlib.h>

enum err key_library_init(void) {
    return sodium_init() < 0 ? ERR_INTERNAL : OK;
}

struct seed seed_new(void) {
    struct seed seed;
    randombytes_buf(seed.bytes, sizeof seed.bytes);
    return seed;
}

/* H(root, seed || purpose letter): PROTOCOL.md, "Keys". */
static void sub_seed(const struct seed *seed, char purpose, uint8_t ret_seed[static 32]) {
    uint8_t input[33];
    memcpy(input, seed->bytes, 32);
    input[32] = (uint8_t)purpose;
    struct hash hash = hash_of(HASH_ROOT, input, sizeof input);
    memcpy(ret_seed, hash.bytes, 32);
    sodium_memzero(input, sizeof input);
    sodium_memzero(&hash, sizeof hash);
}

static int sign_pair(const struct seed *seed, char purpose, struct sign_public *ret_public,
                     struct sign_secret *ret_secret) {
    uint8_t sub[32];
    sub_seed(seed, purpose, sub);
    int failed = crypto_sign_seed_keypair(ret_public->bytes, ret_secret->bytes, sub);
    sodium_memzero(sub, sizeof sub);
    return failed;
}

enum err node_keys_derive(const struct seed *seed, struct node_keys *ret_keys) {
    struct node_keys keys;
    enum err err = ERR_INTERNAL;
    sub_seed(seed, 'E', keys.seal.bytes);
    sub_seed(seed, 'T', keys.transport.bytes);
    sub_seed(seed, 'R', keys.rest);
    if (sign_pair(seed, 'S', &keys.public.sign, &keys.sign) == 0 &&
        crypto_scalarmult_base(keys.public.seal.bytes, keys.seal.bytes) == 0 &&
        crypto_scalarmult_base(keys.public.transport.bytes, keys.transport.bytes) == 0) {
        *ret_keys = keys;
        err = OK;
    }
    sodium_memzero(&keys, sizeof keys);
    return err;
}

enum err root_keys_derive(const struct seed *seed, struct root_keys *ret_keys) {
    struct root_keys keys;
    enum err err = ERR_INTERNAL;
    sub_seed(seed, 'V', keys.seal.bytes);
    if (sign_pair(seed, 'F', &keys.sign_public, &keys.sign) == 0 &&
        crypto_scalarmult_base(keys.seal_public.bytes, keys.seal.bytes) == 0) {
        *ret_keys = keys;
        err = OK;
    }
    sodium_memzero(&keys, sizeof keys);
    return err;
}

enum err ticket_keys_derive(const struct seed *secret, struct transport_public *ret_public,
                            struct transport_secret *ret_secret) {
    struct transport_public public;
    struct hash hash = hash_of(HASH_TICKET, secret->bytes, sizeof secret->bytes);
    enum err err = ERR_INTERNAL;
    if (crypto_scalarmult_base(public.bytes, hash.bytes) == 0) {
        *ret_public = public;
        memcpy(ret_secret->bytes, hash.bytes, sizeof hash.bytes);
        err = OK;
    }
    sodium_memzero(&hash, sizeof hash);
    return err;
}

/* What is signed: prefix, NUL, message. libsodium signs one piece of memory; headers fit `small`.
 */
struct signed_text {
    uint8_t small[256];
    uint8_t *data;
    size_t size;
};

static enum err signed_text_init(struct signed_text *text, const char *prefix,
                                 struct bytes message) {
    size_t prefix_size = strlen(prefix) + 1;
    if (message.size > SIZE_MAX - prefix_size)
        return ERR_ARGUMENT;
    text->size = prefix_size + message.size;
    text->data = text->size <= sizeof text->small ? text->small : malloc(text->size);
    if (text->data == NULL)
        return ERR_MEMORY;
    memcpy(text->data, prefix, prefix_size);
    if (message.size > 0)
        memcpy(text->data + prefix_size, message.data, message.size);
    return OK;
}

static void signed_text_done(struct signed_text *text) {
    if (text->data != text->small)
        free(text->data);
}

enum err key_sign(const struct sign_secret *secret, const char *prefix, struct bytes message,
                  struct signature *ret_signature) {
    struct signed_text text;
    enum err err = signed_text_init(&text, prefix, message);
    if (err != OK)
        return err;
    struct signature signature;
    if (crypto_sign_detached(signature.bytes, NULL, text.data, text.size, secret->bytes) == 0)
        *ret_signature = signature;
    else
        err = ERR_INTERNAL;
    signed_text_done(&text);
    return err;
}

enum err key_verify(const struct sign_public *public, const char *prefix, struct bytes message,
                    const struct signature *signature) {
    struct signed_text text;
    enum err err = signed_text_init(&text, prefix, message);
    if (err != OK)
        return err;
    if (crypto_sign_verify_detached(signature->bytes, text.data, text.size, public->bytes) != 0)
        err = ERR_SIGNATURE;
    signed_text_done(&text);
    return err;
}
