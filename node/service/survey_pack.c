#include "survey_pack.h"

#include "proto/limits.h"
#include "questionnaire.h"
#include <stdlib.h>

_Static_assert(PACK_ENVELOPE_SECTIONS_MAX *(size_t)(PACK_SECTION_SIZE + 64) <=
                   ENVELOPE_SIZE_MAX - KIB(4),
               "limits.h");

/* Tag, length and content. */
static size_t size_in_batch(struct bytes answer) {
    size_t length_size = answer.size < 128 ? 1 : answer.size < 16384 ? 2 : 3;
    return 1 + length_size + answer.size;
}

static size_t fill(const struct bytes *answers, size_t first, size_t n) {
    size_t size = PACK_OVERHEAD_MAX, at = first;
    while (at < n && at - first < ANSWERS_PER_BATCH_MAX &&
           size + size_in_batch(answers[at]) <= PACK_SECTION_SIZE)
        size += size_in_batch(answers[at++]);
    return at - first;
}

enum err pack_plan(const struct bytes *answers, size_t n, struct pack_part **ret_parts,
                   size_t *ret_parts_n) {
    struct pack_part *parts = NULL;
    size_t parts_n = 0, capacity = 0, in_envelope = 0, sections = 0;
    for (size_t i = 0; i < n; i++)
        if (answers[i].size > ANSWER_SIZE_MAX)
            return ERR_LIMIT;
    for (size_t at = 0; at < n;) {
        if (parts_n == capacity) {
            capacity = capacity == 0 ? 16 : capacity * 2;
            struct pack_part *grown = realloc(parts, capacity * sizeof *parts);
            if (grown == NULL) {
                free(parts);
                return ERR_MEMORY;
            }
            parts = grown;
        }
        struct pack_part *part = &parts[parts_n++];
        *part = (struct pack_part){.first = at, .answers_n = fill(answers, at, n)};
        at += part->answers_n;
        in_envelope += part->answers_n;
        sections++;
        part->ends_envelope = at == n || in_envelope >= PACK_ENVELOPE_ANSWERS ||
                              sections == PACK_ENVELOPE_SECTIONS_MAX;
        if (part->ends_envelope)
            in_envelope = sections = 0;
    }
    *ret_parts = parts;
    *ret_parts_n = parts_n;
    return OK;
}
