#include "thrift.h"

#include "heap.h"
#include "memory.h"
#include "store/db.h"
#include "store/migrate.h"
#include "vfs.h"
#include <jansson.h>
#include <malloc.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

enum { PROOFS = 1 << 16, IDLE_MAX = 96, OPEN_MAX = 32, TEMPLATE_SLOT = VFS_SLOTS - 2 };

/* ---- Signatures ---- */

/* Verifying, signing and opening are functions of their bytes: the same bytes give what they gave.
 */
struct proof {
    uint8_t of[crypto_shorthash_siphashx24_BYTES];
    uint8_t known; /* 0: empty */
    bool good;
};
struct signature {
    uint8_t of[crypto_shorthash_siphashx24_BYTES];
    uint8_t known;
    uint8_t bytes[crypto_sign_BYTES];
};
struct opening {
    uint8_t of[crypto_shorthash_siphashx24_BYTES];
    uint8_t known;
    bool good;
    uint8_t bytes[64];
};
static struct proof *proofs;
static struct opening *openings;
static struct signature *signatures;

int __real_crypto_sign_verify_detached(const uint8_t *signature, const uint8_t *text,
                                       unsigned long long size, const uint8_t *public);
int __wrap_crypto_sign_verify_detached(const uint8_t *signature, const uint8_t *text,
                                       unsigned long long size, const uint8_t *public);
int __real_crypto_sign_detached(uint8_t *ret_signature, unsigned long long *ret_size,
                                const uint8_t *text, unsigned long long size,
                                const uint8_t *secret);
int __wrap_crypto_sign_detached(uint8_t *ret_signature, unsigned long long *ret_size,
                                const uint8_t *text, unsigned long long size,
                                const uint8_t *secret);

/* The text's hash and what comes with it, hashed again. */
static size_t digest(const uint8_t *text, unsigned long long size, const void *first,
                     size_t first_size, const void *second, size_t second_size,
                     uint8_t ret_of[static crypto_shorthash_siphashx24_BYTES]) {
    static const uint8_t key[crypto_shorthash_siphashx24_KEYBYTES] = {'t', 'h', 'r', 'i', 'f', 't'};
    uint8_t all[160];
    uint64_t place;
    size_t at = crypto_shorthash_siphashx24_BYTES;
    if (crypto_shorthash_siphashx24(all, text, size, key) != 0)
        abort();
    memcpy(all + at, first, first_size);
    memcpy(all + at + first_size, second, second_size);
    if (crypto_shorthash_siphashx24(ret_of, all, at + first_size + second_size, key) != 0)
        abort();
    memcpy(&place, ret_of, sizeof place);
    return (size_t)place & (PROOFS - 1);
}

int __wrap_crypto_sign_verify_detached(const uint8_t *signature, const uint8_t *text,
                                       unsigned long long size, const uint8_t *public) {
    uint8_t of[crypto_shorthash_siphashx24_BYTES];
    struct proof *proof = &proofs[digest(text, size, signature, crypto_sign_BYTES, public,
                                         crypto_sign_PUBLICKEYBYTES, of)];
    if (proof->known == 0 || memcmp(proof->of, of, sizeof of) != 0) {
        memcpy(proof->of, of, sizeof of);
        proof->known = 1;
        proof->good = __real_crypto_sign_verify_detached(signature, text, size, public) == 0;
    }
    return proof->good ? 0 : -1;
}

int __wrap_crypto_sign_detached(uint8_t *ret_signature, unsigned long long *ret_size,
                                const uint8_t *text, unsigned long long size,
                                const uint8_t *secret) {
    uint8_t of[crypto_shorthash_siphashx24_BYTES];
    struct signature *known =
        &signatures[digest(text, size, secret, crypto_sign_SECRETKEYBYTES, "", 0, of)];
    if (known->known == 0 || memcmp(known->of, of, sizeof of) != 0) {
        if (__real_crypto_sign_detached(known->bytes, NULL, text, size, secret) != 0)
            abort();
        memcpy(known->of, of, sizeof of);
        known->known = 1;
    }
    memcpy(ret_signature, known->bytes, sizeof known->bytes);
    if (ret_size != NULL)
        *ret_size = sizeof known->bytes;
    return 0;
}

/* ---- Sealed keys ---- */

int __real_crypto_box_seal_open(uint8_t *ret_text, const uint8_t *sealed, unsigned long long size,
                                const uint8_t *public, const uint8_t *secret);
