/* What goes wrong. */
#include "check.h"
#include "earlier.h"
#include "forgery.h"
#include "memory.h"
#include "people.h"
#include "proto/message.h"
#include "sometimes.h"
#include "world.h"
#include <string.h>

static const char *const names[FAULT_N] = {
    "kill",  "power",   "fuse",  "cut", "lag", "freeze", "drop",   "disk", "full",   "memory",
    "clock", "restore", "clone", "lie", "rot", "relay",  "member", "swap", "earlier"};

const char *fault_name(enum fault fault) {
    return names[fault];
}

static struct machine *any(struct world *world) {
    return &world->machines[roll(world, world->plan.machines < world->machines_n
                                            ? world->plan.machines
                                            : world->machines_n)];
}

static void cut_one_way(struct world *world, unsigned from, unsigned to, time_ms ms) {
    wires_cut(world->wires, from, to, true);
    world->mend_at[from][to] = world->now + ms;
}

void fault_cut(struct world *world, unsigned a, unsigned b, time_ms ms) {
    cut_one_way(world, a, b, ms);
    cut_one_way(world, b, a, ms);
}

static void cut(struct world *world) {
    unsigned a = (unsigned)roll(world, world->machines_n),
             b = (unsigned)roll(world, chance(world, 60) ? 2 : world->machines_n);
    bool both = chance(world, 50);
    time_ms ms = (time_ms)roll(world, chance(world, 50) ? 15000 : 120000);
    if (a == b)
        return;
    trace("%u and %u are cut off%s", a, b, both ? "" : ", one way");
    if (both) {
        fault_cut(world, a, b, ms);
        return;
    }
    cut_one_way(world, a, b, ms);
    sometimes(SOMETIMES_cut_one_way);
}

void fault_mend(struct world *world) {
    for (unsigned a = 0; a < world->machines_n; a++)
        for (unsigned b = 0; b < world->machines_n; b++)
            if (world->cut[a][b] && world->mend_at[a][b] <= world->now)
                wires_cut(world->wires, a, b, false);
    for (unsigned a = 0; a < world->machines_n; a++)
        if (world->machines[a].swapped_with != NULL &&
            (world->quiet || world->machines[a].swap_back_at <= world->now))
            machine_swap(&world->machines[a], world->machines[a].swapped_with);
}

static void lag(struct world *world) {
    size_t number = any(world)->number;
    world->lag[number] = chance(world, 50) ? 0 : (time_ms)roll(world, 3000);
    world->speed[number] = chance(world, 50) ? 0 : 1 + roll(world, 40);
}

#define OFFSET_MAX (20 * 365 * DAY_MS)

static void clock_fault(struct world *world) {
    struct machine *machine = any(world);
    size_t what = roll(world, 4);
    bool joining = false; /* tickets would expire, and nobody here gives second ones */
    for (unsigned i = 1; i < world->plan.machines; i++)
        joining = joining || member_id_is_zero(&world->machines[i].member);
    if (what == 0 && (machine->role != ROLE_MUNICIPALITY || !joining)) {
        machine->offset += ((time_ms)roll(world, 20 * 365) - 10 * 365) * DAY_MS;
        if (machine->offset > OFFSET_MAX || machine->offset < -OFFSET_MAX)
            machine->offset = 0;
    } else if (what == 1)
        machine->offset = (time_ms)roll(world, 600000) - 300000;
    else
        machine->drift = (int)roll(world, 2000) - 1000;
    trace("%s: its clock is %lld ms off", machine->name, (long long)machine->offset);
    sometimes(SOMETIMES_clock_jumped);
}

static void clone(struct world *world, bool hidden) {
    struct machine *machine = any(world);
    for (unsigned i = 0; i < world->machines_n; i++)
        if (world->machines[i].cloned_from_other)
            return;
    if (machine_is_up(machine) && people_is_member(machine) && machine->role != ROLE_RELAY &&
        (machine->role != ROLE_MUNICIPALITY || !hidden) && !machine->rotten)
        (void)(hidden ? forgery_equivocate(machine) : machine_clone(machine, false));
}

/* Somebody puts the wrong backup back, or plugs the disks in again the wrong way round. */
static void swap(struct world *world) {
    struct machine *one = any(world), *other = any(world);
    if (one == other || !machine_is_up(one) || !machine_is_up(other) || !people_is_member(one) ||
        !people_is_member(other) || one->rotten || other->rotten)
        return;
    one->swap_back_at = other->swap_back_at = world->now + (time_ms)roll(world, 60000);
    machine_swap(one, other);
}

