/* Inside the CLI: a text in the user's editor. It may be about a child: it lies in a folder of its own with mode 0700, in
 * $XDG_RUNTIME_DIR (memory) if there is one, and goes with it. */
#ifndef STAFET_CLI_EDITOR_H
#define STAFET_CLI_EDITOR_H

#include "proto/bytes.h"
#include <stdbool.h>

enum { EDITOR_PATH_MAX = 512 };

struct editor {
    char folder[EDITOR_PATH_MAX], path[EDITOR_PATH_MAX + 32];
    char why[512]; /* what was wrong */
};

/* Is there somebody to edit: are standard input and output a terminal? */
bool editor_is_possible(void);
/* Makes the file. On failure there is nothing to close. */
MUST_USE enum err editor_open(struct editor *, struct bytes text);
/* Runs $VISUAL, else $EDITOR, else vi on the file and waits. May be called again, on what was left there. ERR_CANCELLED: the editor
 * failed; ERR_FORMAT: what it left is no UTF-8 text. The text ends in a NUL that is not counted. */
MUST_USE enum err editor_run(struct editor *, struct buffer *ret_text);
/* Removes the folder with everything in it, or leaves it to the user. */
void editor_close(struct editor *, bool keep);

#endif
