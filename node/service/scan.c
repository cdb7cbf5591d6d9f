#include "scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCAN_CHUNK = 64 * 1024, SCAN_KEPT_MAX = 64 };

struct kept {
    dev_t device;
    ino_t inode;
    int fd;
};
struct scan {
    int folder_fd;
    struct kept kept[SCAN_KEPT_MAX];
    size_t kept_n;
};

enum err scan_new(const char *home, struct scan **ret_scan) {
    struct scan *scan = calloc(1, sizeof *scan);
    if (scan == NULL)
        return ERR_MEMORY;
    scan->folder_fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (scan->folder_fd < 0) {
        free(scan);
        return ERR_IO;
    }
    *ret_scan = scan;
    return OK;
}

void scan_free(struct scan *scan) {
    if (scan == NULL)
        return;
    for (size_t i = 0; i < scan->kept_n; i++)
        close(scan->kept[i].fd);
    close(scan->folder_fd);
    free(scan);
}

static bool is_of_database(const char *name) {
    return strncmp(name, "replica.db", strlen("replica.db")) == 0;
}

/* A descriptor to read `name` with; `*ret_keep` says that it must not be closed. */
static int open_file(struct scan *scan, const char *name, const struct stat *status,
                     bool *ret_keep) {
    *ret_keep = is_of_database(name);
    for (size_t i = 0; *ret_keep && i < scan->kept_n; i++)
        if (scan->kept[i].device == status->st_dev && scan->kept[i].inode == status->st_ino)
            return scan->kept[i].fd;
    if (*ret_keep && scan->kept_n == SCAN_KEPT_MAX) {
        errno = EMFILE;
        return -1;
    }
    int fd = openat(scan->folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && *ret_keep)
        scan->kept[scan->kept_n++] =
            (struct kept){.device = status->st_dev, .inode = status->st_ino, .fd = fd};
    return fd;
}

static uint64_t hits_in(const uint8_t *at, size_t size, struct bytes text) {
    uint64_t hits = 0;
    const uint8_t *end = at + size;
    while (at < end && (at = memmem(at, (size_t)(end - at), text.data, text.size)) != NULL) {
        hits++;
        at++;
    }
    return hits;
}

/* Chunks overlap by one byte less than the text, so that each hit lies whole in exactly one place
 * where it can begin. */
static enum err count_file(int fd, struct bytes text, uint64_t *ret_size, uint64_t *ret_hits) {
    size_t overlap = text.size - 1, held = 0;
    uint8_t *chunk = malloc(overlap + SCAN_CHUNK);
    if (chunk == NULL)
        return ERR_MEMORY;
    uint64_t size = 0, hits = 0;
    ssize_t n;
    while ((n = pread(fd, chunk + held, SCAN_CHUNK, (off_t)size)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        size += (uint64_t)n;
        size_t have = held + (size_t)n;
        hits += hits_in(chunk, have, text);
        held = have < overlap ? have : overlap;
        memmove(chunk, chunk + have - held, held);
    }
    free(chunk);
    if (n < 0)
        return ERR_IO;
    *ret_size = size;
    *ret_hits = hits;
    return OK;
}

static enum err scan_one(struct scan *scan, const char *name, struct bytes text, scan_visit *visit,
                         void *context) {
    struct stat status;
    if (fstatat(scan->folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? OK : ERR_IO; /* gone since it was listed */
    if (!S_ISREG(status.st_mode))
        return OK;
    bool keep;
    int fd = open_file(scan, name, &status, &keep);
    if (fd < 0)
        return errno == ENOENT ? OK : ERR_IO;
    struct scan_file file = {.name = name};
    enum err e = count_file(fd, text, &file.size, &file.hits);
    if (!keep)
        close(fd);
    return e == OK ? visit(context, &file) : e;
}

enum err scan_home(struct scan *scan, struct bytes text, scan_visit *visit, void *context) {
    if (text.size == 0)
        return ERR_ARGUMENT;
    int fd = openat(scan->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (folder == NULL) {
        if (fd >= 0)
            close(fd);
        return ERR_IO;
    }
    enum err e = OK;
    const struct dirent *entry;
    while (e == OK && (entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            e = scan_one(scan, entry->d_name, text, visit, context);
    closedir(folder);
    return e;
}
