/* Fields on which two people wrote different things while apart. */
#include "conflict.h"

#include "conflict_side.h"
#include "form.h"
#include "handover.h"
#include "verbs.h"
#include "worddiff.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct param list_params[] = {{0}};
static const struct param show_params[] = {
    {"id", PARAM_TEXT, true, true, "konflikten, eller dens første tegn",
     "the conflict, or its first characters"},
    {0},
};
static const struct param resolve_params[] = {
    {"id", PARAM_TEXT, true, true, "konflikten, eller dens første tegn",
     "the conflict, or its first characters"},
    {"take", PARAM_TEXT, false, false, "tag side N, eller det, som et sted har skrevet",
     "take side N, or what a site has written"},
    {"value", PARAM_TEXT, false, false, "skriv noget tredje; @FIL og - tages herfra",
     "write something else; @FILE and - are read"},
    {"edit", PARAM_FLAG, false, false, "skriv det i $EDITOR", "write it in $EDITOR"},
    {"clear", PARAM_FLAG, false, false, "slet alle siderne", "clear all sides"},
    {"note", PARAM_TEXT, false, false, "hvorfor; begge steder kan læse det",
     "why; both sites can read it"},
    {0},
};

/* clang-format off */
const struct verb conflict_verbs[] = {
    {"conflict", "list", "vis felter, hvor to har skrevet hver sit", "list the fields on which two people differ",
     ACCESS_READ, list_params, NULL, conflict_list},
    {"conflict", "show", "vis, hvem der har skrevet hvad", "show who has written what",
     ACCESS_READ, show_params, conflict_show, NULL},
    {"conflict", "resolve",
     "afgør en konflikt; afgørelsen sendes straks og kræver ikke nyt samtykke, for begge steder har allerede set siderne",
     "settle a conflict; this is sent at once and needs no new agreement, since both sites have seen the sides",
     ACCESS_WRITE, resolve_params, conflict_resolve, NULL},
    {0},
};
/* clang-format on */

static enum err note_one(struct conflicts *conflicts, const struct conflict *conflict) {
    if (conflicts->n == conflicts->capacity) {
        size_t capacity = conflicts->capacity > 0 ? conflicts->capacity * 2 : 16;
        struct conflict *list = realloc(conflicts->list, capacity * sizeof *list);
        if (list == NULL)
            return ERR_MEMORY;
        conflicts->list = list;
        conflicts->capacity = capacity;
    }
    conflicts->list[conflicts->n++] = *conflict;
    return OK;
}

static enum err make_prefixes(struct conflicts *conflicts) {
    char text[ID_TEXT_MAX];
    enum err e = OK;
    for (size_t i = 0; e == OK && i < conflicts->n; i++) {
        const struct conflict_id *id = &conflicts->list[i].id;
        id_text(id->bytes, sizeof id->bytes, text);
        e = prefixes_add(&conflicts->prefixes, text);
    }
    prefixes_sort(&conflicts->prefixes);
    return e;
}

enum err conflicts_find_some(struct store *store, struct conflicts *conflicts, bool *ret_done) {
    struct conflict conflict;
    bool found = false, done = false;
    enum err e = conflicts->walk == NULL ? conflict_walk_new(store, &conflicts->walk) : OK;
    if (e == OK)
        e = conflict_walk_step(conflicts->walk, &conflict, &found, &done);
    if (e == OK && found)
        e = note_one(conflicts, &conflict);
    if (e != OK || !done)
        return e;
    conflict_walk_free(conflicts->walk);
    conflicts->walk = NULL;
    *ret_done = true;
    return make_prefixes(conflicts);
}

enum err conflicts_find(struct store *store, struct conflicts *ret_conflicts) {
    bool done = false;
    enum err e = OK;
    *ret_conflicts = (struct conflicts){0};
    while (e == OK && !done)
        e = conflicts_find_some(store, ret_conflicts, &done);
    return e;
}

