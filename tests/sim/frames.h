/* What every frame that a node sends must be, and what it promises by it. */
#ifndef STAFET_SIM_FRAMES_H
#define STAFET_SIM_FRAMES_H

#include "world.h"

/* A violation when it is beyond the limits, has a plaintext in it, or states what isn't held; notes
 * the envelopes' ids. */
void frame_check(struct machine *from, struct bytes frame);

#endif
