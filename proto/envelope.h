/* One entry of a feed: signed header, seal block if it brings one, sections. PROTOCOL.md, "Envelope and run".
 *
 * Reading: `envelope_parse` gives a view into the caller's bytes; it checks form, limits and that the body
 * hash matches, but neither signature nor chain: that is run.h.
 * Writing: `draft_init`, sections, `draft_sign`, which hands the finished bytes over. */
#ifndef STAFET_PROTO_ENVELOPE_H
#define STAFET_PROTO_ENVELOPE_H

#include "arena.h"
#include "header.h"
#include "seal.h"
#include "section.h"

struct envelope {
    struct header header;
    struct signature signature;
    struct envelope_id id;
    bool has_seal;
    struct seal_block seal;
    struct section *sections; /* header.sections_n, in the arena */
    struct bytes bytes;       /* the whole envelope as it came */
};

/* Parses the first envelope of `bytes`; `*ret_size` is what it took. Section list in `arena`.
 * ERR_FORMAT, ERR_VERSION, ERR_LIMIT, ERR_HASH, ERR_MEMORY. */
MUST_USE enum err envelope_parse(struct bytes bytes, struct arena *arena, struct envelope *ret_envelope,
                                 size_t *ret_size);

/* Only the size and signed header of the first envelope, without checking its body; for walking. */
MUST_USE enum err envelope_skip(struct bytes bytes, size_t *ret_size);

/* Is every section here? No signature covers that, so whoever passes an envelope on could take any out. PROTOCOL.md, "Sections". */
bool envelope_is_whole(const struct envelope *);

/* Appends `envelope` with section `index` replaced by its hash, in state erased or absent. The signature
 * stays valid. */
MUST_USE enum err envelope_without(const struct envelope *, uint16_t index, enum section_state,
                                   struct buffer *out);

/* An envelope being written. Fill `header` (all but flags, sections_n, body) before the first section. */
struct draft {
    struct header header;
    bool has_seal;
    struct seal_block seal;
    struct content_key key;      /* for sealed sections; wiped by draft_done */
    struct buffer sections;      /* encoded entries */
    struct buffer hashes;        /* kind byte and section hash each */
};
void draft_init(struct draft *);
void draft_done(struct draft *);
MUST_USE enum err draft_add_plain(struct draft *, enum section_kind, struct bytes content);
MUST_USE enum err draft_add_sealed(struct draft *, struct bytes plain, bool pad);
/* Signs and appends the whole envelope to `out`. ERR_LIMIT when it is larger than ENVELOPE_SIZE_MAX. */
MUST_USE enum err draft_sign(struct draft *, const struct sign_secret *, struct buffer *out,
                             struct envelope_id *ret_id);

#endif
