/* Types of vectors: header, seal block, grant, section, envelope, run. */
#include "vector.h"

#include <string.h>

static json_t *header_json(const struct header *h) {
    json_t *is = json_object();
    is_number(is, "schema", h->schema);
    is_number(is, "sections", h->sections_n);
    IS_ID(is, "feed", h->feed);
    is_number(is, "seq", h->seq);
    IS_ID(is, "prev", h->prev);
    is_number(is, "roster_seq", h->roster_seq);
    IS_ID(is, "roster_id8", h->roster_id8);
    is_number(is, "clock", h->clock);
    IS_ID(is, "body", h->body);
    is_number(is, "seal_seq", h->seal_seq);
    return is;
}

static enum err header(const json_t *in, json_t *is) {
    uint8_t bytes[HEADER_SIZE];
    struct header header;
    in_fixed(in, "bytes", bytes, sizeof bytes);
    enum err err = header_decode(bytes, &header);
    if (err == OK)
        json_object_set_new(is, "header", header_json(&header));
    return err;
}

static enum err seal_block_make(const json_t *in, json_t *is) {
    struct epoch_public epoch;
    struct content_key key;
    struct seal_block block;
    uint8_t bytes[SEAL_BLOCK_SIZE];
    IN_ID(in, "epoch_public", epoch);
    in_random(in);
    enum err err = seal_block_new(&epoch, &key, &block);
    if (err != OK)
        return err;
    seal_block_encode(&block, bytes);
    IS_ID(is, "content_key", key);
    is_hex(is, "bytes", bytes, sizeof bytes);
    return OK;
}

static enum err seal_block(const json_t *in, json_t *is) {
    struct epoch_public public;
    struct epoch_secret secret;
    struct content_key key;
    struct seal_block block;
    uint8_t bytes[SEAL_BLOCK_SIZE];
    IN_ID(in, "epoch_public", public);
    IN_ID(in, "epoch_secret", secret);
    in_fixed(in, "bytes", bytes, sizeof bytes);
    seal_block_decode(bytes, &block);
    enum err err = seal_block_open(&block, &public, &secret, &key);
    if (err == OK)
        IS_ID(is, "content_key", key);
    return err;
}

static enum err grant_make(const json_t *in, json_t *is) {
    struct epoch_secret secret;
    struct seal_public reader;
    uint8_t sealed[SEALED_KEY_SIZE];
    IN_ID(in, "epoch_secret", secret);
    IN_ID(in, "seal_public", reader);
    in_random(in);
    enum err err = grant_seal(&secret, &reader, sealed);
    if (err == OK)
        is_hex(is, "sealed", sealed, sizeof sealed);
    return err;
}

static enum err grant(const json_t *in, json_t *is) {
    struct seal_public reader;
    struct seal_secret reader_secret;
    struct epoch_public epoch;
    struct epoch_secret secret;
    uint8_t sealed[SEALED_KEY_SIZE];
    IN_ID(in, "seal_public", reader);
    IN_ID(in, "seal_secret", reader_secret);
    IN_ID(in, "epoch_public", epoch);
    in_fixed(in, "sealed", sealed, sizeof sealed);
    enum err err = grant_open(sealed, &reader, &reader_secret, &epoch, &secret);
    if (err == OK)
        IS_ID(is, "epoch_secret", secret);
    return err;
}

static struct section_place place_in(const json_t *in) {
    struct section_place place = {.seq = in_number(in, "seq"),
                                  .index = (uint16_t)in_number(in, "index")};
    IN_ID(in, "feed", place.feed);
    return place;
}

static enum err section_make(const json_t *in, json_t *is) {
    struct content_key key;
    struct section_place place = place_in(in);
    struct buffer out = {0};
    IN_ID(in, "content_key", key);
    in_random(in);
    bool pad = json_is_true(json_object_get(in, "pad"));
    enum err err = section_seal(&key, &place, in_bytes(in, "plain"), pad, &out);
    if (err == OK) {
        struct hash hash = section_hash(SECTION_SEALED, buffer_view(&out));
        is_bytes(is, "sealed", buffer_view(&out));
        IS_ID(is, "hash", hash);
    }
    buffer_done(&out);
    return err;
}

static enum err section(const json_t *in, json_t *is) {
    struct content_key key;
    struct section_place place = place_in(in);
    struct buffer out = {0};
    IN_ID(in, "content_key", key);
    enum err err = section_open(&key, &place, in_bytes(in, "sealed"), &out);
    if (err == OK)
        is_bytes(is, "plain", buffer_view(&out));
    buffer_wipe(&out);
    return err;
}

