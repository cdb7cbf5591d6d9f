/* What every fuzz target has at hand. A target is one file that defines LLVMFuzzerTestOneInput and,
 * where bytes alone would stop at a checksum or signature, LLVMFuzzerCustomMutator. It is linked
 * with libFuzzer (clang) or with replay.c (any compiler). Whatever breaks a promise aborts. */
#ifndef STAFET_TESTS_FUZZ_H
#define STAFET_TESTS_FUZZ_H

#include "proto/arena.h"
#include "proto/bytes.h"
#include "proto/key.h"
#include "proto/limits.h"

#include <stdbool.h>

/* libFuzzer's names. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t size_max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t size_max);

/* Aborts unless it holds, in every build. */
#define HOLDS(condition)                                                                           \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fuzz_broken(#condition, __FILE__, __LINE__);                                           \
    } while (0)
void fuzz_broken(const char *promise, const char *file, int line) __attribute__((noreturn));

/* First thing in each input: the library is ready, and "random" bytes are the same each time. Those
 * of what is made once for all inputs, after fuzz_begin_fixture, are others. */
void fuzz_begin(void);
void fuzz_begin_fixture(void);

/* Everybody's keys are known here, so that inputs can be signed again: seed and member id of a
 * member are its letter throughout, as in proto/vectors. */
enum fuzz_letter { NORDBY = 'N', BIRK = 'B', SKOLE = 'S', ROOT = 'R' };
const struct node_keys *fuzz_keys(enum fuzz_letter);
const struct root_keys *fuzz_root(void);
/* Whose key is it: one of the above; NULL: nobody's. */
const struct sign_secret *fuzz_secret_of(const uint8_t public_key[static 32]);

/* The heap that is taken between the two, at its highest; aborts beyond `bytes_max`. Counts only
 * under AddressSanitizer. */
void memory_begin(void);
size_t memory_end(size_t bytes_max);
/* A decode is promised to stay within 4 MiB, beside the heads of the arena's blocks. */
#define DECODES(call) (memory_begin(), fuzz_decoded(call))
enum err fuzz_decoded(enum err);

/* A folder of this process, removed when it ends. */
const char *fuzz_folder(void);

/* A copy of exactly `size` bytes, so that a read beyond them is seen; freed by the caller. */
uint8_t *fuzz_copy(const void *data, size_t size);

#endif
