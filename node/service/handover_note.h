/* Inside the service: a handover's local notes in the form in which they are stored; handover.h lists them. */
#ifndef STAFET_NODE_SERVICE_HANDOVER_NOTE_H
#define STAFET_NODE_SERVICE_HANDOVER_NOTE_H

#include "handover.h"

/* A value with versions of the field that it was typed over, written out from or given beside, under "KIND/NUMBER". */
MUST_USE enum err note_put(struct store *, const struct handover *, const char *kind, const struct field *,
                           struct bytes value, const struct version_name *based, size_t based_n);
MUST_USE enum err note_remove(struct store *, const struct handover *, const char *kind, const struct field *);

/* Fills in drafts, forms, agreement and what was shown and seen, from the record's notes; `*ret_to` stays as it is without note "to". */
MUST_USE enum err note_load_all(struct store *, struct handover *, struct arena *, struct member_id *ret_to);

#endif
