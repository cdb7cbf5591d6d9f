#include "scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCAN_CHUNK = 64 * 1024, SCAN_KEPT_MAX = 64, SCAN_DEPTH_MAX = 16 };

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

/* A descriptor to read `name` in `folder` with; `*ret_keep` says that it must not be closed. */
static int open_file(struct scan *scan, int folder, const char *name, const struct stat *status,
                     bool *ret_keep) {
    *ret_keep = is_of_database(name);
    for (size_t i = 0; *ret_keep && i < scan->kept_n; i++)
        if (scan->kept[i].device == status->st_dev && scan->kept[i].inode == status->st_ino)
            return scan->kept[i].fd;
    if (*ret_keep && scan->kept_n == SCAN_KEPT_MAX) {
        errno = EMFILE;
        return -1;
    }
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
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
struct scan_walk {
    struct scan *scan;
    struct bytes text;
    DIR *folders[SCAN_DEPTH_MAX]; /* the home, and those that the walk is in */
    size_t ends[SCAN_DEPTH_MAX];  /* of their names in `name` */
    size_t depth;
    uint8_t *chunk;
    size_t held; /* of the chunk before */
    int fd;      /* negative: no file is open */
    bool keep;
    char name[PATH_MAX]; /* below the home */
    struct scan_file file;
};

/* The folder `name` in the one that the walk is in; what is in it comes next. */
static enum err enter(struct scan_walk *walk, int in, const char *name, size_t end) {
    if (walk->depth == SCAN_DEPTH_MAX)
        return ERR_LIMIT;
    int fd = openat(in, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? OK : ERR_IO;
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        close(fd);
        return ERR_IO;
    }
    walk->folders[walk->depth] = folder;
    walk->ends[walk->depth++] = end;
    return OK;
}

enum err scan_walk_new(struct scan *scan, struct bytes text, struct scan_walk **ret_walk) {
    if (text.size == 0)
        return ERR_ARGUMENT;
    struct scan_walk *walk = calloc(1, sizeof *walk);
    if (walk == NULL)
        return ERR_MEMORY;
    *walk = (struct scan_walk){.scan = scan, .text = text, .fd = -1};
    walk->chunk = malloc(text.size - 1 + SCAN_CHUNK);
    enum err e = walk->chunk == NULL ? ERR_MEMORY : enter(walk, scan->folder_fd, ".", 0);
    if (e != OK) {
        scan_walk_free(walk);
        return e;
    }
    *ret_walk = walk;
    return OK;
}

static void close_file(struct scan_walk *walk) {
    if (walk->fd >= 0 && !walk->keep)
        close(walk->fd);
    walk->fd = -1;
}

void scan_walk_free(struct scan_walk *walk) {
    if (walk == NULL)
        return;
    close_file(walk);
    while (walk->depth > 0)
        closedir(walk->folders[--walk->depth]);
    free(walk->chunk);
    free(walk);
}

/* The next regular file, or folder, if the entry is one that is still there. */
static enum err open_next(struct scan_walk *walk, const char *name) {
    struct stat status;
    int in = dirfd(walk->folders[walk->depth - 1]);
    size_t at = walk->ends[walk->depth - 1];
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return OK;
    if (fstatat(in, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? OK : ERR_IO; /* gone since it was listed */
    int size = snprintf(walk->name + at, sizeof walk->name - at, "%s%s", at > 0 ? "/" : "", name);
    if (size < 0 || (size_t)size >= sizeof walk->name - at)
        return ERR_LIMIT;
    if (S_ISDIR(status.st_mode))
        return enter(walk, in, name, at + (size_t)size);
    if (!S_ISREG(status.st_mode))
        return OK;
    walk->fd = open_file(walk->scan, in, name, &status, &walk->keep);
    if (walk->fd < 0)
        return errno == ENOENT ? OK : ERR_IO;
    walk->file = (struct scan_file){.name = walk->name};
    walk->held = 0;
    return OK;
}

static enum err count_chunk(struct scan_walk *walk, bool *ret_ended) {
    size_t overlap = walk->text.size - 1;
    ssize_t n;
    do
        n = pread(walk->fd, walk->chunk + walk->held, SCAN_CHUNK, (off_t)walk->file.size);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return ERR_IO;
    size_t have = walk->held + (size_t)n;
    walk->file.size += (uint64_t)n;
    walk->file.hits += n > 0 ? hits_in(walk->chunk, have, walk->text) : 0;
    walk->held = have < overlap ? have : overlap;
    memmove(walk->chunk, walk->chunk + have - walk->held, walk->held);
    *ret_ended = n == 0;
    return OK;
}

enum err scan_walk_step(struct scan_walk *walk, scan_visit *visit, void *context, bool *ret_done) {
    *ret_done = false;
    if (walk->fd < 0) {
        errno = 0;
        const struct dirent *entry = readdir(walk->folders[walk->depth - 1]);
        if (entry != NULL)
            return open_next(walk, entry->d_name);
        if (errno != 0)
            return ERR_IO;
        *ret_done = walk->depth == 1;
        if (walk->depth > 1)
            closedir(walk->folders[--walk->depth]);
        return OK;
    }
    bool ended = false;
    enum err e = count_chunk(walk, &ended);
    if (e != OK || !ended)
        return e;
    close_file(walk);
    return visit(context, &walk->file);
}
