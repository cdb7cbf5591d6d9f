/* list, show: fields on which two people wrote different things while apart. */
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
     ACCESS_READ, list_params, conflict_list, NULL},
    {"conflict", "show", "vis, hvem der har skrevet hvad", "show who has written what",
     ACCESS_READ, show_params, conflict_show, NULL},
    {"conflict", "resolve",
     "afgør en konflikt; afgørelsen sendes straks og kræver ikke nyt samtykke, for begge steder har allerede set siderne",
     "settle a conflict; this is sent at once and needs no new agreement, since both sites have seen the sides",
     ACCESS_WRITE, resolve_params, conflict_resolve, NULL},
    {0},
};
/* clang-format on */

static enum err note_one(void *context, const struct conflict *conflict) {
    struct conflicts *conflicts = context;
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

enum err conflicts_find(struct store *store, struct conflicts *ret_conflicts) {
    char text[ID_TEXT_MAX];
    *ret_conflicts = (struct conflicts){0};
    enum err e = conflict_each(store, note_one, ret_conflicts);
    for (size_t i = 0; e == OK && i < ret_conflicts->n; i++) {
        const struct conflict_id *id = &ret_conflicts->list[i].id;
        id_text(id->bytes, sizeof id->bytes, text);
        e = prefixes_add(&ret_conflicts->prefixes, text);
    }
    prefixes_sort(&ret_conflicts->prefixes);
    return e;
}

void conflicts_done(struct conflicts *conflicts) {
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

/* JSON of a conflict's place: id, short, record, child, field, label, part. */
static enum err place_json(struct store *store, const struct conflict *conflict,
                           const char *short_id, const struct prefixes *handovers,
                           struct arena *arena, json_t **ret_place) {
    struct handover handover;
    char record[ID_TEXT_MAX];
    enum err e = handover_load(store, &conflict->record, arena, &handover);
    if (e != OK)
        return e;
    prefixes_shorten(handovers, handover.text, record);
    const struct field *field = collection_field(handover.collection, conflict->field);
    const char *child =
        handover_text(&handover, collection_field(handover.collection, HANDOVER_CHILD_NAME), arena);
    if (field == NULL || child == NULL)
        return field == NULL ? ERR_SCHEMA : ERR_MEMORY;
    json_t *place = json_pack("{s:o, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:o}", "id",
                              form_id(conflict->id.bytes, sizeof conflict->id.bytes), "short",
                              short_id, "record", handover.text, "record_short", record, "child",
                              child, "field", field->name, "label",
                              handover_label_json(&field->label), "part", part_name(field->part),
                              "part_label", handover_label_json(part_label(field->part)));
    if (place == NULL)
        return ERR_MEMORY;
    *ret_place = place;
    return OK;
}

/* All handovers' ids, for shortening. */
static enum err handover_names(struct store *store, struct arena *arena,
                               struct prefixes *ret_prefixes) {
    const struct record_id *ids;
    size_t n;
    *ret_prefixes = (struct prefixes){0};
    enum err e = handover_ids(store, arena, &ids, &n);
    return e == OK ? handover_prefixes(ids, n, ret_prefixes) : e;
}

struct listing {
    struct store *store;
    struct conflicts conflicts;
    struct prefixes handovers;
    struct arena arena; /* of the conflict looked at */
    json_t *list;
    enum err not_noted;
};

static enum err add_to_list(struct listing *listing, const struct conflict *conflict) {
    char short_id[ID_TEXT_MAX];
    struct sides sides;
    json_t *item = NULL;
    conflicts_short_id(&listing->conflicts, &conflict->id, short_id);
    enum err e =
        place_json(listing->store, conflict, short_id, &listing->handovers, &listing->arena, &item);
    if (e == OK)
        e = sides_load(listing->store, conflict, &listing->arena, &sides);
    if (e == OK && json_object_set_new(item, "sides", json_integer((json_int_t)sides.n)) != 0)
        e = ERR_MEMORY;
    if (e == OK && json_array_append(listing->list, item) != 0)
        e = ERR_MEMORY;
    json_decref(item);
    if (e != OK)
        return e;
    enum err noted = conflict_note_shown(listing->store, conflict);
    if (listing->not_noted == OK)
        listing->not_noted = noted;
    return OK;
}

enum err conflict_list(struct service *service, const struct asker *asker __attribute__((unused)),
                       const json_t *args __attribute__((unused)), struct reply *reply) {
    struct listing listing = {.store = service_store(service), .list = json_array()};
    struct arena names;
    json_int_t too_large_n = 0;
    arena_init(&names, HANDOVER_ARENA_MAX);
    arena_init(&listing.arena, HANDOVER_ARENA_MAX);
    enum err e = conflicts_find(listing.store, &listing.conflicts);
    if (e == OK)
        e = handover_names(listing.store, &names, &listing.handovers);
    for (size_t i = 0; e == OK && i < listing.conflicts.n; i++) {
        e = add_to_list(&listing, &listing.conflicts.list[i]);
        if (e == ERR_LIMIT || (e == ERR_MEMORY && listing.arena.capped)) {
            too_large_n++;
            e = OK;
        }
        arena_reset(&listing.arena);
    }
    e = e == OK
            ? reply_give(reply, json_pack("{s:O, s:I, s:o}", "conflicts", listing.list, "too_large",
                                          too_large_n, "not_noted", form_error(listing.not_noted)))
            : handover_fail(listing.store, reply, e);
    json_decref(listing.list);
    prefixes_done(&listing.handovers);
    conflicts_done(&listing.conflicts);
    arena_done(&listing.arena);
    arena_done(&names);
    return e;
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
    char short_id[ID_TEXT_MAX];
    struct conflicts conflicts;
    struct prefixes handovers = {0};
    json_t *document = NULL;
    enum err e = conflicts_find(store, &conflicts);
    if (e == OK)
        e = handover_names(store, arena, &handovers);
    if (e == OK) {
        conflicts_short_id(&conflicts, &conflict->id, short_id);
        e = place_json(store, conflict, short_id, &handovers, arena, &document);
    }
    if (e == OK)
        e = add_sides(store, conflict, arena, document);
    if (e == OK && json_object_set_new(document, "not_noted",
                                       form_error(conflict_note_shown(store, conflict))) != 0)
        e = ERR_MEMORY;
    prefixes_done(&handovers);
    conflicts_done(&conflicts);
    if (e != OK) {
        json_decref(document);
        return e;
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
