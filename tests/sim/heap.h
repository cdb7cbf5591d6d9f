/* What each machine holds of the heap: what its own code asks for, and what SQLite and Jansson ask
 * for on its behalf. What the simulator asks for itself, or looks at while memory is paused
 * (memory.h), is nobody's. */
#ifndef STAFET_SIM_HEAP_H
#define STAFET_SIM_HEAP_H

#include "memory.h"

struct machine;

/* Whose an allocation is now. */
unsigned heap_owner(void);
/* So many bytes are theirs from now on. Beyond the cap a promise is broken. */
void heap_take(unsigned owner, enum memory_of, size_t size);
void heap_give(unsigned owner, enum memory_of, size_t size);

/* The machine has done what was to be done: it must hold little more than what it has is made of.
 */
void heap_rest(const struct machine *);
/* The machine has stopped: nothing is left. */
void heap_end(const struct machine *);

/* The most that one machine has held at once since heap_begin. */
size_t heap_most(void);
void heap_begin(void);

#endif
