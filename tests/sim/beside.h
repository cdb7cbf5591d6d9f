/* What the store asks of the file system, on simulated disks: PATH is /sim/N/NAME, the context the
 * machine whose disk it is. */
#ifndef STAFET_SIM_BESIDE_H
#define STAFET_SIM_BESIDE_H

#include "store/filesystem.h"

extern const struct filesystem beside;

#endif
