#include "waiting.h"

#include "addresses.h"
#include "conflict.h"
#include "form.h"
#include "handover.h"
#include "handover_track.h"
#include "slice.h"
#include "store/answers.h"
#include "store/quarantine.h"
#include "store/roster.h"
#include "survey.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

/* A handover that was sent is given this long before it shows as not read. */
#define NOT_READ_AFTER_MS (INT64_C(3) * 24 * 3600 * 1000)

struct items {
    struct store *store;
    struct self self;
    json_t *list;
};

/* What is left to look at, ids first: what is then asked of the store walks itself. */
struct waiting {
    struct items items;
    struct arena arena; /* of the list of handovers */
    struct conflicts conflicts;
    bool conflicts_found;
    size_t conflicts_done;
    const struct record_id *handovers;
    size_t handovers_n, handovers_done;
    struct prefixes prefixes; /* of the handovers */
    struct arena one;         /* of the handover looked at */
    bool surveys_done;
};

static enum err add(struct items *items, json_t *item) {
    return json_array_append_new(items->list, item) == 0 ? OK : ERR_MEMORY;
}

static json_t *label_form(const struct label *label) {
    return json_pack("{s:s, s:s}", "da", label->da, "en", label->en);
}

static enum err add_conflict(struct items *items, const struct conflict *conflict, const char *id) {
    struct arena arena;
    arena_init(&arena, HANDOVER_ARENA_MAX);
    struct record record;
    enum err e =
        record_load(items->store, conflict->collection, &conflict->record, &arena, &record);
    const struct collection *collection = collection_find(conflict->collection);
    const struct field *field =
        collection != NULL ? collection_field(collection, conflict->field) : NULL;
    if (e == OK) {
        static const struct label unknown = {"et felt, som ikke kendes her",
                                             "a field not known here"};
        e = add(items, json_pack("{s:s, s:s, s:s, s:s, s:o, s:[s, s, s]}", "kind", "conflict", "id",
                                 id, "name", record_text_of(&record, HANDOVER_CHILD_NAME, &arena),
                                 "field", field != NULL ? field->name : "", "label",
                                 label_form(field != NULL ? &field->label : &unknown), "command",
                                 "conflict", "show", id));
    }
    if (e == ERR_MEMORY && arena.capped) /* its handover has a line that says so */
        e = OK;
    arena_done(&arena);
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
    if (e == ERR_LIMIT)
        return add(items,
                   json_pack("{s:s, s:s, s:s, s:[s, s, s]}", "kind", "handover_too_large", "id",
                             short_id, "name", "", "command", "handover", "show", short_id));
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

/* Others are told another address than HOME/config says: told when the municipality is reached. */
static enum err add_address(struct items *items, struct service *service) {
    struct reply unused;
    struct config config;
    json_t *form = NULL;
    bool waiting = false;
    reply_init(&unused);
    enum err e = addresses_stand(service, &unused, &config, &form, &waiting);
    reply_done(&unused);
    json_decref(form);
    if (e == ERR_MEMORY || e != OK || !waiting) /* a config that can't be read is said elsewhere */
        return e == ERR_MEMORY ? e : OK;
    return add(items, json_pack("{s:s, s:[s, s]}", "kind", "address_untold", "command", "member",
                                "address"));
}

/* Nobody else would see it here: others go on bringing it, and what arrives next may well be kept.
 */
static enum err add_unkept(struct items *items, const struct surroundings *around) {
    time_ms since = 0;
    enum err why = around->unkept != NULL ? around->unkept(around->context, &since) : OK;
    struct label label = err_label(why);
    bool may_be_damaged = why == ERR_CORRUPT || why == ERR_IO;
    if (why == OK)
        return OK;
    return add(items, json_pack("{s:s, s:s, s:o, s:o, s:[s]}", "kind", "not_kept", "error",
                                err_name(why), "label", label_form(&label), "since",
                                form_time(since), "command", may_be_damaged ? "verify" : "sync"));
}

/* A restored roster needs a person's word. */
static enum err add_roster(struct items *items) {
    struct roster_standing standing;
    if (items->self.role != ROLE_MUNICIPALITY)
        return OK;
    enum err e = roster_standing(items->store, &standing);
    if (e != OK || standing.confirmed || !standing.restored)
        return e;
    return add(items, json_pack("{s:s, s:I, s:[s, s]}", "kind", "roster_unconfirmed", "n",
                                (json_int_t)(standing.others_n - standing.confirmed_n), "command",
                                "roster", "show"));
}

enum err waiting_new(struct service *service, struct waiting **ret_waiting) {
    struct waiting *waiting = calloc(1, sizeof *waiting);
    if (waiting == NULL)
        return ERR_MEMORY;
    struct store *store = service_store(service);
    waiting->items = (struct items){.store = store, .list = json_array()};
    arena_init(&waiting->arena, HANDOVER_ARENA_MAX);
    arena_init(&waiting->one, HANDOVER_ARENA_MAX);
    enum err e = waiting->items.list == NULL ? ERR_MEMORY : store_self(store, &waiting->items.self);
    if (e == OK)
        e = add_unkept(&waiting->items, service_surroundings(service));
    if (e == OK)
        e = add_alarms(&waiting->items);
    if (e == OK)
        e = add_roster(&waiting->items);
    if (e == OK)
        e = add_address(&waiting->items, service);
    if (e == OK)
        e = handover_ids(store, &waiting->arena, &waiting->handovers, &waiting->handovers_n);
    if (e == OK)
        e = handover_prefixes(waiting->handovers, waiting->handovers_n, &waiting->prefixes);
    if (e == OK)
        *ret_waiting = waiting;
    else
        waiting_free(waiting);
    return e;
}

void waiting_free(struct waiting *waiting) {
    if (waiting == NULL)
        return;
    json_decref(waiting->items.list);
    conflicts_done(&waiting->conflicts);
    prefixes_done(&waiting->prefixes);
    arena_done(&waiting->arena);
    arena_done(&waiting->one);
    free(waiting);
}

/* One that is gone since it was listed no longer waits. */
static enum err look_at_next_conflict(struct waiting *waiting) {
    const struct conflict *conflict = &waiting->conflicts.list[waiting->conflicts_done++];
    char short_id[ID_TEXT_MAX];
    conflicts_short_id(&waiting->conflicts, &conflict->id, short_id);
    enum err e = add_conflict(&waiting->items, conflict, short_id);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err look_at_next_handover(struct waiting *waiting) {
    const struct record_id *id = &waiting->handovers[waiting->handovers_done++];
    char text[ID_TEXT_MAX], short_id[ID_TEXT_MAX];
    record_text(id, text);
    prefixes_shorten(&waiting->prefixes, text, short_id);
    enum err e = add_handover(&waiting->items, id, short_id, &waiting->one);
    arena_reset(&waiting->one);
    return e == ERR_NOT_FOUND ? OK : e;
}

static enum err look_at_next(struct waiting *waiting) {
    size_t unreadable_n;
    if (!waiting->conflicts_found)
        return conflicts_find_some(waiting->items.store, &waiting->conflicts,
                                   &waiting->conflicts_found);
    if (waiting->conflicts_done < waiting->conflicts.n)
        return look_at_next_conflict(waiting);
    if (waiting->handovers_done < waiting->handovers_n)
        return look_at_next_handover(waiting);
    waiting->surveys_done = true;
    return survey_each(waiting->items.store, add_survey, &waiting->items, &unreadable_n);
}

enum err waiting_step(struct waiting *waiting, time_ms slice_end, struct reply *reply,
                      bool *ret_done) {
    enum err e;
    do
        e = look_at_next(waiting);
    while (e == OK && !waiting->surveys_done && !slice_is_over(slice_end));
    if (e != OK)
        return e;
    reply_progress(reply, waiting->handovers_done, waiting->handovers_n,
                   "looking through the handovers", "gennemgår overleveringerne");
    *ret_done = waiting->surveys_done;
    return OK;
}

json_t *waiting_items(struct waiting *waiting) {
    return waiting->items.list;
}

struct waiting_job {
    struct job job;
    struct service *service;
    struct waiting *waiting;
};

static json_t *document_of(struct waiting_job *job) {
    struct store *store = service_store(job->service);
    return json_pack("{s:o, s:o, s:b, s:O}", "member",
                     form_member(store, &job->waiting->items.self.member), "federation",
                     form_federation(store), "running", service_surroundings(job->service)->running,
                     "waiting", waiting_items(job->waiting));
}

static enum job_state step(struct job *base, struct reply *reply) {
    struct waiting_job *job = (struct waiting_job *)base;
    bool done = false;
    enum err e = waiting_step(job->waiting, slice_begin(), reply, &done);
    if (e == OK && !done)
        return JOB_MORE;
    e = e == OK ? reply_give(reply, document_of(job)) : reply_err(reply, e);
    (void)e; /* the reply carries it */
    return JOB_DONE;
}

static void job_free(struct job *base) {
    struct waiting_job *job = (struct waiting_job *)base;
    waiting_free(job->waiting);
    free(job);
}

static enum err begin(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply, struct job **ret_job) {
    (void)asker, (void)args, (void)reply;
    struct waiting_job *job = calloc(1, sizeof *job);
    if (job == NULL)
        return ERR_MEMORY;
    job->job = (struct job){.step = step, .free = job_free};
    job->service = service;
    enum err e = waiting_new(service, &job->waiting);
    if (e != OK) {
        job_free(&job->job);
        return e;
    }
    *ret_job = &job->job;
    return OK;
}

const struct verb waiting_verbs[] = {
    {.noun = "waiting",
     .name = "",
     .summary_da = "hvad der venter på dig, med kommandoen til hver ting",
     .summary_en = "what waits for you, with the command for each",
     .access = ACCESS_READ,
     .begin = begin},
    {.noun = NULL},
};
