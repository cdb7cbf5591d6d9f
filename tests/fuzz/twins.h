/* A federation in which everybody's keys are at hand, and one member twice: two replicas with the
 * same content, whose accounts of the same envelopes are to agree, whatever the order. Made once;
 * what an input adds is rolled back. */
#ifndef STAFET_TESTS_TWINS_H
#define STAFET_TESTS_TWINS_H

#include "forge.h"
#include "fuzz.h"
#include "mutate.h"

enum { TWIN_AUTHORS = 2, TWIN_FEEDS_MAX = 16 };

struct twins {
    struct federation federation;
    struct site *nordby, *birk, *skole;
    struct site copies[2]; /* of Nordby, of Skole: who is observed, and its twin */
    struct hash digests[2];
    struct epoch_public handover, answers;
    struct record_id record;     /* a handover of Birk's for Skole, with one field */
    struct version_name version; /* of that field */
};
struct twins *twins(void);

/* The ids that proto/vectors are made of become those of the federation. */
void twins_translate(const struct twins *, uint8_t *data, size_t size);

#endif
