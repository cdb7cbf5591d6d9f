#include "sides.h"

#include <string.h>

const struct side *const cli_sides[] = {
    federation_sides, member_sides, roster_sides, survey_sides, handover_sides,
    conflict_sides,   search_sides, export_sides, verify_sides, NULL,
};

const struct side *side_find(const char *noun, const char *verb) {
    for (const struct side *const *table = cli_sides; *table != NULL; table++)
        for (const struct side *side = *table; side->noun != NULL; side++)
            if (strcmp(side->noun, noun) == 0 && strcmp(side->verb, verb) == 0)
                return side;
    return NULL;
}
