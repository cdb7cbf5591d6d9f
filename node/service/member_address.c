#include "member_address.h"
#include "addresses.h"
#include "store/roster.h"

#include <string.h>

static enum err bind_to(struct service *service, const char *listen, struct reply *reply) {
    const struct surroundings *around = service_surroundings(service);
    struct failure why = {.language = reply->language};
    if (listen == NULL || around->listen == NULL)
        return OK;
    enum err e = around->listen(around->context, listen, &why);
    return e == OK ? OK : reply_failure(reply, e, &why);
}

/* What the config wants is what the municipality is told, or writes. Where the roster can't be
 * written now, the node does it when it can. */
static enum err make_known(struct service *service) {
    const struct surroundings *around = service_surroundings(service);
    struct store *store = service_store(service);
    const char *list[ENDPOINTS_MAX];
    struct failure why = {0};
    struct config config;
    struct self self;
    size_t n = 0;
    bool changed;
    if (around->configured != NULL) {
        around->configured(around->context);
        return OK;
    }
    enum err e = store_self(store, &self);
    if (e == OK && self.role != ROLE_MUNICIPALITY)
        return OK;
    if (e == OK)
        e = config_load(service_home(service)->path, &why, &config);
    if (e == OK && config_endpoints(&config, list, &n))
        e = roster_address(store, &self.member, list, n, &changed);
    return e == ERR_STATE || e == ERR_FORK ? OK : e;
}

static enum err change(struct service *service, const char *listen, const struct addresses *said,
                       struct reply *reply) {
    const char *home = service_home(service)->path;
    struct config before;
    struct failure why = {.language = reply->language};
    enum err e = config_load(home, &why, &before);
    if (e != OK)
        return reply_failure(reply, e, &why);
    e = bind_to(service, listen, reply);
    if (e != OK)
        return e;
    e = config_write_listen(home, listen, said->list, said->n);
    if (e == OK)
        return make_known(service);
    struct reply unused;
    reply_init(&unused);
    (void)!bind_to(service, listen != NULL ? before.listen : NULL, &unused);
    reply_done(&unused);
    return reply_fail(reply, e, err_mend(e), "the home's config could not be written: %s",
                      "hjemmets config kunne ikke skrives: %s", reply_err_text(reply, e));
}

/* Nobody could reach the municipality, so nobody could learn of it. */
static enum err check_dial_out(struct service *service, const json_t *args, struct reply *reply) {
    struct self self;
    enum err e = store_self(service_store(service), &self);
    if (e != OK)
        return e;
    if (self.role == ROLE_MUNICIPALITY)
        return reply_fail(
            reply, ERR_DENIED, COMMAND("--advertise tcp://HOST:PORT"),
            "the municipality must be dialled: everybody else may dial out only",
            "kommunen skal kunne kaldes op: alle andre må nøjes med selv at kalde op");
    if (service_text(args, "listen") != NULL || json_object_get(args, "advertise") != NULL)
        return reply_fail(reply, ERR_ARGUMENT, MEND("leave out the addresses", "udelad adresserne"),
                          "--dial-out stands alone", "--dial-out står alene");
    return OK;
}

static enum err count_open(void *context, const struct invitation *invitation) {
    json_int_t *open = context;
    *open += !invitation->used && invitation->expires != 0;
    return OK;
}

/* Tickets name the municipality's addresses of the day they were made. */
static enum err add_invitations(struct service *service, json_t *form) {
    struct store *store = service_store(service);
    json_int_t open = 0;
    struct self self;
    enum err e = store_self(store, &self);
    if (e == OK && self.role == ROLE_MUNICIPALITY)
        e = roster_invitations(store, count_open, &open);
    if (e == OK && json_object_set_new(form, "open_invitations", json_integer(open)) != 0)
        e = ERR_MEMORY;
    return e;
}

enum err member_address(struct service *service, const struct asker *asker, const json_t *args,
                        struct reply *reply) {
    (void)asker;
    struct addresses said = {0};
    struct config config;
    json_t *form = NULL;
    const char *listen = service_text(args, "listen");
    bool waiting = false, dial_out = service_flag(args, "dial_out");
    bool asked = dial_out || listen != NULL || json_object_get(args, "advertise") != NULL;
    enum err e = OK;
    if (dial_out)
        e = check_dial_out(service, args, reply);
    else if (asked)
        e = addresses_read(args, reply, &said);
    if (e == OK && asked)
        e = change(service, dial_out ? "" : listen, &said, reply);
    if (e == OK)
        e = addresses_stand(service, reply, &config, &form, &waiting);
    if (e == OK && json_object_set_new(form, "changed", json_boolean(asked)) != 0)
        e = ERR_MEMORY;
    if (e == OK)
        e = add_invitations(service, form);
    if (e == OK && !service_add_running(service, form))
        e = ERR_MEMORY;
    if (e == OK)
        return reply_give(reply, form);
    json_decref(form);
    return e;
}

const struct param member_address_params[] = {
    {.name = "listen",
     .kind = PARAM_TEXT,
     .summary_da = "hvor noden lytter fra nu af, tcp://VÆRT:PORT",
     .summary_en = "where the node listens from now on, tcp://HOST:PORT"},
    {.name = "advertise",
     .kind = PARAM_LIST,
     .summary_da = "hvad de andre får at vide, når det er noget andet; kan gentages",
     .summary_en = "what others are told, when it is something else; may be repeated"},
    {.name = "dial_out",
     .kind = PARAM_FLAG,
     .summary_da = "ingen adresse: noden lytter ikke, men kalder kun selv op",
     .summary_en = "no address: the node does not listen, it only dials out"},
    {.name = NULL},
};