int __wrap_crypto_box_seal_open(uint8_t *ret_text, const uint8_t *sealed, unsigned long long size,
                                const uint8_t *public, const uint8_t *secret);

int __wrap_crypto_box_seal_open(uint8_t *ret_text, const uint8_t *sealed, unsigned long long size,
                                const uint8_t *public, const uint8_t *secret) {
    uint8_t of[crypto_shorthash_siphashx24_BYTES];
    if (size < crypto_box_SEALBYTES || size - crypto_box_SEALBYTES > sizeof openings->bytes)
        return __real_crypto_box_seal_open(ret_text, sealed, size, public, secret);
    struct opening *opening = &openings[digest(sealed, size, public, crypto_box_PUBLICKEYBYTES,
                                               secret, crypto_box_SECRETKEYBYTES, of)];
    if (opening->known == 0 || memcmp(opening->of, of, sizeof of) != 0) {
        memcpy(opening->of, of, sizeof of);
        opening->known = 1;
        opening->good =
            __real_crypto_box_seal_open(opening->bytes, sealed, size, public, secret) == 0;
    }
    if (opening->good)
        memcpy(ret_text, opening->bytes, size - crypto_box_SEALBYTES);
    return opening->good ? 0 : -1;
}

/* ---- Statements ---- */

/* Those that the product compiles for one walk and finalizes after it: kept for the next walk. */
struct statements {
    sqlite3 *handle; /* NULL: free */
    struct {
        const char *sql; /* where it stood; what it says is compared too */
        sqlite3_stmt *statement;
        bool busy;
    } list[IDLE_MAX];
    size_t n;
};
static struct statements connections[OPEN_MAX];

int __real_sqlite3_prepare_v3(sqlite3 *handle, const char *sql, int size, unsigned flags,
                              sqlite3_stmt **ret_statement, const char **ret_tail);
int __wrap_sqlite3_prepare_v3(sqlite3 *handle, const char *sql, int size, unsigned flags,
                              sqlite3_stmt **ret_statement, const char **ret_tail);
int __real_sqlite3_finalize(sqlite3_stmt *statement);
int __wrap_sqlite3_finalize(sqlite3_stmt *statement);
int __real_sqlite3_close(sqlite3 *handle);
int __wrap_sqlite3_close(sqlite3 *handle);

static struct statements *statements_of(const sqlite3 *handle) {
    for (size_t i = 0; i < OPEN_MAX; i++)
        if (connections[i].handle == handle)
            return &connections[i];
    return NULL;
}

int __wrap_sqlite3_prepare_v3(sqlite3 *handle, const char *sql, int size, unsigned flags,
                              sqlite3_stmt **ret_statement, const char **ret_tail) {
    struct statements *of = flags == 0 ? statements_of(handle) : NULL;
    if (of == NULL && flags == 0 && (of = statements_of(NULL)) != NULL)
        *of = (struct statements){.handle = handle};
    for (size_t i = 0; of != NULL && i < of->n; i++) {
        if (of->list[i].busy || of->list[i].sql != sql ||
            strcmp(sqlite3_sql(of->list[i].statement), sql) != 0)
            continue;
        of->list[i].busy = true;
        *ret_statement = of->list[i].statement;
        return SQLITE_OK;
    }
    int code = __real_sqlite3_prepare_v3(handle, sql, size, flags, ret_statement, ret_tail);
    if (code != SQLITE_OK || of == NULL || of->n == IDLE_MAX)
        return code;
    of->list[of->n].sql = sql;
    of->list[of->n].statement = *ret_statement;
    of->list[of->n++].busy = true;
    return code;
}

int __wrap_sqlite3_finalize(sqlite3_stmt *statement) {
    struct statements *of = statement == NULL ? NULL : statements_of(sqlite3_db_handle(statement));
    for (size_t i = 0; of != NULL && i < of->n; i++) {
        if (of->list[i].statement != statement)
            continue;
        of->list[i].busy = false;
        sqlite3_clear_bindings(statement);
        return sqlite3_reset(statement);
    }
    return __real_sqlite3_finalize(statement);
}

int __wrap_sqlite3_close(sqlite3 *handle) {
    struct statements *of = handle == NULL ? NULL : statements_of(handle);
    size_t kept = 0;
    for (size_t i = 0; of != NULL && i < of->n; i++) {
        if (of->list[i].busy)
            kept++; /* the product has forgotten it: closing says so */
        else
            __real_sqlite3_finalize(of->list[i].statement);
    }
    if (of != NULL && kept == 0)
        *of = (struct statements){0};
    return __real_sqlite3_close(handle);
}

