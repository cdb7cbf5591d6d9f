#include "verbs.h"

#include <string.h>

const struct verb *const service_verbs[] = {
    status_verbs, waiting_verbs, federation_verbs, member_verbs,   roster_verbs, join_verbs,
    sync_verbs,   survey_verbs,  handover_verbs,   conflict_verbs, peer_verbs,   log_verbs,
    verify_verbs, search_verbs,  quarantine_verbs, export_verbs,   NULL,
};

const struct verb *service_verb(const char *noun, const char *name) {
    for (const struct verb *const *table = service_verbs; *table != NULL; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++)
            if (strcmp(verb->noun, noun) == 0 && strcmp(verb->name, name) == 0)
                return verb;
    return NULL;
}
