/* How the answers of one import are laid into sections and envelopes. Pure.
 *
 * Sections are padded, so that their size does not tell how many answered. Full ones are filled to the brim of their padded size; only
 * the last pays for padding. */
#ifndef STAFET_NODE_SURVEY_PACK_H
#define STAFET_NODE_SURVEY_PACK_H

#include "proto/bytes.h"
#include <stdbool.h>

enum {
    PACK_SECTION_SIZE = 64 * 1024,     /* padded plaintext of a full section */
    PACK_OVERHEAD_MAX = 160,           /* of change set and batch around the answers, and the length before them */
    PACK_ENVELOPE_ANSWERS = 1000,      /* an envelope that has as many takes no further section */
    PACK_ENVELOPE_SECTIONS_MAX = 6
};

/* Answers `first` to `first + answers_n` go into one section. */
struct pack_part {
    size_t first, answers_n;
    bool ends_envelope;
};

/* In order; at least one for n > 0. Caller frees. An answer is at most 16 KiB (ANSWER_SIZE_MAX). ERR_LIMIT, ERR_MEMORY. */
MUST_USE enum err pack_plan(const struct bytes *answers, size_t n, struct pack_part **ret_parts, size_t *ret_parts_n);

#endif
