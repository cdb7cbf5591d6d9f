/* Inside the service: member address. */
#ifndef STAFET_NODE_MEMBER_ADDRESS_H
#define STAFET_NODE_MEMBER_ADDRESS_H

#include "service.h"

extern const struct param member_address_params[];
MUST_USE enum err member_address(struct service *, const struct asker *, const json_t *args,
                                 struct reply *);

#endif