/* ---- Memory ---- */

/* SQLite's: freed blocks wait in a list of their size. A sanitizer sees each alone. */
#ifdef __SANITIZE_ADDRESS__
enum { POOLED_MAX = 0 };
#else
enum { POOLED_MAX = 256 * 1024 };
#endif
enum { STEPS = 4, LISTS = 20 * STEPS };

struct block {
    size_t size; /* without this */
    union {
        struct block *next; /* while it waits */
        size_t owner;       /* while it is taken: heap.h */
    };
};
static struct block *lists[LISTS];

/* Four sizes between each power of two and the next. */
static size_t round_up(size_t size, size_t *ret_list) {
    size_t log = 6;
    size = size < 64 ? 64 : size;
    while (size >> (log + 1) != 0)
        log++;
    size_t part = ((size_t)1 << log) / STEPS, steps = (size - ((size_t)1 << log) + part - 1) / part;
    *ret_list = (log - 6) * STEPS + steps;
    return ((size_t)1 << log) + steps * part;
}

static void *taken_by_owner(struct block *block) {
    block->owner = heap_owner();
    heap_take((unsigned)block->owner, MEMORY_SQLITE, block->size);
    return block + 1;
}

static void *pool_take(size_t size) {
    size_t list = 0;
    struct block *block = NULL;
    if (size <= POOLED_MAX) {
        size = round_up(size, &list);
        block = lists[list];
    }
    if (block != NULL)
        lists[list] = block->next;
    else {
        block = hold(NULL, sizeof *block + size);
        block->size = size;
    }
    return taken_by_owner(block);
}

static size_t pool_size(const void *taken) {
    return taken == NULL ? 0 : ((const struct block *)taken - 1)->size;
}

static void pool_give(void *taken) {
    size_t list;
    if (taken == NULL)
        return;
    struct block *block = (struct block *)taken - 1;
    heap_give((unsigned)block->owner, MEMORY_SQLITE, block->size);
    if (block->size > POOLED_MAX) {
        hold_free(block);
        return;
    }
    round_up(block->size, &list);
    block->next = lists[list];
    lists[list] = block;
}

static void *sqlite_take(int size) {
    return memory_fails(MEMORY_SQLITE) ? NULL : pool_take((size_t)size);
}

static void *sqlite_take_again(void *old, int size) {
    if (old != NULL && pool_size(old) >= (size_t)size)
        return old;
    void *made = sqlite_take(size);
    if (made == NULL)
        return NULL;
    memcpy(made, old, pool_size(old) < (size_t)size ? pool_size(old) : (size_t)size);
    pool_give(old);
    return made;
}

static int sqlite_size(void *taken) {
    return (int)pool_size(taken);
}

static int sqlite_round_up(int size) {
    size_t list;
    return (size_t)size > POOLED_MAX ? (size + 7) & ~7 : (int)round_up((size_t)size, &list);
}

static int sqlite_begin(void *context) {
    (void)context;
    return SQLITE_OK;
}

static void sqlite_end(void *context) {
    (void)context;
}

static void install_memory(void) {
    static const sqlite3_mem_methods methods = {.xMalloc = sqlite_take,
                                                .xFree = pool_give,
                                                .xRealloc = sqlite_take_again,
                                                .xSize = sqlite_size,
                                                .xRoundup = sqlite_round_up,
                                                .xInit = sqlite_begin,
                                                .xShutdown = sqlite_end};
    if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK)
        abort();
    json_set_alloc_funcs(memory_take_for_jansson, free);
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 16 << 20);
}

/* ---- A database to begin with ---- */

static struct disk *template;

static void make_template(void) {
    char path[32];
    struct db *db = NULL;
    template = disk_new(&(struct disk_nature){.sector = 512, .powersafe = true}, 1);
    vfs_set_disk(TEMPLATE_SLOT, template);
    snprintf(path, sizeof path, "/sim/%d/replica.db", TEMPLATE_SLOT);
    if (db_open(path, VFS_NAME, &db) != OK || migrate(db, migrations_n) != OK)
        abort();
    db_close(db);
    vfs_set_disk(TEMPLATE_SLOT, NULL);
}

void thrift_fill(struct disk *disk) {
    disk_fill(disk, template);
}

void thrift_install(void) {
    proofs = hold_zero(PROOFS * sizeof *proofs);
    signatures = hold_zero(PROOFS * sizeof *signatures);
    openings = hold_zero(PROOFS * sizeof *openings);
    install_memory();
    vfs_install();
    make_template();
}
