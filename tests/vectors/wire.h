/* Protobuf by hand, for what no encoder would write; and its bytes as the text of a vector. */
#ifndef STAFET_TESTS_VECTORS_WIRE_H
#define STAFET_TESTS_VECTORS_WIRE_H

#include "proto/bytes.h"

/* All append. */
void wire_varint(struct buffer *, uint64_t value);
void wire_number(struct buffer *, unsigned field, uint64_t value);
void wire_fixed(struct buffer *, unsigned field, uint8_t byte, size_t times);
void wire_bytes(struct buffer *, unsigned field, const void *data, size_t size);
void wire_text(struct buffer *, unsigned field, const char *text);
/* A nested message; `inner` is emptied. */
void wire_nested(struct buffer *, unsigned field, struct buffer *inner);

/* Hexadecimal with long repetitions of a byte shortened; the caller frees it. `piece` follows,
 * repeated. */
char *wire_hex(struct bytes, struct bytes piece, size_t times);

#endif
