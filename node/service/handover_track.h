/* Inside the service: part track of a handover, which verbs write and nobody types, and how far a handover has come. */
#ifndef STAFET_NODE_SERVICE_HANDOVER_TRACK_H
#define STAFET_NODE_SERVICE_HANDOVER_TRACK_H

#include "handover.h"
#include "proto/clock.h"

/* When a handover that was sent should have been read. */
#define HANDOVER_READ_DUE_MS (INT64_C(7) * 24 * 3600 * 1000)

/* All live versions of a field, for a write that replaces them. In the arena. */
MUST_USE enum err track_replaces(const struct record *, uint16_t field, struct arena *,
                                 const struct version_name **ret_names, size_t *ret_n);
/* Appends one change set to the handover's channel. */
MUST_USE enum err track_append(struct store *, const struct handover *, const struct asker *, const struct write *,
                               size_t writes_n);

/* The version of a track field that counts; NULL: none, or it is empty. */
const struct version *track_version(const struct handover *, uint16_t field);

/* Names a sending, by the version that sent_by has got in it, in a note. */
enum { TRACK_SENDING_MAX = 96 };
void track_sending_text(const struct version_name *, char ret_text[static TRACK_SENDING_MAX]);

/* Does the agreement stand: to this very revision, and with no other consent live than when it was noted? */
bool track_agreement_stands(const struct handover *);
/* Is `text`, of at least four characters and in either case, the beginning of the revision in hex? */
bool track_revision_is(const struct revision *, const char *text);

struct track_step {
    bool done;
    time_ms at;             /* 0: not known, or not done */
    const char *by, *on;    /* NULL: none; `on` is a date in place of `at` */
    const char *revision;   /* the one it speaks of, in hex; NULL: none */
};
/* Of the owner's last send. Texts live in the arena. */
struct track {
    struct track_step agreed, sent, at_relay, delivered, read, accepted;
    struct member_id relay; /* zero: none */
    time_ms due;            /* when it should have been read; 0: it was never sent */
    uint64_t sends_n;
    enum err not_noted;     /* why the day that a step was first seen on could not be kept; OK: it is, or there is none */
};
MUST_USE enum err track_of(struct store *, const struct handover *, struct arena *, struct track *ret_track);

/* The receiver's first look at a sending: writes read_by and remembers which sending it answers. Does nothing at the owner,
 * or when that is done. */
MUST_USE enum err track_mark_read(struct store *, const struct handover *, const struct asker *, struct arena *);

#endif
