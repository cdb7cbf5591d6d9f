/* A machine: its home and its node, whose turns (node/turn.c) are taken when they are due. */
#include "world.h"

#include "beside.h"
#include "earlier.h"
#include "healing.h"
#include "heap.h"
#include "memory.h"
#include "proto/hash.h"
#include "service/inside.h"
#include "sometimes.h"
#include "store/acks.h"
#include "thrift.h"
#include "vfs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BUSY_MAX = 4000,
    STEPS_MAX = 100000,
    LIE_PERCENT = 30,
    RESTORED_MS = 20000,
    FAILURES_MAX = 8,
    CREDIT_LEAST = 600 * 1024
};

int __real_clock_gettime(clockid_t clock, struct timespec *ret_time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time);

/* What the product asks the system for, beside what the store is given. */
int __wrap_clock_gettime(clockid_t clock, struct timespec *ret_time) {
    if (the_world == NULL)
        return __real_clock_gettime(clock, ret_time);
    time_ms ms = clock == CLOCK_REALTIME && the_world->current != NULL
                     ? world_wall(the_world->current)
                     : the_world->now;
    *ret_time = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    return 0;
}

void log_info(const char *format, ...) {
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    trace("  %s: %s", the_world->current->name, line);
}

void log_warn(const char *format, ...) {
    char line[256];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    trace("  %s! %s", the_world->current->name, line);
}

static time_ms wall(void *context) {
    return world_wall(context);
}

static time_ms elapsed(void *context) {
    return ((const struct machine *)context)->world->now;
}

static struct hash hash_number(const struct machine *machine, uint64_t number) {
    struct hasher hasher;
    hasher_init(&hasher, HASH_STORE);
    hasher_add_u64(&hasher, machine->looks_like);
    hasher_add_u64(&hasher, number);
    return hasher_final(&hasher);
}

static int64_t disk_wall(const void *context) {
    return world_wall(context);
}

void machine_use(struct machine *machine, struct disk *disk) {
    machine->disk = disk;
    disk_set_clock(disk, disk_wall, machine);
    vfs_set_disk(machine->number, disk);
}

struct machine *machine_new(struct world *world, const char *name, enum role role, bool reachable) {
    if (world->machines_n == MACHINES_MAX)
        abort();
    struct machine *machine = &world->machines[world->machines_n];
    unsigned number = world->machines_n++;
    *machine = (struct machine){.world = world,
                                .number = number,
                                .original = number,
                                .looks_like = number,
                                .role = role,
                                .reachable = reachable,
                                .boots = 1,
                                .wake = NEVER,
                                .restart_at = NEVER};
    snprintf(machine->name, sizeof machine->name, "%s", name);
    struct disk_nature nature = {.sector = chance(world, 50) ? 512 : 4096,
                                 .powersafe = chance(world, 50),
                                 .lies = world->plan.faults & 1u << FAULT_LIE && number > 0 &&
                                                 chance(world, 40)
                                             ? LIE_PERCENT
                                             : 0};
    machine_use(machine, disk_new(&nature, dice_next(&world->dice)));
    if (chance(world, 60)) {
        thrift_fill(machine->disk);
        disk_renew(machine->disk);
    }
    machine->ledger = ledger_new();
    if (chance(world, 40))
        machine->credit = CREDIT_LEAST + roll(world, CREDIT_LEAST);
    struct seed seed = seed_new();
    if (node_keys_derive(&seed, &machine->keys) != OK)
        abort();
    machine->home = (struct home){.lock_fd = -1, .keys = &machine->keys};
    snprintf(machine->home.path, sizeof machine->home.path, "/sim/%u", machine->number);
    return machine;
}

bool machine_is_up(const struct machine *machine) {
    return machine->node != NULL && !disk_is_dead(machine->disk);
}

/* ---- What node.c does ---- */

bool __real_news_turn(struct node *node);
bool __wrap_news_turn(struct node *node);

/* The engine hears of what has been written once only: memory gives out there more often than its
 * share of all allocations would have it. */
bool __wrap_news_turn(struct node *node) {
    struct world *world = the_world;
    if (world->plan.faults & 1u << FAULT_MEMORY && !world->quiet && roll(world, 400) == 0)
        memory_set_fuse((enum memory_of)roll(world, MEMORY_JANSSON), (int64_t)roll(world, 6), 0);
    return __real_news_turn(node);
}

void __real_node_tell(struct node *node, struct event *event);
void __wrap_node_tell(struct node *node, struct event *event);

/* What is refused as a fork is known for one from then on. */
static void look_for_fork(struct machine *machine, const struct event *event) {
    struct feed_info info;
    if (event->kind != EVENT_ADMITTED || event->admitted.error != ERR_FORK)
        return;
    memory_pause();
    if (!disk_is_dead(machine->disk) &&
        feed_find(machine->node->store, &event->admitted.feed, &info) == OK && !info.forked)
        violation("%s has seen a fork and forgotten it", machine->name);
    memory_resume();
}