static void memory_fault(struct world *world) {
    static const size_t calls[MEMORY_N] = {400, 6000, 1500};
    enum memory_of whose = (enum memory_of)roll(world, MEMORY_N);
    memory_set_fuse(whose, (int64_t)roll(world, calls[whose]), (unsigned)roll(world, 3));
}

/* A disk that fails may keep a node from counting what it signs: then a copy shows by less, unless
 * it was closed in order. */
static enum restore how_to_restore(struct world *world, const struct machine *machine) {
    bool failing = world->plan.faults & (1u << FAULT_DISK | 1u << FAULT_FULL);
    if (earlier_was_closed(machine->backup) && chance(world, 55))
        return RESTORE_HOME;
    return failing ? RESTORE_DISK : (enum restore)roll(world, RESTORE_N);
}

/* One whose old copy nothing tells but the stamps of its files, and people have worked on. */
static bool has_good_copy(const struct machine *machine) {
    return machine->backup != NULL && machine->boots == machine->backup_boots &&
           machine->writes > machine->backup_writes && machine->node != NULL &&
           earlier_was_closed(machine->backup);
}

/* Rather a machine that has an old copy, which is hard to tell. */
static void restore(struct world *world, struct machine *machine) {
    for (unsigned i = 0; i < world->machines_n && !has_good_copy(machine); i++)
        machine = any(world);
    if (machine->backup == NULL || chance(world, 40))
        machine_backup(machine);
    else if (people_is_member(machine))
        (void)machine_restore(machine, how_to_restore(world, machine));
}

static void end_process(struct world *world, struct machine *machine) {
    if (!chance(world, 30)) {
        machine_crash(machine, false);
        return;
    }
    machine_stop(machine);
    machine->restart_at = world->now + (time_ms)roll(world, 5000);
    if (chance(world, 50))
        machine_crash(machine, true);
}

/* A municipality that has lost its whole roster lets nobody in who could give it back. */
static void rot(struct world *world, struct machine *machine) {
    if (machine->rotten || machine->backup == NULL || !people_is_member(machine) ||
        machine->role == ROLE_MUNICIPALITY) {
        machine_backup(machine);
        return;
    }
    for (size_t bits = 1 + roll(world, 40); bits > 0; bits--)
        machine->rotten = disk_rot(machine->disk) || machine->rotten;
    machine->damaged = machine->damaged || machine->rotten;
}

static void misbehave(struct world *world, struct machine *machine) {
    if (chance(world, 40))
        clone(world, true);
    else if (chance(world, 50))
        for (int i = 0; i < 3; i++)
            forgery_bear(machine);
    else
        forgery_write(machine);
}

static void happen(struct world *world, enum fault fault) {
    struct machine *machine = any(world);
    struct disk_trouble none = {0}, failing = {.read_errors = (unsigned)roll(world, 40),
                                               .write_errors = (unsigned)roll(world, 200)};
    switch (fault) {
    case FAULT_KILL:
        end_process(world, machine);
        break;
    case FAULT_POWER:
        machine_crash(machine, true);
        break;
    case FAULT_FUSE:
        machine->dying_by_power = chance(world, 60);
        disk_set_fuse(machine->disk, (int64_t)roll(world, chance(world, 50) ? 12 : 60));
        break;
    case FAULT_CUT:
        cut(world);
        break;
    case FAULT_LAG:
        lag(world);
        break;
    case FAULT_FREEZE:
        machine->frozen_until = world->now + (time_ms)roll(world, 60000);
        sometimes(SOMETIMES_site_froze);
        break;
    case FAULT_DROP:
        wires_drop(world->wires, machine->number, any(world)->number);
        break;
    case FAULT_DISK:
        disk_set_trouble(machine->disk, chance(world, 50) ? &none : &failing);
        break;
    case FAULT_FULL:
        failing =
            (struct disk_trouble){.bytes_max = disk_bytes(machine->disk) + roll(world, 40000)};
        disk_set_trouble(machine->disk, chance(world, 50) ? &none : &failing);
        break;
    case FAULT_MEMORY:
        memory_fault(world);
        break;
    case FAULT_CLOCK:
        clock_fault(world);
        break;
    case FAULT_RESTORE:
        restore(world, machine);
        break;
    case FAULT_CLONE:
        clone(world, world->plan.faults & 1u << FAULT_MEMBER && chance(world, 50));
        break;
    case FAULT_LIE: /* the disks' nature */
        machine_crash(machine, true);
        break;
    case FAULT_ROT:
        rot(world, machine);
        break;
    case FAULT_RELAY:
        world->machines[1].malicious = true;
        break;
    case FAULT_MEMBER:
        misbehave(world, machine);
        break;
    case FAULT_SWAP:
        swap(world);
        break;
    case FAULT_EARLIER: /* happens at a start: earlier.c */
    case FAULT_N:
        break;
    }
}

