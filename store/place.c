#include "place.h"
#include "proto/hash.h"
#include "replica.h"

#include <stdio.h>
#include <sys/stat.h>

/* Boot and inode. What can't be read stays out of the hash; a database outside any file system has
 * no inode. */
static struct hash system_place(const char *path) {
    struct hasher hasher;
    hasher_init(&hasher, HASH_STORE);
    char boot[64] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file != NULL) {
        if (fgets(boot, sizeof boot, file) == NULL)
            boot[0] = '\0';
        fclose(file);
    }
    hasher_add(&hasher, boot, sizeof boot);
    struct stat status;
    if (stat(path, &status) == 0) {
        hasher_add_u64(&hasher, (uint64_t)status.st_dev);
        hasher_add_u64(&hasher, (uint64_t)status.st_ino);
    }
    return hasher_final(&hasher);
}

static enum err place_known(struct store *store, struct hash *ret_place, bool *ret_known) {
    sqlite3_stmt *statement = db_statement(store->db, "SELECT place FROM node");
    enum err e = db_row(store->db, statement, ret_known);
    if (e == OK && *ret_known)
        e = db_column_copy(statement, 0, ret_place->bytes, sizeof ret_place->bytes);
    db_reset(statement);
    return e;
}

static enum err place_change(struct store *store) {
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    sqlite3_stmt *statement =
        db_statement(store->db, "INSERT INTO node (one, place) VALUES (1, ?) ON CONFLICT DO UPDATE "
                                "SET place = excluded.place");
    db_bind_bytes(statement, 1, store->place.bytes, sizeof store->place.bytes);
    e = db_run(store->db, statement);
    if (e == OK)
        e = db_execute(store->db, "UPDATE feed SET confirmed = 0");
    return store_leave(store, own, e);
}

enum err place_check(struct store *store) {
    store->place = store->config.place;
    if (hash_is_zero(&store->place))
        store->place = system_place(store->config.path);
    struct hash before;
    bool known = false;
    enum err e = place_known(store, &before, &known);
    if (e != OK || (known && hash_equal(&before, &store->place)))
        return e;
    return place_change(store);
}
