/* Inside the CLI: one page that parents can take along; pure. It needs nothing beside itself, no script and no network, and every
 * value in it is escaped. */
#ifndef STAFET_CLI_HANDOVER_HTML_H
#define STAFET_CLI_HANDOVER_HTML_H

#include "proto/bytes.h"
#include "screen.h"

/* Appends the page of a `handover print` document. ERR_MEMORY. */
MUST_USE enum err handover_html(const json_t *document, enum language, struct buffer *out);

#endif
