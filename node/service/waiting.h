/* Inside the service: what waits for a person here. Every handover has to be loaded for it, so it is found piece by piece: something
 * that changes meanwhile is shown as it was when its piece was made. */
#ifndef STAFET_NODE_WAITING_H
#define STAFET_NODE_WAITING_H

#include "service.h"

struct waiting;

MUST_USE enum err waiting_new(struct service *, struct waiting **ret_waiting);
void waiting_free(struct waiting *);
/* Goes on until the slice ends (slice.h), with at least one piece; reports how far it has come. */
MUST_USE enum err waiting_step(struct waiting *, time_ms slice_end, struct reply *, bool *ret_done);
/* An array of {"kind", …, "command": [words]}, most pressing first (cli/JSON.md). Borrowed; complete when it is done. */
json_t *waiting_items(struct waiting *);

#endif
