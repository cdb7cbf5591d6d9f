/* Randomness for the product, repeatable: libsodium's and SQLite's. */
#ifndef STAFET_SIM_ENTROPY_H
#define STAFET_SIM_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

/* Once, before sodium_init. */
void entropy_install(void);
/* Starts the stream of `seed` again from its beginning. */
void entropy_seed(uint64_t seed);
void entropy_fill(void *ret_bytes, size_t size);

#endif
