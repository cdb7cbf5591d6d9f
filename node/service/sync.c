#include "form.h"
#include "store/acks.h"
#include "verbs.h"

#include <stdlib.h>
#include <string.h>

enum { PROGRESS_MS = 500 };

/* Waits until the readers of all that this node wrote have signed that they hold it, and until this
 * node holds what its peers hold. Only a network around the service can bring that about. */
struct sync {
    struct job job;
    struct service *service;
    time_ms until;
    uint64_t outstanding_first;
};

struct reach {
    struct sync *sync;
    const json_t *peers;
    struct self self;
    uint64_t others;
    bool municipality_equal; /* or this node is the municipality */
};

static enum err note_member(void *context, const struct roster_entry *entry) {
    struct reach *reach = context;
    if (entry->status != MEMBER_ACTIVE || member_id_equal(&entry->member, &reach->self.member))
        return OK;
    reach->others++;
    if (entry->role != ROLE_MUNICIPALITY)
        return OK;
    size_t i;
    const json_t *peer;
    json_array_foreach(reach->peers, i, peer) {
        struct member_id id;
        const char *text = json_string_value(json_object_get(peer, "member"));
        if (text != NULL && form_read_member(text, &id) == OK &&
            member_id_equal(&id, &entry->member))
            reach->municipality_equal = json_is_true(json_object_get(peer, "equal"));
    }
    return OK;
}

/* Is there a session with somebody that is still being brought level? One that can't be reached
 * does not count. */
static bool is_away(const json_t *peer) {
    const char *state = json_string_value(json_object_get(peer, "state"));
    return state == NULL || strcmp(state, "none") == 0 || strcmp(state, "backoff") == 0;
}

static bool has_answered(const json_t *peers) {
    size_t i;
    const json_t *peer;
    json_array_foreach(peers, i, peer) {
        const char *state = json_string_value(json_object_get(peer, "state"));
        if (!is_away(peer) && strcmp(state, "dialling") != 0)
            return true;
    }
    return false;
}

static bool still_levelling(const json_t *peers) {
    size_t i;
    const json_t *peer;
    json_array_foreach(peers, i, peer) {
        if (!is_away(peer) && !json_is_true(json_object_get(peer, "equal")))
            return true;
    }
    return false;
}

/* Whether this node is level with the municipality and with all it has a session with. */
static enum err is_level(struct sync *sync, bool *ret_level, bool *ret_reached) {
    const struct surroundings *around = service_surroundings(sync->service);
    struct store *store = service_store(sync->service);
    json_t *peers = around->peers(around->context);
    struct reach reach = {.sync = sync, .peers = peers};
    enum err e = store_self(store, &reach.self);
    reach.municipality_equal = reach.self.role == ROLE_MUNICIPALITY;
    if (e == OK)
        e = roster_each(store, note_member, &reach);
    *ret_level = reach.others == 0 || (reach.municipality_equal && !still_levelling(peers));
    *ret_reached = reach.self.role == ROLE_MUNICIPALITY || has_answered(peers);
    json_decref(peers);
    return e;
}

static void give_up(struct reply *reply, uint64_t outstanding, bool level) {
    if (outstanding > 0)
        reply_fail(
            reply, ERR_TIMEOUT,
            MEND("stafet status says who lacks what; --wait 5m waits longer",
                 "stafet status siger, hvem der mangler hvad; --wait 5m venter længere"),
            outstanding == 1 ? "not in sync: %llu change is not yet acknowledged by all readers"
                             : "not in sync: %llu changes are not yet acknowledged by all readers",
            outstanding == 1
                ? "ikke synkroniseret: %llu ændring er ikke kvitteret af alle modtagere endnu"
                : "ikke synkroniseret: %llu ændringer er ikke kvitteret af alle modtagere "
                  "endnu",
            (unsigned long long)outstanding);
    else
        reply_fail(reply, ERR_TIMEOUT,
                   MEND("stafet peer list says who was reached; --wait 5m waits longer",
                        "stafet peer list siger, hvem der blev nået; --wait 5m venter længere"),
                   level ? "not in sync: a reader has not acknowledged"
                         : "not in sync: the municipality was not reached in time",
                   level ? "ikke synkroniseret: en modtager har ikke kvitteret"
                         : "ikke synkroniseret: kommunen blev ikke nået i tide");
    reply->details =
        json_pack("{s:I, s:b}", "outstanding", (json_int_t)outstanding, "level", level);
}

static enum job_state step(struct job *job, struct reply *reply) {
    struct sync *sync = (struct sync *)job;
    struct store *store = service_store(sync->service);
    bool read = false, level = false, reached = false;
    uint64_t outstanding = 0;
    enum err e = acks_all_read(store, &read, &outstanding);
    if (e == OK)
        e = is_level(sync, &level, &reached);
    if (e != OK) {
        reply_err(reply, e);
        return JOB_DONE;
    }
    if (read && level) {
        e = reply_give(reply,
                       json_pack("{s:b, s:I}", "acknowledged", true, "outstanding", (json_int_t)0));
        (void)e; /* the reply carries it */
        return JOB_DONE;
    }
    if (store_now(store) >= sync->until) {
        give_up(reply, outstanding, level);
        return JOB_DONE;
    }
    if (outstanding > sync->outstanding_first)
        sync->outstanding_first = outstanding;
    if (reached)
        reply_progress(reply, sync->outstanding_first - outstanding, sync->outstanding_first,
                       "waiting for the readers", "venter på modtagerne");
    else
        reply_progress(reply, 0, 0, "trying to reach the municipality", "prøver at nå kommunen");
    /* Now and then also when nothing happens: somebody looks on. */
    time_ms next = store_now(store) + PROGRESS_MS;
    job->deadline = next < sync->until ? next : sync->until;
    return JOB_WAITING;
}

static void sync_free(struct job *job) {
    free(job);
}

static enum err begin(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply, struct job **ret_job) {
    (void)asker;
    const struct surroundings *around = service_surroundings(service);
    if (around->peers == NULL)
        return reply_fail(reply, ERR_STATE, COMMAND("stafet node run"),
                          "no node runs here, so nothing can be sent",
                          "her kører ingen node, så intet kan sendes");
    struct sync *sync = calloc(1, sizeof *sync);
    if (sync == NULL)
        return ERR_MEMORY;
    sync->job = (struct job){.step = step, .free = sync_free};
    sync->service = service;
    sync->until =
        store_now(service_store(service)) + service_number(args, "wait", INT64_C(30) * 1000);
    if (around->hurry != NULL)
        around->hurry(around->context);
    *ret_job = &sync->job;
    return OK;
}

static const struct param sync_params[] = {
    {.name = "wait",
     .kind = PARAM_DURATION,
     .summary_da = "hvor længe der ventes; ellers 30s",
     .summary_en = "how long to wait; else 30s"},
    {.name = NULL},
};

const struct verb sync_verbs[] = {
    {.noun = "sync",
     .name = "",
     .summary_da = "udveksl nu; færdig, når modtagerne har kvitteret",
     .summary_en = "exchange now; done when the readers have acknowledged",
     .access = ACCESS_WRITE,
     .params = sync_params,
     .begin = begin},
    {.noun = NULL},
};
