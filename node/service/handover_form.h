/* The handover form as a text file, for an editor; pure. It round-trips: what is written is read back as the same values.
 *
 *   # A line that begins with # is a comment.
 *   [likes] What I like
 *   Trains, and
 *   \# this line begins with a #
 *
 *   [first_day] The first day
 *   12 August, 9.00
 *
 * - A line that begins with [NAME] begins a field; what follows the bracket on that line is for people only.
 * - All lines up to the next field are its value, without comments and without blank lines at its beginning and end.
 *   A field that holds several values (takes_part) has one a line.
 * - A line that begins with \ is taken as it stands after the \: so a value may have lines that begin with #, [ or \, and
 *   blank lines at its ends.
 * - A field that is left out stays as it is. One without a value is cleared if the form was written out with one (`template ID`); a
 *   blank of an empty form says nothing.
 * - The comment `# form: MARK`, which the program puts last, tells this writing-out from others.
 * - UTF-8, with or without a byte order mark; lines end in LF or CR LF; a tab counts as a space. */
#ifndef STAFET_NODE_HANDOVER_FORM_H
#define STAFET_NODE_HANDOVER_FORM_H

#include "proto/arena.h"
#include "proto/bytes.h"
#include "store/collection.h"

#define HANDOVER_FORM_SIZE_MAX ((size_t)512 * 1024)

enum handover_form_language { FORM_EN, FORM_DA };

struct handover_form_entry {
    const struct field *field;
    struct bytes value;
    size_t line; /* where the field begins; from 1; not used for writing */
};
struct handover_form_error {
    size_t line;      /* 0: about the whole form */
    struct label what; /* a sentence without full stop */
    char name[64];    /* the field concerned, or "" */
};

/* Appends the form. `title` is a comment at its head, one line. */
MUST_USE enum err handover_form_write(enum handover_form_language, const char *title,
                                      const struct handover_form_entry *, size_t entries_n, struct buffer *out);

enum { HANDOVER_FORM_MARK_MAX = 2 * ID_TEXT_MAX + 2 };
/* Appends the comment with the mark: letters, digits and -. */
MUST_USE enum err handover_form_write_mark(const char *mark, struct buffer *out);
/* The mark that the form bears; "" when it bears none. */
void handover_form_mark(struct bytes text, char ret_mark[static HANDOVER_FORM_MARK_MAX]);

/* Reads a form of `collection`. Values live in the arena and are not checked against their fields.
 * ERR_FORMAT and ERR_LIMIT with `*ret_error` set (it is untouched otherwise); ERR_MEMORY. */
MUST_USE enum err handover_form_parse(struct bytes text, const struct collection *, struct arena *,
                                      const struct handover_form_entry **ret_entries, size_t *ret_n,
                                      struct handover_form_error *ret_error);

#endif
