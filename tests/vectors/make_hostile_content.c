/* Change sets and answers that are refused. */
#include "make.h"
#include "wire.h"

#include <stdlib.h>
#include <string.h>

static void text_case(json_t *cases, const char *name, const char *type, const char *bytes,
                      enum err err) {
    json_t *v = vector_new(name, type);
    is_text(v, "bytes", bytes);
    refuse(cases, v, err);
}

/* `bytes`, then `piece` so many times; both are emptied. */
static void wire_case(json_t *cases, const char *name, struct buffer *bytes, struct buffer *piece,
                      size_t times, enum err err) {
    char *text = wire_hex(buffer_view(bytes), buffer_view(piece), times);
    text_case(cases, name, "change_set", text, err);
    free(text);
    buffer_done(bytes);
    buffer_done(piece);
}

static void form_cases(json_t *cases) {
    static const struct {
        const char *name, *bytes;
        enum err err;
    } all[] = {
        {"10,000 nested groups", "2b*10000", ERR_FORMAT},
        {"65 unknown fields", "980601*65", ERR_LIMIT},
        {"a name with a NUL inside", "0a03610062", ERR_FORMAT},
        {"a name with a terminal's escape", "0a041b5b324a", ERR_FORMAT},
        {"a name with a C1 control character", "0a02c29b", ERR_FORMAT},
        {"a name with a line feed", "0a03610a62", ERR_FORMAT},
        {"a name that is not UTF-8", "0a02c328", ERR_FORMAT},
        {"a name with an overlong NUL", "0a02c080", ERR_FORMAT},
        {"a name with a surrogate", "0a03eda080", ERR_FORMAT},
        {"a name of 201 bytes", "0ac901 61*201", ERR_LIMIT},
        {"the actor named twice", "0a01610a0162", ERR_FORMAT},
        {"a name with another wire type", "0801", ERR_FORMAT},
        {"protobuf field number 0", "0001", ERR_FORMAT},
        {"a wire type that does not exist", "9e06", ERR_FORMAT},
        {"a field that runs past the end", "0a056162", ERR_FORMAT},
        {"a length of 2^64 - 1", "0affffffffffffffffff01", ERR_FORMAT},
        {"a number of more than 64 bits", "9806ffffffffffffffffff02", ERR_FORMAT},
        {"a number that does not end", "980680", ERR_FORMAT},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        text_case(cases, all[i].name, "change_set", all[i].bytes, all[i].err);
}

/* A Write of record 01…01 in collection 1, with its value. */
static struct buffer write_of(size_t record, uint64_t field, struct bytes value) {
    struct buffer write = {0};
    wire_fixed(&write, 1, 1, record);
    wire_number(&write, 2, 1);
    wire_number(&write, 3, field);
    wire_bytes(&write, 4, value.data, value.size);
    return write;
}

static void write_case(json_t *cases, const char *name, struct buffer write, enum err err) {
    struct buffer bytes = {0}, none = {0};
    wire_nested(&bytes, 3, &write);
    wire_case(cases, name, &bytes, &none, 0, err);
}

/* A Write with one Version. */
static struct buffer replacing(size_t feed, uint64_t seq, size_t id8) {
    struct buffer write = write_of(16, 1, bytes_of_text("x")), version = {0};
    if (feed > 0)
        wire_fixed(&version, 1, 2, feed);
    wire_number(&version, 2, seq);
    wire_fixed(&version, 3, 3, id8);
    wire_nested(&write, 5, &version);
    return write;
}

static void write_cases(json_t *cases) {
    struct bytes x = bytes_of_text("x");
    struct buffer zero = {0}, large = {0}, bytes = {0}, piece = {0}, version = {0};
    wire_fixed(&zero, 1, 0, 16);
    wire_number(&zero, 2, 1);
    write_case(cases, "a record of zeroes", zero, ERR_FORMAT);
    write_case(cases, "a record of 15 bytes", write_of(15, 1, x), ERR_FORMAT);
    write_case(cases, "no record", write_of(0, 1, x), ERR_FORMAT);
    write_case(cases, "field 65,536", write_of(16, 65536, x), ERR_FORMAT);
    write_case(cases, "a field number of more than 32 bits", write_of(16, UINT64_C(1) << 32 | 1, x),
               ERR_FORMAT);
    write_case(cases, "a value with a tab", write_of(16, 1, bytes_of_text("a\tb")), ERR_FORMAT);
    write_case(cases, "a value that is not UTF-8", write_of(16, 1, bytes_of_text("\xff")),
               ERR_FORMAT);
    uint8_t *at;
    MUST(buffer_extend(&large, 131073, &at));
    memset(at, 'v', 131073);
    write_case(cases, "a value of 128 KiB and one byte", write_of(16, 1, buffer_view(&large)),
               ERR_LIMIT);
    buffer_done(&large);
    write_case(cases, "a version without a number", replacing(32, 0, 8), ERR_FORMAT);
    write_case(cases, "a version with number 2^63", replacing(32, UINT64_C(1) << 63, 8),
               ERR_FORMAT);
    write_case(cases, "a version of a feed of 31 bytes", replacing(31, 1, 8), ERR_FORMAT);
    write_case(cases, "a version with an id of 7 bytes", replacing(32, 1, 7), ERR_FORMAT);
    struct buffer write = write_of(16, 1, x);
    wire_number(&version, 2, 1);
    wire_fixed(&version, 3, 3, 8);
    wire_nested(&piece, 5, &version);
    wire_varint(&bytes, 3 << 3 | 2);
    wire_varint(&bytes, write.size + 257 * piece.size);
    MUST(buffer_append(&bytes, write.data, write.size));
    buffer_done(&write);
    wire_case(cases, "257 versions replaced by one write", &bytes, &piece, 257, ERR_LIMIT);
    write = write_of(16, 1, x);
    wire_nested(&piece, 3, &write);
    wire_case(cases, "4,097 writes", &bytes, &piece, 4097, ERR_LIMIT);
}

static struct buffer batch_of(size_t survey, size_t mark, uint64_t part, uint64_t parts,
                              struct bytes answer) {
    struct buffer batch = {0};
    wire_fixed(&batch, 1, 1, survey);
    wire_fixed(&batch, 2, 2, mark);
    wire_number(&batch, 3, part);
    wire_number(&batch, 4, parts);
    wire_bytes(&batch, 5, answer.data, answer.size);
    return batch;
}

static void batch_case(json_t *cases, const char *name, struct buffer batch, enum err err) {
    struct buffer bytes = {0}, none = {0};
    wire_nested(&bytes, 4, &batch);
    wire_case(cases, name, &bytes, &none, 0, err);
}

static void answer_cases(json_t *cases) {
    struct bytes answer = bytes_of_text("\x0a\x04\x08\x01\x10\x02");
    batch_case(cases, "a part beyond the parts", batch_of(16, 32, 1, 1, answer), ERR_FORMAT);
    batch_case(cases, "a batch of no parts", batch_of(16, 32, 0, 0, answer), ERR_FORMAT);
    batch_case(cases, "a mark of 31 bytes", batch_of(16, 31, 0, 1, answer), ERR_FORMAT);
    batch_case(cases, "a survey of 15 bytes", batch_of(15, 32, 0, 1, answer), ERR_FORMAT);
    static const uint8_t tag[] = {0x8a, 0x80, 0x80, 0x80, 0x80, 0, 4, 8, 1, 0x10, 2};
    static const uint8_t length[] = {0x0a, 0x84, 0x80, 0x80, 0x80, 0x80, 0, 8, 1, 0x10, 2};
    batch_case(cases, "an answer with a tag of 6 bytes",
               batch_of(16, 32, 0, 1, (struct bytes){tag, sizeof tag}), ERR_FORMAT);
    batch_case(cases, "an answer with a length of 6 bytes",
               batch_of(16, 32, 0, 1, (struct bytes){length, sizeof length}), ERR_FORMAT);
    batch_case(cases, "an empty answer", batch_of(16, 32, 0, 1, (struct bytes){0}), ERR_FORMAT);
    batch_case(cases, "an answer that is none",
               batch_of(16, 32, 0, 1, bytes_of_text("\x0a\x05\x08\x01")), ERR_FORMAT);
    batch_case(cases, "an answer of unknown fields only in a batch",
               batch_of(16, 32, 0, 1, bytes_of_text("\x10\x01")), ERR_FORMAT);
    batch_case(cases, "an answer without a value in a batch",
               batch_of(16, 32, 0, 1, bytes_of_text("\x0a\x02\x08\x01")), ERR_FORMAT);
    text_case(cases, "a reply with choice and text", "answer", "0a07080110021a0178", ERR_FORMAT);
    text_case(cases, "a reply without a value", "answer", "0a020801", ERR_FORMAT);
    text_case(cases, "a reply with choice 0", "answer", "0a0408011000", ERR_FORMAT);
    text_case(cases, "a reply to no question", "answer", "0a021001", ERR_FORMAT);
    text_case(cases, "an answer without replies", "answer", "", ERR_FORMAT);
    text_case(cases, "1,025 replies", "answer", "0a0408011001*1025", ERR_LIMIT);
}

void make_hostile_content(const struct world *world __attribute__((unused)), json_t *cases) {
    form_cases(cases);
    write_cases(cases);
    answer_cases(cases);
}
