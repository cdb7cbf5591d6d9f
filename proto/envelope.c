#include "envelope.h"

#include "hash.h"
#include "limits.h"

enum { ENTRY_SIZE = 5 }; /* state and kind, length */

/* Where the next section starts. */
struct cursor {
    const uint8_t *at;
    size_t left;
};

static bool take(struct cursor *cursor, size_t size, const uint8_t **ret_start) {
    if (cursor->left < size)
        return false;
    *ret_start = cursor->at;
    cursor->at += size;
    cursor->left -= size;
    return true;
}

/* Header, signature and seal block: everything before the sections. */
static enum err parse_front(struct cursor *cursor, struct envelope *envelope) {
    const uint8_t *front, *seal;
    if (!take(cursor, SIGNED_HEADER_SIZE, &front))
        return ERR_FORMAT;
    enum err err = header_decode(front, &envelope->header);
    if (err != OK)
        return err;
    memcpy(envelope->signature.bytes, front + HEADER_SIZE, SIGNATURE_SIZE);
    envelope->has_seal = envelope->header.seal_seq == envelope->header.seq;
    if (!envelope->has_seal)
        return OK;
    if (!take(cursor, SEAL_BLOCK_SIZE, &seal))
        return ERR_FORMAT;
    seal_block_decode(seal, &envelope->seal);
    return OK;
}

/* One entry, its hash not yet computed. */
static enum err parse_section(struct cursor *cursor, struct section *section) {
    const uint8_t *entry, *content;
    if (!take(cursor, ENTRY_SIZE, &entry))
        return ERR_FORMAT;
    unsigned state = entry[0] >> 4, kind = entry[0] & 15;
    size_t size = get_u32(entry + 1);
    if (kind < SECTION_DECLARATION || kind > SECTION_SEALED || state > SECTION_ABSENT)
        return ERR_FORMAT;
    if (state != SECTION_PRESENT && size != sizeof section->hash.bytes)
        return ERR_FORMAT;
    if (size > (kind == SECTION_SEALED ? SECTION_SEALED_MAX : SECTION_PLAIN_MAX))
        return ERR_LIMIT;
    if (!take(cursor, size, &content))
        return ERR_FORMAT;
    section->kind = (enum section_kind)kind;
    section->state = (enum section_state)state;
    section->content = (struct bytes){content, size};
    return OK;
}

/* A present section's hash is computed; of another it is what stands in its place. */
static void hash_section(struct section *section) {
    if (section->state == SECTION_PRESENT) {
        section->hash = section_hash(section->kind, section->content);
    } else {
        memcpy(section->hash.bytes, section->content.data, sizeof section->hash.bytes);
        section->content = (struct bytes){0};
    }
}

static struct hash body_of(const struct envelope *envelope, const uint8_t *seal) {
    struct hasher h;
    hasher_init(&h, HASH_BODY);
    if (envelope->has_seal)
        hasher_add(&h, seal, SEAL_BLOCK_SIZE);
    for (size_t i = 0; i < envelope->header.sections_n; i++) {
        uint8_t kind = (uint8_t)envelope->sections[i].kind;
        hasher_add(&h, &kind, 1);
        hasher_add(&h, envelope->sections[i].hash.bytes, sizeof envelope->sections[i].hash.bytes);
    }
    return hasher_final(&h);
}

static enum err parse_sections(struct cursor *cursor, struct envelope *envelope) {
    for (size_t i = 0; i < envelope->header.sections_n; i++) {
        struct section *section = &envelope->sections[i];
        enum err err = parse_section(cursor, section);
        if (err != OK)
            return err;
        if (section->kind == SECTION_SEALED && envelope->header.seal_seq == 0)
            return ERR_FORMAT;
        hash_section(section);
    }
    return OK;
}

