/* Survey answers at the municipality: opaque and never merged. They stay in the sealed sections that brought them, and are
 * opened when they are asked for, an envelope at a time; the database notes only where the parts of each import stand. A row
 * each would be a second copy of what is most sensitive here, to be written in every bulk and to be found again by every
 * erasure. And at a site the ledger of what it has imported: marks and counts, never content. */
#ifndef STAFET_STORE_ANSWERS_H
#define STAFET_STORE_ANSWERS_H

#include "feed.h"
#include "proto/changeset.h"

/* One member's answers to a survey, whole imports only. */
struct answers_count {
    struct member_id member;
    uint64_t answers;   /* of whole imports in time; one mark counts once */
    uint64_t imports, imports_incomplete;
    uint64_t late;      /* answers of whole imports that were not whole by `until`, if that was given */
    time_ms last;       /* when the last arrived here */
};
typedef enum err answers_count_visit(void *context, const struct answers_count *);
/* `until`: heads that closed the survey (later answers count as late); NULL: everything. */
MUST_USE enum err answers_counts(struct store *, const struct record_id *survey, const struct version_name *until,
                                 size_t until_n, answers_count_visit *, void *context);

typedef enum err answer_visit(void *context, const struct member_id *, struct bytes answer);
/* The answers of whole imports up to `until`, member by member; each lives until its visit returns. Whoever erases a section
 * forgets what came from it (apply_forget), so all that is noted can be opened: ERR_KEY, ERR_SEAL or ERR_CORRUPT otherwise. */
MUST_USE enum err answers_each(struct store *, const struct record_id *survey, const struct version_name *until,
                               size_t until_n, answer_visit *, void *context);
/* The same a little at a time: a step looks at some rows, opens one envelope or visits some of its answers, some milliseconds'
 * work; `until` is borrowed for the walk's life. Between steps the store may change: first it is noted which parts count, and at the
 * end it is looked whether the same parts count still. So when `*ret_done` is set without an error, what was visited is what counted
 * at one moment, neither more nor less. ERR_STALE: something else counts now; all that was visited is to be forgotten, and a new
 * walk begun. That happens a bounded number of times under `until`: only an erasure, a cut, or an entry that waited can bring it about. */
struct answers_walk;
MUST_USE enum err answers_walk_new(struct store *, const struct record_id *survey, const struct version_name *until,
                                   size_t until_n, struct answers_walk **ret_walk);
MUST_USE enum err answers_walk_step(struct answers_walk *, answer_visit *, void *context, bool *ret_done);
void answers_walk_free(struct answers_walk *); /* wipes what was opened; NULL is accepted */

/* The heads now of the feeds that hold answers to it, for closing it; in the arena. Should there be more than `heads_max`, as many
 * of each member as fit when all get equally many, those with most answers first: a member with feeds without end loses answers of
 * its own and nobody else's. `left_out_n` feeds have no head then. ERR_LIMIT: more members than `heads_max`. */
MUST_USE enum err answers_heads(struct store *, const struct record_id *survey, size_t heads_max, struct arena *,
                                const struct version_name **ret_heads, size_t *ret_n, size_t *ret_left_out_n);

/* The site's ledger of imports. */
struct import { struct hash mark; struct record_id survey; uint64_t answers; time_ms at; struct version_name last; };
/* ERR_EXISTS: this mark was imported for this survey already. */
MUST_USE enum err import_put(struct store *, const struct import *);
typedef enum err import_visit(void *context, const struct import *);
MUST_USE enum err import_each(struct store *, const struct record_id *survey, import_visit *, void *context);
/* H(mark) of a file's bytes, keyed with this node's rest key. */
struct hash import_mark(const struct store *, struct bytes file);

#endif
