#include "disk_inner.h"

#include "memory.h"
#include "sometimes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void disk_content_resize(struct content *content, size_t size) {
    if (size > content->capacity) {
        content->capacity = 2 * size + 65536;
        content->bytes = hold(content->bytes, content->capacity);
    }
    if (size > content->size)
        memset(content->bytes + content->size, 0, size - content->size);
    content->size = size;
}

void disk_content_copy(struct content *to, const struct content *from) {
    disk_content_resize(to, from->size);
    if (from->size > 0)
        memcpy(to->bytes, from->bytes, from->size);
    to->exists = from->exists;
    to->inode = from->inode;
    to->modified_ns = from->modified_ns;
    to->changed_ns = from->changed_ns;
}

void disk_all_clean(struct disk_file *file) {
    if (file->dirty_capacity > 0)
        memset(file->dirty, 0, file->dirty_capacity * sizeof *file->dirty);
}

/* No two operations of one disk at one moment. */
int64_t disk_now_ns(const struct disk *disk) {
    int64_t ms = disk->clock != NULL ? disk->clock(disk->clock_context) : 0;
    return ms * 1000000 + (int64_t)(disk->operations % 1000000);
}

void disk_set_clock(struct disk *disk, disk_clock *clock, const void *context) {
    disk->clock = clock;
    disk->clock_context = context;
}

static void touch(const struct disk *disk, struct content *content) {
    content->modified_ns = content->changed_ns = disk_now_ns(disk);
}

static void be_new(struct disk *disk, struct content *content) {
    content->inode = disk->inode_next++;
    content->exists = true;
    touch(disk, content);
}

struct disk *disk_new(const struct disk_nature *nature, uint64_t seed) {
    struct disk *disk = hold_zero(sizeof *disk);
    disk->nature = *nature;
    disk->dice.state = seed;
    disk->fuse = -1;
    disk->inode_next = 2 + seed % 1000000;
    return disk;
}

void disk_free(struct disk *disk) {
    if (disk == NULL)
        return;
    for (size_t i = 0; i < disk->files_n; i++) {
        hold_free(disk->files[i].now.bytes);
        hold_free(disk->files[i].kept.bytes);
        hold_free(disk->files[i].dirty);
    }
    hold_free(disk);
}

void disk_fill(struct disk *disk, const struct disk *from) {
    for (size_t i = 0; i < from->files_n; i++) {
        struct disk_file *file = &disk->files[disk->files_n++];
        memcpy(file->name, from->files[i].name, sizeof file->name);
        disk_content_copy(&file->now, &from->files[i].now);
        disk_content_copy(&file->kept, &from->files[i].now);
    }
}

struct disk *disk_copy(const struct disk *disk, uint64_t seed) {
    struct disk *copy = disk_new(&disk->nature, seed);
    disk_set_clock(copy, disk->clock, disk->clock_context);
    disk_fill(copy, disk);
    copy->lied = copy->hurt = disk->hurt; /* what was lost is lost in the copy, too */
    return copy;
}

/* Its letters are rare in what is sealed: the first is looked for. */
bool has_canary(const void *bytes, size_t size) {
    const char *at = bytes, *end = at + size;
    while (size >= sizeof CANARY - 1 && (at = memchr(at, CANARY[0], (size_t)(end - at))) != NULL) {
        if ((size_t)(end - at) < sizeof CANARY - 1)
            return false;
        if (memcmp(at, CANARY, sizeof CANARY - 1) == 0)
            return true;
        at++;
    }
    return false;
}

void disk_renew(struct disk *disk) {
    for (size_t i = 0; i < disk->files_n; i++) {
        struct content *content = &disk->files[i].now;
        content->inode = disk->inode_next++;
        content->changed_ns = disk_now_ns(disk);
        disk_content_copy(&disk->files[i].kept, content);
    }
}

void disk_set_trouble(struct disk *disk, const struct disk_trouble *trouble) {
    disk->trouble = *trouble;
}

void disk_set_fuse(struct disk *disk, int64_t operations) {
    disk->fuse = operations;
}

void disk_die(struct disk *disk) {
    disk->dead = true;
}

bool disk_is_dead(const struct disk *disk) {
    return disk->dead;
}

bool disk_has_lied(const struct disk *disk) {
    return disk->lied;
}

uint64_t disk_operations(const struct disk *disk) {
    return disk->operations;
}

size_t disk_sector(const struct disk *disk) {
    return disk->nature.sector;
}

bool disk_is_powersafe(const struct disk *disk) {
    return disk->nature.powersafe;
}

static size_t sectors_of(const struct disk *disk, size_t bytes) {
    return (bytes + disk->nature.sector - 1) / disk->nature.sector;
}

static void mark(struct disk *disk, struct disk_file *file, uint64_t from, uint64_t to) {
    size_t end = sectors_of(disk, (size_t)to);
    if (end > file->dirty_capacity) {
        size_t capacity = end + end / 2 + 64;
        file->dirty = hold(file->dirty, capacity * sizeof *file->dirty);
        memset(file->dirty + file->dirty_capacity, 0,
               (capacity - file->dirty_capacity) * sizeof *file->dirty);
        file->dirty_capacity = capacity;
    }
    for (size_t i = (size_t)from / disk->nature.sector; i < end; i++)
        file->dirty[i] = true;
}

