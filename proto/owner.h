/* Record ids that say who owns the record, so that who may write a field is a function of bytes alone.
 * A record id is 48-bit Unix ms ‖ 6 random bytes ‖ the first 4 bytes of H(owner, those 12 bytes ‖ owner's member id).
 * PROTOCOL.md, "Ids". */
#ifndef STAFET_PROTO_OWNER_H
#define STAFET_PROTO_OWNER_H

#include "id.h"

struct record_id record_id_new(int64_t now_ms, const struct member_id *owner);
bool record_id_owned_by(const struct record_id *, const struct member_id *);

#endif
