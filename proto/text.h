/* Text from outside: what may be shown on a screen, stored as a name, dialled as an endpoint.
 * PROTOCOL.md, "Messages and text". */
#ifndef STAFET_PROTO_TEXT_H
#define STAFET_PROTO_TEXT_H

#include "bytes.h"
#include <stdbool.h>

/* The first character of `text`, which is not empty: its size in bytes; 0 when it is not UTF-8 (overlong forms, surrogates and what lies
 * beyond U+10FFFF are not). */
size_t text_next(struct bytes text, uint32_t *ret_character);
/* Is it valid UTF-8 without control characters (U+0000-1F, U+007F-9F), but for line feeds when
 * `lines`? */
bool text_is_clean(struct bytes text, bool lines);
/* How many bytes of `text`, at most `size_max`, can be shown without cutting a character of UTF-8 in two. */
size_t text_fit(struct bytes text, size_t size_max);
/* One clean line of at most `size_max` bytes? The empty text is one. */
bool text_is_name(const char *text, size_t size_max);
/* "tcp://HOST:PORT", HOST a name, an IPv4 address or an IPv6 address in brackets, of at most
 * ENDPOINT_SIZE_MAX? */
bool text_is_endpoint(const char *text);

#endif
