#include "addresses.h"
#include "form.h"
#include "proto/ticket.h"
#include "verbs.h"

#include <stdlib.h>

enum { PROGRESS_MS = 500 };

/* A join goes on over the network, so it is a job that ends when this node is a member. Without a
 * network it ends at once as "pending": the caller brings one and calls again. */
struct join {
    struct job job;
    struct service *service;
    time_ms until;
};

static enum err own_entry(struct store *store, struct arena *arena,
                          struct roster_entry *ret_entry) {
    struct self self;
    enum err e = store_self(store, &self);
    if (e == OK && member_id_is_zero(&self.member))
        e = ERR_NOT_FOUND;
    return e == OK ? roster_member(store, &self.member, UINT64_MAX, arena, ret_entry) : e;
}

struct municipality {
    struct arena *arena;
    json_t *form;
};

static enum err note_municipality(void *context, const struct roster_entry *entry) {
    struct municipality *municipality = context;
    if (entry->role == ROLE_MUNICIPALITY && municipality->form == NULL)
        municipality->form =
            json_pack("{s:s, s:o}", "name", entry->name, "fingerprint", form_words(&entry->keys));
    return OK;
}

static json_t *joined_form(struct store *store, const struct roster_entry *entry) {
    struct municipality municipality = {0};
    if (roster_each(store, note_municipality, &municipality) != OK || municipality.form == NULL) {
        json_decref(municipality.form);
        return NULL;
    }
    return json_pack("{s:s, s:o, s:o, s:o}", "state", "joined", "federation",
                     form_federation(store), "municipality", municipality.form, "member",
                     form_entry(entry));
}

static json_t *pending_form(const struct ticket *ticket, const struct public_keys *own) {
    return json_pack(
        "{s:s, s:{s:o, s:s}, s:{s:o}, s:{s:o, s:s, s:s, s:o}}", "state", "pending", "federation",
        "id", form_id(ticket->federation.bytes, sizeof ticket->federation.bytes), "name",
        ticket->federation_name, "municipality", "fingerprint", form_words(&ticket->keys), "member",
        "id", form_id(ticket->member.bytes, sizeof ticket->member.bytes), "name", ticket->name,
        "role", role_name(ticket->role), "fingerprint", form_words(own));
}

/* Joined, pending, or an error. */
static enum err describe(struct store *store, struct reply *reply, bool *ret_joined) {
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct roster_entry entry;
    enum err e = own_entry(store, &arena, &entry);
    *ret_joined = e == OK;
    if (e == OK) {
        e = reply_give(reply, joined_form(store, &entry));
    } else if (e == ERR_NOT_FOUND) {
        struct ticket ticket;
        struct join_request request;
        e = roster_join_pending(store, &arena, &ticket, &request);
        if (e == OK)
            e = reply_give(reply, pending_form(&ticket, &store_keys(store)->public));
    }
    arena_done(&arena);
    return e;
}

static enum job_state step(struct job *job, struct reply *reply) {
    struct join *join = (struct join *)job;
    struct store *store = service_store(join->service);
    const struct surroundings *around = service_surroundings(join->service);
    bool joined = false;
    enum err e = describe(store, reply, &joined);
    if (e == OK && (joined || around->peers == NULL))
        return JOB_DONE;
    if (e == OK && around->refused != NULL)
        e = around->refused(around->context);
    if (e != OK) {
        reply_err(reply, e);
        return JOB_DONE;
    }
    if (store_now(store) >= join->until) {
        reply_fail(reply, ERR_TIMEOUT,
                   MEND("repeat the same command when the municipality can be reached; the ticket "
                        "is not used up",
                        "gentag samme kommando, når kommunen kan nås; billetten er ikke brugt op"),
                   "not joined yet: the municipality did not answer in time",
                   "ikke med i føderationen endnu: kommunen svarede ikke i tide");
        return JOB_DONE;
    }
    json_decref(reply->document);
    reply->document = NULL;
    reply_progress(reply, 0, 0, "joining", "slutter til");
    time_ms next = store_now(store) + PROGRESS_MS;
    job->deadline = next < join->until ? next : join->until;
    return JOB_WAITING;
}

static void join_free(struct job *job) {
    free(job);
}

static enum err refuse_ticket(struct reply *reply, enum err e) {
    return reply_fail(reply, ERR_ARGUMENT,
                      MEND("give the ticket alone and whole: it begins with stafet1; @FILE takes "
                           "it from a file that holds nothing else",
                           "giv billetten alene og hel: den begynder med stafet1; @FIL tager den "
                           "fra en fil, der ikke indeholder andet"),
                      e == ERR_HASH ? "the ticket is mistyped or cut off" : "this is not a ticket",
                      e == ERR_HASH ? "billetten er skrevet forkert eller afkortet"
                                    : "det er ikke en billet");
}

