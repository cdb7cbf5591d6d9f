#include "earlier.h"

#include "memory.h"
#include "sometimes.h"
#include "store/migrate.h"
#include "vfs.h"
#include <inttypes.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SLOT = VFS_SLOTS - 2,
    TURNED_PERCENT = 12,
    OLDEST = 2, /* version 1 had no records: nothing there could become what is here */
    PLAIN = 3,  /* the version whose HOME/generation had tokens alone, at first */
    TEXT_SIZE = 256
};
#define DATABASE "replica.db"
#define LOG "replica.db-wal"
#define GENERATION "generation"
static const char scratch_path[] = "/sim/30/" DATABASE;
_Static_assert(SLOT == 30, "the path names it");

/* From each version to the one before. What `lacks` finds has no form there. */
struct back {
    const char *lacks, *sql;
};
static const struct back backs[] = {
    [3] = {NULL, "DROP INDEX quarantine_of_source; DROP TABLE generation;"},
    /* Nothing reads the seals again, so what they held need not be there: noise of their sizes. */
    [4] = {NULL, "ALTER TABLE version ADD COLUMN sealed BLOB;"
                 "UPDATE version SET sealed = randomblob(48 + abs(random() % 500))"
                 " WHERE value IS NULL;"},
    [5] = {NULL, "ALTER TABLE feed DROP COLUMN bytes;"},
    [6] = {"SELECT 1 FROM quarantine GROUP BY kind, feed, seq, source, reason HAVING count(*) > 1",
           "DROP INDEX quarantine_same;"
           "CREATE UNIQUE INDEX quarantine_same ON quarantine (kind, feed, seq, source, reason);"},
    [7] = {"SELECT 1 FROM fork WHERE first_on IS NOT NULL OR second_on IS NOT NULL",
           "ALTER TABLE fork DROP COLUMN second_on; ALTER TABLE fork DROP COLUMN first_on;"},
};
enum { VERSIONS = sizeof backs / sizeof *backs };
static uint64_t shapes[VERSIONS];

/* ---- What is in a database ---- */

static void add(uint64_t *hash, const void *bytes, size_t size) {
    static const uint8_t key[crypto_shorthash_siphashx24_KEYBYTES] = {'e', 'a', 'r', 'l', 'y'};
    uint8_t sum[crypto_shorthash_siphashx24_BYTES];
    if (crypto_shorthash_siphashx24(sum, bytes, size, key) != 0)
        abort();
    uint64_t one;
    memcpy(&one, sum, sizeof one);
    *hash = (*hash ^ one) * UINT64_C(0x9e3779b97f4a7c15) + size;
}

/* All that the statement gives, in order. False: it can't be read. */
static bool add_rows(sqlite3 *handle, const char *sql, uint64_t *hash) {
    sqlite3_stmt *walk = NULL;
    int code = sqlite3_prepare_v2(handle, sql, -1, &walk, NULL);
    while (code == SQLITE_OK && (code = sqlite3_step(walk)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(walk); i++) {
            int type = sqlite3_column_type(walk, i);
            const void *bytes = sqlite3_column_blob(walk, i);
            add(hash, &type, sizeof type);
            add(hash, bytes != NULL ? bytes : "", (size_t)sqlite3_column_bytes(walk, i));
        }
        code = SQLITE_OK;
    }
    sqlite3_finalize(walk);
    return code == SQLITE_DONE;
}

static int64_t number_of(sqlite3 *handle, const char *sql) {
    sqlite3_stmt *get = NULL;
    int64_t number = 0;
    if (sqlite3_prepare_v2(handle, sql, -1, &get, NULL) == SQLITE_OK &&
        sqlite3_step(get) == SQLITE_ROW)
        number = sqlite3_column_int64(get, 0);
    sqlite3_finalize(get);
    return number;
}

static int version_of(sqlite3 *handle) {
    return (int)number_of(handle, "PRAGMA user_version");
}

static bool has_contents(sqlite3 *handle) {
    return number_of(handle, "SELECT count(*) FROM (SELECT 1 FROM entry LIMIT 1)") > 0;
}

