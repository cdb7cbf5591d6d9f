#include "check.h"
#include "collection.h"
#include "replica.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* What may be read by whoever is given the file: who is a member, what came when and what became of
 * it. No keys, no tickets, no envelope's content. */
static const char public_tables[] =
    "CREATE TABLE export.federation AS SELECT lower(hex(id)) AS id, name FROM main.federation;"
    "CREATE TABLE export.member AS SELECT lower(hex(member)) AS member, name, role, status, "
    "counter,"
    "  lower(hex(sign)) AS sign, lower(hex(seal)) AS seal, lower(hex(transport)) AS transport, "
    "endpoints"
    "  FROM main.member;"
    "CREATE TABLE export.feed AS SELECT lower(hex(id)) AS feed, kind AS channel_kind, "
    "lower(hex(channel_id)) AS channel,"
    "  lower(hex(author)) AS author, head_seq, lower(hex(head_id)) AS head_id, waiting, voided, "
    "forked"
    "  FROM main.feed_full;"
    "CREATE TABLE export.entry AS SELECT lower(hex(f.id)) AS feed, e.key & 0xffffffffff AS seq,"
    "  lower(hex(e.id)) AS id, e.status, e.reason, e.stored, length(e.bytes) AS size"
    "  FROM main.entry e JOIN main.feed f ON f.row = e.key >> 40;"
    "CREATE TABLE export.statement AS SELECT lower(hex(member)) AS member, lower(hex(channel)) AS "
    "channel,"
    "  counter, waiting, stored FROM main.statement;"
    "CREATE TABLE export.quarantine AS SELECT number, kind, lower(hex(feed)) AS feed, seq,"
    "  lower(hex(author)) AS author, lower(hex(source)) AS source, reason, text, at, size FROM "
    "main.quarantine;";

/* A collection's values, as its view shows them. */
static enum err export_collection(struct store *store, const struct collection *collection) {
    char *sql = sqlite3_mprintf("CREATE TABLE export.\"%w\" AS SELECT * FROM main.\"%w\"",
                                collection->name, collection->name);
    enum err e = sql == NULL ? ERR_MEMORY : db_execute(store->db, sql);
    sqlite3_free(sql);
    return e;
}

static enum err export_all(struct store *store) {
    size_t n = 0;
    const struct collection *collections = collection_all(&n);
    enum err e = db_execute(store->db, public_tables);
    for (size_t i = 0; e == OK && i < n; i++)
        if (collections[i].rest == REST_PLAIN)
            e = export_collection(store, &collections[i]);
    return e;
}

static enum err make_file(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        return close(fd) == 0 ? OK : ERR_IO;
    return errno == EEXIST   ? ERR_EXISTS
           : errno == ENOENT ? ERR_NOT_FOUND
           : errno == EACCES ? ERR_DENIED
                             : ERR_IO;
}

/* What an earlier export could not detach goes first. */
static enum err detach(struct db *db) {
    bool attached = sqlite3_db_filename(db_handle(db), "export") != NULL;
    return attached ? db_execute(db, "DETACH export") : OK;
}

enum err check_export(struct store *store, const char *path) {
    if (store->in_transaction)
        return store_fail(store, ERR_STATE, "a transaction is open");
    enum err e = detach(store->db);
    if (e == OK)
        e = make_file(path);
    if (e != OK)
        return e;
    sqlite3_stmt *attach = db_walk(store->db, "ATTACH ? AS export");
    db_bind_text(attach, 1, path);
    e = db_run(store->db, attach);
    sqlite3_finalize(attach);
    if (e == OK) {
        bool own = false;
        e = store_enter(store, &own);
        if (e == OK)
            e = store_leave(store, own, export_all(store));
        enum err detached = detach(store->db);
        e = e == OK ? detached : e;
    }
    if (e != OK) {
        store_fail(store, e, "%s", db_failure(store->db));
        unlink(path);
    }
    return e;
}