/* Whatever the engine is told is durable has to be there after any crash. */
void __wrap_node_tell(struct node *node, struct event *event) {
    struct machine *machine = the_world->current;
    if (machine->swapped_with != NULL)
        ; /* it is not its own that it speaks of */
    else if (event->kind == EVENT_FEED)
        ledger_put(machine->ledger, &event->feed.id, &event->feed.head);
    else if (event->kind == EVENT_ADMITTED && event->admitted.error == OK)
        ledger_put(machine->ledger, &event->admitted.feed, &event->admitted.head);
    look_for_fork(machine, event);
    machine->admitted += event->kind == EVENT_ADMITTED && event->admitted.error == OK;
    if (event->kind == EVENT_ADMITTED && event->admitted.error != OK)
        sometimes(SOMETIMES_run_refused);
    __real_node_tell(node, event);
}

void machine_drop(struct machine *machine) {
    struct node *node = machine->node;
    if (node == NULL)
        return;
    machine->node = NULL;
    machine->wake = NEVER;
    engine_free(node->engine);
    effects_done(&node->effects);
    buffer_done(&node->run);
    free(node->peers_seen);
    net_free(node->net);
    service_free(node->service);
    hold_free(node);
}

static enum err node_make(struct machine *machine, struct node *node) {
    snprintf(machine->database, sizeof machine->database, "/sim/%u/replica.db", machine->number);
    snprintf(machine->generation, sizeof machine->generation, "/sim/%u/generation",
             machine->number);
    node->home = &machine->home;
    peers_surround(node);
    enum err err = service_new(&machine->home, &node->surroundings, &node->service);
    if (err != OK)
        return err;
    struct store_config config = {.path = machine->database,
                                  .vfs = VFS_NAME,
                                  .keys = &machine->keys,
                                  .now = wall,
                                  .context = machine,
                                  .elapsed = elapsed,
                                  .place = hash_number(machine, machine->boots),
                                  .generation = machine->generation,
                                  .files = &beside};
    err = store_open(&config, &node->service->store);
    if (err != OK)
        return err;
    node->store = node->service->store;
    err = links_open(node);
    return err == OK ? enrol_start(node) : err;
}

/* What was durable has to be here, the disk being honest. */
static void look_for_what_was_promised(struct machine *machine) {
    if (machine->rotten || machine->damaged || machine->swapped_with != NULL ||
        disk_has_lied(machine->disk))
        return;
    for (size_t i = 0; i < ledger_n(machine->ledger); i++) {
        struct feed_id feed;
        struct head head;
        struct feed_info info;
        ledger_get(machine->ledger, i, &feed, &head);
        memory_pause();
        enum err err = feed_find(machine->node->store, &feed, &info);
        memory_resume();
        if (disk_is_dead(machine->disk) || (err != OK && err != ERR_NOT_FOUND))
            return;
        if (err == ERR_NOT_FOUND || info.head.seq < head.seq ||
            (info.head.seq == head.seq && !envelope_id_equal(&info.head.id, &head.id)))
            violation("%s has called entry %llu of a feed durable and has %llu after a crash",
                      machine->name, (unsigned long long)head.seq,
                      err == OK ? (unsigned long long)info.head.seq : 0ull);
    }
}

/* Somebody else's database is not to be opened with the own keys. */
static void look_whose_it_is(struct machine *machine) {
    struct self self;
    memory_pause();
    if (machine->swapped_with != NULL && store_self(machine->node->store, &self) == OK &&
        !member_id_is_zero(&self.member) && !member_id_equal(&self.member, &machine->member))
        violation("%s has opened the database of another", machine->name);
    memory_resume();
}

bool machine_start(struct machine *machine) {
    struct world *world = machine->world;
    struct node *node = hold_zero(sizeof *node);
    world->current = machine;
    heap_end(machine);
    earlier_perhaps(machine);
    machine->node = node;
    enum err err = node_make(machine, node);
    trace("%s starts: %s", machine->name, err_name(err));
    if (err == OK && !disk_is_dead(machine->disk)) {
        machine->restart_at = NEVER;
        machine->wake = world->now;
        look_whose_it_is(machine);
        machine->open_failures = machine->failures = 0;
        look_for_what_was_promised(machine);
        return machine_settle(machine);
    }
    /* The roster's pages may be those of other times, so that the own keys look like another's. */
    bool is_damaged = (err == ERR_CORRUPT || err == ERR_SCHEMA || err == ERR_KEY) &&
                      machine->swapped_with == NULL;
    if (disk_is_dead(machine->disk))
        sometimes(SOMETIMES_crashed_while_opening);
    else if (is_damaged)
        machine->open_failures++;
    if (machine_settle(machine)) {
        machine_drop(machine);
        if (machine->failures < FAILURES_MAX)
            machine->failures++;
        machine->restart_at = world->now + 1000 + (time_ms)roll(world, 5000u * machine->failures);
        if (is_damaged)
            machine_replace(machine);
    }
    return false;
}

