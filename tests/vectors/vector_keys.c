/* Types of vectors: keys, words, ids, channels, clocks. */
#include "proto/clock.h"
#include "proto/hash.h"
#include "proto/owner.h"
#include "vector.h"

#include <string.h>

static enum err node_keys(const json_t *in, json_t *is) {
    struct seed seed;
    struct node_keys keys;
    char words[WORDS_TEXT_MAX];
    IN_ID(in, "seed", seed);
    enum err err = node_keys_derive(&seed, &keys);
    IS_ID(is, "sign_public", keys.public.sign);
    IS_ID(is, "seal_public", keys.public.seal);
    IS_ID(is, "seal_secret", keys.seal);
    IS_ID(is, "transport_public", keys.public.transport);
    IS_ID(is, "transport_secret", keys.transport);
    is_hex(is, "rest", keys.rest, sizeof keys.rest);
    words_of_keys(&keys.public, words);
    is_text(is, "fingerprint", words);
    return err;
}

static enum err root_keys(const json_t *in, json_t *is) {
    struct seed seed;
    struct root_keys keys;
    char words[WORDS_TEXT_MAX];
    IN_ID(in, "seed", seed);
    enum err err = root_keys_derive(&seed, &keys);
    IS_ID(is, "sign_public", keys.sign_public);
    IS_ID(is, "seal_public", keys.seal_public);
    IS_ID(is, "seal_secret", keys.seal);
    words_of_seed(&seed, words);
    is_text(is, "words", words);
    return err;
}

static enum err ticket_keys(const json_t *in, json_t *is) {
    struct seed secret;
    struct transport_public public;
    struct transport_secret key;
    IN_ID(in, "secret", secret);
    enum err err = ticket_keys_derive(&secret, &public, &key);
    IS_ID(is, "transport_public", public);
    IS_ID(is, "transport_secret", key);
    return err;
}

static enum err words(const json_t *in, json_t *is) {
    struct seed seed;
    enum err err = words_to_seed(in_text(in, "words"), &seed);
    if (err == OK)
        IS_ID(is, "seed", seed);
    return err;
}

static enum err sign(const json_t *in, json_t *is) {
    struct seed seed;
    struct node_keys keys;
    struct signature signature;
    IN_ID(in, "seed", seed);
    enum err err = node_keys_derive(&seed, &keys);
    if (err == OK)
        err = key_sign(&keys.sign, in_text(in, "prefix"), in_bytes(in, "message"), &signature);
    IS_ID(is, "signature", signature);
    return err;
}

static enum err signature(const json_t *in, json_t *is __attribute__((unused))) {
    struct sign_public public;
    struct signature signature;
    IN_ID(in, "sign_public", public);
    IN_ID(in, "signature", signature);
    return key_verify(&public, in_text(in, "prefix"), in_bytes(in, "message"), &signature);
}

static enum err hash(const json_t *in, json_t *is) {
    static const struct {
        enum hash_purpose purpose;
        const char *text;
    } purposes[] = {
#define X(name, text) {HASH_##name, text},
        HASH_PURPOSES(X)
#undef X
    };
    struct bytes message = in_bytes(in, "message");
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++)
        if (strcmp(purposes[i].text, in_text(in, "purpose")) == 0) {
            struct hash h = hash_of(purposes[i].purpose, message.data, message.size);
            IS_ID(is, "hash", h);
            return OK;
        }
    return ERR_ARGUMENT;
}

static enum err mark(const json_t *in, json_t *is) {
    uint8_t key[32];
    struct hasher h;
    struct bytes message = in_bytes(in, "message");
    in_fixed(in, "rest", key, sizeof key);
    hasher_init_keyed(&h, HASH_MARK, key);
    hasher_add(&h, message.data, message.size);
    struct hash mark = hasher_final(&h);
    IS_ID(is, "mark", mark);
    return OK;
}

static enum err id_to_text(const json_t *in, json_t *is) {
    char spelled[ID_TEXT_MAX];
    struct bytes id = in_bytes(in, "id");
    id_text(id.data, id.size, spelled);
    is_text(is, "text", spelled);
    return OK;
}

static enum err id_from_text(const json_t *in, json_t *is) {
    uint8_t id[32];
    size_t size = (size_t)in_number(in, "size");
    enum err err = id_parse(in_text(in, "text"), id, size);
    if (err == OK)
        is_hex(is, "id", id, size);
    return err;
}

