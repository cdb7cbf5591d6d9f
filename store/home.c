#include "home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

/* The keys file: one line of words, which tell damage by their checksum. */
static const char keys_title[] = "stafet keys 1\n";
enum { KEYS_FILE_MAX = sizeof keys_title + WORDS_TEXT_MAX };

enum { CHECKPOINT_S = 20 }; /* it follows the commit that called for it, which wrote the log */

static enum err error_now(void) {
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
        return ERR_DISK_FULL;
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    default:
        return ERR_IO;
    }
}

enum err home_file(const struct home *home, const char *name, char ret_path[static HOME_PATH_MAX]) {
    char path[HOME_PATH_MAX];
    int length = snprintf(path, sizeof path, "%s/%s", home->path, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return ERR_LIMIT;
    memcpy(ret_path, path, (size_t)length + 1);
    return OK;
}

/* The folder and those above it; what is there already stays as it is. */
static enum err make_folders(const char *path, size_t *made) {
    char part[HOME_PATH_MAX];
    size_t length = strlen(path);
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char end = part[i];
        part[i] = '\0';
        bool is_new = mkdir(part, 0700) == 0;
        if (!is_new && errno != EEXIST)
            return error_now();
        if (is_new && *made == 0)
            *made = i;
        part[i] = end;
    }
    return OK;
}

/* Those that hold nothing, from the innermost out. */
static void remove_folders(const char *path, size_t made) {
    char part[HOME_PATH_MAX];
    size_t length = strlen(path);
    memcpy(part, path, length + 1);
    for (size_t i = length; made > 0 && i >= made; i--) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        part[i] = '\0';
        (void)rmdir(part);
    }
}

/* Others who may write here could put other keys or another database in place. Reading is taken
 * from them. */
static enum err check_folder(const char *path) {
    struct stat status;
    if (stat(path, &status) != 0)
        return error_now();
    if (!S_ISDIR(status.st_mode))
        return ERR_NOT_FOUND;
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return ERR_DENIED;
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0 && chmod(path, 0700) != 0)
        return error_now();
    return OK;
}

/* ERR_LOCKED: it was removed between opening and locking; whoever looks again finds another. */
static enum err check_file_at(int fd, const char *path) {
    struct stat here, there;
    if (fstat(fd, &here) != 0)
        return error_now();
    if (stat(path, &there) != 0)
        return errno == ENOENT ? ERR_LOCKED : error_now();
    return here.st_dev == there.st_dev && here.st_ino == there.st_ino ? OK : ERR_LOCKED;
}

static enum err take_lock(struct home *home) {
    char path[HOME_PATH_MAX];
    enum err e = home_file(home, "lock", path);
    if (e != OK)
        return e;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool made = fd >= 0;
    if (fd < 0 && errno == EEXIST)
        fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return error_now();
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        e = errno == EWOULDBLOCK ? ERR_LOCKED : error_now();
    else
        e = check_file_at(fd, path);
    if (e != OK) {
        close(fd);
        return e;
    }
    home->lock_fd = fd;
    home->made_lock = made;
    return OK;
}

static enum err keys_from(const struct seed *seed, struct home *home) {
    struct node_keys *keys = sodium_malloc(sizeof *keys);
    if (keys == NULL)
        return ERR_MEMORY;
    enum err e = node_keys_derive(seed, keys);
    if (e == OK)
        home->keys = keys;
    else
        sodium_free(keys);
    return e;
}

static enum err read_keys(int fd, struct home *home) {
    char text[KEYS_FILE_MAX + 2] = {0}; /* one byte more than there may be, and the end */
    struct seed seed;
    size_t size = 0;
    ssize_t got;
    enum err e = OK;
    while (size <= KEYS_FILE_MAX && (got = read(fd, text + size, KEYS_FILE_MAX + 1 - size)) != 0) {
        if (got < 0 && errno != EINTR) {
            e = ERR_IO;
            goto done;
        }
        size += got > 0 ? (size_t)got : 0;
    }
    if (size > KEYS_FILE_MAX || strlen(text) != size ||
        strncmp(text, keys_title, sizeof keys_title - 1) != 0 ||
        words_to_seed(text + sizeof keys_title - 1, &seed) != OK)
        e = ERR_CORRUPT;
    else
        e = keys_from(&seed, home);
done:
    sodium_memzero(text, sizeof text);
    sodium_memzero(&seed, sizeof seed);
    return e;
}

