/* Is a text canonical JSON, as the values of kind json must be? PROTOCOL.md, "Change sets". Pure;
 * reads bytes, builds nothing. */
#ifndef STAFET_STORE_JSON_FORM_H
#define STAFET_STORE_JSON_FORM_H

#include "proto/bytes.h"
#include <stdbool.h>

/* Arrays and objects stand at most this deep in each other. */
enum { JSON_DEPTH_MAX = 32 };

/* One JSON value (RFC 8259) in UTF-8 without insignificant white space, U+0000 or a duplicate key,
 * the keys of each object in order of their characters. */
bool json_form_is_canonical(struct bytes text);

#endif
