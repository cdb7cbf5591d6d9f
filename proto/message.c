#include "message.h"

#include "limits.h"
#include "protobuf.h"
#include "text.h"

static const struct {
    const char *name;
    const ProtobufCMessageDescriptor *descriptor;
} kinds[] = {
    [MESSAGE_HELLO] = {"HELLO", &stafet__v1__hello__descriptor},
    [MESSAGE_ROSTER] = {"ROSTER", &stafet__v1__roster__descriptor},
    [MESSAGE_DIGEST] = {"DIGEST", &stafet__v1__digest__descriptor},
    [MESSAGE_HEADS] = {"HEADS", &stafet__v1__heads__descriptor},
    [MESSAGE_PULL] = {"PULL", &stafet__v1__pull__descriptor},
    [MESSAGE_RUN] = {"RUN", &stafet__v1__run__descriptor},
    [MESSAGE_NOT_HERE] = {"NOT_HERE", &stafet__v1__not_here__descriptor},
    [MESSAGE_CREDIT] = {"CREDIT", &stafet__v1__credit__descriptor},
    [MESSAGE_STATEMENT] = {"STATEMENT", &stafet__v1__signed__descriptor},
    [MESSAGE_PROOF] = {"PROOF", &stafet__v1__proof__descriptor},
    [MESSAGE_JOIN] = {"JOIN", &stafet__v1__join__descriptor},
    [MESSAGE_JOINED] = {"JOINED", &stafet__v1__joined__descriptor},
    [MESSAGE_PENDING] = {"PENDING", &stafet__v1__pending__descriptor},
    [MESSAGE_ERROR] = {"ERROR", &stafet__v1__error__descriptor},
    [MESSAGE_BYE] = {"BYE", &stafet__v1__bye__descriptor},
    [MESSAGE_ADDRESS] = {"ADDRESS", &stafet__v1__address__descriptor},
};

static bool is_known(unsigned kind) {
    return kind < sizeof kinds / sizeof kinds[0] && kinds[kind].descriptor != NULL;
}

const char *message_kind_name(enum message_kind kind) {
    return is_known((unsigned)kind) ? kinds[kind].name : "unknown";
}

/* ---- One reader and one writer a kind ---- */

/* A tip or position: number and id8 are both there or both not. */
static enum err tip_read(uint64_t seq, ProtobufCBinaryData id8, struct id8 *ret_id8) {
    if (seq > INT64_MAX || (seq == 0 && id8.len != 0))
        return ERR_FORMAT;
    return seq == 0 ? fixed_read_optional(id8, ret_id8->bytes, sizeof ret_id8->bytes)
                    : fixed_read(id8, ret_id8->bytes, sizeof ret_id8->bytes);
}

static ProtobufCBinaryData tip_write(uint64_t seq, const struct id8 *id8) {
    return seq == 0 ? (ProtobufCBinaryData){0} : fixed_write(id8->bytes, sizeof id8->bytes);
}

#define FIXED_READ(data, to) fixed_read((data), (to).bytes, sizeof(to).bytes)
#define FIXED_WRITE(from) fixed_write((from).bytes, sizeof(from).bytes)

static enum err hello_read(const Stafet__V1__Hello *from, struct message_hello *to) {
    to->version_min = from->version_min;
    to->version_max = from->version_max;
    to->schema = from->schema;
    to->instance = from->instance;
    to->roster_seq = from->roster_seq;
    to->credit = from->credit;
    to->statements = from->statements;
    to->proofs = from->proofs;
    if (from->version_min == 0 || from->version_min > from->version_max)
        return ERR_FORMAT;
    if (FIXED_READ(from->federation, to->federation) != OK ||
        FIXED_READ(from->member, to->member) != OK || FIXED_READ(from->digest, to->digest) != OK)
        return ERR_FORMAT;
    return tip_read(from->roster_seq, from->roster_id8, &to->roster_id8);
}

