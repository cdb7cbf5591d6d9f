#include "replica.h"

#include <sodium.h>

/* Nonce and ciphertext with its tag, as sections have them. */
enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES
};

enum err rest_seal(const struct store *store, struct bytes place, struct bytes plain,
                   struct buffer *out) {
    size_t before = out->size;
    uint8_t *sealed;
    unsigned long long size;
    enum err e = buffer_extend(out, NONCE_SIZE + plain.size + TAG_SIZE, &sealed);
    if (e != OK)
        return e;
    randombytes_buf(sealed, NONCE_SIZE);
    if (crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE_SIZE, &size, plain.data,
                                                   plain.size, place.data, place.size, NULL, sealed,
                                                   store->config.keys->rest) == 0)
        return OK;
    out->size = before;
    return ERR_INTERNAL;
}

enum err rest_open(const struct store *store, struct bytes place, struct bytes sealed,
                   struct buffer *out) {
    size_t before = out->size;
    uint8_t *plain;
    unsigned long long size;
    if (sealed.size < NONCE_SIZE + TAG_SIZE)
        return ERR_FORMAT;
    enum err e = buffer_extend(out, sealed.size - NONCE_SIZE - TAG_SIZE, &plain);
    if (e != OK)
        return e;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &size, NULL, sealed.data + NONCE_SIZE,
                                                   sealed.size - NONCE_SIZE, place.data, place.size,
                                                   sealed.data, store->config.keys->rest) == 0)
        return OK;
    out->size = before;
    return ERR_SEAL;
}
