/* Inside the disk: what its files hold. */
#ifndef STAFET_SIM_DISK_INNER_H
#define STAFET_SIM_DISK_INNER_H

#include "disk.h"

enum { FILES_MAX = 8, NAME_MAX_ = 32 };

/* What a reader sees (`now`), and what would be there after a loss of power (`kept`). */
struct content {
    uint8_t *bytes;
    size_t size, capacity;
    bool exists;
    uint64_t inode;
    int64_t modified_ns, changed_ns;
};
struct disk_file {
    char name[NAME_MAX_];
    struct content now, kept;
    bool *dirty; /* a sector that differs in the two */
    size_t dirty_capacity;
    bool replaced; /* by another file, whose name may not be durable */
    bool resumed;  /* it has been written to since the power was last lost, first in this sector: */
    size_t resumed_at;
};

struct disk {
    struct disk_nature nature;
    struct disk_trouble trouble;
    struct dice dice;
    struct disk_file files[FILES_MAX];
    size_t files_n;
    int64_t fuse;
    bool dead, saw_canary;
    bool lied, hurt; /* a sync did nothing; and the power went after it */
    uint64_t operations;
    uint64_t inode_next;
    disk_clock *clock;
    const void *clock_context;
};

/* What is new is zero. */
void disk_content_resize(struct content *, size_t size);
void disk_content_copy(struct content *to, const struct content *from);
/* No sector differs any more. */
void disk_all_clean(struct disk_file *);

#endif
