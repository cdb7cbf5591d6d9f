#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

static enum fault armed;
static unsigned until; /* calls left before the one that fails */
static bool struck;

void fault_arm(enum fault fault, unsigned n) {
    armed = fault;
    until = n;
    struck = false;
}

bool fault_disarm(void) {
    armed = 0;
    return struck;
}

const char *fault_name(enum fault fault) {
    static const char *const names[FAULT_KINDS] = {
        "none",     "statement", "prepare",   "bind", "memory",    "SQLite's memory",
        "database", "reading",   "disk full", "file", "file full", "damage"};
    return names[fault];
}

static bool fails(enum fault fault) {
    bool lasts = fault == FAULT_READING || fault == FAULT_DISK_FULL || fault == FAULT_FILE_FULL;
    if (armed != fault || (struck && !lasts))
        return false;
    if (until > 0)
        until--;
    if (until > 0)
        return false;
    struck = true;
    return true;
}

/* What the linker's --wrap puts in the place of calls of ours. */
#define WRAP(type, name, ...)                                                                      \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

WRAP(void *, malloc, size_t size) {
    return fails(FAULT_MEMORY) ? NULL : __real_malloc(size);
}

WRAP(void *, calloc, size_t n, size_t size) {
    return fails(FAULT_MEMORY) ? NULL : __real_calloc(n, size);
}

WRAP(void *, realloc, void *old, size_t size) {
    return fails(FAULT_MEMORY) ? NULL : __real_realloc(old, size);
}

WRAP(void *, reallocarray, void *old, size_t n, size_t size) {
    return fails(FAULT_MEMORY) ? NULL : __real_reallocarray(old, n, size);
}

WRAP(void *, sodium_malloc, size_t size) {
    return fails(FAULT_MEMORY) ? NULL : __real_sodium_malloc(size);
}

WRAP(int, sqlite3_step, sqlite3_stmt *statement) {
    return fails(FAULT_STATEMENT) ? SQLITE_IOERR : __real_sqlite3_step(statement);
}

/* Rolling back needs nothing that could fail. */
WRAP(int, sqlite3_exec, sqlite3 *db, const char *sql,
     int (*row)(void *context, int n, char **values, char **names), void *context, char **ret_why) {
    if (strncmp(sql, "ROLLBACK", 8) != 0 && fails(FAULT_STATEMENT))
        return SQLITE_IOERR;
    return __real_sqlite3_exec(db, sql, row, context, ret_why);
}

WRAP(int, sqlite3_prepare_v3, sqlite3 *db, const char *sql, int size, unsigned flags,
     sqlite3_stmt **ret_statement, const char **ret_tail) {
    if (!fails(FAULT_PREPARE))
        return __real_sqlite3_prepare_v3(db, sql, size, flags, ret_statement, ret_tail);
    *ret_statement = NULL;
    return SQLITE_NOMEM;
}

WRAP(int, sqlite3_bind_blob64, sqlite3_stmt *statement, int index, const void *data,
     sqlite3_uint64 size, void (*release)(void *)) {
    if (fails(FAULT_BIND))
        return SQLITE_NOMEM;
    return __real_sqlite3_bind_blob64(statement, index, data, size, release);
}

WRAP(int, sqlite3_bind_text, sqlite3_stmt *statement, int index, const char *text, int size,
     void (*release)(void *)) {
    if (fails(FAULT_BIND))
        return SQLITE_NOMEM;
    return __real_sqlite3_bind_text(statement, index, text, size, release);
}

WRAP(int, sqlite3_column_bytes, sqlite3_stmt *statement, int column) {
    int size = __real_sqlite3_column_bytes(statement, column);
    return size > 0 && fails(FAULT_DAMAGE) ? size - 1 : size;
}

static bool file_fails(void) {
    if (fails(FAULT_FILE))
        errno = EIO;
    else if (fails(FAULT_FILE_FULL))
        errno = ENOSPC;
    else
        return false;
    return true;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    va_list args;
    va_start(args, flags);
    unsigned mode = (flags & O_CREAT) != 0 ? va_arg(args, unsigned) : 0;
    va_end(args);
    return file_fails() ? -1 : __real_open(path, flags, mode);
}

WRAP(ssize_t, write, int fd, const void *data, size_t size) {
    return file_fails() ? -1 : __real_write(fd, data, size);
}

WRAP(ssize_t, pwrite, int fd, const void *data, size_t size, off_t at) {
    return file_fails() ? -1 : __real_pwrite(fd, data, size, at);
}

WRAP(ssize_t, read, int fd, void *data, size_t size) {
    return file_fails() ? -1 : __real_read(fd, data, size);
}

