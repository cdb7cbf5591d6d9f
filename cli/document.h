/* Inside the CLI: reading documents without fuss. What is missing reads as "" or 0. */
#ifndef STAFET_CLI_DOCUMENT_H
#define STAFET_CLI_DOCUMENT_H

#include "screen.h"

const char *text_at(const json_t *object, const char *key);
int64_t number_at(const json_t *object, const char *key);
bool flag_at(const json_t *object, const char *key);
/* The label in the screen's language, from {"da", "en"}. */
const char *label_at(const struct screen *, const json_t *object, const char *key);
/* The sentence of the error that is named there, in the screen's language; NULL when none is. */
const char *error_text_at(const struct screen *, const json_t *object, const char *key);
/* What was found wrong with an entry: its `reason` in the screen's language, and its `text` too where that says more. */
void table_cell_fault(struct table *, const struct screen *, const json_t *object);
/* After what is to be sent: says so when the document's "running" is false. */
void put_not_running(const struct screen *, const json_t *document);
/* A member's role as people say it. */
const char *role_label(const struct screen *, const char *role);

#endif
