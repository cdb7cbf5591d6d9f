/* Memory of the simulator's own, which never runs out, and of the product's, which may: its calls
 * of malloc, calloc, realloc, reallocarray, strdup and free come here by the linker's --wrap. Who
 * holds how much: heap.h. */
#ifndef STAFET_SIM_MEMORY_H
#define STAFET_SIM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *hold(void *old, size_t size); /* as realloc; aborts rather than fail */
void *hold_zero(size_t size);
void hold_free(void *);
/* Whose: what the product asks for itself, and what SQLite and Jansson ask for on its behalf. */
enum memory_of { MEMORY_PRODUCT, MEMORY_SQLITE, MEMORY_JANSSON, MEMORY_N };
/* The allocation after `calls` more fails, and `then` after it; negative: none does. */
void memory_set_fuse(enum memory_of, int64_t calls, unsigned then);
/* In place of malloc for Jansson, whose texts the product frees. */
void *memory_take_for_jansson(size_t size);
/* Burns a fuse: does this allocation fail? */
bool memory_fails(enum memory_of);
/* While the simulator itself looks at what the product holds, nothing fails, its disk neither; may
 * be nested. */
void memory_pause(void);
void memory_resume(void);
bool memory_is_paused(void);

#endif
