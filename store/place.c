#include "place.h"
#include "feed_row.h"
#include "proto/hash.h"
#include "replica.h"

#include <sodium.h>

enum { BOOT_MAX = 64 };

/* The device's number is left out: it may be another after a boot. A database outside any file
 * system has no inode. */
static enum err system_disk(const struct store *store, struct hash *ret_disk) {
    struct hasher hasher;
    struct file_stamp stamp;
    enum err e =
        store_filesystem(store)->stamp(store->config.context, store->config.path, false, &stamp);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    hasher_init(&hasher, HASH_STORE);
    if (e == OK)
        hasher_add_u64(&hasher, stamp.inode);
    *ret_disk = hasher_final(&hasher);
    return OK;
}

/* Where the system does not say which boot this is, each opening is taken for the first of another:
 * one of them is. */
static struct hash system_place(const struct store *store, const struct hash *disk) {
    struct hasher hasher;
    char boot[BOOT_MAX] = "";
    if (store_filesystem(store)->read(store->config.context, "/proc/sys/kernel/random/boot_id",
                                      boot, sizeof boot) != OK ||
        boot[0] == '\0')
        randombytes_buf(boot, sizeof boot);
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

static enum err move(struct store *store) {
    bool own = false, copied = store->place.copied;
    enum err e = store_enter(store, &own);
    if (e != OK)
        return e;
    sqlite3_stmt *put = db_statement(
        store->db, "INSERT INTO node (one, place, disk) VALUES (1, ?, ?)"
                   " ON CONFLICT DO UPDATE SET place = excluded.place, disk = excluded.disk");
    db_bind_bytes(put, 1, store->place.place.bytes, sizeof store->place.place.bytes);
    db_bind_bytes(put, 2, store->place.disk.bytes, sizeof store->place.disk.bytes);
    e = db_run(store->db, put);
    if (e == OK)
        e = db_execute(store->db, "UPDATE feed SET confirmed = 0");
    if (e == OK && copied)
        e = db_execute(store->db, "UPDATE feed SET barred = 1");
    e = store_leave(store, own, e);
    if (e == OK)
        feed_cache_doubt(store->feeds, copied);
    return e;
}

/* What a copy is must be written down before the file names it as the right one; of the right one
 * the file must say that it is open before anything in it changes. */
static enum err settle(struct store *store) {
    enum err e = OK;
    bool copied = store->place.copied;
    if (store->place.moved && copied)
        e = move(store);
    if (e == OK)
        e = generation_renew(store);
    if (e == OK && store->place.moved && !copied)
        e = move(store);
    if (e == OK)
        store->place.settled = store->generation.open;
    return e == ERR_DISK_FULL ? OK : e;
}

enum err place_settle(struct store *store) {
    if (store->place.settled || store->place.settling)
        return OK;
    store->place.settling = true;
    enum err e = settle(store);
    store->place.settling = false;
    return e;
}

enum err place_check(struct store *store) {
    struct hash place_before, disk_before;
    enum generation_verdict verdict;
    bool known = false;
    struct place place = {.place = store->config.place, .disk = store->config.disk};
    enum err e = OK;
    if (hash_is_zero(&place.disk))
        e = system_disk(store, &place.disk);
    if (e == OK && hash_is_zero(&place.place))
        place.place = system_place(store, &place.disk);
    if (e == OK)
        e = places_known(store, &place_before, &disk_before, &known);
    bool same_place = e == OK && known && hash_equal(&place_before, &place.place);
    if (e == OK)
        e = generation_check(store, same_place, &verdict);
    if (e != OK)
        return e;
    place.copied =
        known && (verdict == GENERATION_COPIED || !hash_equal(&disk_before, &place.disk));
    place.moved = !same_place || place.copied || verdict != GENERATION_SAME;
    store->place = place;
    return place_settle(store);
}
