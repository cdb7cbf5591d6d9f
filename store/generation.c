#include "generation.h"
#include "replica.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

enum { TOKEN_SIZE = GENERATION_TOKEN_SIZE, TOKENS_MAX = GENERATION_TOKENS_MAX };
enum { NUMBERS = 5, STATE_SIZE = 6, LINE_SIZE = STATE_SIZE + NUMBERS * 21 + 1 };
enum { HEX_SIZE = 2 * TOKEN_SIZE, TOKEN_LINE_SIZE = HEX_SIZE + 1 };
static const char title[] = "stafet generation 2\n";
static const char title_1[] = "stafet generation 1\n"; /* tokens alone */
_Static_assert(sizeof title == sizeof title_1, "tokens begin at one place");
enum { TITLE_SIZE = sizeof title - 1, TEXT_MAX = TITLE_SIZE + 2 * TOKEN_LINE_SIZE + LINE_SIZE };

/* How much later than TOUCHED the file may have been changed. On the same boot only the moment
 * between looking at the clock and writing counts; else writing that was never done, which a system
 * puts off for half a minute, or for minutes to let a disk sleep. */
#define LATE_NS (INT64_C(5) * 1000000000)
#define LATE_AFTER_BOOT_NS (INT64_C(15) * 60 * 1000000000)

/* What the file said. */
struct said {
    uint8_t tokens[TOKENS_MAX][TOKEN_SIZE];
    size_t tokens_n;
    bool open, closed; /* neither: nothing that can be read */
    uint64_t own_n;
    int64_t touched_ns; /* 0: not yet */
    struct file_stamp stamp;
};

/* One token in hexadecimal a line. What isn't so names nothing. */
static const char *parse_tokens(const char *text, struct said *said) {
    while (said->tokens_n < TOKENS_MAX && strnlen(text, TOKEN_LINE_SIZE) == TOKEN_LINE_SIZE) {
        size_t size = 0;
        if (text[HEX_SIZE] != '\n' ||
            sodium_hex2bin(said->tokens[said->tokens_n], TOKEN_SIZE, text, HEX_SIZE, NULL, &size,
                           NULL) != 0 ||
            size != TOKEN_SIZE)
            break;
        said->tokens_n++;
        text += TOKEN_LINE_SIZE;
    }
    return text;
}

static bool parse_numbers(const char *text, uint64_t ret_numbers[static NUMBERS]) {
    for (size_t i = 0; i < NUMBERS; i++) {
        char *end = NULL;
        errno = 0;
        ret_numbers[i] = strtoull(text, &end, 10);
        if (end == text || errno != 0)
            return false;
        text = end;
    }
    return true;
}

static void parse(const char *text, struct said *ret_said) {
    struct said said = {0};
    uint64_t n[NUMBERS];
    *ret_said = said;
    if (strncmp(text, title, TITLE_SIZE) != 0 && strncmp(text, title_1, TITLE_SIZE) != 0)
        return;
    text = parse_tokens(text + TITLE_SIZE, &said);
    if (strnlen(text, LINE_SIZE) == LINE_SIZE && text[LINE_SIZE - 1] == '\n' &&
        parse_numbers(text + STATE_SIZE, n)) {
        said.open = strncmp(text, "open  ", STATE_SIZE) == 0;
        said.closed = strncmp(text, "closed", STATE_SIZE) == 0;
        said.own_n = n[0];
        said.touched_ns = (int64_t)n[1];
        said.stamp = (struct file_stamp){n[1], (int64_t)n[2], (int64_t)n[3], (int64_t)n[4]};
        if (said.open && (n[2] != n[0] || n[4] != n[1])) {
            said.own_n = 0; /* torn */
            said.touched_ns = 0;
        }
    }
    *ret_said = said;
}

/* Of one length, so that one can be patched over the other. */
static void line_of(bool open, uint64_t own_n, const struct file_stamp *stamp,
                    char ret_line[static LINE_SIZE + 1]) {
    snprintf(ret_line, LINE_SIZE + 1,
             "%-6s %020" PRIu64 " %020" PRIu64 " %020" PRId64 " %020" PRId64 " %020" PRId64 "\n",
             open ? "open" : "closed", own_n, stamp->inode, stamp->size, stamp->modified_ns,
             stamp->changed_ns);
}

