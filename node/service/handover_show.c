/* list, show, print: documents about what stands in handovers. */
#include "conflict.h"
#include "form.h"
#include "handover_draft.h"
#include "handover_track.h"

#include <string.h>

/* The document, taken over, or the error of what was to make it. */
static enum err give(struct store *store, struct reply *reply, json_t *document, enum err e) {
    if (e == OK)
        return reply_give(reply, document);
    json_decref(document);
    return handover_fail(store, reply, e);
}

/* list */

static enum err list_item(struct store *store, const struct handover *handover, struct arena *arena,
                          json_t **ret_item) {
    const char *state = "";
    json_int_t conflicts_n = 0;
    enum err e = handover_state(store, handover, arena, &state);
    if (e != OK)
        return e;
    for (size_t i = 0; i < handover->record.fields_n; i++)
        conflicts_n += handover->record.fields[i].conflicted;
    json_t *item = handover_head_json(store, handover, arena);
    if (item == NULL || json_object_set_new(item, "state", json_string(state)) != 0 ||
        json_object_set_new(item, "conflicts", json_integer(conflicts_n)) != 0) {
        json_decref(item);
        return ERR_MEMORY;
    }
    *ret_item = item;
    return OK;
}

static enum err add_to_list(struct store *store, const struct record_id *id,
                            const struct prefixes *prefixes, struct arena *arena, json_t *list) {
    struct handover handover;
    char text[ID_TEXT_MAX], short_id[ID_TEXT_MAX];
    json_t *item = NULL;
    record_text(id, text);
    prefixes_shorten(prefixes, text, short_id);
    enum err e = handover_load(store, id, arena, &handover);
    if (e == OK) {
        memcpy(handover.short_id, short_id, sizeof short_id);
        e = list_item(store, &handover, arena, &item);
    } else if (e == ERR_LIMIT) {
        item = json_pack("{s:s, s:s, s:s, s:s}", "id", text, "short", short_id, "child", "",
                         "state", "too_large");
        e = OK;
    }
    if (e != OK)
        return e;
    return json_array_append_new(list, item) == 0 ? OK : ERR_MEMORY;
}

enum err handover_list(struct service *service, const struct asker *asker __attribute__((unused)),
                       const json_t *args __attribute__((unused)), struct reply *reply) {
    struct store *store = service_store(service);
    const struct record_id *ids;
    size_t ids_n;
    struct arena arena, one;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    arena_init(&one, HANDOVER_ARENA_MAX);
    json_t *list = json_array();
    struct prefixes prefixes = {0};
    enum err e = handover_ids(store, &arena, &ids, &ids_n);
    if (e == OK)
        e = handover_prefixes(ids, ids_n, &prefixes);
    for (size_t i = 0; e == OK && i < ids_n; i++) {
        e = add_to_list(store, &ids[i], &prefixes, &one, list);
        arena_reset(&one);
    }
    if (e == OK) {
        e = reply_give(reply, json_pack("{s:o}", "handovers", list));
    } else {
        json_decref(list);
        handover_fail(store, reply, e);
    }
    prefixes_done(&prefixes);
    arena_done(&one);
    arena_done(&arena);
    return e;
}

/* show */

struct showing {
    struct store *store;
    const struct handover *handover;
    struct arena *arena;
    struct conflicts conflicts;
    bool note; /* remember what was displayed */
    enum err not_noted;
};

static json_t *author_json(struct store *store, const struct version *version) {
    return json_pack("{s:o, s:s, s:s, s:o}", "site", form_member(store, &version->author), "name",
                     version->actor_name, "function", version->actor_function, "at",
                     form_time(clock_ms(version->clock)));
}

static json_t *text_json(struct bytes value) {
    return json_stringn(value.size > 0 ? (const char *)value.data : "", value.size);
}

static json_t *sides_json(const struct field_state *state) {
    json_t *sides = json_array();
    for (size_t i = 0; i < state->sides_n; i++)
        json_array_append_new(sides, text_json(state->values[i]));
    return sides;
}

