/* Protobuf by hand, for what no encoder would write. */
#ifndef STAFET_TESTS_WIRE_H
#define STAFET_TESTS_WIRE_H

#include "paper.h"

static inline void wire_varint(struct buffer *out, uint64_t value) {
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        assert_ok(buffer_append(out, &byte, 1));
        value >>= 7;
    } while (value > 0);
}

static inline void wire_number(struct buffer *out, unsigned field, uint64_t value) {
    wire_varint(out, field << 3);
    wire_varint(out, value);
}

static inline void wire_bytes(struct buffer *out, unsigned field, const void *data, size_t size) {
    wire_varint(out, field << 3 | 2);
    wire_varint(out, size);
    assert_ok(buffer_append(out, data, size));
}

static inline void wire_text(struct buffer *out, unsigned field, const char *content) {
    wire_bytes(out, field, content, strlen(content));
}

static inline void wire_nested(struct buffer *out, unsigned field, struct buffer *inner) {
    wire_bytes(out, field, inner->data, inner->size);
    buffer_done(inner);
}

#endif
