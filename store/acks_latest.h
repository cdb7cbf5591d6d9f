/* Inside the store: the latest statement of a member about a channel, decoded. */
#ifndef STAFET_STORE_ACKS_LATEST_H
#define STAFET_STORE_ACKS_LATEST_H

#include "acks.h"

/* ERR_NOT_FOUND. The heads live in the arena. */
MUST_USE enum err acks_latest(struct store *, const struct member_id *, const struct channel_id *,
                              struct arena *, struct statement *ret_statement, time_ms *ret_stored);

#endif
