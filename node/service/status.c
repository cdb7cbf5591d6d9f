#include "form.h"
#include "lack.h"
#include "proto/limits.h"
#include "slice.h"
#include "store/quarantine.h"
#include "verbs.h"
#include "waiting.h"

#include <stdlib.h>
#include <string.h>

/* Made in pieces: what waits for people first, which takes longest; then the members, and last the
 * log, so that "in sync" is as fresh as can be. */
struct status {
    struct job job;
    struct service *service;
    struct store *store;
    struct self self;
    struct waiting *waiting;
    bool waiting_done;
    struct lacks *lacks; /* this and what follows are made with the first member */
    struct standings *standings;
    struct buffer ids; /* of the active members */
    size_t ids_done;
    struct arena arena; /* of the entry looked at, and then of the own */
    json_t *peers, *members;
    uint64_t others;
    bool reachable; /* others can dial this node */
    bool all_in_sync;
};

/* What the node says about its session with the member; NULL: it has none and wants none. */
static json_t *session_with(const struct status *status, const struct member_id *member) {
    size_t i;
    json_t *peer;
    json_array_foreach(status->peers, i, peer) {
        struct member_id id;
        const char *text = json_string_value(json_object_get(peer, "member"));
        if (text != NULL && form_read_member(text, &id) == OK && member_id_equal(&id, member))
            return peer;
    }
    return NULL;
}

/* Sites talk to the municipality and to relays, and to the sites they share a handover channel
 * with, where one of the two can be dialled; two others hear of each other by signed statements
 * alone. */
static bool expects_session(const struct status *status, const struct roster_entry *entry) {
    bool hub = status->self.role == ROLE_MUNICIPALITY || status->self.role == ROLE_RELAY ||
               entry->role == ROLE_MUNICIPALITY || entry->role == ROLE_RELAY;
    return (status->reachable || entry->endpoints_n > 0) &&
           (hub || lacks_share_channel(status->lacks, &entry->member));
}

static json_t *place_form(const struct status *status, const struct lack *lack) {
    if (member_id_is_zero(&lack->at) || lack->at_entries == 0)
        return json_null();
    json_t *form = form_member(status->store, &lack->at);
    json_object_set_new(form, "entries", json_integer((json_int_t)lack->at_entries));
    return form;
}

static enum err add_member(struct status *status, const struct roster_entry *entry) {
    struct standing standing;
    struct lack lack;
    enum err e = standings_of(status->standings, &entry->member, &standing);
    if (e == OK)
        e = lack_of(status->lacks, &entry->member, entry->role, &lack);
    if (e != OK)
        return e;
    const json_t *peer = session_with(status, &entry->member);
    bool expected = expects_session(status, entry);
    bool connected = json_is_true(json_object_get(peer, "equal"));
    bool in_sync = standing.complete && standing.waiting == 0 && (connected || !expected);
    status->others++;
    status->all_in_sync = status->all_in_sync && in_sync;
    json_int_t heard = json_integer_value(json_object_get(peer, "last_heard_ms"));
    time_ms reached = connected ? store_now(status->store) /* heartbeats prove it */
                      : heard > standing.last_stated ? heard
                                                     : standing.last_stated;
    json_t *form = json_pack(
        "{s:o, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:b, s:o}",
        "id", form_id(entry->member.bytes, sizeof entry->member.bytes), "name", entry->name, "role",
        role_name(entry->role), "in_sync", in_sync, "complete", standing.complete, "has",
        (json_int_t)standing.has, "of", (json_int_t)standing.of, "lacks_own",
        (json_int_t)standing.lacks_own, "forked", (json_int_t)standing.forked, "waiting",
        (json_int_t)standing.waiting, "doubted", (json_int_t)lack.doubted, "lacks_since",
        form_time(lack.since), "waits_at", place_form(status, &lack), "stated",
        form_time(standing.last_stated), "reached", form_time(reached), "direct", expected,
        "session", peer != NULL ? form_session(peer) : json_null());
    return json_array_append_new(status->members, form) == 0 ? OK : ERR_MEMORY;
}

struct counts {
    uint64_t unconfirmed, forked, waiting, voided;
    struct member_id self;
};

static enum err count_feed(void *context, const struct feed_info *feed) {
    struct counts *counts = context;
    bool own = member_id_equal(&feed->author, &counts->self);
    counts->unconfirmed += own && !feed->confirmed;
    counts->forked += feed->forked;
    counts->waiting += feed->waiting;
    counts->voided += feed->voided;
    return OK;
}

struct quarantine_counts {
    uint64_t refused, incidents;
};

static enum err count_quarantined(void *context, const struct quarantined *item) {
    struct quarantine_counts *counts = context;
    counts->refused += item->kind == QUARANTINE_REFUSED;
    counts->incidents += item->kind == QUARANTINE_INCIDENT;
    return OK;
}

static enum err log_form(struct status *status, bool restored, json_t **ret_form, bool *ret_whole) {
    struct counts counts = {.self = status->self.member};
    struct quarantine_counts quarantine = {0};
    enum err e = feed_each(status->store, count_feed, &counts);
    if (e == OK)
        e = quarantine_each(status->store, count_quarantined, &quarantine);
    if (e != OK)
        return e;
    *ret_form =
        json_pack("{s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "restored", restored, "missing",
                  (json_int_t)lacks_here(status->lacks), "unconfirmed",
                  (json_int_t)counts.unconfirmed, "forked", (json_int_t)counts.forked, "waiting",
                  (json_int_t)counts.waiting, "void", (json_int_t)counts.voided, "refused",
                  (json_int_t)quarantine.refused, "incidents", (json_int_t)quarantine.incidents);
    *ret_whole =
        !restored && counts.forked == 0 && counts.waiting == 0 && lacks_here(status->lacks) == 0;
    return *ret_form != NULL ? OK : ERR_MEMORY;
}