/* What can't be noted can be read all the same. */
static json_t *conflict_json(struct showing *showing, const struct field_state *state) {
    char short_id[ID_TEXT_MAX];
    const struct conflict *conflict =
        conflicts_of_field(&showing->conflicts, &showing->handover->id, state->number);
    if (conflict == NULL) /* found in one look at the store, as the record was */
        return NULL;
    conflicts_short_id(&showing->conflicts, &conflict->id, short_id);
    if (showing->note && showing->not_noted == OK)
        showing->not_noted = conflict_note_shown(showing->store, conflict);
    return json_pack("{s:o, s:s, s:o}", "id",
                     form_id(conflict->id.bytes, sizeof conflict->id.bytes), "short", short_id,
                     "values", sides_json(state));
}

static json_t *field_json(struct showing *showing, const struct field *field) {
    const struct handover *handover = showing->handover;
    const struct field_state *state =
        handover->stored ? record_field(&handover->record, field->number) : NULL;
    const struct handover_draft *draft = draft_of(handover, field);
    const char *sent = handover_sent_text(handover, field, showing->arena);
    json_t *json = json_pack(
        "{s:s, s:i, s:o, s:s, s:b, s:s, s:o, s:o, s:b, s:o}", "field", field->name, "number",
        (int)field->number, "label", handover_label_json(&field->label), "kind",
        kind_name(field->kind), "several", field->policy == POLICY_UNION, "value", sent, "by",
        state != NULL ? author_json(showing->store, &state->live[state->shown]) : json_null(),
        "draft", draft != NULL ? text_json(draft->value) : json_null(), "writable",
        handover_may_edit(handover, field), "conflict",
        state != NULL && state->conflicted ? conflict_json(showing, state) : json_null());
    if (json == NULL || draft == NULL ||
        json_object_set_new(json, "overtaken", json_boolean(draft_is_overtaken(handover, draft))) ==
            0)
        return json;
    json_decref(json);
    return NULL;
}

static json_t *part_json(struct showing *showing, enum part part) {
    const struct collection *collection = showing->handover->collection;
    json_t *fields = json_array();
    for (size_t i = 0; i < collection->fields_n; i++)
        if (collection->fields[i].part == part &&
            json_array_append_new(fields, field_json(showing, &collection->fields[i])) != 0) {
            json_decref(fields);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:o}", "part", part_name(part), "label",
                     handover_label_json(part_label(part)), "fields", fields);
}

/* What a newer schema has written: shown as it stands, and kept. */
static json_t *unknown_json(const struct handover *handover) {
    json_t *unknown = json_array();
    for (size_t i = 0; i < handover->record.fields_n; i++) {
        const struct field_state *state = &handover->record.fields[i];
        if (state->field == NULL)
            json_array_append_new(unknown,
                                  json_pack("{s:i, s:o}", "number", (int)state->number, "value",
                                            text_json(state->live[state->shown].value)));
    }
    return unknown;
}

static json_t *agreement_json(const struct handover *handover) {
    const struct handover_agreement *agreement = &handover->agreement;
    if (agreement->revision == NULL)
        return json_null();
    return json_pack("{s:s, s:s, s:s, s:b}", "by", agreement->by, "on", agreement->on, "revision",
                     agreement->revision, "void", !track_agreement_stands(handover));
}

static enum err add_parts(struct showing *showing, json_t *document) {
    static const enum part parts[] = {PART_HEAD,         PART_CHILD_VOICE, PART_PARENTS,
                                      PART_PROFESSIONAL, PART_SCHOOL,      PART_START_PLAN};
    json_t *list = json_array();
    int failed = json_object_set_new(document, "parts", list);
    for (size_t i = 0; !failed && i < sizeof parts / sizeof *parts; i++)
        failed = json_array_append_new(list, part_json(showing, parts[i]));
    return failed ? ERR_MEMORY : OK;
}

