/* Types of vectors: declarations, change sets, answers, statements, tickets, frames, and the hashes
 * over lists. */
#include "proto/changeset.h"
#include "proto/hash.h"
#include "proto/statement.h"
#include "proto/ticket.h"
#include "store/record.h"
#include "vector.h"

#include <string.h>

static enum err declaration(const json_t *in, json_t *is) {
    struct declaration declaration;
    enum err err = declaration_decode(in_bytes(in, "bytes"), vector_arena(), &declaration);
    if (err == OK)
        json_object_set_new(is, "declaration", declaration_json(&declaration));
    return err;
}

static enum err founding(const json_t *in, json_t *is) {
    struct declaration declaration;
    enum err err = declaration_decode(in_bytes(in, "bytes"), vector_arena(), &declaration);
    if (err == OK && declaration.kind != DECLARATION_FOUNDING)
        err = ERR_FORMAT;
    if (err == OK)
        err = founding_verify(&declaration.founding);
    if (err != OK)
        return err;
    const struct founding *f = &declaration.founding;
    struct federation_id federation = founding_federation(f);
    IS_ID(is, "federation", federation);
    is_text(is, "name", f->name);
    IS_ID(is, "root_sign", f->root_sign);
    IS_ID(is, "root_seal", f->root_seal);
    IS_ID(is, "municipality", f->municipality);
    IS_ID(is, "sign", f->keys.sign);
    IS_ID(is, "seal", f->keys.seal);
    IS_ID(is, "transport", f->keys.transport);
    return OK;
}

static json_t *version_list(const struct version_name *names, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_object();
        if (!feed_id_is_zero(&names[i].feed))
            IS_ID(one, "feed", names[i].feed);
        is_number(one, "seq", names[i].seq);
        IS_ID(one, "id8", names[i].id8);
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *write_json(const struct write *write) {
    json_t *one = json_object();
    IS_ID(one, "record", write->record);
    is_number(one, "collection", write->collection);
    is_number(one, "field", write->field);
    is_bytes(one, "value", write->value);
    json_object_set_new(one, "replaces", version_list(write->replaces, write->replaces_n));
    return one;
}

static enum err change_set(const json_t *in, json_t *is) {
    struct change_set set;
    enum err err = change_set_decode(in_bytes(in, "bytes"), vector_arena(), &set);
    if (err != OK)
        return err;
    json_t *writes = json_array();
    is_text(is, "actor_name", set.actor_name);
    is_text(is, "actor_function", set.actor_function);
    for (size_t i = 0; i < set.writes_n; i++)
        json_array_append_new(writes, write_json(&set.writes[i]));
    json_object_set_new(is, "writes", writes);
    if (!set.has_answers)
        return OK;
    json_t *batch = json_object(), *answers = json_array();
    IS_ID(batch, "survey", set.answers.survey);
    IS_ID(batch, "mark", set.answers.mark);
    is_number(batch, "part", set.answers.part);
    is_number(batch, "parts", set.answers.parts);
    for (size_t i = 0; i < set.answers.answers_n; i++)
        json_array_append_new(answers,
                              hex_json(set.answers.answers[i].data, set.answers.answers[i].size));
    json_object_set_new(batch, "answers", answers);
    json_object_set_new(is, "answers", batch);
    return OK;
}

static enum err answer(const json_t *in, json_t *is) {
    const struct answer_reply *replies;
    size_t n;
    enum err err = answer_decode(in_bytes(in, "bytes"), vector_arena(), &replies, &n);
    if (err != OK)
        return err;
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_object();
        is_number(one, "question", replies[i].question);
        if (replies[i].text != NULL)
            is_text(one, "text", replies[i].text);
        else
            is_number(one, "choice", replies[i].choice);
        json_array_append_new(list, one);
    }
    json_object_set_new(is, "replies", list);
    return OK;
}

static enum err statement(const json_t *in, json_t *is) {
    struct bytes bytes = in_bytes(in, "bytes");
    struct sign_public member;
    struct statement s;
    IN_ID(in, "sign_public", member);
    enum err err = statement_decode(bytes, vector_arena(), &s);
    if (err == OK)
        err = statement_verify(bytes, &member);
    if (err != OK)
        return err;
    IS_ID(is, "federation", s.federation);
    IS_ID(is, "member", s.member);
    IS_ID(is, "channel", s.channel);
    is_number(is, "counter", s.counter);
    json_object_set_new(is, "heads", version_list(s.heads, s.heads_n));
    is_number(is, "waiting", s.waiting);
    return OK;
}