static struct disk_file *find(const struct disk *disk, const char *name) {
    for (size_t i = 0; i < disk->files_n; i++)
        if (strcmp(disk->files[i].name, name) == 0)
            return (struct disk_file *)(uintptr_t)&disk->files[i];
    return NULL;
}

bool disk_exists(const struct disk *disk, const char *name) {
    const struct disk_file *file = find(disk, name);
    return file != NULL && file->now.exists;
}

struct disk_file *disk_open(struct disk *disk, const char *name, bool create) {
    struct disk_file *file = find(disk, name);
    if (disk->dead || (!create && (file == NULL || !file->now.exists)))
        return NULL;
    if (file == NULL) {
        if (disk->files_n == FILES_MAX || strlen(name) >= NAME_MAX_)
            abort();
        file = &disk->files[disk->files_n++];
        snprintf(file->name, sizeof file->name, "%s", name);
    }
    if (!file->now.exists)
        be_new(disk, &file->now);
    return file;
}

/* May the operation be done? One that changes something burns the fuse; `*ret_half` is set when the
 * crash comes in the middle of it. */
static enum disk_result ask(struct disk *disk, bool changes, bool *ret_half) {
    *ret_half = false;
    if (disk->dead)
        return DISK_ERROR;
    disk->operations++;
    if (changes && disk->fuse >= 0 && disk->fuse-- == 0) {
        disk->dead = true;
        *ret_half = true;
        sometimes(SOMETIMES_crashed_between_two_disk_operations);
        return DISK_ERROR;
    }
    unsigned errors = changes ? disk->trouble.write_errors : disk->trouble.read_errors;
    if (errors > 0 && !memory_is_paused() && dice_below(&disk->dice, 10000) < errors) {
        sometimes(changes ? SOMETIMES_disk_failed_to_write : SOMETIMES_disk_failed_to_read);
        return DISK_ERROR;
    }
    return DISK_OK;
}

enum disk_result disk_delete(struct disk *disk, const char *name, bool synced) {
    bool half;
    struct disk_file *file = find(disk, name);
    if (file == NULL || !file->now.exists)
        return disk->dead ? DISK_ERROR : DISK_MISSING;
    enum disk_result result = ask(disk, true, &half);
    if (result != DISK_OK)
        return result;
    file->now.exists = false;
    file->now.size = 0;
    if (synced) {
        file->kept.exists = false;
        file->kept.size = 0;
    }
    disk_all_clean(file);
    return DISK_OK;
}

enum disk_result disk_read(struct disk *disk, struct disk_file *file, void *ret_bytes, size_t size,
                           uint64_t at, size_t *ret_got) {
    bool half;
    enum disk_result result = ask(disk, false, &half);
    if (result != DISK_OK)
        return result;
    size_t got = at >= file->now.size ? 0 : file->now.size - (size_t)at;
    *ret_got = got < size ? got : size;
    if (*ret_got > 0)
        memcpy(ret_bytes, file->now.bytes + at, *ret_got);
    return DISK_OK;
}

static void put(struct disk *disk, struct disk_file *file, const void *bytes, size_t size,
                uint64_t at) {
    if (size == 0)
        return;
    uint64_t from = at < file->now.size ? at : file->now.size;
    if (!file->resumed)
        file->resumed_at = (size_t)from / disk->nature.sector;
    file->resumed = true;
    if (at + size > file->now.size)
        disk_content_resize(&file->now, (size_t)at + size);
    memcpy(file->now.bytes + at, bytes, size);
    mark(disk, file, from, at + size);
    size_t before = at < sizeof CANARY ? (size_t)at : sizeof CANARY,
           after = (size_t)(at + size + sizeof CANARY);
    after = after < file->now.size ? after : file->now.size;
    disk->saw_canary =
        disk->saw_canary || has_canary(file->now.bytes + at - before, after - (size_t)at + before);
    touch(disk, &file->now);
}

size_t disk_bytes(const struct disk *disk) {
    size_t sum = 0;
    for (size_t i = 0; i < disk->files_n; i++)
        sum += disk->files[i].now.size;
    return sum;
}

enum disk_result disk_write(struct disk *disk, struct disk_file *file, const void *bytes,
                            size_t size, uint64_t at) {
    bool half;
    enum disk_result result = ask(disk, true, &half);
    if (half)
        put(disk, file, bytes, dice_below(&disk->dice, size + 1), at);
    if (result != DISK_OK)
        return result;
    size_t more = at + size > file->now.size ? (size_t)at + size - file->now.size : 0;
    if (disk->trouble.bytes_max > 0 && more > 0 &&
        disk_bytes(disk) + more > disk->trouble.bytes_max) {
        sometimes(SOMETIMES_disk_was_full);
        return DISK_FULL;
    }
    put(disk, file, bytes, size, at);
    return DISK_OK;
}