void machine_crash(struct machine *machine, bool power) {
    struct world *world = machine->world;
    if (machine->node == NULL) {
        if (power)
            disk_die(machine->disk);
        if (disk_is_dead(machine->disk)) /* perhaps since it stopped */
            disk_revive(machine->disk, power);
        machine->boots += power;
        return;
    }
    trace("%s %s", machine->name, power ? "loses its power" : "is killed");
    sometimes(power ? SOMETIMES_power_lost : SOMETIMES_process_killed);
    if (machine->node->joining)
        sometimes(SOMETIMES_join_interrupted_by_a_crash);
    world->crashes++;
    world->current = machine;
    disk_die(machine->disk);
    wires_crashed(world->wires, machine->number, power);
    machine_drop(machine);
    disk_revive(machine->disk, power);
    if (power)
        machine->boots++;
    machine->restart_at = world->now + 200 + (time_ms)roll(world, 20000);
}

bool machine_settle(struct machine *machine) {
    if (!disk_is_dead(machine->disk))
        return true;
    machine_crash(machine, machine->dying_by_power);
    return false;
}

void machine_stop(struct machine *machine) {
    if (machine->node == NULL)
        return;
    trace("%s stops", machine->name);
    machine->world->current = machine;
    wires_crashed(machine->world->wires, machine->number, false);
    machine_drop(machine);
    (void)machine_settle(machine);
}

void machine_turn(struct machine *machine) {
    struct world *world = machine->world;
    struct node *node = machine->node;
    world->current = machine;
    if (node == NULL || !machine_settle(machine))
        return;
    world_event(world);
    bool more = turn_once(node), restored;
    memory_pause();
    if (machine->restores > 0 && world->now - machine->restored_at < RESTORED_MS &&
        !disk_is_dead(machine->disk) && acks_restored(node->store, &restored) == OK && restored)
        sometimes(SOMETIMES_restore_reported);
    memory_resume();
    if (!machine_settle(machine))
        return;
    heap_rest(machine);
    time_ms deadline = turn_deadline(node, world->now);
    machine->wake = more || deadline <= world->now ? world->now : deadline;
    machine->busy = machine->wake == world->now ? machine->busy + 1 : 0;
    if (machine->busy > BUSY_MAX)
        violation("%s turns and turns without end: %s", machine->name,
                  node->more_waiting        ? "more waits"
                  : node->effects.n > 0     ? "effects"
                  : net_is_ready(node->net) ? "mail"
                  : node->engine != NULL && engine_deadline(node->engine) <= world->now
                      ? "the engine's deadline"
                      : "news");
    if (machine->wake == world->now && chance(world, 30))
        machine->wake++; /* the processor was busy elsewhere */
}

void machine_done(struct machine *machine) {
    machine->world->current = machine;
    machine_drop(machine);
    disk_free(machine->disk);
    disk_free(machine->backup);
    ledger_free(machine->ledger);
    ledger_free(machine->backup_ledger);
}

enum err machine_call(struct machine *machine, const char *noun, const char *verb, json_t *args,
                      struct reply *ret_reply) {
    static const struct asker asker = {.name = "Mette H.", .function = "leader"};
    struct world *world = machine->world;
    struct job *job = NULL;
    reply_init(ret_reply);
    world->current = machine;
    world_event(world);
    enum err err = service_call(machine->node->service, &asker, noun, verb, args, ret_reply, &job);
    enum job_state state = JOB_MORE;
    for (int i = 0; job != NULL && state == JOB_MORE && i < STEPS_MAX; i++)
        state = job->step(job, ret_reply);
    if (job != NULL && state == JOB_WAITING)
        ret_reply->error = ERR_BUSY;
    service_job_free(job);
    json_decref(args);
    err = err != OK ? err : ret_reply->error;
    if (err == ERR_INTERNAL)
        violation("%s: %s %s: %s", machine->name, noun, verb, ret_reply->text);
    machine->wake = world->now;
    if (!machine_settle(machine)) {
        sometimes(SOMETIMES_call_in_doubt);
        err = ERR_CLOSED;
    } else if (err == ERR_DISK_FULL || err == ERR_IO)
        sometimes(SOMETIMES_write_refused_by_the_disk);
    trace("%s: %s %s: %s %s", machine->name, noun, verb, err_name(err), ret_reply->text);
    return err;
}