static void envelope_json(const struct envelope *e, json_t *is) {
    json_t *sections = json_array();
    json_object_set_new(is, "header", header_json(&e->header));
    IS_ID(is, "signature", e->signature);
    IS_ID(is, "id", e->id);
    if (e->has_seal) {
        IS_ID(is, "epoch_public", e->seal.epoch);
        is_hex(is, "sealed_key", e->seal.sealed_key, sizeof e->seal.sealed_key);
        IS_ID(is, "commitment", e->seal.commitment);
    }
    for (size_t i = 0; i < e->header.sections_n; i++) {
        json_t *section = json_object();
        is_number(section, "kind", (uint64_t)e->sections[i].kind);
        is_number(section, "state", (uint64_t)e->sections[i].state);
        IS_ID(section, "hash", e->sections[i].hash);
        if (e->sections[i].state == SECTION_PRESENT)
            is_bytes(section, "content", e->sections[i].content);
        json_array_append_new(sections, section);
    }
    json_object_set_new(is, "sections", sections);
}

static enum err envelope(const json_t *in, json_t *is) {
    struct envelope envelope;
    size_t size;
    enum err err = envelope_parse(in_bytes(in, "bytes"), vector_arena(), &envelope, &size);
    if (err == OK) {
        is_number(is, "size", size);
        envelope_json(&envelope, is);
    }
    return err;
}

static enum err without(const json_t *in, json_t *is) {
    struct envelope envelope;
    struct buffer out = {0};
    size_t size;
    enum err err = envelope_parse(in_bytes(in, "bytes"), vector_arena(), &envelope, &size);
    if (err == OK)
        err = envelope_without(&envelope, (uint16_t)in_number(in, "index"),
                               (enum section_state)in_number(in, "state"), &out);
    if (err == OK)
        is_bytes(is, "bytes", buffer_view(&out));
    buffer_done(&out);
    return err;
}

static enum err draft_sections(struct draft *draft, const json_t *sections) {
    size_t i;
    const json_t *section;
    json_array_foreach(sections, i, section) {
        enum section_kind kind = (enum section_kind)in_number(section, "kind");
        struct bytes content = in_bytes(section, "content");
        bool pad = json_is_true(json_object_get(section, "pad"));
        enum err err = kind == SECTION_SEALED ? draft_add_sealed(draft, content, pad)
                                              : draft_add_plain(draft, kind, content);
        if (err != OK)
            return err;
    }
    return OK;
}

/* Random bytes go, in this order, to the content key, its seal, and each sealed section's nonce. */
static enum err envelope_make(const json_t *in, json_t *is) {
    struct draft draft;
    struct seed seed;
    struct node_keys keys;
    struct buffer out = {0};
    struct envelope_id id;
    struct epoch_public epoch;
    draft_init(&draft);
    IN_ID(in, "seed", seed);
    IN_ID(in, "feed", draft.header.feed);
    IN_ID(in, "prev", draft.header.prev);
    IN_ID(in, "roster_id8", draft.header.roster_id8);
    draft.header.seq = in_number(in, "seq");
    draft.header.roster_seq = in_number(in, "roster_seq");
    draft.header.clock = in_number(in, "clock");
    in_random(in);
    enum err err = node_keys_derive(&seed, &keys);
    if (err == OK && json_object_get(in, "epoch_public") != NULL) {
        IN_ID(in, "epoch_public", epoch);
        draft.header.seal_seq = draft.header.seq;
        draft.has_seal = true;
        err = seal_block_new(&epoch, &draft.key, &draft.seal);
    }
    if (err == OK)
        err = draft_sections(&draft, json_object_get(in, "sections"));
    if (err == OK)
        err = draft_sign(&draft, &keys.sign, &out, &id);
    if (err == OK) {
        is_bytes(is, "bytes", buffer_view(&out));
        IS_ID(is, "id", id);
    }
    draft_done(&draft);
    buffer_done(&out);
    return err;
}

static enum err run(const json_t *in, json_t *is) {
    struct feed_id feed;
    struct head after = {.seq = in_number(in, "after_seq")};
    struct sign_public author;
    struct verified_run run;
    IN_ID(in, "feed", feed);
    IN_ID(in, "after_id", after.id);
    IN_ID(in, "sign_public", author);
    enum err err = run_verify(in_bytes(in, "bytes"), &feed, &after, &author, vector_arena(), &run);
    if (err != OK)
        return err;
    json_t *ids = json_array();
    for (size_t i = 0; i < run.envelopes_n; i++)
        json_array_append_new(
            ids, hex_json(run.envelopes[i].id.bytes, sizeof run.envelopes[i].id.bytes));
    json_object_set_new(is, "ids", ids);
    is_number(is, "head_seq", run.head.seq);
    IS_ID(is, "head_id", run.head.id);
    return OK;
}

static enum err birth(const json_t *in, json_t *is) {
    struct birth birth;
    enum err err = run_peek_birth(in_bytes(in, "bytes"), vector_arena(), &birth);
    if (err == OK)
        json_object_set_new(is, "birth", birth_json(&birth));
    return err;
}

const struct vector_type vector_types_log[] = {
    {"header", header},
    {"seal_block_make", seal_block_make},
    {"seal_block", seal_block},
    {"grant_make", grant_make},
    {"grant", grant},
    {"section_make", section_make},
    {"section", section},
    {"envelope", envelope},
    {"envelope_make", envelope_make},
    {"without", without},
    {"run", run},
    {"birth", birth},
    {NULL, NULL},
};
