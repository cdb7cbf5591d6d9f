/* Declarations and frames as JSON, with the names of stafet.proto. */
#include "vector.h"

#include <sodium.h>

/* Defaults are left out. */
static void put_number(json_t *is, const char *key, uint64_t number) {
    if (number != 0)
        is_number(is, key, number);
}

static void put_text(json_t *is, const char *key, const char *text) {
    if (text[0] != '\0')
        is_text(is, key, text);
}

static void put_optional(json_t *is, const char *key, const void *data, size_t size) {
    if (!sodium_is_zero(data, size))
        is_hex(is, key, data, size);
}

static void put_list(json_t *is, const char *key, json_t *list) {
    if (json_array_size(list) > 0)
        json_object_set_new(is, key, list);
    else
        json_decref(list);
}

static json_t *versions(const struct version_name *names, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *is = json_object();
        put_optional(is, "feed", names[i].feed.bytes, sizeof names[i].feed.bytes);
        put_number(is, "seq", names[i].seq);
        IS_ID(is, "id8", names[i].id8);
        json_array_append_new(list, is);
    }
    return list;
}

static json_t *texts(const char *const *all, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(list, json_string(all[i]));
    return list;
}

static void put_keys(json_t *is, const struct public_keys *keys) {
    IS_ID(is, "sign", keys->sign);
    IS_ID(is, "seal", keys->seal);
    IS_ID(is, "transport", keys->transport);
}

json_t *birth_json(const struct birth *birth) {
    json_t *is = json_object(), *parties = json_array();
    IS_ID(is, "federation", birth->federation);
    put_number(is, "channel_kind", (uint64_t)birth->channel.kind);
    for (int i = 0; i < 2 && birth->channel.kind == CHANNEL_HANDOVER; i++)
        json_array_append_new(parties, hex_json(birth->channel.parties[i].bytes,
                                                sizeof birth->channel.parties[i].bytes));
    put_list(is, "parties", parties);
    IS_ID(is, "author", birth->author);
    IS_ID(is, "incarnation", birth->incarnation);
    put_list(is, "closes", versions(birth->closes, birth->closes_n));
    return is;
}

static json_t *founding_json(const struct founding *founding) {
    json_t *is = json_object();
    is_bytes(is, "record", founding->record);
    IS_ID(is, "signature", founding->signature);
    return is;
}

static json_t *entry_json(const struct roster_entry *entry) {
    json_t *is = json_object();
    IS_ID(is, "member", entry->member);
    put_number(is, "counter", entry->counter);
    put_number(is, "role", (uint64_t)entry->role);
    put_text(is, "name", entry->name);
    put_number(is, "status", (uint64_t)entry->status);
    put_keys(is, &entry->keys);
    put_list(is, "endpoints", texts(entry->endpoints, entry->endpoints_n));
    put_optional(is, "ticket", entry->ticket.bytes, sizeof entry->ticket.bytes);
    return is;
}

static json_t *epoch_json(const struct epoch_declaration *epoch) {
    json_t *is = json_object(), *grants = json_array();
    IS_ID(is, "channel", epoch->channel);
    put_number(is, "number", epoch->number);
    IS_ID(is, "public_key", epoch->public_key);
    for (size_t i = 0; i < epoch->grants_n; i++) {
        const struct grant *grant = &epoch->grants[i];
        json_t *one = json_object();
        put_optional(one, "member", grant->member.bytes, sizeof grant->member.bytes);
        is_hex(one, "sealed", grant->sealed, sizeof grant->sealed);
        json_array_append_new(grants, one);
    }
    put_list(is, "grants", grants);
    return is;
}

static json_t *erasure_json(const struct section_name *sections, size_t n) {
    json_t *is = json_object(), *list = json_array();
    for (size_t i = 0; i < n; i++) {
        json_t *one = json_object();
        IS_ID(one, "feed", sections[i].feed);
        put_number(one, "seq", sections[i].seq);
        put_number(one, "section", sections[i].section);
        json_array_append_new(list, one);
    }
    put_list(is, "sections", list);
    return is;
}

static json_t *cut_json(const struct cut *cut) {
    json_t *is = json_object();
    IS_ID(is, "member", cut->member);
    put_list(is, "last", versions(cut->last, cut->last_n));
    return is;
}

json_t *declaration_json(const struct declaration *declaration) {
    json_t *is = json_object();
    switch (declaration->kind) {
    case DECLARATION_BIRTH:
        json_object_set_new(is, "birth", birth_json(&declaration->birth));
        break;
    case DECLARATION_FOUNDING:
        json_object_set_new(is, "founding", founding_json(&declaration->founding));
        break;
    case DECLARATION_ENTRY:
        json_object_set_new(is, "entry", entry_json(&declaration->entry));
        break;
    case DECLARATION_EPOCH:
        json_object_set_new(is, "epoch", epoch_json(&declaration->epoch));
        break;
    case DECLARATION_ERASURE:
        json_object_set_new(
            is, "erasure",
            erasure_json(declaration->erasure.sections, declaration->erasure.sections_n));
        break;
    case DECLARATION_CUT:
        json_object_set_new(is, "cut", cut_json(&declaration->cut));
        break;
    }
    return is;
}

