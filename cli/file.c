#include "file.h"

#include "encoding.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err error_of_errno(int number) {
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case EEXIST:
        return ERR_EXISTS;
    case ENOSPC:
    case EDQUOT:
        return ERR_DISK_FULL;
    case ENOMEM:
        return ERR_MEMORY;
    default:
        return ERR_IO;
    }
}

static enum err fail(const char *path, int number, char why[static 512]) {
    snprintf(why, 512, "%.300s: %s", strcmp(path, "-") == 0 ? "standard input" : path,
             strerror(number));
    return error_of_errno(number);
}

static enum err read_all(int fd, const char *path, struct buffer *content, char why[static 512]) {
    for (;;) {
        uint8_t chunk[64 * 1024];
        ssize_t n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(path, errno, why);
        if (n == 0)
            return OK;
        if (content->size + (size_t)n > FILE_SIZE_MAX) {
            snprintf(why, 512, "%.300s is larger than 64 MiB", path);
            return ERR_LIMIT;
        }
        enum err e = buffer_append(content, chunk, (size_t)n);
        if (e != OK) {
            snprintf(why, 512, "%s", err_text(e));
            return e;
        }
    }
}

enum err file_read(const char *path, struct buffer *ret_content, char ret_why[static 512]) {
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return fail(path, errno, ret_why);
    struct buffer content = {0};
    enum err e = read_all(fd, path, &content, ret_why);
    if (!standard)
        close(fd);
    if (e != OK) {
        buffer_wipe(&content);
        return e;
    }
    *ret_content = content;
    return OK;
}

enum err file_read_text(const char *path, struct problems *problems, struct buffer *ret_text,
                        char ret_why[static 512]) {
    struct buffer text = {0};
    enum err e = file_read(path, &text, ret_why);
    if (e != OK)
        return e;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct encoding_fault fault;
    if (encoding_check(buffer_view(&text), &fault) != OK) {
        snprintf(ret_why, 512, "%.300s is not UTF-8 text (line %u, character %u)", name, fault.line,
                 fault.character);
        if (problems != NULL)
            encoding_list(name, buffer_view(&text), problems);
        buffer_wipe(&text);
        return ERR_FORMAT;
    }
    e = buffer_append(&text, "", 1);
    if (e != OK) {
        snprintf(ret_why, 512, "%s", err_text(e));
        buffer_wipe(&text);
        return e;
    }
    text.size--;
    *ret_text = text;
    return OK;
}

static enum err write_all(int fd, struct bytes content) {
    while (content.size > 0) {
        ssize_t n = write(fd, content.data, content.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_of_errno(errno);
        content.data += n;
        content.size -= (size_t)n;
    }
    return fsync(fd) == 0 || errno == EINVAL ? OK : error_of_errno(errno);
}

enum err file_write_new(const char *path, unsigned mode, struct bytes content,
                        char ret_why[static 512]) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return fail(path, errno, ret_why);
    enum err e = write_all(fd, content);
    if (close(fd) != 0 && e == OK)
        e = ERR_IO;
    if (e != OK) {
        snprintf(ret_why, 512, "%.300s: %s", path, err_text(e));
        unlink(path);
    }
    return e;
}
