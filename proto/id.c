#include "id.h"

#include "bytes.h"
#include <sodium.h>

struct id8 envelope_id8(const struct envelope_id *id) {
    struct id8 id8;
    memcpy(id8.bytes, id->bytes, sizeof id8.bytes);
    return id8;
}

enum { TIME_SIZE = 6 };

struct incarnation incarnation_new(int64_t now_ms) {
    uint8_t time[8];
    struct incarnation incarnation;
    put_u64(time, (uint64_t)(now_ms < 0 ? 0 : now_ms));
    memcpy(incarnation.bytes, time + sizeof time - TIME_SIZE, TIME_SIZE);
    randombytes_buf(incarnation.bytes + TIME_SIZE, sizeof incarnation.bytes - TIME_SIZE);
    return incarnation;
}

struct member_id member_id_new(void) {
    struct member_id member;
    randombytes_buf(member.bytes, sizeof member.bytes);
    return member;
}

int version_name_compare(const struct version_name *a, const struct version_name *b) {
    int order = feed_id_compare(&a->feed, &b->feed);
    if (order != 0)
        return order;
    if (a->seq != b->seq)
        return a->seq < b->seq ? -1 : 1;
    return id8_compare(&a->id8, &b->id8);
}

void base32_write(const uint8_t *bytes, size_t size, char *ret_text) {
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned held = 0, held_bits = 0;
    for (size_t i = 0; i < size; i++) {
        held = (held << 8 | bytes[i]) & 0xfff;
        for (held_bits += 8; held_bits >= 5; held_bits -= 5)
            *ret_text++ = digits[held >> (held_bits - 5) & 31];
    }
    if (held_bits > 0)
        *ret_text++ = digits[held << (5 - held_bits) & 31];
    *ret_text = '\0';
}

/* -1 when it is none. Independent of the locale. */
static int base32_digit(char c) {
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if (c == 'i' || c == 'l')
        c = '1';
    if (c == 'o')
        c = '0';
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

enum err base32_read(const char *text, size_t length, uint8_t *ret_bytes, size_t size) {
    if (length != BASE32_LENGTH(size))
        return ERR_FORMAT;
    unsigned held = 0, held_bits = 0;
    for (size_t i = 0, n = 0; i < length; i++) {
        int digit = base32_digit(text[i]);
        if (digit < 0)
            return ERR_FORMAT;
        held = (held << 5 | (unsigned)digit) & 0xfff;
        held_bits += 5;
        if (held_bits >= 8) {
            held_bits -= 8;
            ret_bytes[n++] = (uint8_t)(held >> held_bits);
        }
    }
    /* So that one id has one text. */
    return (held & ((1u << held_bits) - 1)) == 0 ? OK : ERR_FORMAT;
}

void id_text(const uint8_t *bytes, size_t size, char ret_text[static ID_TEXT_MAX]) {
    base32_write(bytes, size, ret_text);
}

enum err id_parse(const char *text, uint8_t *ret_bytes, size_t size) {
    uint8_t bytes[32];
    if (size > sizeof bytes)
        return ERR_ARGUMENT;
    enum err err = base32_read(text, strlen(text), bytes, size);
    if (err == OK)
        memcpy(ret_bytes, bytes, size);
    return err;
}

void record_text(const struct record_id *record, char ret_text[static ID_TEXT_MAX]) {
    base32_write(record->bytes + TIME_SIZE, sizeof record->bytes - TIME_SIZE, ret_text);
}

bool id_text_has_prefix(const char *text, const char *prefix) {
    if (*prefix == '\0')
        return false;
    for (; *prefix != '\0'; text++, prefix++) {
        int digit = base32_digit(*prefix);
        if (digit < 0 || digit != base32_digit(*text))
            return false;
    }
    return true;
}

void hex_text(const uint8_t *bytes, size_t size, char ret_text[static HEX_TEXT_MAX]) {
    sodium_bin2hex(ret_text, HEX_TEXT_MAX, bytes, size);
}

enum err hex_parse(const char *text, uint8_t *ret_bytes, size_t size) {
    uint8_t bytes[32];
    if (size > sizeof bytes)
        return ERR_ARGUMENT;
    size_t length = strlen(text);
    if (length != 2 * size || strspn(text, "0123456789abcdef") != length ||
        sodium_hex2bin(bytes, sizeof bytes, text, length, NULL, NULL, NULL) != 0)
        return ERR_FORMAT;
    memcpy(ret_bytes, bytes, size);
    return OK;
}

void member_text(const struct member_id *member, char ret_text[static HEX_TEXT_MAX]) {
    hex_text(member->bytes, sizeof member->bytes, ret_text);
}

enum err member_parse(const char *text, struct member_id *ret_member) {
    return hex_parse(text, ret_member->bytes, sizeof ret_member->bytes);
}

void revision_text(const struct revision *revision, char ret_text[static HEX_TEXT_MAX]) {
    hex_text(revision->bytes, sizeof revision->bytes, ret_text);
}

enum err revision_parse(const char *text, struct revision *ret_revision) {
    return hex_parse(text, ret_revision->bytes, sizeof ret_revision->bytes);
}
