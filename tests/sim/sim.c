/* The simulator's program: runs seeds, prints what came of them.
 *
 *     sim --seed N [--machines M] [--acts A] [--faults MASK] [--trace]
 *     sim --seeds A..B [--twice K]      every K-th seed is run twice and must leave the same trace
 *
 * One line a seed ("seed N hash … events … crashes … ms …"), then how often each interesting state
 * was reached. Exit status: 0 all promises kept, 3 one broken, 2 usage. */
#include "check.h"
#include "earlier.h"
#include "entropy.h"
#include "healing.h"
#include "heap.h"
#include "people.h"
#include "sometimes.h"
#include "thrift.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ACTS_MIN = 80,
    ACTS_MORE = 120,
    SETTLE_MS = 5000,
    SETTLE_TIMES = 240,
    GIVE_UP_TIMES = 40,
    UNHEARD_TIMES = 80
};

struct result {
    uint64_t hash, events, crashes;
};

static struct plan plan_of(uint64_t seed) {
    struct dice dice = {seed};
    struct plan plan = {.seed = seed};
    plan.machines = 4 + (unsigned)dice_below(&dice, 4);
    plan.acts = ACTS_MIN + (unsigned)dice_below(&dice, ACTS_MORE);
    plan.faults = 1u << FAULT_KILL | 1u << FAULT_POWER | 1u << FAULT_FUSE;
    for (unsigned fault = FAULT_CUT; fault < FAULT_N; fault++) {
        bool rare = fault == FAULT_LIE || fault == FAULT_ROT || fault == FAULT_MEMBER ||
                    fault == FAULT_RELAY || fault == FAULT_CLONE || fault == FAULT_SWAP;
        if (dice_chance(&dice, rare ? 15 : 40))
            plan.faults |= 1u << fault;
    }
    return plan;
}

/* A word that came before its channel was known, or that a relay has kept to itself or spoilt, is
 * not asked for: it is said again within a day (PROTOCOL.md, "Statements"), or in a new session. */
static bool wait_for_words(struct world *world) {
    bool any = world->plan.faults & 1u << FAULT_RELAY;
    for (unsigned i = 0; i < world->machines_n; i++)
        any = any || world->machines[i].restores > 0;
    if (any)
        world_run(world, world->now + DAY_MS);
    return any;
}

static void settle(struct world *world) {
    char why[256] = "";
    unsigned unheard = 0;
    for (int i = 0; i < SETTLE_TIMES; i++) {
        world_run(world, world->now + SETTLE_MS);
        (void)people_regain_roster(world->people);
        for (unsigned j = 1; j < world->machines_n; j++)
            (void)people_join(world->people, &world->machines[j]);
        people_stay_outside(world->people);
        bool settled = check_has_settled(world, why) && healing_has_arrived(world, why);
        if (settled && !check_has_heard(world, why)) {
            settled = false;
            if (++unheard % UNHEARD_TIMES == 0 && !wait_for_words(world))
                break;
        }
        if ((settled || i % GIVE_UP_TIMES == GIVE_UP_TIMES - 1) && !fault_replace_damaged(world) &&
            settled)
            return;
    }
    violation("it does not settle: %s", why);
}

/* What has been checked once need not be when the same run is made again for its trace. */
static struct result run(const struct plan *plan, bool again) {
    static struct world world;
    trace_begin(plan->trace);
    world_init(&world, plan);
    people_begin(world.people);
    for (unsigned i = 0; i < plan->acts; i++) {
        fault_mend(&world);
        if (chance(&world, 25))
            fault_happen(&world);
        else
            people_act(world.people);
        world_run(&world, world.now + (time_ms)roll(&world, chance(&world, 12) ? 30000 : 1000));
        if (i % 8 == 7)
            check_disks(&world);
    }
    fault_end_all(&world);
    settle(&world);
    healing_write(&world, true);
    settle(&world);
    healing_write(&world, false);
    settle(&world);
    if (!again)
        check_all(&world);
    struct result result = {trace_hash(), world.events, world.crashes};
    world_done(&world);
    fault_forget();
    return result;
}

static const char *replay_of(const struct plan *plan, char text[static 256]) {
    snprintf(text, 256, "tests/sim/run --seed %" PRIu64 " --machines %u --acts %u --faults %#x",
             plan->seed, plan->machines, plan->acts, (unsigned)plan->faults);
    return text;
}

static uint64_t run_seed(const struct plan *plan, bool twice) {
    char replay[256];
    struct timespec from, to;
    violation_context(replay_of(plan, replay));
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    struct result result = run(plan, false);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    printf("seed %" PRIu64 " hash %016" PRIx64 " machines %u events %" PRIu64 " crashes %" PRIu64
           " ms %ld heap %zu\n",
           plan->seed, result.hash, plan->machines, result.events, result.crashes,
           (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000, heap_most());
    fflush(stdout);
    if (twice) {
        struct plan again = *plan;
        again.trace = false;
        if (run(&again, true).hash != result.hash)
            violation("the same seed does not give the same trace");
    }
    return result.events;
}

static void report(void) {
    for (int i = 0; i < SOMETIMES_N; i++)
        printf("sometimes %s %" PRIu64 "\n", sometimes_name((enum sometimes)i),
               sometimes_count((enum sometimes)i));
}

static int usage(void) {
    fputs("usage: sim --seed N [--machines M] [--acts A] [--faults MASK] [--trace]\n"
          "       sim --seeds A..B [--twice K]\n",
          stderr);
    return 2;
}

int main(int argc, char **argv) {
    uint64_t first = 0, last = 0, twice = 1;
    struct plan given = {0};
    bool has_faults = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--trace") == 0) {
            given.trace = true;
            continue;
        }
        if (strcmp(argv[i], "--seed") == 0)
            first = last = strtoull(value, NULL, 0);
        else if (strcmp(argv[i], "--seeds") == 0 &&
                 sscanf(value, "%" SCNu64 "..%" SCNu64, &first, &last) == 2)
            ;
        else if (strcmp(argv[i], "--twice") == 0)
            twice = strtoull(value, NULL, 0);
        else if (strcmp(argv[i], "--machines") == 0)
            given.machines = (unsigned)strtoul(value, NULL, 0);
        else if (strcmp(argv[i], "--acts") == 0)
            given.acts = (unsigned)strtoul(value, NULL, 0);
        else if (strcmp(argv[i], "--faults") == 0) {
            given.faults = (uint32_t)strtoul(value, NULL, 0);
            has_faults = true;
        } else
            return usage();
        i++;
    }
    if (first == 0 || last < first)
        return usage();
    if (!given.trace) /* which seeds were done is known of one that never ends, too */
        (void)setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    setenv("TZ", "UTC", 1);
    json_object_seed(1);
    entropy_install();
    entropy_seed(0);
    if (key_library_init() != OK)
        return 2;
    thrift_install();
    earlier_install();
    for (uint64_t seed = first; seed <= last; seed++) {
        struct plan plan = plan_of(seed);
        plan.trace = given.trace;
        plan.machines = given.machines != 0 ? given.machines : plan.machines;
        plan.acts = given.acts != 0 ? given.acts : plan.acts;
        plan.faults = has_faults ? given.faults : plan.faults;
        run_seed(&plan, twice != 0 && (seed - first) % twice == 0);
    }
    report();
    return 0;
}