static bool has_conflict(const struct record *record) {
    for (size_t i = 0; i < record->fields_n; i++)
        if (record->fields[i].conflicted)
            return true;
    return false;
}

static enum err form_json(struct showing *showing, json_t **ret_document) {
    const char *state = "";
    json_t *document = NULL;
    /* The others are looked for only to tell its own apart from them. */
    enum err e = has_conflict(&showing->handover->record)
                     ? conflicts_find(showing->store, &showing->conflicts)
                     : OK;
    if (e == OK)
        e = handover_state(showing->store, showing->handover, showing->arena, &state);
    if (e == OK) {
        document = handover_head_json(showing->store, showing->handover, showing->arena);
        e = document != NULL ? OK : ERR_MEMORY;
    }
    if (e == OK &&
        (json_object_set_new(document, "state", json_string(state)) != 0 ||
         json_object_set_new(document, "agreement", agreement_json(showing->handover)) != 0))
        e = ERR_MEMORY;
    if (e == OK)
        e = add_parts(showing, document);
    if (e == OK && json_object_set_new(document, "unknown", unknown_json(showing->handover)) != 0)
        e = ERR_MEMORY;
    conflicts_done(&showing->conflicts);
    if (e != OK)
        json_decref(document);
    else
        *ret_document = document;
    return e;
}

static enum err note_shown(struct store *store, const struct handover *handover) {
    char revision[HEX_TEXT_MAX];
    revision_text(&handover->record.revision, revision);
    if (!handover->stored || strcmp(handover->shown, revision) == 0)
        return OK;
    return local_put(store, &handover->id, "shown", bytes_of_text(revision));
}

static const char *state_of(const json_t *document) {
    const char *state = json_string_value(json_object_get(document, "state"));
    return state != NULL ? state : "";
}

enum err handover_show(struct service *service, const struct asker *asker, const json_t *args,
                       struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    struct handover handover;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e != OK)
        goto done;
    struct showing showing = {.store = store, .handover = &handover, .arena = &arena, .note = true};
    json_t *document = NULL;
    e = form_json(&showing, &document);
    /* Only what has been put together for the reader counts as read; and it can be read where
     * nothing can be written. */
    enum err noted = showing.not_noted;
    if (e == OK && noted == OK)
        noted = note_shown(store, &handover);
    if (e == OK && noted == OK)
        noted = track_mark_read(store, &handover, asker, &arena);
    bool is_read = noted == OK && strcmp(state_of(document), "delivered") == 0;
    if (e == OK && (json_object_set_new(document, "not_noted", form_error(noted)) != 0 ||
                    (is_read && handover.end == END_RECEIVER &&
                     json_object_set_new(document, "state", json_string("read")) != 0)))
        e = ERR_MEMORY;
    e = give(store, reply, document, e);
done:
    arena_done(&arena);
    return e;
}

/* print */

enum err handover_print(struct service *service, const struct asker *asker __attribute__((unused)),
                        const json_t *args, struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    struct handover handover;
    struct track track = {0};
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = handover_open(service, service_text(args, "id"), &arena, reply, &handover);
    if (e != OK)
        goto done;
    struct showing showing = {.store = store, .handover = &handover, .arena = &arena};
    json_t *document = NULL;
    e = form_json(&showing, &document);
    if (e == OK)
        e = track_of(store, &handover, &arena, &track);
    json_t *more = json_pack(
        "{s:o, s:o, s:o, s:o, s:s?, s:s?, s:s?, s:o}", "printed", form_time(store_now(store)),
        "federation", form_federation(store), "sent", form_time(track.sent.at), "delivered",
        form_time(track.delivered.at), "agreed_by", track.agreed.by, "agreed_on", track.agreed.on,
        "agreed_revision", track.agreed.revision, "not_noted", form_error(track.not_noted));
    if (e == OK && (more == NULL || json_object_update(document, more) != 0))
        e = ERR_MEMORY;
    json_decref(more);
    e = give(store, reply, document, e);
done:
    arena_done(&arena);
    return e;
}