enum disk_result disk_truncate(struct disk *disk, struct disk_file *file, uint64_t size) {
    bool half;
    enum disk_result result = ask(disk, true, &half);
    if (result != DISK_OK)
        return result;
    if (size < file->now.size)
        mark(disk, file, size, file->now.size);
    if (size != file->now.size)
        touch(disk, &file->now);
    disk_content_resize(&file->now, (size_t)size);
    return DISK_OK;
}

static void make_durable(struct disk *disk, struct disk_file *file) {
    size_t sector = disk->nature.sector;
    if (file->replaced) {
        disk_content_copy(&file->kept, &file->now);
        disk_all_clean(file);
        file->replaced = false;
    }
    disk_content_resize(&file->kept, file->now.size);
    for (size_t i = 0; i < file->dirty_capacity; i++) {
        if (!file->dirty[i])
            continue;
        file->dirty[i] = false;
        size_t from = i * sector,
               end = from + sector < file->now.size ? from + sector : file->now.size;
        if (from < end)
            memcpy(file->kept.bytes + from, file->now.bytes + from, end - from);
    }
    file->kept.exists = file->now.exists;
    file->kept.inode = file->now.inode;
    file->kept.modified_ns = file->now.modified_ns;
    file->kept.changed_ns = file->now.changed_ns;
}

enum disk_result disk_sync(struct disk *disk, struct disk_file *file) {
    bool half;
    enum disk_result result = ask(disk, true, &half);
    if (result != DISK_OK)
        return result;
    if (disk->nature.lies > 0 && dice_below(&disk->dice, 100) < disk->nature.lies) {
        disk->lied = true;
        sometimes(SOMETIMES_fsync_lied);
        return DISK_OK;
    }
    make_durable(disk, file);
    return DISK_OK;
}

uint64_t disk_size(const struct disk_file *file) {
    return file->now.size;
}

void disk_noise(struct disk *disk, void *ret_bytes, size_t size) {
    uint8_t *bytes = ret_bytes;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)dice_next(&disk->dice);
}

/* A file is written and synced, renamed to `name`, and the folder synced: what is there under the
 * name is one of the two, whole. */
enum disk_result disk_replace(struct disk *disk, const char *name, const void *bytes, size_t size) {
    bool half, named = false;
    enum disk_result result = ask(disk, true, &half);
    if (result == DISK_OK && disk->trouble.bytes_max > 0 &&
        disk_bytes(disk) + size > disk->trouble.bytes_max) {
        sometimes(SOMETIMES_disk_was_full);
        return DISK_FULL;
    }
    if (result == DISK_OK)
        result = ask(disk, true, &half);
    if (result != DISK_OK)
        return result;
    struct disk_file *file = disk_open(disk, name, true);
    result = ask(disk, true, &half);
    named = result == DISK_OK || (half && dice_chance(&disk->dice, 50));
    if (named) {
        disk_all_clean(file);
        disk_content_resize(&file->now, size);
        memcpy(file->now.bytes, bytes, size);
        be_new(disk, &file->now);
        file->replaced = true;
    }
    return result == DISK_OK ? disk_sync(disk, file) : result;
}

enum disk_result disk_stamp(const struct disk *disk, const char *name,
                            struct file_stamp *ret_stamp) {
    const struct disk_file *file = find(disk, name);
    if (disk->dead)
        return DISK_ERROR;
    if (file == NULL || !file->now.exists)
        return DISK_MISSING;
    *ret_stamp = (struct file_stamp){file->now.inode, (int64_t)file->now.size,
                                     file->now.modified_ns, file->now.changed_ns};
    return DISK_OK;
}

void disk_put_back(struct disk *disk, const struct disk *from, const char *beginning) {
    for (size_t i = 0; i < disk->files_n; i++)
        if (strncmp(disk->files[i].name, beginning, strlen(beginning)) == 0 &&
            !disk_exists(from, disk->files[i].name))
            disk->files[i].now.exists = false;
    for (size_t i = 0; i < from->files_n; i++) {
        const struct content *old = &from->files[i].now;
        if (!old->exists || strncmp(from->files[i].name, beginning, strlen(beginning)) != 0)
            continue;
        struct disk_file *file = disk_open(disk, from->files[i].name, true);
        uint64_t inode = file->now.inode;
        disk_content_copy(&file->now, old);
        file->now.inode = inode;
        file->now.changed_ns = disk_now_ns(disk);
    }
    for (size_t i = 0; i < disk->files_n; i++) {
        if (!disk->files[i].now.exists)
            disk->files[i].now.size = 0;
        disk_content_copy(&disk->files[i].kept, &disk->files[i].now);
        disk->files[i].replaced = false;
        disk_all_clean(&disk->files[i]);
    }
}

bool disk_saw_canary(const struct disk *disk) {
    return disk->saw_canary;
}

bool disk_contains_canary(const struct disk *disk) {
    for (size_t i = 0; i < disk->files_n; i++)
        if (has_canary(disk->files[i].now.bytes, disk->files[i].now.size))
            return true;
    return false;
}