void conflicts_done(struct conflicts *conflicts) {
    conflict_walk_free(conflicts->walk);
    prefixes_done(&conflicts->prefixes);
    free(conflicts->list);
    *conflicts = (struct conflicts){0};
}

void conflicts_short_id(const struct conflicts *conflicts, const struct conflict_id *id,
                        char ret_text[static ID_TEXT_MAX]) {
    char text[ID_TEXT_MAX];
    id_text(id->bytes, sizeof id->bytes, text);
    prefixes_shorten(&conflicts->prefixes, text, ret_text);
    for (char *at = ret_text; *at != '\0'; at++)
        *at = (char)tolower((unsigned char)*at);
}

const struct conflict *conflicts_of_field(const struct conflicts *conflicts,
                                          const struct record_id *record, uint16_t field) {
    for (size_t i = 0; i < conflicts->n; i++)
        if (conflicts->list[i].field == field &&
            record_id_equal(&conflicts->list[i].record, record))
            return &conflicts->list[i];
    return NULL;
}

static void note_key(const struct conflict_id *id, char ret_key[static ID_TEXT_MAX + 16]) {
    char text[ID_TEXT_MAX];
    id_text(id->bytes, sizeof id->bytes, text);
    snprintf(ret_key, ID_TEXT_MAX + 16, CONFLICT_NOTE "%s", text);
}

enum err conflict_note_shown(struct store *store, const struct conflict *conflict) {
    char key[ID_TEXT_MAX + 16], field[8];
    struct buffer old = {0};
    note_key(&conflict->id, key);
    enum err e = local_get(store, &conflict->record, key, &old);
    buffer_wipe(&old);
    if (e != ERR_NOT_FOUND)
        return e;
    snprintf(field, sizeof field, "%u", conflict->field);
    return local_put(store, &conflict->record, key, bytes_of_text(field));
}

enum err conflict_place(const struct conflict *conflict, const struct handover *handover,
                        const struct conflicts *conflicts, const struct prefixes *handovers,
                        struct arena *arena, json_t **ret_place) {
    char record[ID_TEXT_MAX], short_id[ID_TEXT_MAX];
    conflicts_short_id(conflicts, &conflict->id, short_id);
    prefixes_shorten(handovers, handover->text, record);
    const struct field *field = collection_field(handover->collection, conflict->field);
    const char *child =
        handover_text(handover, collection_field(handover->collection, HANDOVER_CHILD_NAME), arena);
    if (field == NULL || child == NULL)
        return field == NULL ? ERR_SCHEMA : ERR_MEMORY;
    json_t *place = json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "id",
                              form_id(conflict->id.bytes, sizeof conflict->id.bytes), "short",
                              short_id, "record", handover->text, "record_short", record, "child",
                              child, "field", field->name, "label",
                              handover_label_json(&field->label), "part", part_name(field->part),
                              "part_label", handover_label_json(part_label(field->part)));
    if (place == NULL)
        return ERR_MEMORY;
    *ret_place = place;
    return OK;
}

enum err conflict_handovers(struct store *store, struct arena *arena,
                            struct prefixes *ret_prefixes) {
    const struct record_id *ids;
    size_t n;
    *ret_prefixes = (struct prefixes){0};
    enum err e = handover_ids(store, arena, &ids, &n);
    return e == OK ? handover_prefixes(ids, n, ret_prefixes) : e;
}

/* show */

static json_t *text_json(struct bytes value) {
    return json_stringn(value.size > 0 ? (const char *)value.data : "", value.size);
}

static json_t *version_json(struct store *store, const struct version *version) {
    return json_pack("{s:o, s:s, s:s, s:o}", "site", form_member(store, &version->author), "name",
                     version->actor_name, "function", version->actor_function, "at",
                     form_time(clock_ms(version->clock)));
}

