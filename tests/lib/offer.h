/* Offering forged or copied envelopes to a site, and what it says of them afterwards. */
#ifndef STAFET_TESTS_OFFER_H
#define STAFET_TESTS_OFFER_H

#include "scene.h"
#include "store/admit.h"
#include "store/quarantine.h"

/* A scene with the name written and arrived everywhere, about to forge after Birk's feed. */
void offer_begin(struct scene *);

/* The scene's run, as if the town sent it. */
MUST_USE enum err offer(struct scene *, struct site *to, struct admitted *ret_admitted);

/* What a site has put aside of one kind: how much, and the last of it. */
struct shown {
    enum quarantine_kind kind;
    size_t n;
    enum err reason;
    uint64_t seq;
    char text[200];
};
struct shown shown_at(struct site *, enum quarantine_kind);

/* Ends the forged envelope, offers it, and finds it void for this reason, with a sentence. */
void assert_void(struct scene *, struct site *to, enum err reason);

#endif
