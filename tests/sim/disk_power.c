/* What a loss of power, and time, do to what is on a disk. */
#include "disk_inner.h"

#include "sometimes.h"
#include <string.h>

/* Where a write may trash the bytes beside it, SQLite fills the last sector of a commit with a
 * second copy of its last page, so that what follows lies in other sectors
 * (https://www.sqlite.org/psow.html). A loss of power may take that copy, and then it goes on in
 * the midst of the sector: if that is trashed in turn, by the next loss of power, SQLite has lost a
 * commit. No program that uses it can mend that, so it isn't done here. */
static bool may_be_trashed(const struct disk *disk, const struct disk_file *file, size_t index) {
    return !disk->nature.powersafe && !(file->resumed && file->resumed_at == index);
}

/* What became of a sector that was written and not synced. */
static void settle_sector(struct disk *disk, struct disk_file *file, size_t index) {
    size_t sector = disk->nature.sector, from = index * sector, size = sector;
    size_t chance = dice_below(&disk->dice, 16);
    if (chance < 6 || from >= file->now.size) {
        sometimes(SOMETIMES_unsynced_sector_lost);
        return;
    }
    if (from + size > file->now.size)
        size = file->now.size - from;
    if (from + size > file->kept.size)
        disk_content_resize(&file->kept, from + size);
    if (chance == 6 && may_be_trashed(disk, file, index)) {
        disk_noise(disk, file->kept.bytes + from, size);
        sometimes(SOMETIMES_sector_trashed);
    } else if (chance == 7) {
        memcpy(file->kept.bytes + from, file->now.bytes + from, dice_below(&disk->dice, size));
        sometimes(SOMETIMES_sector_torn);
    } else {
        memcpy(file->kept.bytes + from, file->now.bytes + from, size);
        sometimes(SOMETIMES_unsynced_sector_kept);
    }
}

static void settle(struct disk *disk, struct disk_file *file) {
    if (file->replaced) {
        if (dice_chance(&disk->dice, 50))
            disk_content_copy(&file->kept, &file->now);
        file->replaced = false;
        disk_content_copy(&file->now, &file->kept);
        return;
    }
    if (file->kept.exists && !file->now.exists && dice_chance(&disk->dice, 50)) {
        file->kept.exists = false;
        file->kept.size = 0;
    } else if (file->kept.exists && !file->now.exists)
        sometimes(SOMETIMES_file_reappeared);
    if (file->now.exists && !file->kept.exists) /* its name was never synced */
        file->kept.exists = dice_chance(&disk->dice, 50);
    if (file->kept.inode == 0)
        file->kept.inode = file->now.inode;
    if (dice_chance(&disk->dice, 50)) {
        file->kept.modified_ns = file->now.modified_ns;
        file->kept.changed_ns = file->now.changed_ns;
    }
    if (file->kept.exists && file->now.exists) {
        for (size_t i = 0; i < file->dirty_capacity; i++)
            if (file->dirty[i])
                settle_sector(disk, file, i);
        if (file->now.size < file->kept.size && dice_chance(&disk->dice, 50))
            disk_content_resize(&file->kept, file->now.size);
    }
    disk_content_copy(&file->now, &file->kept);
}

void disk_revive(struct disk *disk, bool power) {
    disk->dead = false;
    disk->fuse = -1;
    disk->hurt = disk->hurt || (power && disk->lied);
    for (size_t i = 0; i < disk->files_n; i++) {
        struct disk_file *file = &disk->files[i];
        if (power)
            settle(disk, file);
        else {
            disk_content_copy(&file->kept, &file->now);
            file->replaced = false;
        }
        disk_all_clean(file);
        file->resumed = file->resumed && !power;
    }
}

bool disk_rot(struct disk *disk) {
    struct disk_file *file =
        disk->files_n > 0 ? &disk->files[dice_below(&disk->dice, disk->files_n)] : NULL;
    if (file == NULL || file->now.size == 0)
        return false;
    size_t at = dice_below(&disk->dice, file->now.size);
    file->now.bytes[at] ^= (uint8_t)(1u << dice_below(&disk->dice, 8));
    if (at < file->kept.size)
        file->kept.bytes[at] = file->now.bytes[at];
    sometimes(SOMETIMES_bit_rotted);
    return true;
}
