/* Borrowed bytes, and a growable buffer that owns its own. */
#ifndef STAFET_PROTO_BYTES_H
#define STAFET_PROTO_BYTES_H

#include "err.h"
#include <stddef.h>
#include <stdint.h>

/* A view of somebody else's bytes; valid as long as they are. data may be NULL when size is 0. */
struct bytes {
    const uint8_t *data;
    size_t size;
};

struct bytes bytes_of_text(const char *text);
int bytes_equal(struct bytes a, struct bytes b);
/* Byte order: of two, one that begins the other comes first. */
int bytes_compare(struct bytes a, struct bytes b);

/* Zero-initialised is empty and valid. `data` may move with each append. */
struct buffer {
    uint8_t *data;
    size_t size, capacity;
};

void buffer_done(struct buffer *);
/* Empties it and keeps the memory. */
void buffer_clear(struct buffer *);
MUST_USE enum err buffer_append(struct buffer *, const void *data, size_t size);
/* Makes room for `size` more bytes, counts them in, and points at their start. */
MUST_USE enum err buffer_extend(struct buffer *, size_t size, uint8_t **ret_start);
struct bytes buffer_view(const struct buffer *);
/* Wipes before it frees, for buffers that held plaintext or secrets. */
void buffer_wipe(struct buffer *);

/* Big-endian integers, the byte order of every fixed layout in PROTOCOL.md. Here, since every
 * header of every run is read with them. */
static inline void put_u16(uint8_t *at, uint16_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}
static inline void put_u32(uint8_t *at, uint32_t value) {
    put_u16(at, (uint16_t)(value >> 16));
    put_u16(at + 2, (uint16_t)value);
}
static inline void put_u64(uint8_t *at, uint64_t value) {
    put_u32(at, (uint32_t)(value >> 32));
    put_u32(at + 4, (uint32_t)value);
}
static inline uint16_t get_u16(const uint8_t *at) {
    return (uint16_t)(at[0] << 8 | at[1]);
}
static inline uint32_t get_u32(const uint8_t *at) {
    return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}
static inline uint64_t get_u64(const uint8_t *at) {
    return (uint64_t)get_u32(at) << 32 | get_u32(at + 4);
}

#endif
