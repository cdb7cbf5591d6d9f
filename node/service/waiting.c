#include "waiting.h"

#include "conflict.h"
#include "form.h"
#include "handover.h"
#include "handover_track.h"
#include "store/answers.h"
#include "store/quarantine.h"
#include "survey.h"
#include "verbs.h"

#include <string.h>

/* A handover that was sent is given this long before it shows as not read. */
#define NOT_READ_AFTER_MS (INT64_C(3) * 24 * 3600 * 1000)

struct items {
    struct store *store;
    struct self self;
    json_t *list;
};

static enum err add(struct items *items, json_t *item) {
    return json_array_append_new(items->list, item) == 0 ? OK : ERR_MEMORY;
}

static json_t *label_form(const struct label *label) {
    return json_pack("{s:s, s:s}", "da", label->da, "en", label->en);
}

/* The walks over conflicts and records collect ids first: what is then asked of the store walks
 * itself. */
struct conflicts {
    struct conflict *list;
    size_t n;
    struct arena arena;
    size_t capacity;
};

static enum err note_conflict(void *context, const struct conflict *conflict) {
    struct conflicts *conflicts = context;
    if (conflicts->n == conflicts->capacity) {
        size_t capacity = conflicts->capacity == 0 ? 64 : conflicts->capacity * 2;
        struct conflict *moved = arena_array(&conflicts->arena, capacity, sizeof *moved);
        if (moved == NULL)
            return ERR_MEMORY;
        for (size_t i = 0; i < conflicts->n; i++)
            moved[i] = conflicts->list[i];
        conflicts->list = moved;
        conflicts->capacity = capacity;
    }
    conflicts->list[conflicts->n++] = *conflict;
    return OK;
}

static enum err add_conflict(struct items *items, const struct conflict *conflict) {
    struct arena arena;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    struct record record;
    enum err e =
        record_load(items->store, conflict->collection, &conflict->record, &arena, &record);
    const struct collection *collection = collection_find(conflict->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, conflict->field) : NULL;
    if (e == OK) {
        char id[ID_TEXT_MAX];
        conflict_short_id(items->store, &conflict->id, id);
        static const struct label unknown = {"et felt, som ikke kendes her",
                                             "a field not known here"};
        e = add(items, json_pack("{s:s, s:s, s:s, s:s, s:o, s:[s, s, s]}", "kind", "conflict", "id",
                                 id, "name", record_text_of(&record, HANDOVER_CHILD_NAME, &arena),
                                 "field", field != NULL ? field->name : "", "label",
                                 label_form(field != NULL ? &field->label : &unknown), "command",
                                 "conflict", "show", id));
    }
    arena_done(&arena);
    return e;
}

static enum err add_conflicts(struct items *items) {
    struct conflicts conflicts = {0};
    arena_init(&conflicts.arena, HANDOVER_ARENA_MAX);
    enum err e = conflict_each(items->store, note_conflict, &conflicts);
    for (size_t i = 0; e == OK && i < conflicts.n; i++)
        e = add_conflict(items, &conflicts.list[i]);
    arena_done(&conflicts.arena);
    return e;
}

static enum err add_handover_item(struct items *items, const struct handover *handover,
                                  const char *short_id, const char *kind, const char *verb,
                                  time_ms at, struct arena *arena) {
    const struct field *name = collection_field(handover->collection, HANDOVER_CHILD_NAME);
    const struct member_id *other =
        handover->end == END_OWNER ? &handover->receiver : &handover->owner;
    const char *child = handover_text(handover, name, arena);
    return add(items, json_pack("{s:s, s:s, s:s, s:o, s:o, s:[s, s, s]}", "kind", kind, "id",
                                short_id, "name", child != NULL ? child : "", "with",
                                form_member(items->store, other), "at", form_time(at), "command",
                                "handover", verb, short_id));
}

/* At most one line for each handover. */
static enum err add_handover(struct items *items, const struct record_id *id, const char *short_id,
                             struct arena *arena) {
    struct handover handover;
    struct track track = {0};
    enum err e = handover_load(items->store, id, arena, &handover);
    if (e == OK && handover.stored)
        e = track_of(items->store, &handover, arena, &track);
    if (e != OK)
        return e;
    time_ms waited = store_now(items->store) - track.sent.at;
    if (handover.drafts_n > 0)
        return add_handover_item(items, &handover, short_id, "handover_unsent", "show", 0, arena);
    if (!handover.stored)
        return OK;
    if (handover.end == END_OWNER && track.sent.done && !track.read.done &&
        waited >= NOT_READ_AFTER_MS)
        return add_handover_item(items, &handover, short_id, "handover_not_read", "track",
                                 track.sent.at, arena);
    if (handover.end == END_RECEIVER && track.sent.done && !track.accepted.done)
        return add_handover_item(items, &handover, short_id,
                                 track.read.done ? "handover_to_accept" : "handover_to_read",
                                 "show", track.sent.at, arena);
    return OK;
}

