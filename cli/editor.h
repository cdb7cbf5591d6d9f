/* Inside the CLI: a text in the user's editor. It may be about a child: it lies below the home, in a folder of its own called
 * HOME/edit-XXXXXX with mode 0700, and goes with it; also when SIGHUP, SIGTERM, SIGINT or SIGQUIT ends the command. What a kill or a
 * power cut leaves there goes with the next edit. */
#ifndef STAFET_CLI_EDITOR_H
#define STAFET_CLI_EDITOR_H

#include "proto/bytes.h"
#include "proto/language.h"
#include <stdbool.h>

enum { EDITOR_PATH_MAX = 512 };

struct editor {
    char folder[EDITOR_PATH_MAX], path[EDITOR_PATH_MAX + 32];
    int lock;      /* held while the folder is in use, by the editor too */
    struct failure why; /* what was wrong; the caller sets its language */
};

/* Is there somebody to edit: are standard input and output a terminal? */
bool editor_is_possible(void);
/* Makes the file and takes the four signals until editor_close; one at a time. On failure there is nothing to close. */
MUST_USE enum err editor_open(struct editor *, const char *home, struct bytes text);
/* Has a signal asked the command to end? It does so in editor_close. */
bool editor_is_interrupted(void);
/* Runs $VISUAL, else $EDITOR, else vi on the file and waits. May be called again, on what was left there. ERR_CANCELLED: the editor
 * failed; ERR_FORMAT: what it left is no UTF-8 text. The text ends in a NUL that is not counted. */
MUST_USE enum err editor_run(struct editor *, struct buffer *ret_text);
/* Removes the folder with everything in it, or leaves it to the user until the next edit. After a signal it is removed, and the
 * command ends by that signal. */
void editor_close(struct editor *, bool keep);

#endif