static void put_tip(json_t *is, const char *seq_key, uint64_t seq, const char *id8_key,
                    const struct id8 *id8) {
    put_number(is, seq_key, seq);
    if (seq != 0)
        is_hex(is, id8_key, id8->bytes, sizeof id8->bytes);
}

static void put_hello(json_t *is, const struct message_hello *hello) {
    put_number(is, "version_min", hello->version_min);
    put_number(is, "version_max", hello->version_max);
    put_number(is, "schema", hello->schema);
    IS_ID(is, "federation", hello->federation);
    IS_ID(is, "member", hello->member);
    put_number(is, "instance", hello->instance);
    put_tip(is, "roster_seq", hello->roster_seq, "roster_id8", &hello->roster_id8);
    IS_ID(is, "digest", hello->digest);
    put_number(is, "credit", hello->credit);
    put_number(is, "statements", hello->statements);
    put_number(is, "proofs", hello->proofs);
}

static void put_digest(json_t *is, const struct message_digest *digest) {
    json_t *channels = json_array();
    for (size_t i = 0; i < digest->channels_n; i++) {
        json_t *one = json_object();
        IS_ID(one, "channel", digest->channels[i].channel);
        IS_ID(one, "digest", digest->channels[i].digest);
        json_array_append_new(channels, one);
    }
    put_list(is, "channels", channels);
    if (digest->more)
        json_object_set_new(is, "more", json_true());
}

static void put_join(json_t *is, const struct message_join *join) {
    json_t *request = json_object();
    is_bytes(is, "body", join->body);
    IS_ID(is, "signature", join->signature);
    IS_ID(request, "federation", join->request.federation);
    IS_ID(request, "ticket", join->request.ticket);
    IS_ID(request, "member", join->request.member);
    put_keys(request, &join->request.keys);
    put_list(request, "endpoints", texts(join->request.endpoints, join->request.endpoints_n));
    json_object_set_new(is, "request", request);
}

/* The small ones. */
static void put_rest(json_t *is, const struct message *m) {
    if (m->kind == MESSAGE_ROSTER) {
        put_tip(is, "seq", m->roster.seq, "id8", &m->roster.id8);
        IS_ID(is, "feed", m->roster.feed);
    } else if (m->kind == MESSAGE_HEADS) {
        IS_ID(is, "channel", m->heads.channel);
        put_list(is, "heads", versions(m->heads.heads, m->heads.heads_n));
        if (m->heads.more)
            json_object_set_new(is, "more", json_true());
    } else if (m->kind == MESSAGE_PULL) {
        IS_ID(is, "feed", m->pull.feed);
        put_tip(is, "after", m->pull.after, "id8", &m->pull.id8);
        put_number(is, "bytes", m->pull.bytes);
    } else if (m->kind == MESSAGE_RUN) {
        IS_ID(is, "feed", m->run.feed);
        put_number(is, "after", m->run.after);
        put_number(is, "head", m->run.head);
        is_bytes(is, "envelopes", m->run.envelopes);
    } else if (m->kind == MESSAGE_NOT_HERE) {
        IS_ID(is, "feed", m->not_here.feed);
        put_number(is, "after", m->not_here.after);
        put_number(is, "reason", (uint64_t)m->not_here.reason);
    } else if (m->kind == MESSAGE_CREDIT) {
        IS_ID(is, "feed", m->credit.feed);
        put_number(is, "bytes", m->credit.bytes);
    } else if (m->kind == MESSAGE_PROOF) {
        IS_ID(is, "feed", m->proof.feed);
        is_hex(is, "first", m->proof.first, sizeof m->proof.first);
        is_hex(is, "second", m->proof.second, sizeof m->proof.second);
        if (m->proof.first_on.size > 0)
            is_bytes(is, "first_on", m->proof.first_on);
        if (m->proof.second_on.size > 0)
            is_bytes(is, "second_on", m->proof.second_on);
    } else if (m->kind == MESSAGE_JOINED) {
        IS_ID(is, "member", m->joined.member);
        put_tip(is, "roster_seq", m->joined.roster_seq, "roster_id8", &m->joined.roster_id8);
    } else if (m->kind == MESSAGE_ERROR) {
        put_number(is, "code", (uint64_t)m->error.code);
        put_text(is, "text", m->error.text);
        put_optional(is, "feed", m->error.feed.bytes, sizeof m->error.feed.bytes);
    } else if (m->kind == MESSAGE_PENDING || m->kind == MESSAGE_BYE) {
        put_text(is, "text", m->text);
    } else if (m->kind == MESSAGE_ADDRESS) {
        put_list(is, "endpoints", texts(m->address.endpoints, m->address.endpoints_n));
    } else if (m->kind == MESSAGE_STATEMENT) {
        is_bytes(is, "signed", m->statement);
    }
}

json_t *message_json(const struct message *message) {
    json_t *is = json_object();
    if (message->kind == MESSAGE_HELLO)
        put_hello(is, &message->hello);
    else if (message->kind == MESSAGE_DIGEST)
        put_digest(is, &message->digest);
    else if (message->kind == MESSAGE_JOIN)
        put_join(is, &message->join);
    else
        put_rest(is, message);
    return is;
}