enum err envelope_parse(struct bytes bytes, struct arena *arena, struct envelope *ret_envelope,
                        size_t *ret_size) {
    struct envelope envelope;
    /* Bytes after an envelope of full size belong to another. */
    size_t size_max = bytes.size < ENVELOPE_SIZE_MAX ? bytes.size : ENVELOPE_SIZE_MAX;
    struct cursor cursor = {bytes.data, size_max};
    enum err err = parse_front(&cursor, &envelope);
    if (err != OK)
        return err;
    if (cursor.left < (size_t)envelope.header.sections_n * ENTRY_SIZE)
        return ERR_FORMAT;
    envelope.sections = arena_array(arena, envelope.header.sections_n, sizeof *envelope.sections);
    if (envelope.sections == NULL)
        return ERR_MEMORY;
    err = parse_sections(&cursor, &envelope);
    if (err == ERR_FORMAT && size_max < bytes.size)
        return ERR_LIMIT; /* the cut was ours */
    if (err != OK)
        return err;
    struct hash body = body_of(&envelope, bytes.data + SIGNED_HEADER_SIZE);
    if (!hash_equal(&body, &envelope.header.body))
        return ERR_HASH;
    envelope.id = envelope_id_of(bytes.data);
    envelope.bytes = (struct bytes){bytes.data, size_max - cursor.left};
    *ret_size = envelope.bytes.size;
    *ret_envelope = envelope;
    return OK;
}

enum err envelope_skip(struct bytes bytes, size_t *ret_size) {
    struct cursor cursor = {bytes.data, bytes.size};
    struct envelope envelope;
    enum err err = parse_front(&cursor, &envelope);
    if (err != OK)
        return err;
    for (size_t i = 0; i < envelope.header.sections_n; i++) {
        struct section section;
        err = parse_section(&cursor, &section);
        if (err != OK)
            return err;
    }
    size_t size = bytes.size - cursor.left;
    if (size > ENVELOPE_SIZE_MAX)
        return ERR_LIMIT;
    *ret_size = size;
    return OK;
}

static enum err append_entry(struct buffer *out, enum section_kind kind, enum section_state state,
                             struct bytes content) {
    uint8_t entry[ENTRY_SIZE];
    entry[0] = (uint8_t)((unsigned)state << 4 | (unsigned)kind);
    put_u32(entry + 1, (uint32_t)content.size);
    enum err err = buffer_append(out, entry, sizeof entry);
    return err != OK ? err : buffer_append(out, content.data, content.size);
}

bool envelope_is_whole(const struct envelope *envelope) {
    for (size_t i = 0; i < envelope->header.sections_n; i++)
        if (envelope->sections[i].state != SECTION_PRESENT)
            return false;
    return true;
}

enum err envelope_without(const struct envelope *envelope, uint16_t index, enum section_state state,
                          struct buffer *out) {
    if (index >= envelope->header.sections_n || state == SECTION_PRESENT)
        return ERR_ARGUMENT;
    size_t before = out->size;
    size_t front = SIGNED_HEADER_SIZE + (envelope->has_seal ? SEAL_BLOCK_SIZE : 0);
    enum err err = buffer_append(out, envelope->bytes.data, front);
    for (uint16_t i = 0; i < envelope->header.sections_n && err == OK; i++) {
        const struct section *section = &envelope->sections[i];
        struct bytes hash = {section->hash.bytes, sizeof section->hash.bytes};
        enum section_state new_state = i == index ? state : section->state;
        err = append_entry(out, section->kind, new_state,
                           new_state == SECTION_PRESENT ? section->content : hash);
    }
    if (err != OK)
        out->size = before;
    return err;
}

void draft_init(struct draft *draft) {
    *draft = (struct draft){.header.schema = SCHEMA_CURRENT};
}

void draft_done(struct draft *draft) {
    if (draft == NULL)
        return;
    sodium_memzero(&draft->key, sizeof draft->key);
    buffer_done(&draft->sections);
    buffer_done(&draft->hashes);
    *draft = (struct draft){0};
}

static size_t draft_sections_n(const struct draft *draft) {
    return draft->hashes.size / (1 + sizeof(struct hash));
}