/* Notes the ticket unless this home is a member by it, or is joining with it, already. */
static enum err begin_with(struct service *service, const char *text, const struct ticket *ticket,
                           const struct addresses *endpoints, struct reply *reply) {
    struct store *store = service_store(service);
    struct arena arena;
    arena_init(&arena, KIB(64));
    struct self self;
    struct ticket pending;
    struct join_request request;
    enum err e = store_self(store, &self);
    if (e == OK && !member_id_is_zero(&self.member)) {
        bool same = federation_id_equal(&self.federation, &ticket->federation) &&
                    member_id_equal(&self.member, &ticket->member);
        if (!same)
            e = reply_fail(reply, ERR_EXISTS,
                           MEND("name another home with --home", "vælg et andet hjem med --home"),
                           "this home is a member of a federation already",
                           "dette hjem er allerede med i en føderation");
    } else if (e == OK) {
        e = roster_join_pending(store, &arena, &pending, &request);
        bool same = e == OK && federation_id_equal(&pending.federation, &ticket->federation) &&
                    member_id_equal(&pending.member, &ticket->member);
        if (e == ERR_NOT_FOUND || (e == OK && !same))
            e = roster_join_begin(store, text, endpoints->list, endpoints->n);
        if (e == OK)
            e = addresses_remember(endpoints, service_home(service)->path, reply);
    }
    arena_done(&arena);
    return e;
}

static enum err begin(struct service *service, const struct asker *asker, const json_t *args,
                      struct reply *reply, struct job **ret_job) {
    (void)asker;
    const char *text = service_text(args, "ticket");
    struct arena arena;
    arena_init(&arena, KIB(256));
    struct ticket ticket;
    struct addresses endpoints;
    struct join *join = NULL;
    enum err e = ticket_decode(text, &arena, &ticket);
    if (e == ERR_FORMAT || e == ERR_HASH || e == ERR_LIMIT)
        e = refuse_ticket(reply, e);
    if (e == OK)
        e = addresses_read(args, reply, &endpoints);
    bool had_keys = service_home(service)->keys != NULL;
    if (e == OK && !had_keys)
        e = home_create_keys(service_home(service));
    if (e == OK)
        e = service_make_store(service);
    if (e == OK)
        e = begin_with(service, text, &ticket, &endpoints, reply);
    if (e == OK && (join = calloc(1, sizeof *join)) == NULL)
        e = ERR_MEMORY;
    arena_done(&arena);
    if (e != OK) {
        if (!had_keys)
            service_discard_store(service);
        return e;
    }
    const struct surroundings *around = service_surroundings(service);
    join->job = (struct job){.step = step, .free = join_free};
    join->service = service;
    join->until =
        store_now(service_store(service)) + service_number(args, "wait", INT64_C(60) * 1000);
    if (around->hurry != NULL)
        around->hurry(around->context);
    *ret_job = &join->job;
    return OK;
}

static const struct param join_params[] = {
    {.name = "ticket",
     .kind = PARAM_TEXT,
     .positional = true,
     .required = true,
     .summary_da = "billetten fra kommunen; - læser den fra standardinput",
     .summary_en = "the ticket from the municipality; - reads it from standard input"},
    {.name = "listen",
     .kind = PARAM_TEXT,
     .summary_da = "hvor noden kan kaldes op, tcp://VÆRT:PORT; ellers kalder den kun selv op",
     .summary_en = "where the node can be dialled, tcp://HOST:PORT; else it only dials out"},
    {.name = "advertise",
     .kind = PARAM_LIST,
     .summary_da = "hvad de andre får at vide, når det er noget andet",
     .summary_en = "what others are told, when it is something else"},
    {.name = "wait",
     .kind = PARAM_DURATION,
     .summary_da = "hvor længe der ventes på kommunen; ellers 60s",
     .summary_en = "how long to wait for the municipality; else 60s"},
    {.name = NULL},
};

const struct verb join_verbs[] = {
    {.noun = "join",
     .name = "",
     .summary_da = "slut dette sted til føderationen med en billet; kan gentages",
     .summary_en = "join the federation with a ticket; may be repeated",
     .access = ACCESS_FOUND,
     .params = join_params,
     .begin = begin},
    {.noun = NULL},
};