static enum err hello_write(const struct message_hello *from, struct buffer *out) {
    Stafet__V1__Hello to;
    stafet__v1__hello__init(&to);
    to.version_min = from->version_min;
    to.version_max = from->version_max;
    to.schema = from->schema;
    to.federation = FIXED_WRITE(from->federation);
    to.member = FIXED_WRITE(from->member);
    to.instance = from->instance;
    to.roster_seq = from->roster_seq;
    to.roster_id8 = tip_write(from->roster_seq, &from->roster_id8);
    to.digest = FIXED_WRITE(from->digest);
    to.credit = from->credit;
    to.statements = from->statements;
    to.proofs = from->proofs;
    return protobuf_pack(&to.base, out);
}

static enum err roster_read(const Stafet__V1__Roster *from, struct message_roster *to) {
    to->seq = from->seq;
    enum err err = FIXED_READ(from->feed, to->feed);
    return err != OK ? err : tip_read(from->seq, from->id8, &to->id8);
}

static enum err roster_write(const struct message_roster *from, struct buffer *out) {
    Stafet__V1__Roster to;
    stafet__v1__roster__init(&to);
    to.seq = from->seq;
    to.id8 = tip_write(from->seq, &from->id8);
    to.feed = FIXED_WRITE(from->feed);
    return protobuf_pack(&to.base, out);
}

static enum err digest_read(const Stafet__V1__Digest *from, struct arena *arena,
                            struct message_digest *to) {
    if (from->n_channels > CHANNELS_PER_MESSAGE_MAX)
        return ERR_LIMIT;
    struct channel_digest *channels = arena_array(arena, from->n_channels, sizeof *channels);
    if (channels == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < from->n_channels; i++)
        if (FIXED_READ(from->channels[i]->channel, channels[i].channel) != OK ||
            FIXED_READ(from->channels[i]->digest, channels[i].digest) != OK)
            return ERR_FORMAT;
    *to = (struct message_digest){channels, from->n_channels, from->more};
    return OK;
}

static enum err digest_write(const struct message_digest *from, struct arena *arena,
                             struct buffer *out) {
    if (from->channels_n > CHANNELS_PER_MESSAGE_MAX)
        return ERR_LIMIT;
    Stafet__V1__ChannelDigest *channels = arena_array(arena, from->channels_n, sizeof *channels);
    Stafet__V1__ChannelDigest **pointers =
        arena_array(arena, from->channels_n, sizeof(Stafet__V1__ChannelDigest *));
    if (channels == NULL || pointers == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < from->channels_n; i++) {
        stafet__v1__channel_digest__init(&channels[i]);
        channels[i].channel = FIXED_WRITE(from->channels[i].channel);
        channels[i].digest = FIXED_WRITE(from->channels[i].digest);
        pointers[i] = &channels[i];
    }
    Stafet__V1__Digest to;
    stafet__v1__digest__init(&to);
    to.channels = pointers;
    to.n_channels = from->channels_n;
    to.more = from->more;
    return protobuf_pack(&to.base, out);
}

static enum err heads_read(const Stafet__V1__Heads *from, struct arena *arena,
                           struct message_heads *to) {
    to->heads_n = from->n_heads;
    to->more = from->more;
    enum err err = FIXED_READ(from->channel, to->channel);
    return err != OK ? err
                     : versions_read(from->heads, from->n_heads, HEADS_PER_MESSAGE_MAX, false,
                                     arena, &to->heads);
}

static enum err heads_write(const struct message_heads *from, struct arena *arena,
                            struct buffer *out) {
    Stafet__V1__Heads to;
    stafet__v1__heads__init(&to);
    to.channel = FIXED_WRITE(from->channel);
    to.n_heads = from->heads_n;
    to.more = from->more;
    enum err err =
        versions_write(from->heads, from->heads_n, HEADS_PER_MESSAGE_MAX, false, arena, &to.heads);
    return err != OK ? err : protobuf_pack(&to.base, out);
}

