#include "header.h"

#include "hash.h"
#include "limits.h"

/* The layout of PROTOCOL.md, "Header". */
enum {
    AT_VERSION = 0,
    AT_FLAGS = 1,
    AT_SCHEMA = 2,
    AT_SECTIONS = 4,
    AT_RESERVED = 6,
    AT_FEED = 8,
    AT_SEQ = 40,
    AT_PREV = 48,
    AT_ROSTER_SEQ = 80,
    AT_ROSTER_ID8 = 88,
    AT_CLOCK = 96,
    AT_BODY = 104,
    AT_SEAL_SEQ = 136
};

void header_encode(const struct header *header, uint8_t ret_bytes[static HEADER_SIZE]) {
    ret_bytes[AT_VERSION] = HEADER_VERSION;
    ret_bytes[AT_FLAGS] = header->flags;
    put_u16(ret_bytes + AT_SCHEMA, header->schema);
    put_u16(ret_bytes + AT_SECTIONS, header->sections_n);
    put_u16(ret_bytes + AT_RESERVED, 0);
    memcpy(ret_bytes + AT_FEED, header->feed.bytes, sizeof header->feed.bytes);
    put_u64(ret_bytes + AT_SEQ, header->seq);
    memcpy(ret_bytes + AT_PREV, header->prev.bytes, sizeof header->prev.bytes);
    put_u64(ret_bytes + AT_ROSTER_SEQ, header->roster_seq);
    memcpy(ret_bytes + AT_ROSTER_ID8, header->roster_id8.bytes, sizeof header->roster_id8.bytes);
    put_u64(ret_bytes + AT_CLOCK, header->clock);
    memcpy(ret_bytes + AT_BODY, header->body.bytes, sizeof header->body.bytes);
    put_u64(ret_bytes + AT_SEAL_SEQ, header->seal_seq);
}

/* What must hold whatever stands before and after. */
static enum err check(const struct header *header) {
    if (header->flags != 0 || header->schema == 0)
        return ERR_FORMAT;
    if (header->sections_n > SECTIONS_MAX)
        return ERR_LIMIT;
    if (header->seq == 0 || header->seq > INT64_MAX || header->roster_seq > INT64_MAX ||
        header->clock > INT64_MAX)
        return ERR_FORMAT;
    if ((header->seq == 1) != envelope_id_is_zero(&header->prev))
        return ERR_FORMAT;
    if (header->roster_seq == 0 && !id8_is_zero(&header->roster_id8))
        return ERR_FORMAT;
    if (header->seal_seq > header->seq ||
        (header->seal_seq != 0 && header->seq - header->seal_seq >= SEAL_REUSE_MAX))
        return ERR_FORMAT;
    return OK;
}

enum err header_decode(const uint8_t bytes[static HEADER_SIZE], struct header *ret_header) {
    if (bytes[AT_VERSION] != HEADER_VERSION)
        return ERR_VERSION;
    if (get_u16(bytes + AT_RESERVED) != 0)
        return ERR_FORMAT;
    struct header header = {
        .flags = bytes[AT_FLAGS],
        .schema = get_u16(bytes + AT_SCHEMA),
        .sections_n = get_u16(bytes + AT_SECTIONS),
        .seq = get_u64(bytes + AT_SEQ),
        .roster_seq = get_u64(bytes + AT_ROSTER_SEQ),
        .clock = get_u64(bytes + AT_CLOCK),
        .seal_seq = get_u64(bytes + AT_SEAL_SEQ),
    };
    memcpy(header.feed.bytes, bytes + AT_FEED, sizeof header.feed.bytes);
    memcpy(header.prev.bytes, bytes + AT_PREV, sizeof header.prev.bytes);
    memcpy(header.roster_id8.bytes, bytes + AT_ROSTER_ID8, sizeof header.roster_id8.bytes);
    memcpy(header.body.bytes, bytes + AT_BODY, sizeof header.body.bytes);
    enum err err = check(&header);
    if (err == OK)
        *ret_header = header;
    return err;
}

struct envelope_id envelope_id_of(const uint8_t signed_header[static SIGNED_HEADER_SIZE]) {
    struct hash hash = hash_of(HASH_ENVELOPE, signed_header, SIGNED_HEADER_SIZE);
    struct envelope_id id;
    memcpy(id.bytes, hash.bytes, sizeof id.bytes);
    return id;
}
