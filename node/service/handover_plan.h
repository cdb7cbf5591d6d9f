/* Inside the service: what a send would write of what has been typed. It is worked out while it is still a draft, and so the
 * revision that parents agree to is the one that the record gets by being sent. */
#ifndef STAFET_NODE_SERVICE_HANDOVER_PLAN_H
#define STAFET_NODE_SERVICE_HANDOVER_PLAN_H

#include "handover.h"

struct plan {
    const struct write *writes; /* a value of each changed field, then the further values of union fields */
    size_t writes_n;
    size_t first_n; /* those of the first envelope; an envelope takes one value a field, so each further value has its own */
};

/* Over live versions and drafts; in the arena. Without drafts it is empty. ERR_MEMORY. */
MUST_USE enum err plan_make(const struct handover *, struct arena *, struct plan *ret_plan);
/* The revision that the record has once the plan is sent; without drafts its own. ERR_MEMORY. */
MUST_USE enum err plan_revision(const struct handover *, struct arena *, struct revision *ret_revision);

#endif