static enum err pull_read(const Stafet__V1__Pull *from, struct message_pull *to) {
    to->after = from->after;
    to->bytes = from->bytes;
    enum err err = FIXED_READ(from->feed, to->feed);
    return err != OK ? err : tip_read(from->after, from->id8, &to->id8);
}

static enum err pull_write(const struct message_pull *from, struct buffer *out) {
    Stafet__V1__Pull to;
    stafet__v1__pull__init(&to);
    to.feed = FIXED_WRITE(from->feed);
    to.after = from->after;
    to.id8 = tip_write(from->after, &from->id8);
    to.bytes = from->bytes;
    return protobuf_pack(&to.base, out);
}

static enum err run_read(const Stafet__V1__Run *from, struct message_run *to) {
    to->after = from->after;
    to->head = from->head;
    to->envelopes = binary_read(from->envelopes);
    if (from->after > INT64_MAX || from->head > INT64_MAX)
        return ERR_FORMAT;
    if (from->envelopes.len > RUN_SIZE_MAX)
        return ERR_LIMIT;
    return FIXED_READ(from->feed, to->feed);
}

static enum err run_write(const struct message_run *from, struct buffer *out) {
    if (from->envelopes.size > RUN_SIZE_MAX)
        return ERR_LIMIT;
    Stafet__V1__Run to;
    stafet__v1__run__init(&to);
    to.feed = FIXED_WRITE(from->feed);
    to.after = from->after;
    to.head = from->head;
    to.envelopes = binary_write(from->envelopes);
    return protobuf_pack(&to.base, out);
}

/* Nothing is refused for the reason "no error". */
static enum err reason_of(uint32_t number) {
    enum err reason = err_from_number(number);
    return reason == OK ? ERR_INTERNAL : reason;
}

static enum err not_here_read(const Stafet__V1__NotHere *from, struct message_not_here *to) {
    to->after = from->after;
    to->reason = reason_of(from->reason);
    return from->after > INT64_MAX ? ERR_FORMAT : FIXED_READ(from->feed, to->feed);
}

static enum err not_here_write(const struct message_not_here *from, struct buffer *out) {
    Stafet__V1__NotHere to;
    stafet__v1__not_here__init(&to);
    to.feed = FIXED_WRITE(from->feed);
    to.after = from->after;
    to.reason = (uint32_t)from->reason;
    return protobuf_pack(&to.base, out);
}

static enum err credit_write(const struct message_credit *from, struct buffer *out) {
    Stafet__V1__Credit to;
    stafet__v1__credit__init(&to);
    to.feed = FIXED_WRITE(from->feed);
    to.bytes = from->bytes;
    return protobuf_pack(&to.base, out);
}

static enum err proof_read(const Stafet__V1__Proof *from, struct message_proof *to) {
    to->first_on = binary_read(from->first_on);
    to->second_on = binary_read(from->second_on);
    if (fixed_read(from->first, to->first, sizeof to->first) != OK ||
        fixed_read(from->second, to->second, sizeof to->second) != OK ||
        to->first_on.size % SIGNED_HEADER_SIZE != 0 || to->second_on.size % SIGNED_HEADER_SIZE != 0)
        return ERR_FORMAT;
    return FIXED_READ(from->feed, to->feed);
}

static enum err proof_write(const struct message_proof *from, struct buffer *out) {
    Stafet__V1__Proof to;
    stafet__v1__proof__init(&to);
    to.feed = FIXED_WRITE(from->feed);
    to.first = fixed_write(from->first, sizeof from->first);
    to.second = fixed_write(from->second, sizeof from->second);
    to.first_on = binary_write(from->first_on);
    to.second_on = binary_write(from->second_on);
    return protobuf_pack(&to.base, out);
}

static enum err join_write(const struct message_join *from, struct buffer *out) {
    Stafet__V1__Join to;
    stafet__v1__join__init(&to);
    to.body = binary_write(from->body);
    to.signature = FIXED_WRITE(from->signature);
    return protobuf_pack(&to.base, out);
}

