/* Inside the service: what was refused or is void. */
#ifndef STAFET_NODE_SERVICE_QUARANTINE_H
#define STAFET_NODE_SERVICE_QUARANTINE_H

#include "service.h"
#include "store/quarantine.h"

/* {"id", "name"}; null for none. */
json_t *quarantine_member(struct store *, const struct member_id *);
/* A job: another member may have kept here what takes long to look through. The piece is shown as it was when it was asked for; whether a
 * value stands here too, as it was when that value was looked at. */
enum err quarantine_show(struct service *, const struct asker *, const json_t *args, struct reply *, struct job **ret_job);

#endif
