#include "place.h"
#include "generation.h"
#include "proto/hash.h"
#include "replica.h"

#include <stdio.h>
#include <sys/stat.h>

/* The device's number is left out: it may be another after a boot. A database outside any file
 * system has no inode. */
static struct hash system_disk(const char *path) {
    struct hasher hasher;
    struct stat status;
    hasher_init(&hasher, HASH_STORE);
    if (stat(path, &status) == 0)
        hasher_add_u64(&hasher, (uint64_t)status.st_ino);
    return hasher_final(&hasher);
}

static struct hash system_place(const struct hash *disk) {
    struct hasher hasher;
    char boot[64] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file != NULL) {
        if (fgets(boot, sizeof boot, file) == NULL)
            boot[0] = '\0';
        fclose(file);
    }
    hasher_init(&hasher, HASH_STORE);
    hasher_add(&hasher, boot, sizeof boot);
    hasher_add(&hasher, disk->bytes, sizeof disk->bytes);
    return hasher_final(&hasher);
}

static enum err places_known(struct store *store, struct hash *ret_place, struct hash *ret_disk,
                             bool *ret_known) {
    sqlite3_stmt *statement = db_statement(store->db, "SELECT place, disk FROM node");
    enum err e = db_row(store->db, statement, ret_known);
    if (e == OK && *ret_known)
        e = db_column_copy(statement, 0, ret_place->bytes, sizeof ret_place->bytes);
    if (e == OK && *ret_known)
        e = db_column_copy(statement, 1, ret_disk->bytes, sizeof ret_disk->bytes);
    db_reset(statement);
    return e;
}

static enum err move(struct store *store, const struct hash *disk, bool copied) {
    bool own = false;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    sqlite3_stmt *put = db_statement(
        store->db, "INSERT INTO node (one, place, disk) VALUES (1, ?, ?)"
                   " ON CONFLICT DO UPDATE SET place = excluded.place, disk = excluded.disk");
    db_bind_bytes(put, 1, store->place.bytes, sizeof store->place.bytes);
    db_bind_bytes(put, 2, disk->bytes, sizeof disk->bytes);
    e = db_run(store->db, put);
    if (e == OK)
        e = db_execute(store->db, "UPDATE feed SET confirmed = 0");
    if (e == OK && copied)
        e = db_execute(store->db, "UPDATE feed SET barred = 1");
    return store_leave(store, own, e);
}

enum err place_check(struct store *store) {
    struct hash disk = store->config.disk, place_before, disk_before;
    bool known = false;
    if (hash_is_zero(&disk))
        disk = system_disk(store->config.path);
    store->place = store->config.place;
    if (hash_is_zero(&store->place))
        store->place = system_place(&disk);
    enum err e = places_known(store, &place_before, &disk_before, &known);
    bool same = true;
    if (e == OK)
        e = generation_check(store, &same);
    bool copied = e == OK && known && (!same || !hash_equal(&disk_before, &disk));
    if (e != OK || (known && !copied && hash_equal(&place_before, &store->place)))
        return e;
    return move(store, &disk, copied);
}
