/* The body of a JOIN frame: message.h. */
#include "limits.h"
#include "message.h"
#include "protobuf.h"

static enum err body_encode(const struct join_request *request, struct buffer *body) {
    Stafet__V1__JoinBody message;
    stafet__v1__join_body__init(&message);
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    message.federation = fixed_write(request->federation.bytes, sizeof request->federation.bytes);
    message.ticket = fixed_write(request->ticket.bytes, sizeof request->ticket.bytes);
    message.member = fixed_write(request->member.bytes, sizeof request->member.bytes);
    message.sign = fixed_write(request->keys.sign.bytes, sizeof request->keys.sign.bytes);
    message.seal = fixed_write(request->keys.seal.bytes, sizeof request->keys.seal.bytes);
    message.transport =
        fixed_write(request->keys.transport.bytes, sizeof request->keys.transport.bytes);
    message.n_endpoints = request->endpoints_n;
    enum err err =
        endpoints_write(request->endpoints, request->endpoints_n, &arena, &message.endpoints);
    if (err == OK)
        err = protobuf_pack(&message.base, body);
    arena_done(&arena);
    return err;
}

enum err join_sign(struct message_join *join, const struct sign_secret *secret,
                   struct buffer *body) {
    size_t before = body->size;
    enum err err = body_encode(&join->request, body);
    if (err != OK)
        return err;
    struct bytes bytes = {body->data + before, body->size - before};
    struct signature signature;
    err = key_sign(secret, SIGN_JOIN, bytes, &signature);
    if (err != OK) {
        body->size = before;
        return err;
    }
    join->body = bytes;
    join->signature = signature;
    return OK;
}

static enum err body_decode(struct bytes bytes, struct arena *arena,
                            struct join_request *ret_request) {
    const ProtobufCMessage *base;
    enum err err = protobuf_unpack(&stafet__v1__join_body__descriptor, bytes, arena, &base);
    if (err != OK)
        return err;
    const Stafet__V1__JoinBody *message = (const Stafet__V1__JoinBody *)base;
    struct join_request request = {.endpoints_n = message->n_endpoints};
    if (fixed_read(message->federation, request.federation.bytes,
                   sizeof request.federation.bytes) != OK ||
        fixed_read(message->ticket, request.ticket.bytes, sizeof request.ticket.bytes) != OK ||
        fixed_read(message->member, request.member.bytes, sizeof request.member.bytes) != OK)
        return ERR_FORMAT;
    err = keys_read(message->sign, message->seal, message->transport, &request.keys);
    if (err == OK)
        err = endpoints_read(message->endpoints, message->n_endpoints, arena, &request.endpoints);
    if (err == OK)
        *ret_request = request;
    return err;
}

enum err join_read(const Stafet__V1__Join *message, struct arena *arena,
                   struct message_join *ret_join) {
    struct message_join join = {.body = binary_read(message->body)};
    enum err err =
        fixed_read(message->signature, join.signature.bytes, sizeof join.signature.bytes);
    if (err == OK)
        err = body_decode(join.body, arena, &join.request);
    if (err == OK)
        err = key_verify(&join.request.keys.sign, SIGN_JOIN, join.body, &join.signature);
    if (err == OK)
        *ret_join = join;
    return err;
}
