#include "statement.h"

#include "limits.h"
#include "protobuf.h"

static enum err encode_body(const struct statement *statement, struct arena *arena,
                            struct buffer *out) {
    Stafet__V1__Statement message;
    stafet__v1__statement__init(&message);
    message.federation =
        fixed_write(statement->federation.bytes, sizeof statement->federation.bytes);
    message.member = fixed_write(statement->member.bytes, sizeof statement->member.bytes);
    message.channel = fixed_write(statement->channel.bytes, sizeof statement->channel.bytes);
    message.counter = statement->counter;
    message.n_heads = statement->heads_n;
    message.waiting = statement->waiting;
    if (statement->counter > INT64_MAX)
        return ERR_ARGUMENT;
    enum err err = versions_write(statement->heads, statement->heads_n, HEADS_PER_MESSAGE_MAX,
                                  false, arena, &message.heads);
    return err != OK ? err : protobuf_pack(&message.base, out);
}

enum err statement_sign(const struct statement *statement, const struct sign_secret *secret,
                        struct buffer *out) {
    struct arena arena;
    struct buffer body = {0};
    struct signature signature;
    arena_init(&arena, SIZE_MAX);
    enum err err = encode_body(statement, &arena, &body);
    if (err == OK)
        err = key_sign(secret, SIGN_STATEMENT, buffer_view(&body), &signature);
    if (err == OK) {
        Stafet__V1__Signed message;
        stafet__v1__signed__init(&message);
        message.body = binary_write(buffer_view(&body));
        message.signature = fixed_write(signature.bytes, sizeof signature.bytes);
        err = protobuf_pack(&message.base, out);
    }
    buffer_done(&body);
    arena_done(&arena);
    return err;
}

static enum err unpack_signed(struct bytes bytes, struct arena *arena, struct bytes *ret_body,
                              struct signature *ret_signature) {
    const ProtobufCMessage *base;
    enum err err = protobuf_unpack(&stafet__v1__signed__descriptor, bytes, arena, &base);
    if (err != OK)
        return err;
    const Stafet__V1__Signed *message = (const Stafet__V1__Signed *)base;
    struct signature signature;
    err = fixed_read(message->signature, signature.bytes, sizeof signature.bytes);
    if (err == OK) {
        *ret_body = binary_read(message->body);
        *ret_signature = signature;
    }
    return err;
}

enum err statement_decode(struct bytes bytes, struct arena *arena,
                          struct statement *ret_statement) {
    struct bytes body;
    struct signature signature;
    const ProtobufCMessage *base;
    enum err err = unpack_signed(bytes, arena, &body, &signature);
    if (err == OK)
        err = protobuf_unpack(&stafet__v1__statement__descriptor, body, arena, &base);
    if (err != OK)
        return err;
    const Stafet__V1__Statement *message = (const Stafet__V1__Statement *)base;
    struct statement statement = {
        .counter = message->counter, .heads_n = message->n_heads, .waiting = message->waiting};
    if (fixed_read(message->federation, statement.federation.bytes,
                   sizeof statement.federation.bytes) != OK ||
        fixed_read(message->member, statement.member.bytes, sizeof statement.member.bytes) != OK ||
        fixed_read(message->channel, statement.channel.bytes, sizeof statement.channel.bytes) !=
            OK ||
        message->counter > INT64_MAX)
        return ERR_FORMAT;
    err = versions_read(message->heads, message->n_heads, HEADS_PER_MESSAGE_MAX, false, arena,
                        &statement.heads);
    if (err == OK)
        *ret_statement = statement;
    return err;
}

enum err statement_verify(struct bytes bytes, const struct sign_public *public) {
    struct arena arena;
    struct bytes body;
    struct signature signature;
    arena_init(&arena, arena_cap_for(bytes.size));
    enum err err = unpack_signed(bytes, &arena, &body, &signature);
    if (err == OK)
        err = key_verify(public, SIGN_STATEMENT, body, &signature);
    arena_done(&arena);
    return err;
}
