#include "wire.h"

#include "make.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wire_varint(struct buffer *out, uint64_t value) {
    do {
        uint8_t byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        MUST(buffer_append(out, &byte, 1));
        value >>= 7;
    } while (value > 0);
}

void wire_number(struct buffer *out, unsigned field, uint64_t value) {
    wire_varint(out, field << 3);
    wire_varint(out, value);
}

void wire_bytes(struct buffer *out, unsigned field, const void *data, size_t size) {
    wire_varint(out, field << 3 | 2);
    wire_varint(out, size);
    MUST(buffer_append(out, data, size));
}

void wire_fixed(struct buffer *out, unsigned field, uint8_t byte, size_t times) {
    uint8_t *at;
    wire_varint(out, field << 3 | 2);
    wire_varint(out, times);
    MUST(buffer_extend(out, times, &at));
    memset(at, byte, times);
}

void wire_text(struct buffer *out, unsigned field, const char *text) {
    wire_bytes(out, field, text, strlen(text));
}

void wire_nested(struct buffer *out, unsigned field, struct buffer *inner) {
    wire_bytes(out, field, inner->data, inner->size);
    buffer_done(inner);
}

char *wire_hex(struct bytes bytes, struct bytes piece, size_t times) {
    enum { SHORTEN_FROM = 24 };
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        make_failed("open_memstream", ERR_MEMORY);
    for (size_t i = 0, run; i < bytes.size; i += run) {
        for (run = 1; i + run < bytes.size && bytes.data[i + run] == bytes.data[i]; run++)
            ;
        if (run >= SHORTEN_FROM) {
            fprintf(out, "%s%02x*%zu%s", i == 0 ? "" : " ", bytes.data[i], run,
                    i + run == bytes.size ? "" : " ");
        } else {
            for (size_t k = 0; k < run; k++)
                fprintf(out, "%02x", bytes.data[i]);
        }
    }
    if (times > 0) {
        if (bytes.size > 0)
            fprintf(out, " ");
        for (size_t i = 0; i < piece.size; i++)
            fprintf(out, "%02x", piece.data[i]);
        fprintf(out, "*%zu", times);
    }
    fclose(out);
    return text;
}