/* Its tables, columns, indexes and views. */
static bool shape_of(sqlite3 *handle, uint64_t *ret_shape) {
    uint64_t shape = (uint64_t)version_of(handle);
    bool read =
        add_rows(handle, "SELECT type, name FROM sqlite_schema ORDER BY type, name", &shape) &&
        add_rows(handle,
                 "SELECT s.name, c.cid, c.name, c.type, c.\"notnull\", c.dflt_value, c.pk"
                 " FROM sqlite_schema s JOIN pragma_table_info(s.name) c ORDER BY s.name, c.cid",
                 &shape) &&
        add_rows(handle,
                 "SELECT l.name, l.\"unique\", l.partial, i.seqno, i.name"
                 " FROM sqlite_schema s JOIN pragma_index_list(s.name) l"
                 " JOIN pragma_index_info(l.name) i WHERE s.type = 'table'"
                 " ORDER BY l.name, i.seqno",
                 &shape);
    *ret_shape = shape;
    return read;
}

/* Every row of every table. The token alone may go. */
static bool rows_of(sqlite3 *handle, uint64_t *ret_rows) {
    sqlite3_stmt *walk = NULL;
    uint64_t rows = 0;
    bool read = true;
    int code = sqlite3_prepare_v2(handle,
                                  "SELECT 'SELECT * FROM ' || name FROM sqlite_schema"
                                  " WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                                  " AND name <> 'generation' ORDER BY name",
                                  -1, &walk, NULL);
    while (code == SQLITE_OK && read && sqlite3_step(walk) == SQLITE_ROW)
        read = add_rows(handle, (const char *)sqlite3_column_text(walk, 0), &rows);
    sqlite3_finalize(walk);
    *ret_rows = rows;
    return code == SQLITE_OK && read;
}

void earlier_install(void) {
    struct db *db = NULL;
    struct disk *disk = disk_new(&(struct disk_nature){.sector = 512, .powersafe = true}, 1);
    vfs_set_disk(SLOT, disk);
    if (VERSIONS != migrations_n + 1 || db_open(scratch_path, VFS_NAME, &db) != OK) {
        fputs("tests/sim/earlier.c: each migration needs its reverse\n", stderr);
        abort();
    }
    for (int version = 1; version < VERSIONS; version++)
        if (migrate(db, version) != OK || !shape_of(db_handle(db), &shapes[version]))
            abort();
    db_close(db);
    vfs_set_disk(SLOT, NULL);
    disk_free(disk);
}

/* ---- What the file beside it says: store/generation.h ---- */

struct said {
    char title_and_tokens[TEXT_SIZE];
    bool is_closed;
    uint64_t own_n;
    struct file_stamp stamp;
};

static bool says(const struct disk *disk, struct said *ret_said) {
    char text[TEXT_SIZE + 1] = "";
    size_t got = 0;
    struct said said = {0};
    struct disk *reading = (struct disk *)(uintptr_t)disk;
    struct disk_file *file =
        disk_exists(disk, GENERATION) ? disk_open(reading, GENERATION, false) : NULL;
    memory_pause();
    bool read = file != NULL && disk_read(reading, file, text, TEXT_SIZE - 1, 0, &got) == DISK_OK;
    memory_resume();
    if (!read)
        return false;
    const char *line = strstr(text, "closed ");
    said.is_closed = line != NULL &&
                     sscanf(line, "closed %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNd64,
                            &said.own_n, &said.stamp.inode, &said.stamp.size,
                            &said.stamp.modified_ns, &said.stamp.changed_ns) == 5;
    if (line == NULL)
        line = strstr(text, "open ");
    memcpy(said.title_and_tokens, text, line != NULL ? (size_t)(line - text) : strlen(text));
    *ret_said = said;
    return true;
}

bool earlier_was_closed(const struct disk *disk) {
    struct said said;
    return says(disk, &said) && said.is_closed;
}

bool earlier_says_nothing(const struct disk *disk) {
    struct said said;
    return !says(disk, &said) || strstr(said.title_and_tokens, "generation 1\n") != NULL;
}

