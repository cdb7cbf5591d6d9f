/* Internal to proto: generated messages to and from bytes, strictly and within bounds. PROTOCOL.md, "Messages and text".
 *
 * protobuf-c alone takes a string with a NUL inside, text that is no UTF-8, the same field twice, and
 * as much memory as the bytes ask for. So the bytes are looked at first, and unpacked through an
 * allocator over an arena. */
#ifndef STAFET_PROTO_PROTOBUF_H
#define STAFET_PROTO_PROTOBUF_H

#include "arena.h"
#include "bytes.h"
#include "declaration.h"
#include "id.h"
#include "key.h"
#include "message.h"
#include "stafet.pb-c.h"

/* One field as it stands: what a varint says, or what a sized one holds. */
enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_SIZED = 2, WIRE_32 = 5 };
struct wire_field {
    uint32_t number;
    unsigned wire;
    uint64_t value;
    struct bytes content;
};
/* Takes the first field off `bytes`, which must not be empty. ERR_FORMAT. */
MUST_USE enum err wire_next(struct bytes *bytes, struct wire_field *ret_field);

/* Strict form: whole fields of wire types 0, 1, 2, 5; known ones with their own wire type; singular
 * ones once, of a oneof one; strings clean text; at most UNKNOWN_FIELDS_MAX unknown ones in all.
 * ERR_FORMAT, ERR_LIMIT. */
MUST_USE enum err protobuf_check(const ProtobufCMessageDescriptor *, struct bytes);
/* Checks and unpacks. The message lives in the arena. ERR_FORMAT; ERR_LIMIT also when it takes more
 * than arena_cap_for its size; ERR_MEMORY when the arena or the heap gives out. */
MUST_USE enum err protobuf_unpack(const ProtobufCMessageDescriptor *, struct bytes, struct arena *,
                                  const ProtobufCMessage **ret_message);
MUST_USE enum err protobuf_pack(const ProtobufCMessage *, struct buffer *out);

/* Bytes of a fixed size. Absent ones are zero where the field may be absent. ERR_FORMAT. */
MUST_USE enum err fixed_read(ProtobufCBinaryData, void *ret, size_t size);
MUST_USE enum err fixed_read_optional(ProtobufCBinaryData, void *ret, size_t size);
/* Borrow. The optional one is absent when zero. */
ProtobufCBinaryData fixed_write(const void *, size_t size);
ProtobufCBinaryData fixed_write_optional(const void *, size_t size);
ProtobufCBinaryData binary_write(struct bytes);
struct bytes binary_read(ProtobufCBinaryData);

/* The generated structs hold no const pointers, even where they are only read. */
char *text_write(const char *);

/* Names: one clean line of 1 to NAME_SIZE_MAX bytes. ERR_FORMAT, ERR_LIMIT. */
MUST_USE enum err name_check(const char *name);
/* The same, and it may be empty. */
MUST_USE enum err name_check_optional(const char *name);
MUST_USE enum err endpoints_check(const char *const *endpoints, size_t n);
MUST_USE enum err endpoints_read(char **endpoints, size_t n, struct arena *,
                                 const char *const **ret);
MUST_USE enum err endpoints_write(const char *const *endpoints, size_t n, struct arena *,
                                  char ***ret);

/* `n_max` from limits.h. Feeds may be absent (zero) when `own_feed`. */
MUST_USE enum err versions_read(Stafet__V1__Version **, size_t n, size_t n_max, bool own_feed,
                                struct arena *, const struct version_name **ret_versions);
MUST_USE enum err versions_write(const struct version_name *, size_t n, size_t n_max, bool own_feed,
                                 struct arena *, Stafet__V1__Version ***ret_versions);

MUST_USE enum err keys_read(ProtobufCBinaryData sign, ProtobufCBinaryData seal,
                            ProtobufCBinaryData transport, struct public_keys *ret_keys);
MUST_USE enum err role_read(uint32_t number, enum role *ret_role);
MUST_USE enum err founding_read(const Stafet__V1__Founding *, struct arena *,
                                struct founding *ret_founding);
/* Checks the signature too. */
MUST_USE enum err join_read(const Stafet__V1__Join *, struct arena *,
                            struct message_join *ret_join);

#endif
