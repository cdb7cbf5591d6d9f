#include "generation.h"
#include "replica.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

enum { TOKEN_SIZE = 16, TOKENS_MAX = 2 };
static const char title[] = "stafet generation 1\n";
enum { TEXT_MAX = sizeof title + TOKENS_MAX * (2 * TOKEN_SIZE + 1) };

struct tokens {
    uint8_t tokens[TOKENS_MAX][TOKEN_SIZE];
    size_t n;
};

static enum err error_now(void) {
    return errno == ENOSPC || errno == EDQUOT ? ERR_DISK_FULL : ERR_IO;
}

/* One token in hexadecimal a line. What isn't so names nothing. */
static void parse(const char *text, struct tokens *ret_tokens) {
    ret_tokens->n = 0;
    if (strncmp(text, title, sizeof title - 1) != 0)
        return;
    text += sizeof title - 1;
    while (ret_tokens->n < TOKENS_MAX && strnlen(text, 2 * TOKEN_SIZE + 1) > 2 * TOKEN_SIZE) {
        size_t size = 0;
        if (text[2 * TOKEN_SIZE] != '\n' ||
            sodium_hex2bin(ret_tokens->tokens[ret_tokens->n], TOKEN_SIZE, text, 2 * TOKEN_SIZE,
                           NULL, &size, NULL) != 0 ||
            size != TOKEN_SIZE)
            return;
        ret_tokens->n++;
        text += 2 * TOKEN_SIZE + 1;
    }
}

static enum err file_read(const char *path, struct tokens *ret_tokens) {
    char text[TEXT_MAX + 1] = {0};
    ret_tokens->n = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? OK : ERR_IO;
    size_t size = fread(text, 1, TEXT_MAX, file);
    enum err e = ferror(file) ? ERR_IO : OK;
    fclose(file);
    text[size] = '\0';
    if (e == OK)
        parse(text, ret_tokens);
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

/* Written beside and renamed into place: there is the old file or the new, never half of one. */
static enum err file_write(const char *path, const struct tokens *tokens) {
    char text[TEXT_MAX + 1], beside[PATH_MAX];
    size_t size = sizeof title - 1;
    memcpy(text, title, sizeof title);
    for (size_t i = 0; i < tokens->n; i++) {
        sodium_bin2hex(text + size, sizeof text - size, tokens->tokens[i], TOKEN_SIZE);
        size += 2 * TOKEN_SIZE;
        text[size++] = '\n';
    }
    int length = snprintf(beside, sizeof beside, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof beside)
        return ERR_LIMIT;
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_now();
    enum err e = OK;
    ssize_t put = write(fd, text, size);
    if (put < 0)
        e = error_now();
    else if ((size_t)put != size)
        e = ERR_DISK_FULL;
    else if (fsync(fd) != 0)
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

static enum err kept(struct store *store, struct tokens *ret_tokens) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT token FROM generation");
    bool row = false;
    ret_tokens->n = 0;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row)
        e = db_column_copy(get, 0, ret_tokens->tokens[0], TOKEN_SIZE);
    if (e == OK && row)
        ret_tokens->n = 1;
    db_reset(get);
    return e;
}

static enum err keep(struct store *store, const uint8_t *token) {
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    sqlite3_stmt *put =
        db_statement(store->db, "INSERT OR REPLACE INTO generation (one, token) VALUES (1, ?)");
    db_bind_bytes(put, 1, token, TOKEN_SIZE);
    return store_leave(store, own, db_run(store->db, put));
}

enum err generation_check(struct store *store, bool *ret_same) {
    struct tokens file, here;
    *ret_same = true;
    if (store->config.generation == NULL)
        return OK;
    enum err e = file_read(store->config.generation, &file);
    if (e == OK)
        e = kept(store, &here);
    if (e != OK || (file.n == 0 && here.n == 0))
        return e;
    bool same = false;
    for (size_t i = 0; i < file.n && here.n == 1; i++)
        same = same || memcmp(file.tokens[i], here.tokens[0], TOKEN_SIZE) == 0;
    *ret_same = same;
    return OK;
}

enum err generation_renew(struct store *store) {
    struct tokens both, one = {.n = 1};
    if (store->config.generation == NULL)
        return OK;
    enum err e = kept(store, &both);
    if (e != OK)
        return e;
    randombytes_buf(one.tokens[0], TOKEN_SIZE);
    memcpy(both.tokens[both.n++], one.tokens[0], TOKEN_SIZE);
    e = file_write(store->config.generation, &both);
    if (e == OK)
        e = keep(store, one.tokens[0]);
    if (e != OK)
        return e == ERR_DISK_FULL ? OK : e;
    return file_write(store->config.generation, &one);
}
