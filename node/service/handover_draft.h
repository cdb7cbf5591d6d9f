/* Inside the service: what has been typed into a handover and not been sent. A draft remembers the versions that it was
 * typed over, so that its send replaces these and no others: one that arrived meanwhile stays live beside it. */
#ifndef STAFET_NODE_SERVICE_HANDOVER_DRAFT_H
#define STAFET_NODE_SERVICE_HANDOVER_DRAFT_H

#include "handover.h"
#include "handover_form.h"

const struct handover_draft *draft_of(const struct handover *, const struct field *); /* NULL: none */

/* Puts `value` into its field's usual form: LF only, tabs as spaces, no line feed at the end; of one line: no blanks
 * around it; of a union field: trimmed
 * lines, no empty ones, none twice. In the arena. */
MUST_USE enum err draft_tidy(const struct field *, struct bytes value, struct arena *, struct bytes *ret_value);
/* May somebody type this, tidied, into the field? Each value of a union field is checked alone. ERR_ARGUMENT, ERR_LIMIT, and why. */
MUST_USE enum err draft_check(const struct field *, struct bytes value, struct label *ret_why);
/* Is `line` one of the lines of `text`? */
bool draft_has_line(struct bytes text, struct bytes line);
/* Where an edit comes from: typed by itself, or in a form. */
struct draft_source {
    bool form;
    bool outdated; /* somebody has typed here since the form was written out; one without a mark is taken at its word */
    char id[ID_TEXT_MAX]; /* of this typing, for `typed_by` */
};
/* A typing of its own; NULL mark, or that of the form it comes in ("": it bears none). */
struct draft_source draft_source_of(const struct handover *, const char *mark, time_ms now);
/* The mark of a form written out now. */
void draft_form_mark(const struct handover *, time_ms now, char ret_mark[static HANDOVER_FORM_MARK_MAX]);

/* Tidies, checks and stores one edit. An edit back to what the record says removes the draft. A value that comes back from a
 * form as it was written out changes nothing, nor does a blank of a form that was not written out for this handover. The
 * reply says what is wrong: ERR_ARGUMENT, ERR_LIMIT, ERR_DENIED (the other end writes it, or nobody does by hand),
 * ERR_STATE (the field is in conflict), ERR_STALE (a form that is outdated would overwrite what somebody else has typed and not
 * sent). */
MUST_USE enum err draft_edit(struct store *, const struct handover *, const struct field *, struct bytes value,
                             const struct draft_source *, struct arena *, struct reply *);
/* Notes what a form written out now says of a field. */
MUST_USE enum err draft_note_form(struct store *, const struct handover *, const struct field *, const char *text);
/* Removes drafts, forms and agreement; of a form never sent also the note that it exists. */
MUST_USE enum err draft_forget(struct store *, const struct handover *);

/* Do the versions that the draft was typed over differ from the live ones: has somebody else written meanwhile? */
bool draft_is_overtaken(const struct handover *, const struct handover_draft *);

#endif