static enum err member_value(const json_t *in, json_t *is) {
    struct member_id member;
    enum err err = member_parse(in_text(in, "text"), &member);
    if (err == OK)
        IS_ID(is, "id", member);
    return err;
}

static enum err record_new(const json_t *in, json_t *is) {
    struct member_id owner;
    char spelled[ID_TEXT_MAX];
    IN_ID(in, "owner", owner);
    in_random(in);
    struct record_id record = record_id_new((int64_t)in_number(in, "ms"), &owner);
    IS_ID(is, "record", record);
    record_text(&record, spelled);
    is_text(is, "text", spelled);
    return OK;
}

static enum err record_owner(const json_t *in, json_t *is) {
    struct member_id owner;
    struct record_id record;
    IN_ID(in, "owner", owner);
    IN_ID(in, "record", record);
    json_object_set_new(is, "owned", json_boolean(record_id_owned_by(&record, &owner)));
    return OK;
}

static enum err incarnation(const json_t *in, json_t *is) {
    in_random(in);
    struct incarnation id = incarnation_new((int64_t)in_number(in, "ms"));
    IS_ID(is, "incarnation", id);
    return OK;
}

static enum err channel_in(const json_t *in, struct channel *ret_channel) {
    struct member_id parties[2] = {0};
    const json_t *given = json_object_get(in, "parties");
    for (size_t i = 0; i < json_array_size(given) && i < 2; i++) {
        const char *text = json_string_value(json_array_get(given, i));
        if (member_parse(text, &parties[i]) != OK)
            return ERR_FORMAT;
    }
    return channel_make((enum channel_kind)in_number(in, "kind"), &parties[0], &parties[1],
                        ret_channel);
}

static enum err channel(const json_t *in, json_t *is) {
    struct federation_id federation;
    struct channel channel;
    IN_ID(in, "federation", federation);
    enum err err = channel_in(in, &channel);
    if (err != OK)
        return err;
    struct channel_id id = channel_id_of(&federation, &channel);
    IS_ID(is, "channel", id);
    return OK;
}

static enum err feed(const json_t *in, json_t *is) {
    struct federation_id federation;
    struct channel_id channel;
    struct member_id author;
    struct incarnation incarnation;
    IN_ID(in, "federation", federation);
    IN_ID(in, "channel", channel);
    IN_ID(in, "author", author);
    IN_ID(in, "incarnation", incarnation);
    struct feed_id id = feed_id_of(&federation, &channel, &author, &incarnation);
    IS_ID(is, "feed", id);
    return OK;
}

static enum err rights(const json_t *in, json_t *is) {
    struct channel channel;
    struct member_id member, author;
    enum role role;
    IN_ID(in, "member", member);
    IN_ID(in, "author", author);
    enum err err = channel_in(in, &channel);
    if (err == OK)
        err = role_parse(in_text(in, "role"), &role);
    if (err != OK)
        return err;
    json_object_set_new(is, "write", json_boolean(channel_may_write(&channel, &member, role)));
    json_object_set_new(is, "read", json_boolean(channel_may_read(&channel, &member, role)));
    json_object_set_new(is, "hold",
                        json_boolean(channel_may_hold(&channel, &author, &member, role)));
    return OK;
}

static enum err clock_case(const json_t *in, json_t *is) {
    uint64_t last = in_number(in, "last"), remote = in_number(in, "remote");
    time_ms wall = (time_ms)in_number(in, "wall");
    is_number(is, "next", clock_next(last, wall));
    is_number(is, "next_day", clock_next_day(last, wall));
    is_number(is, "seen", clock_see(last, remote, wall));
    return OK;
}

const struct vector_type vector_types_keys[] = {
    {"node_keys", node_keys},
    {"root_keys", root_keys},
    {"ticket_keys", ticket_keys},
    {"words", words},
    {"sign", sign},
    {"signature", signature},
    {"hash", hash},
    {"mark", mark},
    {"id_to_text", id_to_text},
    {"id_from_text", id_from_text},
    {"member_value", member_value},
    {"record_new", record_new},
    {"record_owner", record_owner},
    {"incarnation", incarnation},
    {"channel", channel},
    {"feed", feed},
    {"rights", rights},
    {"clock", clock_case},
    {NULL, NULL},
};