static enum err load_keys(struct home *home) {
    char path[HOME_PATH_MAX];
    enum err e = home_file(home, "keys", path);
    if (e != OK)
        return e;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? OK : error_now();
    struct stat status;
    if (fstat(fd, &status) != 0)
        e = ERR_IO;
    else if (status.st_uid != geteuid() || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        e = ERR_DENIED;
    else
        e = read_keys(fd, home);
    close(fd);
    return e;
}

enum err home_open(const char *path, bool create, struct home *ret_home) {
    struct home home = {.lock_fd = -1};
    enum err e = key_library_init();
    if (e != OK)
        return e;
    if (path[0] == '\0' || strlen(path) >= sizeof home.path)
        return ERR_LIMIT;
    memcpy(home.path, path, strlen(path) + 1);
    if (create)
        e = make_folders(path, &home.made);
    if (e == OK)
        e = check_folder(path);
    if (e == OK && (e = take_lock(&home)) == ERR_NOT_FOUND && create)
        e = ERR_LOCKED; /* its last owner has just taken it away */
    if (e == OK)
        e = load_keys(&home);
    if (e == OK)
        *ret_home = home;
    else
        home_close(&home);
    return e;
}

static enum err holds(const struct home *home, const char *name, bool *ret_holds) {
    char path[HOME_PATH_MAX];
    struct stat status = {0};
    enum err e = home_file(home, name, path);
    if (e == OK && stat(path, &status) != 0 && (e = error_now()) == ERR_NOT_FOUND)
        e = OK;
    if (e == OK)
        *ret_holds = status.st_size > 0;
    return e;
}

enum err home_lost_replica(const struct home *home, bool *ret_lost) {
    bool generation = false, replica = false;
    enum err e = holds(home, "generation", &generation);
    if (e == OK)
        e = holds(home, "replica.db", &replica);
    if (e == OK)
        *ret_lost = home->keys != NULL && generation && !replica;
    return e;
}

enum err home_lost_keys(const struct home *home, bool *ret_lost) {
    bool replica = false;
    enum err e = holds(home, "replica.db", &replica);
    if (e == OK)
        *ret_lost = home->keys == NULL && replica;
    return e;
}

static double seconds(struct timespec time) {
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* After a loss of power the stamps of what was written last may be older ones: what was there at
 * the system's start proves nothing. */
static bool is_left(const struct stat *replica, const struct stat *log) {
    struct timespec now, up;
    double changed = seconds(replica->st_ctim);
    return log->st_size > 0 && changed > seconds(log->st_ctim) + CHECKPOINT_S &&
           clock_gettime(CLOCK_REALTIME, &now) == 0 && clock_gettime(CLOCK_BOOTTIME, &up) == 0 &&
           changed > seconds(now) - seconds(up);
}

enum err home_left_log(const struct home *home, bool *ret_left) {
    static const char *const names[] = {"replica.db", "replica.db-wal"};
    struct stat status[2];
    char path[HOME_PATH_MAX];
    for (size_t i = 0; i < 2; i++) {
        enum err e = home_file(home, names[i], path);
        if (e == OK && stat(path, &status[i]) != 0)
            e = error_now();
        if (e == ERR_NOT_FOUND)
            *ret_left = false;
        if (e != OK)
            return e == ERR_NOT_FOUND ? OK : e;
    }
    *ret_left = is_left(&status[0], &status[1]);
    return OK;
}

void home_close(struct home *home) {
    if (home == NULL)
        return;
    bool unused = home->keys == NULL;
    char lock[HOME_PATH_MAX];
    sodium_free(home->keys);
    home->keys = NULL;
    if (unused && home->made_lock && home_file(home, "lock", lock) == OK)
        unlink(lock); /* while it is held: nobody else's */
    if (home->lock_fd >= 0)
        close(home->lock_fd);
    home->lock_fd = -1;
    if (unused)
        remove_folders(home->path, home->made);
}

void home_discard(struct home *home) {
    /* In this order: a crash half-way must not look like a lost replica. */
    static const char *const files[] = {"generation",     "generation.new",     "replica.db",
                                        "replica.db-wal", "replica.db-journal", "keys"};
    char path[HOME_PATH_MAX];
    if (!home->made_keys)
        return;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (home_file(home, files[i], path) == OK)
            unlink(path);
    /* With a config that an administrator wrote, the folder was there. */
    if (home->made > 0 && home_file(home, "config", path) == OK)
        unlink(path);
    sodium_free(home->keys);
    home->keys = NULL;
    home->made_keys = false;
}

static enum err write_all(int fd, const char *text, size_t size) {
    while (size > 0) {
        ssize_t put = write(fd, text, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return error_now();
        text += put;
        size -= (size_t)put;
    }
    return fsync(fd) == 0 ? OK : error_now();
}

static enum err sync_folder(const struct home *home) {
    int fd = open(home->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_now();
    enum err e = fsync(fd) == 0 ? OK : error_now();
    close(fd);
    return e;
}

/* Written beside and linked into place, so that there is never half a file, nor another's
 * overwritten. */
static enum err write_keys(const struct home *home, const char *text, size_t size) {
    char path[HOME_PATH_MAX], beside[HOME_PATH_MAX];
    enum err e = home_file(home, "keys", path);
    if (e == OK)
        e = home_file(home, "keys.new", beside);
    if (e != OK)
        return e;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_now();
    e = write_all(fd, text, size);
    close(fd);
    if (e == OK && link(beside, path) != 0)
        e = errno == EEXIST ? ERR_EXISTS : error_now();
    unlink(beside);
    return e == OK ? sync_folder(home) : e;
}

enum err home_create_keys(struct home *home) {
    char text[KEYS_FILE_MAX + 1], words[WORDS_TEXT_MAX];
    if (home->keys != NULL)
        return ERR_EXISTS;
    struct seed seed = seed_new();
    words_of_seed(&seed, words);
    int length = snprintf(text, sizeof text, "%s%s\n", keys_title, words);
    enum err e = write_keys(home, text, (size_t)length);
    home->made_keys = e == OK;
    if (e == OK)
        e = keys_from(&seed, home);
    sodium_memzero(text, sizeof text);
    sodium_memzero(words, sizeof words);
    sodium_memzero(&seed, sizeof seed);
    return e;
}
