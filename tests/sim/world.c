#include "world.h"

#include "entropy.h"
#include "forgery.h"
#include "healing.h"
#include "heap.h"
#include "memory.h"
#include "people.h"
#include "sometimes.h"
#include "vfs.h"
#include <stdlib.h>
#include <string.h>

#define JUNE_2024 INT64_C(1717400000000)

struct world *the_world;

size_t roll(struct world *world, size_t sides) {
    return dice_below(&world->dice, sides);
}

bool chance(struct world *world, unsigned percent) {
    return dice_chance(&world->dice, percent);
}

void world_event(struct world *world) {
    world->events++;
}

time_ms world_wall(const struct machine *machine) {
    time_ms now = machine->world->now;
    return JUNE_2024 + now + machine->offset + now * machine->drift / 1000000;
}

void world_init(struct world *world, const struct plan *plan) {
    memset(world, 0, sizeof *world);
    world->plan = *plan;
    world->dice.state = plan->seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    world->now = 1000;
    the_world = world;
    entropy_seed(plan->seed);
    vfs_reset();
    registry_clear();
    forgery_clear();
    healing_clear();
    heap_begin();
    for (int i = 0; i < MEMORY_N; i++)
        memory_set_fuse((enum memory_of)i, -1, 0);
    world->wires = wires_new(world);
    world->people = people_new(world);
}

void world_done(struct world *world) {
    for (unsigned i = 0; i < world->machines_n; i++)
        machine_done(&world->machines[i]);
    wires_free(world->wires);
    people_free(world->people);
    registry_clear();
    for (unsigned i = 0; i < world->machines_n; i++)
        heap_end(&world->machines[i]);
    the_world = NULL;
}

static time_ms due_of(const struct machine *machine) {
    if (machine->node == NULL)
        return machine->retired ? NEVER : machine->restart_at;
    return machine->wake > machine->frozen_until ? machine->wake : machine->frozen_until;
}

static struct machine *next_machine(struct world *world, time_ms *ret_at) {
    struct machine *first = NULL;
    *ret_at = NEVER;
    for (unsigned i = 0; i < world->machines_n; i++) {
        time_ms at = due_of(&world->machines[i]);
        if (at >= *ret_at)
            continue;
        *ret_at = at;
        first = &world->machines[i];
    }
    return first;
}

void world_run(struct world *world, time_ms until) {
    for (;;) {
        time_ms at, of_wires = wires_next(world->wires);
        struct machine *machine = next_machine(world, &at);
        time_ms first = at < of_wires ? at : of_wires;
        if (first > until)
            break;
        if (first > world->now)
            world->now = first;
        trace_at(world->now);
        if (of_wires <= at)
            wires_step(world->wires);
        else if (machine->node != NULL)
            machine_turn(machine);
        else
            machine_start(machine);
        size_t most;
        size_t sum = wires_under_way(world->wires, &most);
        world->under_way_max = sum > world->under_way_max ? sum : world->under_way_max;
        if (most > NET_WAITING_MAX)
            violation("%zu bytes wait for one link", most);
    }
    world->now = until;
    trace_at(world->now);
}
