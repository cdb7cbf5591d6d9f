/* A section: a piece of an envelope that can be erased alone. PROTOCOL.md, "Sections". */
#ifndef STAFET_PROTO_SECTION_H
#define STAFET_PROTO_SECTION_H

#include "bytes.h"
#include "header.h"
#include "key.h"

enum section_kind { SECTION_DECLARATION = 1, SECTION_OPEN = 2, SECTION_SEALED = 3 };
enum section_state { SECTION_PRESENT = 0, SECTION_ERASED = 1, SECTION_ABSENT = 2 };

struct section {
    enum section_kind kind;
    enum section_state state;
    struct hash hash;     /* of kind and content; all that remains when erased or absent */
    struct bytes content; /* present only: plain, or nonce and ciphertext */
};

struct hash section_hash(enum section_kind, struct bytes content);

/* What binds a ciphertext to its place. */
struct section_place {
    struct feed_id feed;
    uint64_t seq;
    uint16_t index;
};

/* The size a sensitive plaintext of `size` (with its 4-byte length) is padded to: 512 B, 2, 8, 32 KiB, then
 * whole 32 KiB. */
size_t section_padded_size(size_t size);
/* The largest `size` of plaintext that one section takes. */
enum { SECTION_CONTENT_MAX = 256 * 1024 - 4 };

/* Appends nonce and ciphertext of `plain` to `out`. `pad`: to the sizes above; otherwise only the length. */
MUST_USE enum err section_seal(const struct content_key *, const struct section_place *,
                               struct bytes plain, bool pad, struct buffer *out);
/* Opens into `out` (appended, padding removed). ERR_SEAL, ERR_FORMAT. */
MUST_USE enum err section_open(const struct content_key *, const struct section_place *,
                               struct bytes sealed, struct buffer *out);

#endif
