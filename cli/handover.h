/* Inside the CLI: the screens of handovers, and what their verbs do on the user's side. */
#ifndef STAFET_CLI_HANDOVER_H
#define STAFET_CLI_HANDOVER_H

#include "screen.h"

typedef void handover_view(const struct screen *, const json_t *document);
handover_view handover_view_list, handover_view_show, handover_view_track;           /* handover_view.c */
handover_view handover_view_template, handover_view_drafts, handover_view_agree;     /* handover_said.c */
handover_view handover_view_send, handover_view_accept, handover_view_print;         /* handover_said.c */

/* What would be sent, to whom: before asking, and afterwards. */
void handover_put_changes(const struct screen *, const json_t *document);

/* `edit` without anything to write, on a terminal: the form in the user's editor. */
int handover_side_edit(struct cli_context *, json_t *args);
/* Shows recipient, child, revision and changes, asks, and sends exactly that revision. */
int handover_side_send(struct cli_context *, json_t *args);
/* Says on standard error when a look could not be noted. */
int handover_side_shown(struct cli_context *, const json_t *args, const json_t *document);
/* Refuses early what can't be written; then writes the page. */
int handover_side_print(struct cli_context *, json_t *args);
int handover_side_printed(struct cli_context *, const json_t *args, const json_t *document);

#endif