static enum err note_member(void *context, const struct roster_entry *entry) {
    struct status *status = context;
    if (entry->status != MEMBER_ACTIVE || member_id_equal(&entry->member, &status->self.member))
        return OK;
    return buffer_append(&status->ids, &entry->member, sizeof entry->member);
}

static enum err begin_members(struct status *status) {
    const struct surroundings *around = service_surroundings(status->service);
    struct roster_entry self;
    status->peers = around->peers != NULL ? around->peers(around->context) : json_array();
    status->members = json_array();
    enum err e =
        roster_member(status->store, &status->self.member, UINT64_MAX, &status->arena, &self);
    status->reachable = e == OK && self.endpoints_n > 0;
    if (e == OK)
        e = standings_new(status->store, &status->standings);
    if (e == OK)
        e = lacks_new(status->store, &status->lacks);
    return e == OK ? roster_each(status->store, note_member, status) : e;
}

static enum err add_members(struct status *status, time_ms slice_end, bool *ret_done) {
    size_t n = status->ids.size / sizeof(struct member_id);
    enum err e = OK;
    while (e == OK && status->ids_done < n) {
        struct member_id id;
        struct roster_entry entry;
        memcpy(&id, status->ids.data + status->ids_done++ * sizeof id, sizeof id);
        arena_reset(&status->arena);
        e = roster_member(status->store, &id, UINT64_MAX, &status->arena, &entry);
        if (e == OK && entry.status == MEMBER_ACTIVE)
            e = add_member(status, &entry);
        if (slice_is_over(slice_end))
            break;
    }
    *ret_done = status->ids_done == n;
    return e;
}

/* In sync says that every member is known to hold what this node holds, by its own signature and
 * over a session that is whole, that nothing waits or is forked anywhere, and that this node
 * knows of nothing it lacks. A session alone, an old word alone, or a time-out never says it. */
static enum err describe(struct status *status, struct reply *reply) {
    const struct surroundings *around = service_surroundings(status->service);
    struct roster_entry self;
    json_t *log = NULL;
    bool restored = false, whole = false;
    arena_reset(&status->arena);
    enum err e =
        roster_member(status->store, &status->self.member, UINT64_MAX, &status->arena, &self);
    if (e == OK)
        e = acks_restored(status->store, &restored);
    if (e == OK)
        e = log_form(status, restored, &log, &whole);
    if (e != OK)
        return e;
    bool in_sync = around->running && status->others > 0 && status->all_in_sync && whole;
    json_t *endpoints =
        around->endpoints != NULL ? around->endpoints(around->context) : json_array();
    return reply_give(
        reply, json_pack("{s:o, s:o, s:I, s:b, s:{s:b, s:o}, s:O, s:o, s:O}", "federation",
                         form_federation(status->store), "member", form_entry(&self), "now",
                         (json_int_t)store_now(status->store), "in_sync", in_sync, "node",
                         "running", around->running, "endpoints", endpoints, "members",
                         status->members, "log", log, "waiting", waiting_items(status->waiting)));
}

static enum job_state step(struct job *job, struct reply *reply) {
    struct status *status = (struct status *)job;
    time_ms slice_end = slice_begin();
    bool done = false;
    enum err e = OK;
    if (!status->waiting_done) {
        e = waiting_step(status->waiting, slice_end, reply, &status->waiting_done);
        if (e == OK && (!status->waiting_done || slice_is_over(slice_end)))
            return JOB_MORE;
    }
    if (e == OK && status->members == NULL)
        e = begin_members(status);
    if (e == OK)
        e = add_members(status, slice_end, &done);
    if (e == OK && !done)
        return JOB_MORE;
    e = e == OK ? describe(status, reply) : e;
    if (e != OK && reply->error == OK)
        reply_err(reply, e);
    return JOB_DONE;
}

static void status_free(struct job *job) {
    struct status *status = (struct status *)job;
    waiting_free(status->waiting);
    lacks_free(status->lacks);
    standings_free(status->standings);
    buffer_done(&status->ids);
    arena_done(&status->arena);
    json_decref(status->peers);
    json_decref(status->members);
    free(status);
}

static enum err begin(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply, struct job **ret_job) {
    (void)asker, (void)args, (void)reply;
    struct status *status = calloc(1, sizeof *status);
    if (status == NULL)
        return ERR_MEMORY;
    *status = (struct status){.job = {.step = step, .free = status_free},
                              .service = service,
                              .store = service_store(service),
                              .all_in_sync = true};
    arena_init(&status->arena, KIB(64));
    enum err e = store_self(status->store, &status->self);
    if (e == OK)
        e = waiting_new(service, &status->waiting);
    if (e != OK) {
        status_free(&status->job);
        return e;
    }
    *ret_job = &status->job;
    return OK;
}

const struct verb status_verbs[] = {
    {.noun = "status",
     .name = "",
     .summary_da = "hvem der har hvad, og hvad der venter",
     .summary_en = "who holds what, and what waits",
     .access = ACCESS_READ,
     .begin = begin},
    {.noun = NULL},
};
