#include "filesystem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static enum err error_now(void) {
    return errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO;
}

/* What is there and can't be read, is not absent: another would be made in its place. */
static enum err looking_error(void) {
    return errno == ENOENT || errno == ENOTDIR ? ERR_NOT_FOUND : ERR_IO;
}

static enum err file_read(void *context, const char *path, char *ret_text, size_t size_max) {
    (void)context;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return looking_error();
    size_t size = fread(ret_text, 1, size_max - 1, file);
    enum err e = ferror(file) ? ERR_IO : OK;
    fclose(file);
    ret_text[size] = '\0';
    return e;
}

static enum err sync_folder_of(const char *path) {
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    if (size + 2 > sizeof folder)
        return ERR_LIMIT;
    memcpy(folder, path, size);
    snprintf(folder + size, sizeof folder - size, "%s", slash == NULL ? "." : size == 0 ? "/" : "");
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ERR_IO;
    enum err e = fsync(fd) == 0 ? OK : error_now();
    close(fd);
    return e;
}

static enum err put(int fd, const char *text, size_t at) {
    size_t size = strlen(text);
    ssize_t done = pwrite(fd, text, size, (off_t)at);
    if (done < 0)
        return error_now();
    return (size_t)done == size ? OK : ERR_DISK_FULL;
}

/* Written beside and renamed into place. */
static enum err file_replace(void *context, const char *path, const char *text) {
    char beside[PATH_MAX];
    (void)context;
    int length = snprintf(beside, sizeof beside, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof beside)
        return ERR_LIMIT;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_now();
    enum err e = put(fd, text, 0);
    if (e == OK && fsync(fd) != 0)
        e = error_now();
    close(fd);
    if (e == OK && rename(beside, path) != 0)
        e = error_now();
    if (e != OK) {
        unlink(beside);
        return e;
    }
    return sync_folder_of(path);
}

static enum err file_patch(void *context, const char *path, const char *text, size_t at) {
    (void)context;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return error_now();
    enum err e = put(fd, text, at);
    close(fd);
    return e;
}

static int64_t in_ns(struct timespec time) {
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static enum err file_stamp(void *context, const char *path, bool durably,
                           struct file_stamp *ret_stamp) {
    struct stat status;
    (void)context;
    int fd = durably ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (durably && fd < 0)
        return looking_error();
    enum err e = durably && fsync(fd) != 0 ? error_now() : OK;
    if (e == OK && (durably ? fstat(fd, &status) : stat(path, &status)) != 0)
        e = looking_error();
    if (fd >= 0)
        close(fd);
    if (e == OK)
        *ret_stamp = (struct file_stamp){.inode = (uint64_t)status.st_ino,
                                         .size = (int64_t)status.st_size,
                                         .modified_ns = in_ns(status.st_mtim),
                                         .changed_ns = in_ns(status.st_ctim)};
    return e;
}

static int64_t system_ns(void *context) {
    struct timespec now;
    (void)context;
    clock_gettime(CLOCK_REALTIME, &now);
    return in_ns(now);
}

const struct filesystem filesystem_real = {.read = file_read,
                                           .replace = file_replace,
                                           .patch = file_patch,
                                           .stamp = file_stamp,
                                           .now_ns = system_ns};
