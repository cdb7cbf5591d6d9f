#include "replica.h"

#include <sodium.h>
#include <stdlib.h>
#include <unistd.h>

/* Nonce and ciphertext with its tag, as sections have them. */
enum {
    NONCE_SIZE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_SIZE = crypto_aead_xchacha20poly1305_ietf_ABYTES
};

/* Random bytes asked for ahead: a call of the kernel for each value costs as much as sealing it.
 * Each byte is used once, whether what it was used for is rolled back or not, and never by two
 * processes. */
struct nonces {
    uint8_t bytes[160 * NONCE_SIZE];
    size_t left;
    pid_t process;
};

struct nonces *nonces_new(void) {
    return calloc(1, sizeof(struct nonces));
}

void nonces_free(struct nonces *nonces) {
    free(nonces);
}

static void nonce_take(struct nonces *nonces, uint8_t ret_nonce[static NONCE_SIZE]) {
    pid_t process = getpid();
    if (nonces->left == 0 || nonces->process != process) {
        randombytes_buf(nonces->bytes, sizeof nonces->bytes);
        nonces->left = sizeof nonces->bytes;
        nonces->process = process;
    }
    nonces->left -= NONCE_SIZE;
    memcpy(ret_nonce, nonces->bytes + nonces->left, NONCE_SIZE);
}

enum err rest_seal(const struct store *store, struct bytes place, struct bytes plain,
                   struct buffer *out) {
    size_t before = out->size;
    uint8_t *sealed;
    unsigned long long size;
    enum err e = buffer_extend(out, NONCE_SIZE + plain.size + TAG_SIZE, &sealed);
    if (e != OK)
        return e;
    nonce_take(store->nonces, sealed);
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
