/* What the store asks of the file system besides SQLite: a small file beside the database, and what
 * the system says of a file. Replaced by a simulator's. */
#ifndef STAFET_STORE_FILESYSTEM_H
#define STAFET_STORE_FILESYSTEM_H

#include "proto/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* `changed_ns` is set by the system whenever content, name or attributes change, and by no program:
 * whatever puts a file back can restore all of these but that one. */
struct file_stamp {
    uint64_t inode;
    int64_t size, modified_ns, changed_ns;
};

struct filesystem {
    /* At most `size_max` - 1 bytes, and a zero. ERR_NOT_FOUND: there is none. One that can't be
     * read is another error. */
    enum err (*read)(void *context, const char *path, char *ret_text, size_t size_max);
    /* There is the old content or the new, never half of one; durable on return. ERR_DISK_FULL. */
    enum err (*replace)(void *context, const char *path, const char *text);
    /* Overwrites what stands from `at` on; outlasts the process, not the machine. */
    enum err (*patch)(void *context, const char *path, const char *text, size_t at);
    /* `durably`: content and stamp outlast the machine. ERR_NOT_FOUND. */
    enum err (*stamp)(void *context, const char *path, bool durably, struct file_stamp *ret_stamp);
    /* The clock that stamps are set by. */
    int64_t (*now_ns)(void *context);
};

/* The system's. No context. */
extern const struct filesystem filesystem_real;

#endif