void fault_happen(struct world *world) {
    size_t start = roll(world, FAULT_EARLIER);
    for (size_t i = 0; i < FAULT_EARLIER; i++) {
        enum fault fault = (enum fault)((start + i) % FAULT_EARLIER);
        if ((world->plan.faults & 1u << fault) == 0)
            continue;
        world_event(world);
        trace("fault: %s", fault_name(fault));
        happen(world, fault);
        return;
    }
}

void fault_end_all(struct world *world) {
    struct disk_trouble none = {0};
    trace("all is mended");
    world->quiet = true;
    for (int i = 0; i < MEMORY_N; i++)
        memory_set_fuse((enum memory_of)i, -1, 0);
    fault_mend(world);
    for (unsigned a = 0; a < world->machines_n; a++) {
        struct machine *machine = &world->machines[a];
        disk_set_trouble(machine->disk, &none);
        disk_set_fuse(machine->disk, -1);
        machine->frozen_until = 0;
        machine->malicious = false;
        world->lag[a] = 0;
        world->speed[a] = 0;
        for (unsigned b = 0; b < world->machines_n; b++)
            wires_cut(world->wires, a, b, false);
        if (machine->cloned_from_other && !machine->retired) {
            machine_stop(machine);
            machine->retired = true;
        }
        if (machine->rotten && !check_is_sound(machine))
            (void)machine_restore(machine, RESTORE_DISK);
        machine->rotten = false;
        if (machine->damaged)
            ledger_forget(machine->ledger);
        if (machine->node == NULL && !machine->retired)
            machine->restart_at = world->now;
        if (machine->node != NULL && machine->wake > world->now)
            machine->wake = world->now;
    }
}

bool fault_replace_damaged(struct world *world) {
    bool any = false;
    for (unsigned i = 0; i < world->machines_n; i++) {
        struct machine *machine = &world->machines[i];
        bool own = !machine->cloned_from_other && machine->swapped_with == NULL;
        if (machine_is_up(machine) && own && !machine->retired && disk_has_lied(machine->disk) &&
            !check_is_sound(machine)) {
            machine->unsound++;
            machine_replace(machine);
            any = true;
        }
    }
    return any;
}

static struct buffer kept; /* a frame to send again later */

unsigned fault_disturb_frame(struct world *world, struct machine *from, struct buffer *frame) {
    (void)from;
    switch (roll(world, 8)) {
    case 0: /* bits flipped */
        frame->data[roll(world, frame->size)] ^= (uint8_t)(1u << roll(world, 8));
        sometimes(SOMETIMES_relay_tampered);
        return 1;
    case 1: /* withheld */
        return frame->data[0] == MESSAGE_HELLO ? 1 : 0;
    case 2:
        return 2;
    case 3: /* cut short */
        frame->size = 1 + roll(world, frame->size);
        return 1;
    case 4: /* something old instead, which was meant for another perhaps */
        if (kept.size > 0 && kept.size <= frame->capacity) {
            memcpy(frame->data, kept.data, kept.size);
            frame->size = kept.size;
        }
        return 1;
    case 5:
        kept.data = hold(kept.data, frame->size);
        memcpy(kept.data, frame->data, frame->size);
        kept.size = frame->size;
        return 1;
    case 6:
        if (frame->data[0] == MESSAGE_RUN && forgery_take_section_out(frame))
            sometimes(SOMETIMES_section_taken_out);
        return 1;
    default: /* a bit behind the signatures */
        if (frame->data[0] == MESSAGE_RUN)
            frame->data[frame->size - 1 - roll(world, frame->size / 2)] ^=
                (uint8_t)(1u << roll(world, 8));
        return 1;
    }
}

void fault_forget(void) {
    hold_free(kept.data);
    kept = (struct buffer){0};
}
