#include "protobuf.h"

#include "limits.h"
#include "text.h"
#include <sodium.h>

/* ---- The bytes as they are ---- */

/* A tag or length takes at most 5 bytes, as elsewhere too (protobuf-c refuses more); a value 10. */
enum { PREFIX_SIZE_MAX = 5, VARINT_SIZE_MAX = 10 };

static enum err read_varint(struct bytes *bytes, unsigned size_max, uint64_t *ret_value) {
    if (bytes->size > 0 && bytes->data[0] < 0x80) { /* most are */
        *ret_value = *bytes->data++;
        bytes->size--;
        return OK;
    }
    uint64_t value = 0;
    for (unsigned i = 0; i < size_max && i < bytes->size; i++) {
        uint8_t byte = bytes->data[i];
        if (i == 9 && byte > 1)
            return ERR_FORMAT;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bytes->data += i + 1;
            bytes->size -= i + 1;
            *ret_value = value;
            return OK;
        }
    }
    return ERR_FORMAT;
}

enum err wire_next(struct bytes *bytes, struct wire_field *ret_field) {
    uint64_t tag;
    enum err err = read_varint(bytes, PREFIX_SIZE_MAX, &tag);
    if (err != OK)
        return err;
    if (tag > UINT32_MAX || tag >> 3 == 0)
        return ERR_FORMAT;
    struct wire_field field = {.number = (uint32_t)(tag >> 3), .wire = (unsigned)(tag & 7)};
    if (field.wire == WIRE_VARINT || field.wire == WIRE_SIZED)
        err = read_varint(bytes, field.wire == WIRE_SIZED ? PREFIX_SIZE_MAX : VARINT_SIZE_MAX,
                          &field.value);
    else if (field.wire != WIRE_64 && field.wire != WIRE_32)
        err = ERR_FORMAT; /* groups among them */
    if (err != OK)
        return err;
    size_t size = field.wire == WIRE_64 ? 8 : field.wire == WIRE_32 ? 4 : 0;
    if (field.wire == WIRE_SIZED) {
        if (field.value > bytes->size)
            return ERR_FORMAT;
        size = (size_t)field.value;
    }
    if (size > bytes->size)
        return ERR_FORMAT;
    field.content = (struct bytes){bytes->data, size};
    bytes->data += size;
    bytes->size -= size;
    *ret_field = field;
    return OK;
}

/* Is the field of the descriptor's type? The schema has no types but these. */
static bool has_type(const struct wire_field *field, ProtobufCType type) {
    if (type == PROTOBUF_C_TYPE_STRING)
        return field->wire == WIRE_SIZED && text_is_clean(field->content, true);
    if (type == PROTOBUF_C_TYPE_BYTES || type == PROTOBUF_C_TYPE_MESSAGE)
        return field->wire == WIRE_SIZED;
    if (type == PROTOBUF_C_TYPE_FIXED64)
        return field->wire == WIRE_64;
    uint64_t value_max = type == PROTOBUF_C_TYPE_BOOL     ? 1
                         : type == PROTOBUF_C_TYPE_UINT32 ? UINT32_MAX
                                                          : UINT64_MAX;
    return field->wire == WIRE_VARINT && field->value <= value_max;
}

