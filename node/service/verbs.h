/* Inside the service: each noun's verbs, one table a file, ended by an entry whose noun is NULL. */
#ifndef STAFET_NODE_VERBS_H
#define STAFET_NODE_VERBS_H

#include "service.h"

extern const struct verb conflict_verbs[];
extern const struct verb export_verbs[];
extern const struct verb federation_verbs[];
extern const struct verb handover_verbs[];
extern const struct verb join_verbs[];
extern const struct verb log_verbs[];
extern const struct verb member_verbs[];
extern const struct verb peer_verbs[];
extern const struct verb quarantine_verbs[];
extern const struct verb roster_verbs[];
extern const struct verb search_verbs[];
extern const struct verb status_verbs[];
extern const struct verb survey_verbs[];
extern const struct verb sync_verbs[];
extern const struct verb verify_verbs[];
extern const struct verb waiting_verbs[];

#endif