static enum err add_handovers(struct items *items) {
    struct arena ids_arena, arena;
    arena_init(&ids_arena, HANDOVER_ARENA_MAX);
    arena_init(&arena, HANDOVER_ARENA_MAX);
    const struct record_id *ids = NULL;
    size_t n = 0;
    struct prefixes prefixes = {0};
    enum err e = handover_ids(items->store, &ids_arena, &ids, &n);
    if (e == OK)
        e = handover_prefixes(ids, n, &prefixes);
    for (size_t i = 0; e == OK && i < n; i++) {
        char text[ID_TEXT_MAX], short_id[ID_TEXT_MAX];
        record_text(&ids[i], text);
        prefixes_shorten(&prefixes, text, short_id);
        e = add_handover(items, &ids[i], short_id, &arena);
        arena_reset(&arena);
    }
    prefixes_done(&prefixes);
    arena_done(&arena);
    arena_done(&ids_arena);
    return e;
}

static enum err note_import(void *context, const struct import *import) {
    (void)import;
    *(bool *)context = true;
    return OK;
}

/* Open and without answers from this site, or over and not closed by the municipality. */
static enum err add_survey(void *context, struct survey *survey) {
    struct items *items = context;
    bool site = items->self.role == ROLE_KINDERGARTEN || items->self.role == ROLE_SCHOOL;
    bool imported = false;
    enum err e = OK;
    json_t *head = survey_head(items->store, survey);
    const char *state = json_string_value(json_object_get(head, "state"));
    const char *code = json_string_value(json_object_get(head, "code"));
    if (state == NULL || code == NULL)
        e = ERR_MEMORY;
    bool due = e == OK && strcmp(state, "due") == 0, open = e == OK && strcmp(state, "open") == 0;
    bool wanted = site ? open && survey_asks(survey, items->self.role)
                       : due && items->self.role == ROLE_MUNICIPALITY;
    if (wanted && site)
        e = import_each(items->store, &survey->id, note_import, &imported);
    if (e == OK && wanted && !imported)
        e = add(items, json_pack("{s:s, s:s, s:s, s:s, s:o}", "kind",
                                 site ? "survey_to_import" : "survey_to_close", "id", code, "name",
                                 survey->title, "closes_on", survey->closes_on, "command",
                                 site ? json_pack("[s, s, s, s]", "survey", "import", code, "FILE")
                                      : json_pack("[s, s, s]", "survey", "close", code)));
    json_decref(head);
    return e;
}

static enum err count_alarm(void *context, const struct quarantined *item) {
    uint64_t *alarms = context;
    *alarms += item->kind == QUARANTINE_FORK || item->kind == QUARANTINE_INCIDENT;
    return OK;
}

static enum err add_alarms(struct items *items) {
    uint64_t alarms = 0;
    enum err e = quarantine_each(items->store, count_alarm, &alarms);
    if (e != OK || alarms == 0)
        return e;
    return add(items, json_pack("{s:s, s:I, s:[s, s]}", "kind", "incidents", "n",
                                (json_int_t)alarms, "command", "quarantine", "list"));
}

enum err waiting_items(struct service *service, json_t **ret_items) {
    size_t unreadable_n;
    struct items items = {.store = service_store(service), .list = json_array()};
    enum err e = items.list == NULL ? ERR_MEMORY : store_self(items.store, &items.self);
    if (e == OK)
        e = add_alarms(&items);
    if (e == OK)
        e = add_conflicts(&items);
    if (e == OK)
        e = add_handovers(&items);
    if (e == OK)
        e = survey_each(items.store, add_survey, &items, &unreadable_n);
    if (e != OK) {
        json_decref(items.list);
        return e;
    }
    *ret_items = items.list;
    return OK;
}

static enum err waiting(struct service *service, const struct asker *asker, const json_t *args,
                        struct reply *reply) {
    (void)asker, (void)args;
    struct store *store = service_store(service);
    struct self self;
    json_t *items = NULL;
    enum err e = store_self(store, &self);
    if (e == OK)
        e = waiting_items(service, &items);
    if (e != OK)
        return e;
    return reply_give(reply,
                      json_pack("{s:o, s:o, s:b, s:o}", "member", form_member(store, &self.member),
                                "federation", form_federation(store), "running",
                                service_surroundings(service)->running, "waiting", items));
}

const struct verb waiting_verbs[] = {
    {.noun = "waiting",
     .name = "",
     .summary_da = "hvad der venter på dig, med kommandoen til hver ting",
     .summary_en = "what waits for you, with the command for each",
     .access = ACCESS_READ,
     .run = waiting},
    {.noun = NULL},
};
