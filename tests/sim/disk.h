/* A disk in memory that behaves as badly as real ones may: what has been written and not synced is
 * kept, lost, torn or trashed sector by sector when the power goes; a crash can be set between any
 * two operations; it can fail, be full, lie about a sync and let bits rot. */
#ifndef STAFET_SIM_DISK_H
#define STAFET_SIM_DISK_H

#include "dice.h"
#include "store/filesystem.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk;
struct disk_file;

struct disk_nature {
    size_t sector;  /* bytes */
    bool powersafe; /* a write leaves the bytes beside it alone, even if the power goes */
    unsigned lies;  /* of a hundred syncs, so many do nothing */
};
struct disk_trouble {
    unsigned read_errors, write_errors; /* of ten thousand operations */
    size_t bytes_max;                   /* 0: never full */
};

struct disk *disk_new(const struct disk_nature *, uint64_t seed);
void disk_free(struct disk *);
/* As it is now, everything in it synced: a backup, or a snapshot of a running machine. */
struct disk *disk_copy(const struct disk *, uint64_t seed);
/* An empty disk gets the files of the other, all synced. */
void disk_fill(struct disk *, const struct disk *from);

/* Its files become others with the same content, as those that are copied to another disk are. */
void disk_renew(struct disk *);
/* The files whose names begin so become those of `from`, as if each had been written over with its
 * time of modification kept; those that `from` lacks go. */
void disk_put_back(struct disk *, const struct disk *from, const char *beginning);

/* Milliseconds of the clock by which files are stamped. */
typedef int64_t disk_clock(const void *context);
void disk_set_clock(struct disk *, disk_clock *, const void *context);
int64_t disk_now_ns(const struct disk *);

void disk_set_trouble(struct disk *, const struct disk_trouble *);
/* The power goes, or the process dies, `operations` writes or syncs from now; the one in which it
 * happens may be done by half. Negative: not at all. */
void disk_set_fuse(struct disk *, int64_t operations);
/* Nothing works any more, until disk_revive. */
void disk_die(struct disk *);
bool disk_is_dead(const struct disk *);
/* After a crash. `power`: what was not synced may be lost; else the system still had it. */
void disk_revive(struct disk *, bool power);
/* Has a sync that was acknowledged done nothing, here or, with a loss of power after it, on the disk
 * that this one is a copy of? */
bool disk_has_lied(const struct disk *);
/* Changes one bit somewhere. False: there is nothing. */
bool disk_rot(struct disk *);
/* Has CANARY ever been written to it? Looked for where something is written, and once for all in
 * what it holds by disk_contains_canary. */
bool disk_saw_canary(const struct disk *);
bool disk_contains_canary(const struct disk *);
bool has_canary(const void *bytes, size_t size);
size_t disk_bytes(const struct disk *);
uint64_t disk_operations(const struct disk *);

#define CANARY "CANARY" /* in all that is private */

enum disk_result { DISK_OK, DISK_ERROR, DISK_FULL, DISK_MISSING };

enum disk_result disk_replace(struct disk *, const char *name, const void *bytes, size_t size);
enum disk_result disk_stamp(const struct disk *, const char *name, struct file_stamp *ret_stamp);
/* The file stays the disk's. NULL: not there and not to be created, or the disk is dead. */
struct disk_file *disk_open(struct disk *, const char *name, bool create);
bool disk_exists(const struct disk *, const char *name);
enum disk_result disk_delete(struct disk *, const char *name, bool synced);
/* `*ret_got` less than `size`: the file ends there. */
enum disk_result disk_read(struct disk *, struct disk_file *, void *ret_bytes, size_t size,
                           uint64_t at, size_t *ret_got);
enum disk_result disk_write(struct disk *, struct disk_file *, const void *bytes, size_t size,
                            uint64_t at);
enum disk_result disk_truncate(struct disk *, struct disk_file *, uint64_t size);
enum disk_result disk_sync(struct disk *, struct disk_file *);
uint64_t disk_size(const struct disk_file *);
size_t disk_sector(const struct disk *);
bool disk_is_powersafe(const struct disk *);
void disk_noise(struct disk *, void *ret_bytes, size_t size);

#endif