static enum err joined_read(const Stafet__V1__Joined *from, struct message_joined *to) {
    to->roster_seq = from->roster_seq;
    enum err err = FIXED_READ(from->member, to->member);
    return err != OK ? err : tip_read(from->roster_seq, from->roster_id8, &to->roster_id8);
}

static enum err joined_write(const struct message_joined *from, struct buffer *out) {
    Stafet__V1__Joined to;
    stafet__v1__joined__init(&to);
    to.member = FIXED_WRITE(from->member);
    to.roster_seq = from->roster_seq;
    to.roster_id8 = tip_write(from->roster_seq, &from->roster_id8);
    return protobuf_pack(&to.base, out);
}

/* It is shown on screens and written to logs. */
static enum err text_check(const char *text) {
    if (strlen(text) > MESSAGE_TEXT_MAX)
        return ERR_LIMIT;
    return text_is_name(text, MESSAGE_TEXT_MAX) ? OK : ERR_FORMAT;
}

static enum err error_read(const Stafet__V1__Error *from, struct message_error *to) {
    to->code = reason_of(from->code);
    to->text = from->text;
    enum err err = fixed_read_optional(from->feed, to->feed.bytes, sizeof to->feed.bytes);
    return err != OK ? err : text_check(from->text);
}

static enum err error_write(const struct message_error *from, struct buffer *out) {
    Stafet__V1__Error to;
    stafet__v1__error__init(&to);
    to.code = (uint32_t)from->code;
    to.text = text_write(from->text);
    to.feed = fixed_write_optional(from->feed.bytes, sizeof from->feed.bytes);
    enum err err = text_check(from->text);
    return err != OK ? err : protobuf_pack(&to.base, out);
}

static enum err pending_write(const char *text, struct buffer *out) {
    Stafet__V1__Pending to;
    stafet__v1__pending__init(&to);
    to.text = text_write(text);
    enum err err = text_check(text);
    return err != OK ? err : protobuf_pack(&to.base, out);
}

static enum err bye_write(const char *text, struct buffer *out) {
    Stafet__V1__Bye to;
    stafet__v1__bye__init(&to);
    to.text = text_write(text);
    enum err err = text_check(text);
    return err != OK ? err : protobuf_pack(&to.base, out);
}

static enum err address_read(const Stafet__V1__Address *from, struct arena *arena,
                             struct message_address *to) {
    to->endpoints_n = from->n_endpoints;
    return endpoints_read(from->endpoints, from->n_endpoints, arena, &to->endpoints);
}

static enum err address_write(const struct message_address *from, struct arena *arena,
                              struct buffer *out) {
    Stafet__V1__Address to;
    stafet__v1__address__init(&to);
    to.n_endpoints = from->endpoints_n;
    enum err err = endpoints_write(from->endpoints, from->endpoints_n, arena, &to.endpoints);
    return err != OK ? err : protobuf_pack(&to.base, out);
}

/* ---- Any of them ---- */

static enum err read(const ProtobufCMessage *from, struct arena *arena, struct message *to) {
    switch (to->kind) {
    case MESSAGE_HELLO:
        return hello_read((const Stafet__V1__Hello *)from, &to->hello);
    case MESSAGE_ROSTER:
        return roster_read((const Stafet__V1__Roster *)from, &to->roster);
    case MESSAGE_DIGEST:
        return digest_read((const Stafet__V1__Digest *)from, arena, &to->digest);
    case MESSAGE_HEADS:
        return heads_read((const Stafet__V1__Heads *)from, arena, &to->heads);
    case MESSAGE_PULL:
        return pull_read((const Stafet__V1__Pull *)from, &to->pull);
    case MESSAGE_RUN:
        return run_read((const Stafet__V1__Run *)from, &to->run);
    case MESSAGE_NOT_HERE:
        return not_here_read((const Stafet__V1__NotHere *)from, &to->not_here);
    case MESSAGE_CREDIT:
        to->credit.bytes = ((const Stafet__V1__Credit *)from)->bytes;
        return FIXED_READ(((const Stafet__V1__Credit *)from)->feed, to->credit.feed);
    case MESSAGE_PROOF:
        return proof_read((const Stafet__V1__Proof *)from, &to->proof);
    case MESSAGE_JOIN:
        return join_read((const Stafet__V1__Join *)from, arena, &to->join);
    case MESSAGE_JOINED:
        return joined_read((const Stafet__V1__Joined *)from, &to->joined);
    case MESSAGE_PENDING:
        to->text = ((const Stafet__V1__Pending *)from)->text;
        return text_check(to->text);
    case MESSAGE_ERROR:
        return error_read((const Stafet__V1__Error *)from, &to->error);
    case MESSAGE_BYE:
        to->text = ((const Stafet__V1__Bye *)from)->text;
        return text_check(to->text);
    case MESSAGE_ADDRESS:
        return address_read((const Stafet__V1__Address *)from, arena, &to->address);
    case MESSAGE_STATEMENT:
        break; /* handed on as it is */
    }
    return ERR_INTERNAL;
}

