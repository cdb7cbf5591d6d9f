#include "handover_note.h"
#include "whole.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 32 + 8 + 8 };

/* A note: number of versions (u16), each feed ‖ seq (u64) ‖ id8, then the value. */
static enum err note_encode(struct bytes value, const struct version_name *based, size_t based_n,
                            struct buffer *out) {
    uint8_t *at;
    enum err e = buffer_extend(out, 2 + based_n * NAME_SIZE, &at);
    if (e != OK)
        return e;
    put_u16(at, (uint16_t)based_n);
    at += 2;
    for (size_t i = 0; i < based_n; i++, at += NAME_SIZE) {
        memcpy(at, based[i].feed.bytes, 32);
        put_u64(at + 32, based[i].seq);
        memcpy(at + 40, based[i].id8.bytes, 8);
    }
    return buffer_append(out, value.data, value.size);
}

static enum err note_decode(struct bytes note, struct arena *arena,
                            struct handover_draft *ret_draft) {
    if (note.size < 2 || note.size - 2 < (size_t)get_u16(note.data) * NAME_SIZE)
        return ERR_CORRUPT;
    size_t based_n = get_u16(note.data), head = 2 + based_n * NAME_SIZE;
    struct version_name *based = arena_array(arena, based_n, sizeof *based);
    uint8_t *value = arena_alloc(arena, note.size - head + 1);
    if (based == NULL || value == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < based_n; i++) {
        const uint8_t *at = note.data + 2 + i * NAME_SIZE;
        memcpy(based[i].feed.bytes, at, 32);
        based[i].seq = get_u64(at + 32);
        memcpy(based[i].id8.bytes, at + 40, 8);
    }
    memcpy(value, note.data + head, note.size - head);
    ret_draft->value = (struct bytes){value, note.size - head};
    ret_draft->based = based;
    ret_draft->based_n = based_n;
    return OK;
}

enum err note_put(struct store *store, const struct handover *handover, const char *kind,
                  const struct field *field, struct bytes value, const struct version_name *based,
                  size_t based_n) {
    char key[32];
    struct buffer note = {0};
    snprintf(key, sizeof key, "%s/%u", kind, field->number);
    enum err e = note_encode(value, based, based_n, &note);
    if (e == OK)
        e = local_put(store, &handover->id, key, buffer_view(&note));
    buffer_wipe(&note);
    return e;
}

enum err note_remove(struct store *store, const struct handover *handover, const char *kind,
                     const struct field *field) {
    char key[32];
    snprintf(key, sizeof key, "%s/%u", kind, field->number);
    return local_put(store, &handover->id, key, (struct bytes){NULL, 0});
}

/* Loading. */

struct loading {
    struct handover *handover;
    struct arena *arena;
    struct member_id *to;
};

static enum err load_field(struct loading *loading, const char *number, struct bytes note,
                           struct handover_draft *drafts, size_t *n) {
    char *end = NULL;
    unsigned long field_number = strtoul(number, &end, 10);
    if (end == number || field_number > UINT16_MAX)
        return ERR_CORRUPT;
    const struct collection *collection = loading->handover->collection;
    const struct field *field = collection_field(collection, (uint16_t)field_number);
    if (field == NULL)
        return OK;
    struct handover_draft *draft = &drafts[field - collection->fields];
    enum err e = note_decode(note, loading->arena, draft);
    if (e != OK)
        return e;
    draft->field = field;
    if (n != NULL)
        ++*n;
    return OK;
}

static const char *text_in(struct arena *arena, const char *text) {
    size_t size = text != NULL ? strlen(text) + 1 : 0;
    char *copy = text != NULL ? arena_alloc(arena, size) : NULL;
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

static enum err load_agreement(struct loading *loading, struct bytes bytes) {
    struct handover_agreement *agreement = &loading->handover->agreement;
    struct handover_draft note;
    enum err e = note_decode(bytes, loading->arena, &note);
    if (e != OK)
        return e;
    json_t *json = NULL;
    e = whole_load(note.value, 0, NULL, &json);
    if (e != OK)
        return e == ERR_FORMAT ? ERR_CORRUPT : e;
    *agreement = (struct handover_agreement){
        .by = text_in(loading->arena, json_string_value(json_object_get(json, "by"))),
        .on = text_in(loading->arena, json_string_value(json_object_get(json, "on"))),
        .revision = text_in(loading->arena, json_string_value(json_object_get(json, "revision"))),
        .consents = note.based,
        .consents_n = note.based_n};
    json_decref(json);
    return agreement->by != NULL && agreement->on != NULL && agreement->revision != NULL
               ? OK
               : ERR_CORRUPT;
}

static enum err load_text(struct bytes note, char *ret_text, size_t size) {
    if (note.size >= size)
        return ERR_CORRUPT;
    memcpy(ret_text, note.data, note.size);
    ret_text[note.size] = '\0';
    return OK;
}

static enum err load_note(void *context, const struct record_id *id __attribute__((unused)),
                          const char *key, struct bytes note) {
    struct loading *loading = context;
    struct handover *handover = loading->handover;
    char hex[HEX_TEXT_MAX];
    enum err e;
    if (strncmp(key, "draft/", 6) == 0)
        return load_field(loading, key + 6, note, handover->drafts, &handover->drafts_n);
    if (strncmp(key, "form/", 5) == 0)
        return load_field(loading, key + 5, note, handover->forms, NULL);
    if (strncmp(key, "agreed/", 7) == 0)
        return load_agreement(loading, note);
    const struct {
        const char *key;
        char *text;
        size_t size;
    } texts[] = {
        {"typed", handover->typed, sizeof handover->typed},
        {"typed_by", handover->typed_by, sizeof handover->typed_by},
        {"shown", handover->shown, sizeof handover->shown},
        {"read", handover->read, sizeof handover->read},
        {"at_relay", handover->at_relay, sizeof handover->at_relay},
        {"delivered", handover->delivered, sizeof handover->delivered},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(key, texts[i].key) == 0)
            return load_text(note, texts[i].text, texts[i].size);
    if (strcmp(key, "to") != 0)
        return OK;
    e = load_text(note, hex, sizeof hex);
    return e == OK ? member_parse(hex, loading->to) : e;
}

enum err note_load_all(struct store *store, struct handover *handover, struct arena *arena,
                       struct member_id *ret_to) {
    struct loading loading = {handover, arena, ret_to};
    return local_each(store, &handover->id, load_note, &loading);
}
