/* Inside the service: conflicts as people see them. */
#ifndef STAFET_NODE_SERVICE_CONFLICT_H
#define STAFET_NODE_SERVICE_CONFLICT_H

#include "handover.h"
#include "prefix.h"
#include "service.h"
#include "store/record.h"

/* The key of the note that a conflict was displayed here: this and its id. Its value is the field's number. */
#define CONFLICT_NOTE "conflict/"

/* All conflicts, each as it stood when it was found: found once by what looks at many, since their versions are opened for it. */
struct conflicts {
    struct conflict *list; /* in order of record */
    size_t n, capacity;
    struct prefixes prefixes; /* of their ids */
    struct conflict_walk *walk; /* while they are looked for */
};
/* In one go. The caller's to free, on failure too. */
MUST_USE enum err conflicts_find(struct store *, struct conflicts *ret_conflicts);
/* The same a little at a time, from zero on: store/record.h says how little. */
MUST_USE enum err conflicts_find_some(struct store *, struct conflicts *, bool *ret_done);
void conflicts_done(struct conflicts *);
/* The shortest prefix of a conflict's id, of at least three characters and in lower case, that tells it from the others. */
void conflicts_short_id(const struct conflicts *, const struct conflict_id *, char ret_text[static ID_TEXT_MAX]);
/* The conflict of this field, borrowed. NULL: it is in none. */
const struct conflict *conflicts_of_field(const struct conflicts *, const struct record_id *record, uint16_t field);

/* Notes that this conflict was displayed here, so that one that has changed since can be told from a mistyped one. */
MUST_USE enum err conflict_note_shown(struct store *, const struct conflict *);

/* By prefix of its id. When that is of a conflict displayed here before that has changed or been settled since: ERR_STALE, with what
 * stands there now. On failure the reply says why. */
MUST_USE enum err conflict_open(struct store *, const char *id, struct arena *, struct reply *,
                                struct conflict *ret_conflict);
/* What `conflict show` answers; it counts as displayed, unless its "not_noted" says why not. */
MUST_USE enum err conflict_document(struct store *, const struct conflict *, struct arena *, json_t **ret_document);

/* {id, short, record, child, field, label, part}; `short` is told apart from `conflicts`, and `record_short` from `handovers`. */
MUST_USE enum err conflict_place(const struct conflict *, const struct handover *, const struct conflicts *,
                                 const struct prefixes *handovers, struct arena *, json_t **ret_place);
/* All handovers' ids, for shortening. */
MUST_USE enum err conflict_handovers(struct store *, struct arena *, struct prefixes *ret_prefixes);

/* Verbs, by file. */
typedef enum err conflict_run(struct service *, const struct asker *, const json_t *args, struct reply *);
conflict_run conflict_show;    /* conflict.c */
conflict_run conflict_resolve; /* conflict_resolve.c */
/* conflict_list.c: a job. First they are found, then listed a record at a time, which is the longest that a slice can take: a handover of
 * HANDOVER_ARENA_MAX, some 75 ms. Each is listed as it stands when its record is loaded; one that is gone by then is not. */
enum err conflict_list(struct service *, const struct asker *, const json_t *args, struct reply *, struct job **ret_job);

#endif
