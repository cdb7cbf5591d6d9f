/* SQLite on simulated disks: the path /sim/N/NAME is the file NAME of the disk in slot N. */
#ifndef STAFET_SIM_VFS_H
#define STAFET_SIM_VFS_H

#include "disk.h"
#include "proto/clock.h"

enum { VFS_SLOTS = 32 };
#define VFS_NAME "sim"

/* Once; becomes SQLite's default, so that its own randomness comes from here too. */
void vfs_install(void);
/* SQLite draws its randomness afresh. */
void vfs_reset(void);
void vfs_set_disk(unsigned slot, struct disk *); /* borrowed; NULL: none */

#endif