/* Has this singular field, or another of its oneof, been here before? */
static bool is_repeated_wrongly(const ProtobufCMessageDescriptor *message,
                                const ProtobufCFieldDescriptor *descriptor, uint64_t *seen) {
    if (descriptor->label == PROTOBUF_C_LABEL_REPEATED)
        return false;
    uint64_t bits = 0;
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *other = &message->fields[i];
        bool same_oneof = (descriptor->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                          (other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
                          other->quantifier_offset == descriptor->quantifier_offset;
        if (other == descriptor || same_oneof)
            bits |= (uint64_t)1 << i;
    }
    if ((*seen & bits) != 0)
        return true;
    *seen |= bits;
    return false;
}

/* Recursion is as deep as the schema, in which no message contains itself. */
static enum err check(const ProtobufCMessageDescriptor *message, struct bytes bytes,
                      size_t *unknown) {
    uint64_t seen = 0; /* a bit a field: the largest message has 14 */
    while (bytes.size > 0) {
        struct wire_field field;
        enum err err = wire_next(&bytes, &field);
        if (err != OK)
            return err;
        const ProtobufCFieldDescriptor *descriptor =
            protobuf_c_message_descriptor_get_field(message, field.number);
        if (descriptor == NULL) {
            if (++*unknown > UNKNOWN_FIELDS_MAX)
                return ERR_LIMIT;
            continue;
        }
        if (!has_type(&field, descriptor->type) || is_repeated_wrongly(message, descriptor, &seen))
            return ERR_FORMAT;
        if (descriptor->type == PROTOBUF_C_TYPE_MESSAGE)
            err = check(descriptor->descriptor, field.content, unknown);
        if (err != OK)
            return err;
    }
    return OK;
}

enum err protobuf_check(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes) {
    size_t unknown = 0;
    return check(descriptor, bytes, &unknown);
}

/* ---- protobuf-c ---- */

struct allocator {
    ProtobufCAllocator base;
    struct arena *arena;
    size_t left;
    enum err err;
};

static void *allocate(void *data, size_t size) {
    struct allocator *allocator = data;
    if (size > allocator->left) {
        allocator->err = ERR_LIMIT;
        return NULL;
    }
    allocator->left -= size;
    void *memory = arena_alloc(allocator->arena, size);
    if (memory == NULL)
        allocator->err = ERR_MEMORY;
    return memory;
}

static void release(void *data __attribute__((unused)), void *memory __attribute__((unused))) {}

enum err protobuf_unpack(const ProtobufCMessageDescriptor *descriptor, struct bytes bytes,
                         struct arena *arena, const ProtobufCMessage **ret_message) {
    enum err err = protobuf_check(descriptor, bytes);
    if (err != OK)
        return err;
    struct allocator allocator = {
        .arena = arena, .left = arena_cap_for(bytes.size), .err = ERR_FORMAT};
    allocator.base =
        (ProtobufCAllocator){.alloc = allocate, .free = release, .allocator_data = &allocator};
    static const uint8_t nothing[1]; /* protobuf-c does arithmetic on the pointer */
    const uint8_t *data = bytes.size == 0 ? nothing : bytes.data;
    const ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, &allocator.base, bytes.size, data);
    if (message == NULL)
        return allocator.err;
    *ret_message = message;
    return OK;
}

enum err protobuf_pack(const ProtobufCMessage *message, struct buffer *out) {
    uint8_t *at;
    enum err err = buffer_extend(out, protobuf_c_message_get_packed_size(message), &at);
    if (err == OK)
        protobuf_c_message_pack(message, at);
    return err;
}

/* ---- Fields that many messages have ---- */

struct bytes binary_read(ProtobufCBinaryData data) {
    return (struct bytes){data.data, data.len};
}

ProtobufCBinaryData binary_write(struct bytes bytes) {
    return (ProtobufCBinaryData){bytes.size, (uint8_t *)(uintptr_t)bytes.data};
}

char *text_write(const char *text) {
    return (char *)(uintptr_t)text;
}

enum err fixed_read(ProtobufCBinaryData data, void *ret, size_t size) {
    if (data.len != size)
        return ERR_FORMAT;
    memcpy(ret, data.data, size);
    return OK;
}

enum err fixed_read_optional(ProtobufCBinaryData data, void *ret, size_t size) {
    if (data.len != 0)
        return fixed_read(data, ret, size);
    memset(ret, 0, size);
    return OK;
}

ProtobufCBinaryData fixed_write(const void *data, size_t size) {
    return binary_write((struct bytes){data, size});
}

ProtobufCBinaryData fixed_write_optional(const void *data, size_t size) {
    return sodium_is_zero(data, size) ? (ProtobufCBinaryData){0} : fixed_write(data, size);
}

enum err name_check_optional(const char *name) {
    if (strlen(name) > NAME_SIZE_MAX)
        return ERR_LIMIT;
    return text_is_name(name, NAME_SIZE_MAX) ? OK : ERR_FORMAT;
}