static enum err append_hash(struct draft *draft, enum section_kind kind, struct bytes content) {
    uint8_t *at;
    enum err err = buffer_extend(&draft->hashes, 1 + sizeof(struct hash), &at);
    if (err != OK)
        return err;
    struct hash hash = section_hash(kind, content);
    at[0] = (uint8_t)kind;
    memcpy(at + 1, hash.bytes, sizeof hash.bytes);
    return OK;
}

enum err draft_add_plain(struct draft *draft, enum section_kind kind, struct bytes content) {
    if (kind == SECTION_SEALED)
        return ERR_ARGUMENT;
    if (content.size > SECTION_PLAIN_MAX || draft_sections_n(draft) >= SECTIONS_MAX)
        return ERR_LIMIT;
    size_t before = draft->sections.size;
    enum err err = append_entry(&draft->sections, kind, SECTION_PRESENT, content);
    if (err == OK)
        err = append_hash(draft, kind, content);
    if (err != OK)
        draft->sections.size = before;
    return err;
}

enum err draft_add_sealed(struct draft *draft, struct bytes plain, bool pad) {
    size_t index = draft_sections_n(draft), before = draft->sections.size;
    if (draft->header.seal_seq == 0)
        return ERR_ARGUMENT;
    if (index >= SECTIONS_MAX)
        return ERR_LIMIT;
    struct section_place place = {draft->header.feed, draft->header.seq, (uint16_t)index};
    enum err err =
        append_entry(&draft->sections, SECTION_SEALED, SECTION_PRESENT, (struct bytes){0});
    if (err == OK)
        err = section_seal(&draft->key, &place, plain, pad, &draft->sections);
    if (err == OK) {
        uint8_t *entry = draft->sections.data + before;
        struct bytes content = {entry + ENTRY_SIZE, draft->sections.size - before - ENTRY_SIZE};
        put_u32(entry + 1, (uint32_t)content.size);
        err = append_hash(draft, SECTION_SEALED, content);
    }
    if (err != OK)
        draft->sections.size = before;
    return err;
}

enum err draft_sign(struct draft *draft, const struct sign_secret *secret, struct buffer *out,
                    struct envelope_id *ret_id) {
    if (draft->has_seal != (draft->header.seal_seq == draft->header.seq))
        return ERR_ARGUMENT;
    size_t seal_size = draft->has_seal ? SEAL_BLOCK_SIZE : 0;
    size_t size = SIGNED_HEADER_SIZE + seal_size + draft->sections.size, before = out->size;
    if (size > ENVELOPE_SIZE_MAX)
        return ERR_LIMIT;
    uint8_t *at;
    enum err err = buffer_extend(out, size, &at);
    if (err != OK)
        return err;
    uint8_t *seal = at + SIGNED_HEADER_SIZE;
    if (draft->has_seal)
        seal_block_encode(&draft->seal, seal);
    if (draft->sections.size > 0)
        memcpy(seal + seal_size, draft->sections.data, draft->sections.size);
    struct hasher h;
    hasher_init(&h, HASH_BODY);
    hasher_add(&h, seal, seal_size);
    hasher_add(&h, draft->hashes.data, draft->hashes.size);
    draft->header.body = hasher_final(&h);
    draft->header.flags = 0;
    draft->header.sections_n = (uint16_t)draft_sections_n(draft);
    header_encode(&draft->header, at);
    struct header checked;
    struct signature signature;
    err = header_decode(at, &checked) == OK ? OK : ERR_ARGUMENT;
    if (err == OK)
        err = key_sign(secret, SIGN_ENVELOPE, (struct bytes){at, HEADER_SIZE}, &signature);
    if (err != OK) {
        out->size = before;
        return err;
    }
    memcpy(at + HEADER_SIZE, signature.bytes, SIGNATURE_SIZE);
    *ret_id = envelope_id_of(at);
    return OK;
}