static json_t *diff_json(struct bytes base, struct bytes value) {
    struct arena arena;
    const struct worddiff_piece *pieces;
    size_t n = 0;
    json_t *diff = json_array();
    arena_init(&arena, worddiff_arena_max(base.size, value.size));
    enum err e = worddiff(base, value, &arena, &pieces, &n);
    int failed = e != OK;
    for (size_t i = 0; !failed && i < n; i++)
        failed = json_array_append_new(
            diff, pieces[i].changed ? json_pack("{s:o, s:o}", "old", text_json(pieces[i].old),
                                                "new", text_json(pieces[i].new))
                                    : json_pack("{s:o}", "same", text_json(pieces[i].new)));
    arena_done(&arena);
    if (!failed)
        return diff;
    json_decref(diff);
    return NULL;
}

static json_t *side_json(struct store *store, const struct sides *sides, size_t number,
                         const struct version *base) {
    const struct side *side = &sides->list[number];
    json_t *versions = json_array();
    int failed = 0;
    for (size_t i = 0; i < side->versions_n && !failed; i++)
        failed = json_array_append_new(versions, version_json(store, side->versions[i]));
    if (failed) {
        json_decref(versions);
        return NULL;
    }
    return json_pack(
        "{s:i, s:o, s:o, s:o}", "number", (int)number + 1, "value", text_json(side->value), "diff",
        base != NULL ? diff_json(base->value, side->value) : json_null(), "written", versions);
}

static enum err add_sides(struct store *store, const struct conflict *conflict, struct arena *arena,
                          json_t *document) {
    struct sides sides;
    struct version base;
    enum err e = sides_load(store, conflict, arena, &sides);
    if (e != OK)
        return e;
    e = conflict_base(store, conflict, arena, &base);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    bool has_base = e == OK;
    json_t *list = json_array(), *origin = json_null();
    int failed = 0;
    for (size_t i = 0; i < sides.n && !failed; i++)
        failed = json_array_append_new(list, side_json(store, &sides, i, has_base ? &base : NULL));
    if (has_base) {
        origin = version_json(store, &base);
        failed |= json_object_set_new(origin, "value", text_json(base.value));
    }
    failed |= json_object_set_new(document, "base", origin);
    failed |= json_object_set_new(document, "sides", list);
    failed |= json_object_set_new(document, "shown", json_integer((json_int_t)sides.shown + 1));
    return failed ? ERR_MEMORY : OK;
}

/* What is not noted can be read all the same: a later resolution of it, when it has changed, then
 * finds nothing to compare with. */
enum err conflict_document(struct store *store, const struct conflict *conflict,
                           struct arena *arena, json_t **ret_document) {
    struct conflicts conflicts;
    struct handover handover;
    struct prefixes handovers = {0};
    struct arena whole; /* of the handover, which may take as much as its sides do */
    json_t *document = NULL;
    arena_init(&whole, HANDOVER_ARENA_MAX);
    enum err e = conflicts_find(store, &conflicts);
    if (e == OK)
        e = conflict_handovers(store, arena, &handovers);
    if (e == OK)
        e = handover_load(store, &conflict->record, &whole, &handover);
    if (e == OK)
        e = conflict_place(conflict, &handover, &conflicts, &handovers, &whole, &document);
    if (e == OK)
        e = add_sides(store, conflict, arena, document);
    if (e == OK && json_object_set_new(document, "not_noted",
                                       form_error(conflict_note_shown(store, conflict))) != 0)
        e = ERR_MEMORY;
    prefixes_done(&handovers);
    conflicts_done(&conflicts);
    arena_done(&whole);
    if (e != OK) {
        json_decref(document);
        return e == ERR_MEMORY && arena->capped ? ERR_LIMIT : e;
    }
    *ret_document = document;
    return OK;
}

enum err conflict_show(struct service *service, const struct asker *asker __attribute__((unused)),
                       const json_t *args, struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    struct conflict conflict;
    json_t *document = NULL;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    enum err e = conflict_open(store, service_text(args, "id"), &arena, reply, &conflict);
    if (e != OK)
        goto done;
    e = conflict_document(store, &conflict, &arena, &document);
    e = e == OK ? reply_give(reply, document) : handover_fail(store, reply, e);
done:
    arena_done(&arena);
    return e;
}
