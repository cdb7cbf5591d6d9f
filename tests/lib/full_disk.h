/* A full disk, for this process: no file grows beyond a size. One at a time. */
#ifndef STAFET_TESTS_FULL_DISK_H
#define STAFET_TESTS_FULL_DISK_H

#include <stddef.h>

/* 0: nothing can be written at all. Aborts when it can't be done, as all of this does. */
void full_disk_begin(size_t size_max);
/* The log beside this database may grow by so many bytes more. */
void full_disk_begin_log(const char *database, size_t more);
void full_disk_end(void);

#endif
