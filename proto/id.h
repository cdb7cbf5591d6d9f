/* Names of things, each a type of its own so that the compiler tells them apart, and their text form. */
#ifndef STAFET_PROTO_ID_H
#define STAFET_PROTO_ID_H

#include "err.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ID_TYPES(X)                                                                                \
    X(federation_id, 32) /* hash of the founding record */                                         \
    X(member_id, 16)     /* random, chosen by the municipality when it invites */                  \
    X(channel_id, 32)    /* hash of federation, kind and parties */                                \
    X(feed_id, 32)       /* hash of federation, channel, author and incarnation */                 \
    X(incarnation, 16)   /* 48-bit Unix ms, then 80 random bits */                                 \
    X(envelope_id, 32)   /* hash of header and signature */                                        \
    X(id8, 8)            /* the first 8 bytes of an envelope id */                                 \
    X(record_id, 16)     /* owner.h */                                                            \
    X(conflict_id, 32)   /* hash of record, field and live versions */                             \
    X(revision, 32)      /* hash of what a record says */                                          \
    X(hash, 32)          /* any other BLAKE2b-256 */

#define X(name, size_)                                                                             \
    struct name {                                                                                  \
        uint8_t bytes[size_];                                                                      \
    };                                                                                             \
    static inline int name##_compare(const struct name *a, const struct name *b) {                 \
        return memcmp(a->bytes, b->bytes, size_);                                                  \
    }                                                                                              \
    static inline bool name##_equal(const struct name *a, const struct name *b) {                  \
        return memcmp(a->bytes, b->bytes, size_) == 0;                                             \
    }                                                                                              \
    static inline bool name##_is_zero(const struct name *a) {                                      \
        static const struct name zero;                                                             \
        return memcmp(a->bytes, zero.bytes, size_) == 0;                                           \
    }
ID_TYPES(X)
#undef X

struct id8 envelope_id8(const struct envelope_id *);

/* Fresh time-ordered ids. `now_ms` is Unix time. */
struct incarnation incarnation_new(int64_t now_ms);
struct member_id member_id_new(void);

/* A version: one value of a field, named by where it was written. */
struct version_name {
    struct feed_id feed;
    uint64_t seq;
    struct id8 id8;
};
int version_name_compare(const struct version_name *, const struct version_name *);

/* Text form: Crockford's base32, 5 bits a character, most significant first. Upper case is written, either
 * case is read, I and L read as 1, O as 0. https://www.crockford.com/base32.html */
enum { ID_TEXT_MAX = 64 };
/* Writes ceil(size * 8 / 5) characters and a NUL; `size` at most 32. */
void id_text(const uint8_t *bytes, size_t size, char ret_text[static ID_TEXT_MAX]);
/* The whole of `text` must spell exactly `size` bytes. ERR_FORMAT otherwise. */
MUST_USE enum err id_parse(const char *text, uint8_t *ret_bytes, size_t size);
/* A record's text form spells only its ten random bytes (16 characters), so that a short prefix tells
 * records of one day apart. */
void record_text(const struct record_id *, char ret_text[static ID_TEXT_MAX]);
/* Does `prefix` (any case, at least one character) begin `text`, as the text form reads? */
bool id_text_has_prefix(const char *text, const char *prefix);

/* The same base32 for bytes of any size: BASE32_LENGTH(size) characters and a NUL. */
#define BASE32_LENGTH(size) (((size) * 8 + 4) / 5)
void base32_write(const uint8_t *bytes, size_t size, char *ret_text);
/* Reads `length` characters, which must spell exactly `size` bytes. ERR_FORMAT otherwise. */
MUST_USE enum err base32_read(const char *text, size_t length, uint8_t *ret_bytes, size_t size);

/* Hexadecimal in lower case, as members and revisions are written in values. PROTOCOL.md, "Change sets". */
enum { HEX_TEXT_MAX = 65 };
/* Writes 2 * size characters and a NUL; `size` at most 32. */
void hex_text(const uint8_t *bytes, size_t size, char ret_text[static HEX_TEXT_MAX]);
/* The whole of `text` must spell exactly `size` bytes, in lower case. ERR_FORMAT otherwise. */
MUST_USE enum err hex_parse(const char *text, uint8_t *ret_bytes, size_t size);
void member_text(const struct member_id *, char ret_text[static HEX_TEXT_MAX]);
MUST_USE enum err member_parse(const char *text, struct member_id *ret_member);
void revision_text(const struct revision *, char ret_text[static HEX_TEXT_MAX]);
MUST_USE enum err revision_parse(const char *text, struct revision *ret_revision);

#endif