enum err message_decode(struct bytes bytes, struct arena *arena, struct message *ret_message) {
    if (bytes.size == 0)
        return ERR_FORMAT;
    if (bytes.size > MESSAGE_SIZE_MAX)
        return ERR_LIMIT;
    if (!is_known(bytes.data[0]))
        return ERR_VERSION;
    const ProtobufCMessageDescriptor *descriptor = kinds[bytes.data[0]].descriptor;
    struct message message = {.kind = (enum message_kind)bytes.data[0]};
    struct bytes body = {bytes.data + 1, bytes.size - 1};
    const ProtobufCMessage *base;
    enum err err;
    if (message.kind == MESSAGE_STATEMENT) {
        message.statement = body;
        err = protobuf_check(descriptor, body);
    } else {
        err = protobuf_unpack(descriptor, body, arena, &base);
        if (err == OK)
            err = read(base, arena, &message);
    }
    if (err == OK)
        *ret_message = message;
    return err;
}

static enum err write(const struct message *from, struct arena *arena, struct buffer *out) {
    switch (from->kind) {
    case MESSAGE_HELLO:
        return hello_write(&from->hello, out);
    case MESSAGE_ROSTER:
        return roster_write(&from->roster, out);
    case MESSAGE_DIGEST:
        return digest_write(&from->digest, arena, out);
    case MESSAGE_HEADS:
        return heads_write(&from->heads, arena, out);
    case MESSAGE_PULL:
        return pull_write(&from->pull, out);
    case MESSAGE_RUN:
        return run_write(&from->run, out);
    case MESSAGE_NOT_HERE:
        return not_here_write(&from->not_here, out);
    case MESSAGE_CREDIT:
        return credit_write(&from->credit, out);
    case MESSAGE_STATEMENT:
        return buffer_append(out, from->statement.data, from->statement.size);
    case MESSAGE_PROOF:
        return proof_write(&from->proof, out);
    case MESSAGE_JOIN:
        return join_write(&from->join, out);
    case MESSAGE_JOINED:
        return joined_write(&from->joined, out);
    case MESSAGE_PENDING:
        return pending_write(from->text, out);
    case MESSAGE_ERROR:
        return error_write(&from->error, out);
    case MESSAGE_BYE:
        return bye_write(from->text, out);
    case MESSAGE_ADDRESS:
        return address_write(&from->address, arena, out);
    }
    return ERR_ARGUMENT;
}

enum err message_encode(const struct message *message, struct buffer *out) {
    struct arena arena;
    uint8_t kind = (uint8_t)message->kind;
    size_t before = out->size;
    arena_init(&arena, SIZE_MAX);
    enum err err = buffer_append(out, &kind, 1);
    if (err == OK)
        err = write(message, &arena, out);
    if (err == OK && out->size - before > MESSAGE_SIZE_MAX)
        err = ERR_LIMIT;
    if (err != OK)
        out->size = before;
    arena_done(&arena);
    return err;
}
