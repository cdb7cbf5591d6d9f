#include "vfs.h"

#include "entropy.h"
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vfs_file {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file;
    char name[64];
    bool delete_on_close;
};

static struct disk *slots[VFS_SLOTS];

void vfs_set_disk(unsigned slot, struct disk *disk) {
    if (slot >= VFS_SLOTS)
        abort();
    slots[slot] = disk;
}

static bool split(const char *path, struct disk **ret_disk, const char **ret_name) {
    unsigned slot;
    int used = 0;
    if (sscanf(path, "/sim/%u/%n", &slot, &used) != 1 || used == 0 || slot >= VFS_SLOTS ||
        slots[slot] == NULL)
        return false;
    *ret_disk = slots[slot];
    *ret_name = path + used;
    return true;
}

static int code_of(enum disk_result result, int otherwise) {
    switch (result) {
    case DISK_OK:
        return SQLITE_OK;
    case DISK_FULL:
        return SQLITE_FULL;
    case DISK_MISSING:
        return SQLITE_IOERR_DELETE_NOENT;
    case DISK_ERROR:
        break;
    }
    return otherwise;
}

static int file_close(sqlite3_file *base) {
    struct vfs_file *file = (struct vfs_file *)base;
    if (file->delete_on_close)
        (void)disk_delete(file->disk, file->name, false);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 at) {
    struct vfs_file *file = (struct vfs_file *)base;
    size_t got = 0;
    enum disk_result result =
        disk_read(file->disk, file->file, bytes, (size_t)size, (uint64_t)at, &got);
    if (result != DISK_OK)
        return SQLITE_IOERR_READ;
    if (got < (size_t)size) {
        memset((char *)bytes + got, 0, (size_t)size - got);
        return SQLITE_IOERR_SHORT_READ;
    }
    return SQLITE_OK;
}

static int file_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 at) {
    struct vfs_file *file = (struct vfs_file *)base;
    return code_of(disk_write(file->disk, file->file, bytes, (size_t)size, (uint64_t)at),
                   SQLITE_IOERR_WRITE);
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    struct vfs_file *file = (struct vfs_file *)base;
    return code_of(disk_truncate(file->disk, file->file, (uint64_t)size), SQLITE_IOERR_TRUNCATE);
}

static int file_sync(sqlite3_file *base, int flags) {
    struct vfs_file *file = (struct vfs_file *)base;
    (void)flags;
    return code_of(disk_sync(file->disk, file->file), SQLITE_IOERR_FSYNC);
}

static int file_size(sqlite3_file *base, sqlite3_int64 *ret_size) {
    *ret_size = (sqlite3_int64)disk_size(((struct vfs_file *)base)->file);
    return SQLITE_OK;
}

/* One connection to a file, ever: locks are for show. */
static int file_lock(sqlite3_file *base, int kind) {
    (void)base, (void)kind;
    return SQLITE_OK;
}

static int file_check_lock(sqlite3_file *base, int *ret_locked) {
    (void)base;
    *ret_locked = 0;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument) {
    (void)base, (void)operation, (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector(sqlite3_file *base) {
    return (int)disk_sector(((struct vfs_file *)base)->disk);
}

static int file_characteristics(sqlite3_file *base) {
    return disk_is_powersafe(((struct vfs_file *)base)->disk) ? SQLITE_IOCAP_POWERSAFE_OVERWRITE
                                                              : 0;
}

static const sqlite3_io_methods methods = {.iVersion = 1,
                                           .xClose = file_close,
                                           .xRead = file_read,
                                           .xWrite = file_write,
                                           .xTruncate = file_truncate,
                                           .xSync = file_sync,
                                           .xFileSize = file_size,
                                           .xLock = file_lock,
                                           .xUnlock = file_lock,
                                           .xCheckReservedLock = file_check_lock,
                                           .xFileControl = file_control,
                                           .xSectorSize = file_sector,
                                           .xDeviceCharacteristics = file_characteristics};

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *base, int flags,
                    int *ret_flags) {
    struct vfs_file *file = (struct vfs_file *)base;
    const char *name;
    (void)vfs;
    *file = (struct vfs_file){0};
    /* temp_store is memory: a file without a name is never asked for. */
    if (path == NULL || !split(path, &file->disk, &name))
        return SQLITE_CANTOPEN;
    snprintf(file->name, sizeof file->name, "%s", name);
    file->file = disk_open(file->disk, name, (flags & SQLITE_OPEN_CREATE) != 0);
    if (file->file == NULL)
        return SQLITE_CANTOPEN;
    file->delete_on_close = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    if (ret_flags != NULL)
        *ret_flags = flags;
    file->base.pMethods = &methods;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync) {
    struct disk *disk;
    const char *name;
    (void)vfs;
    if (!split(path, &disk, &name))
        return SQLITE_IOERR_DELETE;
    return code_of(disk_delete(disk, name, sync != 0), SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *ret_there) {
    struct disk *disk;
    const char *name;
    (void)vfs, (void)flags;
    *ret_there = split(path, &disk, &name) && disk_exists(disk, name);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int size, char *ret_path) {
    (void)vfs;
    return snprintf(ret_path, (size_t)size, "%s", path) < size ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_randomness(sqlite3_vfs *vfs, int size, char *ret_bytes) {
    (void)vfs;
    entropy_fill(ret_bytes, (size_t)size);
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, double *ret_julian) {
    (void)vfs;
    *ret_julian = 2460464.5; /* June 2024; nothing rests on it */
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *text) {
    (void)vfs, (void)size, (void)text;
    return 0;
}

static sqlite3_vfs vfs = {.iVersion = 1,
                          .szOsFile = sizeof(struct vfs_file),
                          .mxPathname = 256,
                          .zName = VFS_NAME,
                          .xOpen = vfs_open,
                          .xDelete = vfs_delete,
                          .xAccess = vfs_access,
                          .xFullPathname = vfs_full_path,
                          .xRandomness = vfs_randomness,
                          .xSleep = vfs_sleep,
                          .xCurrentTime = vfs_time,
                          .xGetLastError = vfs_last_error};

void vfs_install(void) {
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}

void vfs_reset(void) {
    sqlite3_randomness(0, NULL);
    for (unsigned i = 0; i < VFS_SLOTS; i++)
        slots[i] = NULL;
}
