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

/* NULLs: only the system has words for it. */
static struct label label_of_errno(int number) {
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return MEND("there is no such file or folder", "den fil eller mappe findes ikke");
    case EACCES:
    case EPERM:
        return MEND("you have no right to it", "du har ikke ret til den");
    case EEXIST:
        return MEND("it is there already", "den findes allerede");
    case EISDIR:
        return MEND("it is a folder", "det er en mappe");
    case ENOSPC:
    case EDQUOT:
        return err_label(ERR_DISK_FULL);
    default:
        return (struct label){NULL, NULL};
    }
}

static struct label mend_of_errno(int number) {
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case EISDIR:
        return MEND("look at how the file is called and where it lies",
                    "se efter, hvad filen hedder, og hvor den ligger");
    case EACCES:
    case EPERM:
        return MEND("choose another place, or ask the one to whom it belongs",
                    "vælg et andet sted, eller spørg den, der ejer den");
    case EEXIST:
        return MEND("name another file", "vælg en anden fil");
    default:
        return err_mend(error_of_errno(number));
    }
}

static enum err fail(const char *path, int number, struct failure *why) {
    struct label label = label_of_errno(number);
    return failure_say(
        why, error_of_errno(number), mend_of_errno(number), "%.300s: %s", "%.300s: %s",
        strcmp(path, "-") == 0 ? say_in(why->language, "standard input", "standardinput") : path,
        label.en != NULL ? label_text(why->language, label) : strerror(number));
}

static enum err read_all(int fd, const char *path, struct buffer *content, struct failure *why) {
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
            return failure_say(why, ERR_LIMIT, MEND("split the file", "del filen i flere"),
                               "%.300s is larger than 64 MiB", "%.300s fylder mere end 64 MiB",
                               path);
        }
        enum err e = buffer_append(content, chunk, (size_t)n);
        if (e != OK) {
            return failure_err(why, e);
        }
    }
}

enum err file_read(const char *path, struct buffer *ret_content, struct failure *ret_why) {
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
                        struct failure *ret_why) {
    struct buffer text = {0};
    enum err e = file_read(path, &text, ret_why);
    if (e != OK)
        return e;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    struct encoding_fault fault;
    if (encoding_check(buffer_view(&text), &fault) != OK) {
        (void)failure_say(ret_why, ERR_FORMAT, MEND("save it as UTF-8", "gem den som UTF-8"),
                          "%.300s is not UTF-8 text (line %u, character %u)",
                          "%.300s er ikke tekst i UTF-8 (linje %u, tegn %u)", name, fault.line,
                          fault.character);
        if (problems != NULL)
            encoding_list(name, buffer_view(&text), problems);
        buffer_wipe(&text);
        return ERR_FORMAT;
    }
    e = buffer_append(&text, "", 1);
    if (e != OK) {
        buffer_wipe(&text);
        return failure_err(ret_why, e);
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
                        struct failure *ret_why) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
    if (fd < 0)
        return fail(path, errno, ret_why);
    enum err e = write_all(fd, content);
    if (close(fd) != 0 && e == OK)
        e = ERR_IO;
    if (e != OK) {
        (void)failure_say(ret_why, e, err_mend(e), "%.300s: %s", "%.300s: %s", path,
                          label_text(ret_why->language, err_label(e)));
        unlink(path);
    }
    return e;
}