enum err name_check(const char *name) {
    return name[0] == '\0' ? ERR_FORMAT : name_check_optional(name);
}

enum err endpoints_check(const char *const *endpoints, size_t n) {
    if (n > ENDPOINTS_MAX)
        return ERR_LIMIT;
    for (size_t i = 0; i < n; i++)
        if (!text_is_endpoint(endpoints[i]))
            return strlen(endpoints[i]) > ENDPOINT_SIZE_MAX ? ERR_LIMIT : ERR_FORMAT;
    return OK;
}

enum err endpoints_read(char **endpoints, size_t n, struct arena *arena, const char *const **ret) {
    const char **copy = arena_array(arena, n, sizeof *copy);
    if (copy == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        copy[i] = endpoints[i];
    enum err err = endpoints_check(copy, n);
    if (err == OK)
        *ret = copy;
    return err;
}

enum err endpoints_write(const char *const *endpoints, size_t n, struct arena *arena, char ***ret) {
    enum err err = endpoints_check(endpoints, n);
    if (err != OK)
        return err;
    char **copy = arena_array(arena, n, sizeof *copy);
    if (copy == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        copy[i] = text_write(endpoints[i]);
    *ret = copy;
    return OK;
}

enum err versions_read(Stafet__V1__Version **versions, size_t n, size_t n_max, bool own_feed,
                       struct arena *arena, const struct version_name **ret_versions) {
    if (n > n_max)
        return ERR_LIMIT;
    struct version_name *names = arena_array(arena, n, sizeof *names);
    if (names == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        const Stafet__V1__Version *version = versions[i];
        enum err err = (own_feed ? fixed_read_optional : fixed_read)(
            version->feed, names[i].feed.bytes, sizeof names[i].feed.bytes);
        if (err == OK)
            err = fixed_read(version->id8, names[i].id8.bytes, sizeof names[i].id8.bytes);
        if (err != OK)
            return err;
        if (version->seq == 0 || version->seq > INT64_MAX)
            return ERR_FORMAT;
        names[i].seq = version->seq;
    }
    *ret_versions = names;
    return OK;
}

enum err versions_write(const struct version_name *names, size_t n, size_t n_max, bool own_feed,
                        struct arena *arena, Stafet__V1__Version ***ret_versions) {
    if (n > n_max)
        return ERR_LIMIT;
    Stafet__V1__Version *versions = arena_array(arena, n, sizeof *versions);
    Stafet__V1__Version **pointers = arena_array(arena, n, sizeof(Stafet__V1__Version *));
    if (versions == NULL || pointers == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        if (names[i].seq == 0 || names[i].seq > INT64_MAX ||
            (!own_feed && feed_id_is_zero(&names[i].feed)))
            return ERR_ARGUMENT;
        stafet__v1__version__init(&versions[i]);
        versions[i].feed = fixed_write_optional(names[i].feed.bytes, sizeof names[i].feed.bytes);
        versions[i].seq = names[i].seq;
        versions[i].id8 = fixed_write(names[i].id8.bytes, sizeof names[i].id8.bytes);
        pointers[i] = &versions[i];
    }
    *ret_versions = pointers;
    return OK;
}

enum err keys_read(ProtobufCBinaryData sign, ProtobufCBinaryData seal,
                   ProtobufCBinaryData transport, struct public_keys *ret_keys) {
    struct public_keys keys;
    if (fixed_read(sign, keys.sign.bytes, sizeof keys.sign.bytes) != OK ||
        fixed_read(seal, keys.seal.bytes, sizeof keys.seal.bytes) != OK ||
        fixed_read(transport, keys.transport.bytes, sizeof keys.transport.bytes) != OK)
        return ERR_FORMAT;
    *ret_keys = keys;
    return OK;
}

enum err role_read(uint32_t number, enum role *ret_role) {
    if (number < ROLE_MUNICIPALITY || number > ROLE_RELAY)
        return ERR_FORMAT;
    *ret_role = (enum role)number;
    return OK;
}
