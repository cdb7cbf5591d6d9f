/* What one local transaction wrote in one channel: the plaintext of open and sealed sections.
 * PROTOCOL.md, "Change sets". Decoded values live in the arena or point into the input. */
#ifndef STAFET_PROTO_CHANGESET_H
#define STAFET_PROTO_CHANGESET_H

#include "arena.h"
#include "bytes.h"
#include "id.h"

struct write {
    struct record_id record;
    uint16_t collection, field;
    struct bytes value;
    const struct version_name *replaces; /* a zero feed means: the feed that this stands in */
    size_t replaces_n;
};

struct answer_batch {
    struct record_id survey;
    struct hash mark;
    uint32_t part, parts;
    const struct bytes *answers; /* each an encoded answer, checked as answer_decode does */
    size_t answers_n;
};

struct change_set {
    const char *actor_name, *actor_function; /* never NULL */
    const struct write *writes;
    size_t writes_n;
    bool has_answers;
    struct answer_batch answers;
};

MUST_USE enum err change_set_encode(const struct change_set *, struct buffer *out);
/* ERR_FORMAT: not in the protocol's strict form, or names, values or answers that are no clean text. ERR_LIMIT: counts,
 * sizes, or more memory than such bytes are worth. ERR_MEMORY: the arena's own cap, or the heap. */
MUST_USE enum err change_set_decode(struct bytes, struct arena *, struct change_set *ret_set);

struct answer_reply {
    uint32_t question; /* from 1 */
    uint32_t choice;   /* from 1; 0: text */
    const char *text;  /* NULL unless a text */
};
/* Texts are clean but for line feeds (text.h). ERR_FORMAT, ERR_LIMIT. */
MUST_USE enum err answer_encode(const struct answer_reply *replies, size_t replies_n, struct buffer *out);
MUST_USE enum err answer_decode(struct bytes, struct arena *, const struct answer_reply **ret_replies,
                                size_t *ret_replies_n);
/* Would answer_decode take it? For many of them: it needs no memory. ERR_FORMAT, ERR_LIMIT. */
MUST_USE enum err answer_check(struct bytes);

#endif