static enum err replace(struct store *store, const struct generation *says, const char *line) {
    char text[TEXT_MAX + 1];
    size_t size = TITLE_SIZE;
    memcpy(text, title, sizeof title);
    for (size_t i = 0; i < says->tokens_n; i++) {
        sodium_bin2hex(text + size, sizeof text - size, says->tokens[i], TOKEN_SIZE);
        size += HEX_SIZE;
        text[size++] = '\n';
    }
    memcpy(text + size, line, LINE_SIZE + 1);
    return store_filesystem(store)->replace(store->config.context, store->config.generation, text);
}

static enum err patch(struct store *store, const struct generation *says, const char *line) {
    return store_filesystem(store)->patch(store->config.context, store->config.generation, line,
                                          TITLE_SIZE + says->tokens_n * (size_t)TOKEN_LINE_SIZE);
}

static enum err kept(struct store *store, struct generation *ret_says) {
    sqlite3_stmt *get = db_statement(store->db, "SELECT token FROM generation");
    bool row = false;
    ret_says->tokens_n = 0;
    enum err e = db_row(store->db, get, &row);
    if (e == OK && row)
        e = db_column_copy(get, 0, ret_says->tokens[0], TOKEN_SIZE);
    if (e == OK && row)
        ret_says->tokens_n = 1;
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

static enum err count_own(struct store *store, uint64_t *ret_n) {
    sqlite3_stmt *get =
        db_statement(store->db, "SELECT coalesce(sum(head_seq), 0) FROM feed WHERE author = ?");
    bool row = false;
    db_bind_bytes(get, 1, store->self.member.bytes, sizeof store->self.member.bytes);
    enum err e = db_row(store->db, get, &row);
    if (e == OK)
        *ret_n = row ? (uint64_t)sqlite3_column_int64(get, 0) : 0;
    db_reset(get);
    return e;
}

/* The database's stamp; `*ret_log`: a log that isn't empty lies beside it. */
static enum err look(struct store *store, bool durably, struct file_stamp *ret_stamp,
                     bool *ret_log) {
    const struct filesystem *files = store_filesystem(store);
    struct file_stamp stamp = {0}, log = {0};
    char path[PATH_MAX];
    int length = snprintf(path, sizeof path, "%s-wal", store->config.path);
    if (length < 0 || (size_t)length >= sizeof path)
        return ERR_LIMIT;
    enum err e = files->stamp(store->config.context, store->config.path, durably, &stamp);
    if (e == OK || e == ERR_NOT_FOUND)
        e = files->stamp(store->config.context, path, false, &log);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    *ret_stamp = stamp;
    *ret_log = log.size > 0;
    return OK;
}

enum err generation_find(struct store *store) {
    return store->config.generation == NULL
               ? OK
               : look(store, false, &store->found.stamp, &store->found.log);
}

static bool stamp_equal(const struct file_stamp *a, const struct file_stamp *b) {
    return a->inode == b->inode && a->size == b->size && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}

static bool names(const struct said *said, const struct generation *here) {
    for (size_t i = 0; i < said->tokens_n && here->tokens_n == 1; i++)
        if (memcmp(said->tokens[i], here->tokens[0], TOKEN_SIZE) == 0)
            return true;
    return false;
}

/* Was the file itself put back since it was last written? */
static enum err put_back(struct store *store, const struct said *said, bool same_boot,
                         bool *ret_so) {
    struct file_stamp stamp;
    *ret_so = false;
    if (said->touched_ns == 0)
        return OK;
    enum err e = store_filesystem(store)->stamp(store->config.context, store->config.generation,
                                                false, &stamp);
    if (e == OK)
        *ret_so = stamp.changed_ns - said->touched_ns > (same_boot ? LATE_NS : LATE_AFTER_BOOT_NS);
    return e;
}

static enum err weigh(struct store *store, const struct said *said, const struct generation *here,
                      bool same_boot, enum generation_verdict *ret_verdict) {
    uint64_t own_n;
    bool copied = false;
    enum err e = count_own(store, &own_n);
    if (e != OK)
        return e;
    if (said->tokens_n + here->tokens_n == 0)
        *ret_verdict = GENERATION_DOUBTED;
    else if (!names(said, here) || own_n < said->own_n)
        *ret_verdict = GENERATION_COPIED;
    else if (said->closed)
        *ret_verdict = !store->found.log && stamp_equal(&said->stamp, &store->found.stamp)
                           ? GENERATION_SAME
                           : GENERATION_COPIED;
    else {
        e = said->open ? put_back(store, said, same_boot, &copied) : OK;
        *ret_verdict = copied ? GENERATION_COPIED : GENERATION_DOUBTED;
    }
    return e;
}

enum err generation_check(struct store *store, bool same_boot,
                          enum generation_verdict *ret_verdict) {
    char text[TEXT_MAX + 1] = "";
    struct said said;
    struct generation here;
    if (store->config.generation == NULL) {
        *ret_verdict = GENERATION_SAME;
        return OK;
    }
    enum err e = store_filesystem(store)->read(store->config.context, store->config.generation,
                                               text, sizeof text);
    if (e == OK || e == ERR_NOT_FOUND)
        e = kept(store, &here);
    if (e != OK)
        return e;
    parse(text, &said);
    return weigh(store, &said, &here, same_boot, ret_verdict);
}

/* Under the tokens that the file names already, and durably: there is no room for another file. */
static enum err say_open_in_place(struct store *store, struct generation *says, const char *line) {
    char text[TEXT_MAX + 1] = "";
    const struct filesystem *files = store_filesystem(store);
    struct said said;
    struct file_stamp stamp;
    enum err e = files->read(store->config.context, store->config.generation, text, sizeof text);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_DISK_FULL : e;
    parse(text, &said);
    if (!said.open && !said.closed)
        return ERR_DISK_FULL; /* it would grow */
    says->tokens_n = said.tokens_n;
    memcpy(says->tokens, said.tokens, sizeof says->tokens);
    e = patch(store, says, line);
    return e == OK ? files->stamp(store->config.context, store->config.generation, true, &stamp)
                   : e;
}

/* The file names what the database has: said to be open after whatever step. */
static enum err renew(struct store *store, struct generation *says) {
    char line[LINE_SIZE + 1];
    uint8_t token[TOKEN_SIZE];
    enum err e = kept(store, says);
    if (e == OK)
        e = count_own(store, &says->own_n);
    if (e != OK)
        return e;
    line_of(true, says->own_n, &(struct file_stamp){.size = (int64_t)says->own_n}, line);
    randombytes_buf(token, sizeof token);
    struct generation both = *says, one = {.tokens_n = 1, .own_n = says->own_n};
    memcpy(both.tokens[both.tokens_n++], token, sizeof token);
    memcpy(one.tokens[0], token, sizeof token);
    if ((e = replace(store, &both, line)) == ERR_DISK_FULL)
        return say_open_in_place(store, says, line);
    if (e != OK)
        return e;
    *says = both;
    if ((e = keep(store, token)) == OK && (e = replace(store, &one, line)) == OK)
        *says = one;
    return e == ERR_DISK_FULL ? OK : e;
}

enum err generation_renew(struct store *store) {
    struct generation says = {0};
    enum err e = OK;
    if (store->config.generation != NULL)
        e = renew(store, &says);
    if (e != OK)
        return e == ERR_DISK_FULL ? OK : e;
    says.open = true;
    store->generation = says;
    generation_count(store);
    return OK;
}

void generation_count(struct store *store) {
    struct generation *says = &store->generation;
    char line[LINE_SIZE + 1];
    struct file_stamp touched = {0};
    if (store->config.generation == NULL || !says->open || count_own(store, &says->own_n) != OK)
        return;
    touched.changed_ns = store_filesystem(store)->now_ns(store->config.context);
    touched.inode = (uint64_t)touched.changed_ns;
    touched.size = (int64_t)says->own_n;
    line_of(true, says->own_n, &touched, line);
    (void)!patch(store, says, line); /* else a copy shows by less */
}

void generation_close(struct store *store) {
    const struct generation *says = &store->generation;
    char line[LINE_SIZE + 1];
    struct file_stamp stamp;
    bool log;
    if (store->config.generation == NULL || !says->open || !store->place.settled ||
        look(store, true, &stamp, &log) != OK || log || stamp.inode == 0)
        return;
    line_of(false, says->own_n, &stamp, line);
    if (replace(store, says, line) == ERR_DISK_FULL)
        (void)!patch(store, says, line);
}