/* Closed in order, and untouched since. */
static bool is_in_order(const struct disk *disk, const struct said *said) {
    struct file_stamp now, log = {0};
    return said->is_closed && disk_stamp(disk, DATABASE, &now) == DISK_OK &&
           now.inode == said->stamp.inode && now.size == said->stamp.size &&
           now.modified_ns == said->stamp.modified_ns && now.changed_ns == said->stamp.changed_ns &&
           (disk_stamp(disk, LOG, &log) != DISK_OK || log.size == 0);
}

/* As the earlier program would have written it when it closed the database that will be put over
 * the machine's: without any before version 3, and at first with tokens alone. */
static void say_closed(struct machine *machine, struct disk *scratch, const struct said *said,
                       int version) {
    char text[2 * TEXT_SIZE];
    struct file_stamp over = {0}, stamp = {0};
    bool plain = version == PLAIN && chance(machine->world, 50);
    if (version < PLAIN) {
        (void)disk_delete(scratch, GENERATION, true);
        return;
    }
    if (disk_stamp(machine->disk, DATABASE, &over) != DISK_OK ||
        disk_stamp(scratch, DATABASE, &stamp) != DISK_OK)
        abort();
    int size = snprintf(text, sizeof text, "%s", said->title_and_tokens);
    if (plain)
        *strchr(text, '2') = '1';
    else
        size += snprintf(
            text + size, sizeof text - (size_t)size,
            "closed %020" PRIu64 " %020" PRIu64 " %020" PRId64 " %020" PRId64 " %020" PRId64 "\n",
            said->own_n, over.inode, stamp.size, stamp.modified_ns, disk_now_ns(machine->disk));
    if (disk_replace(scratch, GENERATION, text, (size_t)size) != DISK_OK)
        abort();
}

/* ---- Back ---- */

/* As far as it goes, to `oldest` at most. The version that it has then. */
static int go_back(struct db *db, int oldest) {
    sqlite3 *handle = db_handle(db);
    int version = version_of(handle);
    char stamp[48];
    while (version > oldest &&
           (backs[version].lacks == NULL || number_of(handle, backs[version].lacks) == 0)) {
        if (sqlite3_exec(handle, backs[version].sql, NULL, NULL, NULL) != SQLITE_OK)
            violation("a database of version %d can't be put back: %s", version,
                      sqlite3_errmsg(handle));
        version--;
    }
    snprintf(stamp, sizeof stamp, "PRAGMA user_version = %d", version);
    if (sqlite3_exec(handle, stamp, NULL, NULL, NULL) != SQLITE_OK)
        violation("a database can't be stamped");
    return version;
}

/* An own feed counts what was written here only once it has been counted from what is there. */
static void count_own(sqlite3 *handle) {
    (void)sqlite3_exec(handle,
                       "UPDATE feed SET bytes = (SELECT coalesce(sum(length(bytes)), 0) FROM entry"
                       " WHERE key >> 40 = feed.row)"
                       " WHERE author = (SELECT member FROM federation)",
                       NULL, NULL, NULL);
}

