/* What to write in a field of the handover form: a sentence or two for whoever fills it in. */
#ifndef STAFET_NODE_HANDOVER_HELP_H
#define STAFET_NODE_HANDOVER_HELP_H

#include "store/collection.h"

/* NULL: there is nothing to add to the label. */
const struct label *handover_help(const struct field *);

#endif