static enum err ticket(const json_t *in, json_t *is) {
    struct ticket t;
    enum err err = ticket_decode(in_text(in, "text"), vector_arena(), &t);
    if (err != OK)
        return err;
    json_t *endpoints = json_array();
    IS_ID(is, "federation", t.federation);
    is_text(is, "federation_name", t.federation_name);
    IS_ID(is, "municipality", t.municipality);
    IS_ID(is, "sign", t.keys.sign);
    IS_ID(is, "seal", t.keys.seal);
    IS_ID(is, "transport", t.keys.transport);
    for (size_t i = 0; i < t.endpoints_n; i++)
        json_array_append_new(endpoints, json_string(t.endpoints[i]));
    json_object_set_new(is, "endpoints", endpoints);
    is_number(is, "roster_seq", t.roster_seq);
    IS_ID(is, "roster_id8", t.roster_id8);
    IS_ID(is, "secret", t.secret);
    IS_ID(is, "member", t.member);
    is_text(is, "role", role_name(t.role));
    is_text(is, "name", t.name);
    is_number(is, "expires_ms", (uint64_t)t.expires);
    return OK;
}

static enum err frame(const json_t *in, json_t *is) {
    struct message message;
    enum err err = message_decode(in_bytes(in, "bytes"), vector_arena(), &message);
    if (err == OK) {
        is_text(is, "frame", message_kind_name(message.kind));
        json_object_set_new(is, "message", message_json(&message));
    }
    return err;
}

static void add_in(struct hasher *h, const json_t *in, const char *key) {
    struct bytes bytes = in_bytes(in, key);
    hasher_add(h, bytes.data, bytes.size);
}

static void add_version(struct hasher *h, const json_t *in) {
    add_in(h, in, "feed");
    hasher_add_u64(h, in_number(in, "seq"));
    add_in(h, in, "id8");
}

static enum err heads(const json_t *in, json_t *is) {
    struct hasher h;
    size_t i;
    const json_t *one;
    hasher_init(&h, HASH_HEADS);
    json_array_foreach(json_object_get(in, "heads"), i, one) add_version(&h, one);
    struct hash hash = hasher_final(&h);
    IS_ID(is, "hash", hash);
    return OK;
}

static enum err digest(const json_t *in, json_t *is) {
    struct hasher h;
    size_t i;
    const json_t *one;
    hasher_init(&h, HASH_DIGEST);
    json_array_foreach(json_object_get(in, "channels"), i, one) {
        add_in(&h, one, "channel");
        add_in(&h, one, "digest");
    }
    struct hash hash = hasher_final(&h);
    IS_ID(is, "hash", hash);
    return OK;
}

static enum err statements(const json_t *in, json_t *is) {
    struct hasher h;
    size_t i;
    const json_t *one;
    hasher_init(&h, HASH_DIGEST);
    json_array_foreach(json_object_get(in, "statements"), i, one) {
        add_in(&h, one, "channel");
        add_in(&h, one, "member");
        hasher_add_u64(&h, in_number(one, "counter"));
    }
    struct hash hash = hasher_final(&h);
    is_hex(is, "first8", hash.bytes, 8);
    return OK;
}

static enum err conflict(const json_t *in, json_t *is) {
    struct hasher h;
    size_t i;
    const json_t *one;
    hasher_init(&h, HASH_CONFLICT);
    add_in(&h, in, "record");
    hasher_add_u16(&h, (uint16_t)in_number(in, "field"));
    json_array_foreach(json_object_get(in, "live"), i, one) add_version(&h, one);
    struct hash hash = hasher_final(&h);
    IS_ID(is, "conflict", hash);
    return OK;
}

static enum err revision_of(const json_t *in, json_t *is) {
    size_t i;
    const json_t *one, *live = json_object_get(in, "live");
    struct record record = {.collection = (uint16_t)in_number(in, "collection")};
    struct write *writes = arena_array(vector_arena(), json_array_size(live), sizeof(struct write));
    struct revision revision;
    IN_ID(in, "record", record.id);
    if (writes == NULL)
        return ERR_MEMORY;
    json_array_foreach(live, i, one) writes[i] =
        (struct write){.field = (uint16_t)in_number(one, "field"), .value = in_bytes(one, "value")};
    enum err err =
        record_revision_with(&record, writes, json_array_size(live), vector_arena(), &revision);
    if (err == OK)
        IS_ID(is, "revision", revision);
    return err;
}

const struct vector_type vector_types_messages[] = {
    {"declaration", declaration},
    {"founding", founding},
    {"change_set", change_set},
    {"answer", answer},
    {"statement", statement},
    {"ticket", ticket},
    {"frame", frame},
    {"heads", heads},
    {"digest", digest},
    {"statements", statements},
    {"conflict", conflict},
    {"revision", revision_of},
    {NULL, NULL},
};