/* The version that it has then; the newest: left alone. */
static int turn_back(struct machine *machine, struct db *db, int oldest) {
    sqlite3 *handle = db_handle(db);
    uint64_t shape;
    if (version_of(handle) != migrations_n || !has_contents(handle))
        return migrations_n;
    if (sqlite3_exec(handle, "BEGIN", NULL, NULL, NULL) != SQLITE_OK)
        return migrations_n;
    if (oldest < 5)
        count_own(handle);
    if (!rows_of(handle, &machine->earlier.rows)) {
        (void)sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
        return migrations_n;
    }
    int version = go_back(db, oldest);
    if (!shape_of(handle, &shape) || shape != shapes[version])
        violation("a database put back to version %d has not its form", version);
    if (sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        return migrations_n;
    return version;
}

/* The copy of the home is turned back, and takes the home's place. */
static int exchange(struct machine *machine, struct disk *scratch, int oldest) {
    struct world *world = machine->world;
    struct said said = {0};
    struct db *db = NULL;
    bool in_order = says(machine->disk, &said) && is_in_order(machine->disk, &said);
    bool keeps_log = chance(world, 50) && !in_order;
    if (!in_order && oldest < PLAIN)
        oldest = PLAIN; /* what tells a copy would go with the file, and nobody has looked yet */
    if (db_open(scratch_path, VFS_NAME, &db) != OK)
        return migrations_n;
    int version = turn_back(machine, db, oldest);
    if (keeps_log) /* as if it had been killed */
        (void)sqlite3_db_config(db_handle(db), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    db_close(db);
    if (version == migrations_n)
        return version;
    if (in_order)
        say_closed(machine, scratch, &said, version);
    disk_put_back(machine->disk, scratch, in_order ? "" : DATABASE);
    return version;
}

static void make_it_hard(struct machine *machine) {
    struct world *world = machine->world;
    uint32_t faults = world->plan.faults;
    struct disk_trouble trouble = {0};
    if (chance(world, 60)) {
        machine->dying_by_power = chance(world, 60);
        disk_set_fuse(machine->disk, (int64_t)roll(world, chance(world, 50) ? 25 : 100));
    }
    if (faults & 1u << FAULT_FULL && chance(world, 30))
        trouble.bytes_max = disk_bytes(machine->disk) + roll(world, 60000);
    if (faults & 1u << FAULT_DISK && chance(world, 30))
        trouble.read_errors = trouble.write_errors = (unsigned)roll(world, 300);
    if (trouble.bytes_max + trouble.write_errors > 0)
        disk_set_trouble(machine->disk, &trouble);
    if (faults & 1u << FAULT_MEMORY && chance(world, 30))
        memory_set_fuse((enum memory_of)roll(world, MEMORY_N), (int64_t)roll(world, 1500),
                        (unsigned)roll(world, 3));
}

void earlier_perhaps(struct machine *machine) {
    struct world *world = machine->world;
    if ((world->plan.faults & 1u << FAULT_EARLIER) == 0 || !chance(world, TURNED_PERCENT) ||
        machine->swapped_with != NULL || machine->rotten || machine->damaged ||
        disk_is_dead(machine->disk) || disk_has_lied(machine->disk) ||
        !disk_exists(machine->disk, DATABASE))
        return;
    int oldest = OLDEST + (int)roll(world, (size_t)(migrations_n - OLDEST));
    struct disk *scratch = disk_copy(machine->disk, dice_next(&world->dice));
    memory_pause();
    vfs_set_disk(SLOT, scratch);
    int version = exchange(machine, scratch, oldest);
    vfs_set_disk(SLOT, NULL);
    memory_resume();
    disk_free(scratch);
    if (version == migrations_n)
        return;
    machine->earlier.disk = machine->disk;
    machine->earlier.restores = machine->restores;
    trace("%s is of schema version %d", machine->name, version);
    if (!world->quiet)
        make_it_hard(machine);
}

/* ---- And on again ---- */

enum err __real_migrate(struct db *db, int version);
enum err __wrap_migrate(struct db *db, int version);

/* What was there before it was turned back is there again, all of it. */
static void look_for_rows(const struct machine *machine, sqlite3 *handle) {
    uint64_t rows;
    if (!machine->rotten && !disk_has_lied(machine->disk) &&
        machine->earlier.disk == machine->disk && machine->earlier.restores == machine->restores &&
        rows_of(handle, &rows) && rows != machine->earlier.rows)
        violation("%s has other rows once its database was migrated", machine->name);
}

enum err __wrap_migrate(struct db *db, int version) {
    struct machine *machine = the_world != NULL ? the_world->current : NULL;
    sqlite3 *handle = db_handle(db);
    if (machine == NULL || (the_world->plan.faults & 1u << FAULT_EARLIER) == 0)
        return __real_migrate(db, version);
    memory_pause();
    int before = version_of(handle);
    bool counts = before >= OLDEST && before < version && has_contents(handle);
    memory_resume();
    enum err e = __real_migrate(db, version);
    if (!counts)
        return e;
    if (e != OK || disk_is_dead(machine->disk)) {
        machine->earlier.is_interrupted = true;
        return e;
    }
    sometimes(SOMETIMES_earlier_form_migrated);
    if (machine->earlier.is_interrupted)
        sometimes(SOMETIMES_migration_interrupted_and_done_again);
    machine->earlier.is_interrupted = false;
    memory_pause();
    look_for_rows(machine, handle);
    memory_resume();
    return e;
}
