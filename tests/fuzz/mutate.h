/* Changing inputs where it hurts: protobuf messages field by field, lists of chunks, runs of
 * envelopes that are chained, hashed and signed again. Each works in place, as LLVMFuzzerMutate
 * does: `size` bytes of `data` become the returned number, at most `size_max`. */
#ifndef STAFET_TESTS_MUTATE_H
#define STAFET_TESTS_MUTATE_H

#include "dice.h"
#include "fuzz.h"

/* Fields are repeated (up to the limit of size), dropped, moved, renumbered; numbers set to edges;
 * contents grown, cut, or changed as messages in their turn. What is no message is changed as
 * bytes. */
size_t mutate_message(uint8_t *data, size_t size, size_t size_max, struct dice *);

/* Contiguous envelopes: header fields, sections (kind, state, content), envelopes. Mostly the
 * result is whole again: counted, hashed, chained, and its last header signed by `author`. */
size_t mutate_run(uint8_t *data, size_t size, size_t size_max, const struct sign_secret *author,
                  struct dice *);

/* Chunks: an operation byte, an argument byte, a big-endian u16 size, content. Chunks are repeated,
 * dropped, moved, and one of them changed, its content by `content` (NULL: as bytes). */
typedef size_t content_mutator(uint8_t op, uint8_t *data, size_t size, size_t size_max,
                               struct dice *);
size_t mutate_chunks(uint8_t *data, size_t size, size_t size_max, content_mutator *, struct dice *);

struct chunk {
    uint8_t op, argument;
    struct bytes content;
};
/* Takes the first off `bytes`; a cut one has what is there. False: none is left. */
bool chunk_next(struct bytes *bytes, struct chunk *ret_chunk);

/* A signed message {1: body, 2: signature}: the body is changed as a message, and signed. */
size_t mutate_signed(uint8_t *data, size_t size, size_t size_max, const char *prefix,
                     const struct sign_secret *, struct dice *);

#endif
