/* Copies of a machine's disk: backups and what is put back of them, a clone that runs beside it,
 * and two machines that start with each other's. */
#include "world.h"

#include "earlier.h"
#include "healing.h"
#include "sometimes.h"
#include "vfs.h"
#include <stdio.h>

void machine_backup(struct machine *machine) {
    if (machine->rotten || machine->swapped_with != NULL)
        return;
    /* Some stop the node for it. */
    if (machine->node != NULL && machine_is_up(machine) && chance(machine->world, 50)) {
        machine_stop(machine);
        machine->restart_at = machine->world->now + 500 + (time_ms)roll(machine->world, 3000);
    }
    disk_free(machine->backup);
    ledger_free(machine->backup_ledger);
    machine->backup = disk_copy(machine->disk, dice_next(&machine->world->dice));
    machine->backup_ledger = ledger_copy(machine->ledger);
    machine->backup_at = machine->world->now;
    machine->backup_boots = machine->boots;
    machine->backup_writes = machine->writes;
    trace("%s is backed up", machine->name);
}

/* The copy's file of tokens would show nothing yet: store/generation.h says when. */
static bool is_too_fresh(const struct machine *machine) {
    time_ms age = machine->world->now - machine->backup_at;
    return !earlier_was_closed(machine->backup) &&
           age < (machine->boots == machine->backup_boots ? 10 * 1000 : 20 * 60 * 1000);
}

/* Put back in its place it would be nothing but doubted. */
static bool would_not_show(const struct machine *machine, enum restore how) {
    return earlier_says_nothing(machine->backup) || earlier_says_nothing(machine->disk) ||
           (how == RESTORE_HOME && is_too_fresh(machine));
}

/* Somebody sits down to work before its network is back. */
static void leave_alone(struct machine *machine) {
    struct world *world = machine->world;
    time_ms ms = 20000 + (time_ms)roll(world, 60000);
    machine->alone_until = world->now + ms;
    for (unsigned i = 0; i < world->machines_n; i++)
        if (i != machine->number)
            fault_cut(world, machine->number, i, ms);
}

/* Over the files that are there, after an orderly stop or a kill. */
static void put_back(struct machine *machine, enum restore how) {
    if (chance(machine->world, 50))
        machine_stop(machine);
    else if (machine->node != NULL)
        machine_crash(machine, false);
    disk_put_back(machine->disk, machine->backup, how == RESTORE_HOME ? "" : "replica.db");
    sometimes(how == RESTORE_HOME ? SOMETIMES_old_home_put_back_in_its_place
                                  : SOMETIMES_old_copy_restored_in_its_place);
    if (chance(machine->world, 70))
        leave_alone(machine);
}

static void give_another_disk(struct machine *machine) {
    healing_copied(machine);
    if (machine->node != NULL) {
        disk_die(machine->disk);
        wires_crashed(machine->world->wires, machine->number, false);
        machine->world->current = machine;
        machine_drop(machine);
    }
    disk_free(machine->disk);
    machine_use(machine, disk_copy(machine->backup, dice_next(&machine->world->dice)));
    disk_renew(machine->disk);
    machine->boots++;
}

bool machine_restore(struct machine *machine, enum restore how) {
    static const char *const words[] = {"", ", in its place", ", home and all"};
    if (machine->backup == NULL || machine->swapped_with != NULL)
        return false;
    if (disk_is_dead(machine->disk) || (how != RESTORE_DISK && would_not_show(machine, how)))
        how = RESTORE_DISK;
    trace("%s is restored from an old copy%s", machine->name, words[how]);
    sometimes(machine->role == ROLE_MUNICIPALITY ? SOMETIMES_municipality_restored
                                                 : SOMETIMES_old_copy_restored);
    if (how == RESTORE_DISK)
        give_another_disk(machine);
    else
        put_back(machine, how);
    ledger_free(machine->ledger);
    machine->ledger = ledger_copy(machine->backup_ledger);
    machine->restores++;
    machine->restored_at = machine->world->now;
    machine->rotten = false;
    machine->restart_at = machine->world->now + 500 + (time_ms)roll(machine->world, 3000);
    return true;
}

/* What can't be opened is restored, or given up and joined anew with the old ticket. */
void machine_replace(struct machine *machine) {
    struct world *world = machine->world;
    if (machine->node != NULL)
        machine_stop(machine);
    if (!machine->rotten && !disk_has_lied(machine->disk) && machine->restores == 0)
        violation("%s is corrupt after a crash on an honest disk", machine->name);
    sometimes(SOMETIMES_damage_detected);
    if (machine->open_failures + machine->unsound < 3 && machine_restore(machine, RESTORE_DISK))
        return;
    trace("%s begins with nothing", machine->name);
    healing_copied(machine);
    disk_free(machine->disk);
    machine_use(machine, disk_new(&(struct disk_nature){.sector = 4096, .powersafe = true},
                                  dice_next(&world->dice)));
    ledger_forget(machine->ledger);
    machine->restores++;
    machine->boots++;
    machine->rotten = false;
    machine->open_failures = machine->unsound = 0;
    machine->restart_at = world->now + 1000;
}

void machine_swap(struct machine *one, struct machine *other) {
    struct world *world = one->world;
    bool back = one->swapped_with != NULL;
    trace("%s and %s start with %s database", one->name, other->name,
          back ? "their own" : "each other's");
    machine_crash(one, false);
    machine_crash(other, false);
    struct disk *disk = one->disk;
    one->disk = other->disk;
    other->disk = disk;
    vfs_set_disk(one->number, one->disk);
    vfs_set_disk(other->number, other->disk);
    one->swapped_with = back ? NULL : other;
    other->swapped_with = back ? NULL : one;
    one->restart_at = other->restart_at = world->now + 100;
}

struct machine *machine_clone(struct machine *original, bool unseen) {
    struct world *world = original->world;
    if (world->machines_n == MACHINES_MAX)
        return NULL;
    char name[32];
    snprintf(name, sizeof name, "%.20s's clone", original->name);
    struct machine *clone = machine_new(world, name, original->role, false);
    disk_free(clone->disk);
    machine_use(clone, disk_copy(original->disk, dice_next(&world->dice)));
    clone->keys = original->keys; /* the home is copied with them */
    clone->member = original->member;
    clone->cloned_from_other = true;
    clone->original = original->number;
    if (unseen) {
        clone->looks_like = original->looks_like;
        clone->boots = original->boots;
    } else {
        disk_renew(clone->disk);
        healing_copied(clone);
    }
    sometimes(SOMETIMES_clone_ran);
    trace("%s is cloned", original->name);
    machine_start(clone);
    return clone;
}
