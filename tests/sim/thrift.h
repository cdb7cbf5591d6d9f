/* What saves time and changes nothing: what a signature proves and what a statement compiles to is
 * found out once, memory goes round in lists of its own, and a new disk may begin with a database
 * that others have migrated. */
#ifndef STAFET_SIM_THRIFT_H
#define STAFET_SIM_THRIFT_H

#include "disk.h"

/* Once, before anything of the product is called. */
void thrift_install(void);
/* The disk gets an empty database of today's schema, as if it had been made there. */
void thrift_fill(struct disk *);

#endif
