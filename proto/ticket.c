#include "ticket.h"

#include "hash.h"
#include "limits.h"
#include "protobuf.h"
#include <sodium.h>

static const char prefix[] = "stafet1";
enum { PREFIX_LENGTH = sizeof prefix - 1, CHECKSUM_SIZE = 4 };

static void checksum_of(struct bytes message, uint8_t ret_checksum[static CHECKSUM_SIZE]) {
    struct hash hash = hash_of(HASH_TICKET, message.data, message.size);
    memcpy(ret_checksum, hash.bytes, CHECKSUM_SIZE);
}

static enum err check(const struct ticket *ticket) {
    enum role role;
    enum err err = name_check(ticket->federation_name);
    if (err == OK)
        err = name_check(ticket->name);
    if (err == OK)
        err = role_read((uint32_t)ticket->role, &role);
    if (err == OK &&
        (ticket->expires < 0 || ticket->roster_seq > INT64_MAX ||
         member_id_is_zero(&ticket->municipality) || member_id_is_zero(&ticket->member)))
        err = ERR_FORMAT;
    return err;
}

static enum err encode_message(const struct ticket *ticket, struct buffer *out) {
    Stafet__V1__Ticket message;
    stafet__v1__ticket__init(&message);
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    message.federation = fixed_write(ticket->federation.bytes, sizeof ticket->federation.bytes);
    message.federation_name = text_write(ticket->federation_name);
    message.municipality =
        fixed_write(ticket->municipality.bytes, sizeof ticket->municipality.bytes);
    message.sign = fixed_write(ticket->keys.sign.bytes, sizeof ticket->keys.sign.bytes);
    message.seal = fixed_write(ticket->keys.seal.bytes, sizeof ticket->keys.seal.bytes);
    message.transport =
        fixed_write(ticket->keys.transport.bytes, sizeof ticket->keys.transport.bytes);
    message.n_endpoints = ticket->endpoints_n;
    message.roster_seq = ticket->roster_seq;
    message.roster_id8 =
        fixed_write_optional(ticket->roster_id8.bytes, sizeof ticket->roster_id8.bytes);
    message.secret = fixed_write(ticket->secret.bytes, sizeof ticket->secret.bytes);
    message.member = fixed_write(ticket->member.bytes, sizeof ticket->member.bytes);
    message.role = (uint32_t)ticket->role;
    message.name = text_write(ticket->name);
    message.expires_ms = (uint64_t)ticket->expires;
    enum err err = check(ticket);
    if (err == OK)
        err = endpoints_write(ticket->endpoints, ticket->endpoints_n, &arena, &message.endpoints);
    if (err == OK)
        err = protobuf_pack(&message.base, out);
    arena_done(&arena);
    return err;
}

enum err ticket_encode(const struct ticket *ticket, struct buffer *ret_text) {
    struct buffer message = {0};
    uint8_t checksum[CHECKSUM_SIZE], *text;
    enum err err = encode_message(ticket, &message);
    if (err != OK)
        goto done;
    checksum_of(buffer_view(&message), checksum);
    err = buffer_append(&message, checksum, sizeof checksum);
    if (err != OK)
        goto done;
    size_t length = PREFIX_LENGTH + BASE32_LENGTH(message.size);
    err = length > TICKET_TEXT_MAX ? ERR_LIMIT : buffer_extend(ret_text, length + 1, &text);
    if (err != OK)
        goto done;
    memcpy(text, prefix, PREFIX_LENGTH);
    base32_write(message.data, message.size, (char *)text + PREFIX_LENGTH);
done:
    buffer_wipe(&message);
    return err;
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Without white space; ERR_LIMIT when it is too long for a ticket. */
static enum err squeeze(const char *text, char ret_text[static TICKET_TEXT_MAX + 1]) {
    size_t length = 0;
    for (; *text != '\0'; text++) {
        if (is_space(*text))
            continue;
        if (length == TICKET_TEXT_MAX)
            return ERR_LIMIT;
        ret_text[length++] = *text;
    }
    ret_text[length] = '\0';
    return OK;
}

static enum err decode_message(struct bytes bytes, struct arena *arena, struct ticket *ret_ticket) {
    const ProtobufCMessage *base;
    enum err err = protobuf_unpack(&stafet__v1__ticket__descriptor, bytes, arena, &base);
    if (err != OK)
        return err;
    const Stafet__V1__Ticket *message = (const Stafet__V1__Ticket *)base;
    if (message->expires_ms > INT64_MAX)
        return ERR_FORMAT;
    struct ticket ticket = {
        .federation_name = message->federation_name,
        .endpoints_n = message->n_endpoints,
        .roster_seq = message->roster_seq,
        .name = message->name,
        .expires = (time_ms)message->expires_ms,
    };
    struct {
        ProtobufCBinaryData data;
        void *ret;
        size_t size;
    } fixed[] = {
        {message->federation, ticket.federation.bytes, sizeof ticket.federation.bytes},
        {message->municipality, ticket.municipality.bytes, sizeof ticket.municipality.bytes},
        {message->secret, ticket.secret.bytes, sizeof ticket.secret.bytes},
        {message->member, ticket.member.bytes, sizeof ticket.member.bytes},
    };
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0] && err == OK; i++)
        err = fixed_read(fixed[i].data, fixed[i].ret, fixed[i].size);
    if (err == OK)
        err = fixed_read_optional(message->roster_id8, ticket.roster_id8.bytes,
                                  sizeof ticket.roster_id8.bytes);
    if (err == OK)
        err = keys_read(message->sign, message->seal, message->transport, &ticket.keys);
    if (err == OK)
        err = role_read(message->role, &ticket.role);
    if (err == OK)
        err = check(&ticket);
    if (err == OK)
        err = endpoints_read(message->endpoints, message->n_endpoints, arena, &ticket.endpoints);
    if (err == OK)
        *ret_ticket = ticket;
    return err;
}

/* Any case: mail programs and people change it. */
static bool has_prefix(const char *text) {
    for (size_t i = 0; i < PREFIX_LENGTH; i++) {
        char letter = text[i];
        if (letter >= 'A' && letter <= 'Z')
            letter = (char)(letter - 'A' + 'a');
        if (letter != prefix[i])
            return false;
    }
    return true;
}

enum err ticket_decode(const char *text, struct arena *arena, struct ticket *ret_ticket) {
    char squeezed[TICKET_TEXT_MAX + 1];
    uint8_t bytes[TICKET_TEXT_MAX * 5 / 8], checksum[CHECKSUM_SIZE];
    enum err err = squeeze(text, squeezed);
    if (err != OK)
        goto done;
    err = ERR_FORMAT;
    if (!has_prefix(squeezed))
        goto done;
    size_t length = strlen(squeezed) - PREFIX_LENGTH, size = length * 5 / 8;
    err = ERR_HASH; /* it begins like a ticket: then it was mistyped or cut */
    if (size < CHECKSUM_SIZE || base32_read(squeezed + PREFIX_LENGTH, length, bytes, size) != OK)
        goto done;
    struct bytes message = {bytes, size - CHECKSUM_SIZE};
    checksum_of(message, checksum);
    if (memcmp(checksum, bytes + message.size, CHECKSUM_SIZE) != 0)
        goto done;
    err = decode_message(message, arena, ret_ticket);
done:
    sodium_memzero(squeezed, sizeof squeezed);
    sodium_memzero(bytes, sizeof bytes);
    return err;
}