/* Syncing is only failed, here and below: no test takes the power away, and thousands of syncs take
 * long. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd) {
    (void)fd;
    return file_fails() ? -1 : 0;
}

WRAP(int, rename, const char *from, const char *to) {
    return file_fails() ? -1 : __real_rename(from, to);
}

WRAP(int, link, const char *from, const char *to) {
    return file_fails() ? -1 : __real_link(from, to);
}

WRAP(int, mkdir, const char *path, mode_t mode) {
    return file_fails() ? -1 : __real_mkdir(path, mode);
}

WRAP(int, chmod, const char *path, mode_t mode) {
    return file_fails() ? -1 : __real_chmod(path, mode);
}

WRAP(int, flock, int fd, int operation) {
    return file_fails() ? -1 : __real_flock(fd, operation);
}

WRAP(int, stat, const char *path, struct stat *ret_status) {
    return file_fails() ? -1 : __real_stat(path, ret_status);
}

WRAP(int, fstat, int fd, struct stat *ret_status) {
    return file_fails() ? -1 : __real_fstat(fd, ret_status);
}

WRAP(FILE *, fopen, const char *path, const char *mode) {
    return file_fails() ? NULL : __real_fopen(path, mode);
}

/* SQLite's allocator. */
static sqlite3_mem_methods memory;

static void *memory_malloc(int size) {
    return fails(FAULT_SQLITE_MEMORY) ? NULL : memory.xMalloc(size);
}

static void *memory_realloc(void *old, int size) {
    return fails(FAULT_SQLITE_MEMORY) ? NULL : memory.xRealloc(old, size);
}

/* SQLite's files: ours stands before the real one, in one allocation. */
struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_file *real(sqlite3_file *file) {
    return ((struct file *)(void *)file)->real;
}

static int file_close(sqlite3_file *file) {
    return real(file)->pMethods->xClose(real(file));
}

static int file_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at) {
    return fails(FAULT_DATABASE) || fails(FAULT_READING)
               ? SQLITE_IOERR_READ
               : real(file)->pMethods->xRead(real(file), data, size, at);
}

static int file_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at) {
    if (fails(FAULT_DISK_FULL))
        return SQLITE_FULL;
    return fails(FAULT_DATABASE) ? SQLITE_IOERR_WRITE
                                 : real(file)->pMethods->xWrite(real(file), data, size, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size) {
    return fails(FAULT_DATABASE) ? SQLITE_IOERR_TRUNCATE
                                 : real(file)->pMethods->xTruncate(real(file), size);
}

static int file_sync(sqlite3_file *file, int flags) {
    (void)file;
    (void)flags;
    return fails(FAULT_DATABASE) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *ret_size) {
    return fails(FAULT_DATABASE) ? SQLITE_IOERR_FSTAT
                                 : real(file)->pMethods->xFileSize(real(file), ret_size);
}

static int file_lock(sqlite3_file *file, int level) {
    return real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level) {
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_reserved(sqlite3_file *file, int *ret_reserved) {
    return real(file)->pMethods->xCheckReservedLock(real(file), ret_reserved);
}

static int file_control(sqlite3_file *file, int what, void *argument) {
    return real(file)->pMethods->xFileControl(real(file), what, argument);
}

static int file_sector(sqlite3_file *file) {
    return real(file)->pMethods->xSectorSize(real(file));
}

static int file_traits(sqlite3_file *file) {
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

/* Version 1 has no shared memory: a write-ahead log that one connection owns needs none. */
static const sqlite3_io_methods file_methods = {.iVersion = 1,
                                                .xClose = file_close,
                                                .xRead = file_read,
                                                .xWrite = file_write,
                                                .xTruncate = file_truncate,
                                                .xSync = file_sync,
                                                .xFileSize = file_size,
                                                .xLock = file_lock,
                                                .xUnlock = file_unlock,
                                                .xCheckReservedLock = file_reserved,
                                                .xFileControl = file_control,
                                                .xSectorSize = file_sector,
                                                .xDeviceCharacteristics = file_traits};

static sqlite3_vfs vfs, *system_vfs;

static int vfs_open(sqlite3_vfs *self, const char *path, sqlite3_file *file, int flags,
                    int *ret_flags) {
    struct file *f = (struct file *)(void *)file;
    (void)self;
    f->base.pMethods = NULL;
    f->real = (sqlite3_file *)(void *)(f + 1);
    if (fails(FAULT_DATABASE))
        return SQLITE_CANTOPEN;
    int code = system_vfs->xOpen(system_vfs, path, f->real, flags, ret_flags);
    if (f->real->pMethods != NULL)
        f->base.pMethods = &file_methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *self, const char *path, int sync) {
    (void)self;
    (void)sync;
    return fails(FAULT_DATABASE) ? SQLITE_IOERR_DELETE : system_vfs->xDelete(system_vfs, path, 0);
}

void fault_install(void) {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
        abort();
    sqlite3_mem_methods failing = memory;
    failing.xMalloc = memory_malloc;
    failing.xRealloc = memory_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &failing) != SQLITE_OK ||
        (system_vfs = sqlite3_vfs_find(NULL)) == NULL)
        abort();
    vfs = *system_vfs;
    vfs.zName = "fault";
    vfs.szOsFile += (int)sizeof(struct file);
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.pNext = NULL;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}
