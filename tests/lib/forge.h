/* Envelopes that no honest store would write, made with an author's real keys: what admission must
 * judge or refuse. */
#ifndef STAFET_TESTS_FORGE_H
#define STAFET_TESTS_FORGE_H

#include "federation.h"
#include "proto/envelope.h"
#include "store/feed.h"

/* Follows a feed, one envelope after another. Header fields may be changed between forge_next and
 * the first section. */
struct forge {
    const struct site *author;
    struct feed_id feed;
    struct head head;
    struct draft draft;
};
void forge_begin(struct forge *, const struct site *author, const struct feed_info *);
/* A new feed of the author in any channel whatever: begins with its birth, appended to `run`. */
void forge_birth(struct forge *, struct site *author, const struct channel *, struct buffer *run);
/* The next envelope's header: all as an honest author would write it now. */
void forge_next(struct forge *);
void forge_plain(struct forge *, enum section_kind, struct bytes content);
void forge_declaration(struct forge *, const struct declaration *);
/* Seals with a fresh content key to `epoch`; before forge_sealed. */
void forge_seal(struct forge *, const struct epoch_public *epoch);
void forge_sealed(struct forge *, struct bytes plain);
/* One write as the plaintext of a change set, appended. */
void forge_set(const struct record_id *, uint16_t field, const char *value, struct buffer *out);
/* Signs (with the author's key unless another is given) and appends the envelope to `run`. */
void forge_sign(struct forge *, const struct sign_secret *, struct buffer *run);
void forge_end(struct forge *);

/* The seal block's epoch in the newest entry of `feed` that brings one. */
struct epoch_public forge_epoch(struct store *, const struct feed_id *);

#endif
