#include "heap.h"

#include "world.h"

enum { NOBODY = MACHINES_MAX };

/* ---- Caps ---- */

/* At rest, between two turns:
 *
 * - the node itself: what is there from the start, whatever comes, the store's caches and lists
 *   (148 KiB); what is used again and kept as large as it was needed: the frame being written and
 *   the run being read (128 KiB each; RUN_SIZE_MAX, were the runs here as large), and the first
 *   blocks of the arenas of the frame being read, of the judge and of the sets being read (64 KiB
 *   each); and what is known of members, feeds and statements in a federation as small as these
 *   (192 KiB);
 * - a link: its session (16 KiB), and what came sooner than it can be used: statements, of one or
 *   two hundred members and channels here, and of less than half a KiB (64 KiB);
 * - runs, received and not stored yet: as many bytes as they are, and as many again of the frames
 *   that they came in;
 * - SQLite: the database's pages, 8 MiB at most (store/db.c), and the schema and the statements
 *   compiled from it;
 * - Jansson: nothing, as a request ends in the turn in which it came.
 *
 * While something is done, beside that: what is decoded (4 MiB: DECODE_MEMORY_MAX) of one message,
 * and the one that is sent on; pages that a transaction has changed; a request and its answer, of
 * which the largest here are some hundred answers to a survey. */
#define NODE_AT_REST KIB(148 + 2 * 128 + 3 * 64 + 192)
#define LINK_AT_REST KIB(16 + 64)
#define SQLITE_PAGES KIB(8 * 1024)
#define SQLITE_AT_REST KIB(1536)
#define LINKS_HERE 8

static const size_t caps[MEMORY_N] = {[MEMORY_PRODUCT] = NODE_AT_REST + LINKS_HERE * LINK_AT_REST +
                                                         DECODE_MEMORY_MAX + 2 * MESSAGE_SIZE_MAX,
                                      [MEMORY_SQLITE] = SQLITE_PAGES + 2 * SQLITE_AT_REST,
                                      [MEMORY_JANSSON] = KIB(512)};
static const char *const names[MEMORY_N] = {"of its own", "of SQLite's", "of Jansson's"};

static struct { size_t all, of[MEMORY_N]; } held[MACHINES_MAX + 1];
static size_t most;

unsigned heap_owner(void) {
    const struct world *world = the_world;
    return world == NULL || world->current == NULL || memory_is_paused() ? NOBODY
                                                                         : world->current->number;
}

static void check(unsigned owner, enum memory_of whose, size_t cap, const char *when) {
    if (held[owner].of[whose] > cap)
        violation("%s holds %zu bytes of the heap, %s%s, and %zu are enough",
                  the_world->machines[owner].name, held[owner].of[whose], names[whose], when, cap);
}

void heap_take(unsigned owner, enum memory_of whose, size_t size) {
    held[owner].of[whose] += size;
    held[owner].all += size;
    if (owner == NOBODY)
        return;
    if (held[owner].all > most)
        most = held[owner].all;
    check(owner, whose, caps[whose], "");
}

void heap_give(unsigned owner, enum memory_of whose, size_t size) {
    held[owner].of[whose] -= size;
    held[owner].all -= size;
}

void heap_rest(const struct machine *machine) {
    size_t runs = effect_runs_size(machine->node), pages = disk_bytes(machine->disk),
           links = wires_of(machine->world->wires, machine->number);
    if (pages > SQLITE_PAGES)
        pages = SQLITE_PAGES;
    check(machine->number, MEMORY_PRODUCT, NODE_AT_REST + links * LINK_AT_REST + 2 * runs,
          ", at rest");
    check(machine->number, MEMORY_SQLITE, pages + SQLITE_AT_REST, ", at rest");
    check(machine->number, MEMORY_JANSSON, 0, ", at rest");
}

void heap_end(const struct machine *machine) {
    if (held[machine->number].all > 0)
        violation("%s has stopped and holds %zu bytes of the heap yet", machine->name,
                  held[machine->number].all);
}

size_t heap_most(void) {
    return most;
}

void heap_begin(void) {
    for (int i = 0; i <= NOBODY; i++)
        if (held[i].all > 0)
            violation("%zu bytes of the heap are held by what has ended", held[i].all);
    most = 0;
}
