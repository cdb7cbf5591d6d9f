#include "addresses.h"

#include "store/roster.h"

static enum err refuse(struct reply *reply, const char *field, const char *value) {
    enum err e = reply_fail(
        reply, ERR_ARGUMENT,
        MEND("an address looks like tcp://HOST:PORT", "en adresse ser sådan ud: tcp://VÆRT:PORT"),
        "--%s %.200s is not an address", "--%s %.200s er ikke en adresse", field, value);
    reply->details = json_pack("{s:s}", "field", field);
    return e;
}

enum err addresses_read(const json_t *args, struct reply *reply, struct addresses *ret_endpoints) {
    struct addresses endpoints = {.listen = service_text(args, "listen")};
    if (endpoints.listen != NULL && config_check_listen(endpoints.listen) != OK)
        return refuse(reply, "listen", endpoints.listen);
    const json_t *advertise = json_object_get(args, "advertise"), *item;
    size_t i;
    if (json_array_size(advertise) > ENDPOINTS_MAX)
        return reply_fail(
            reply, ERR_LIMIT, MEND("leave out some --advertise", "udelad nogle af --advertise"),
            "a member has at most %d addresses", "et medlem har højst %d adresser", ENDPOINTS_MAX);
    json_array_foreach(advertise, i, item) {
        if (!config_can_be_dialled(json_string_value(item)))
            return refuse(reply, "advertise", json_string_value(item));
        endpoints.list[endpoints.n++] = json_string_value(item);
    }
    if (advertise == NULL && endpoints.listen != NULL && config_can_be_dialled(endpoints.listen))
        endpoints.list[endpoints.n++] = endpoints.listen;
    if (endpoints.listen != NULL && endpoints.n == 0) {
        enum err e =
            reply_fail(reply, ERR_ARGUMENT,
                       MEND("say what others dial: --advertise tcp://HOST:PORT",
                            "skriv, hvor de andre kan kalde op: --advertise tcp://VÆRT:PORT"),
                       "--listen %.200s tells nobody where this node is",
                       "--listen %.200s fortæller ingen, hvor denne node er", endpoints.listen);
        reply->details = json_pack("{s:s}", "field", "advertise");
        return e;
    }
    *ret_endpoints = endpoints;
    return OK;
}

enum err addresses_remember(const struct addresses *endpoints, const char *home,
                            struct reply *reply) {
    if (endpoints->listen == NULL && endpoints->n == 0)
        return OK;
    enum err e = config_write_listen(home, endpoints->listen, endpoints->list,
                                     endpoints->n > 0 ? endpoints->n : CONFIG_LEAVE);
    return e == OK ? OK
                   : reply_fail(reply, e, err_mend(e), "the home's config could not be written: %s",
                                "hjemmets config kunne ikke skrives: %s", reply_err_text(reply, e));
}

static json_t *texts(const char *const *list, size_t n) {
    json_t *texts = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(texts, json_string(list[i]));
    return texts;
}

json_t *addresses_form(const struct addresses *endpoints) {
    return texts(endpoints->list, endpoints->n);
}

enum err addresses_stand(struct service *service, struct reply *reply, struct config *config,
                         json_t **ret_form, bool *ret_waiting) {
    struct store *store = service_store(service);
    const struct surroundings *around = service_surroundings(service);
    const char *list[ENDPOINTS_MAX];
    struct failure why = {.language = reply->language};
    struct roster_entry entry;
    struct arena arena;
    struct self self;
    size_t n = 0;
    enum err e = config_load(service_home(service)->path, &why, config);
    if (e != OK)
        return reply_failure(reply, e, &why);
    arena_init(&arena, KIB(64));
    e = store_self(store, &self);
    if (e == OK)
        e = roster_member(store, &self.member, UINT64_MAX, &arena, &entry);
    if (e == OK) {
        bool said = config_endpoints(config, list, &n), told = said && roster_entry_dials(&entry, list, n);
        *ret_waiting = said && !told;
        *ret_form = json_pack(
            "{s:s?, s:o, s:o, s:o, s:s}", "listen", *config->listen ? config->listen : NULL,
            "bound", around->endpoints != NULL ? around->endpoints(around->context) : json_array(),
            "wanted", said ? texts(list, n) : json_null(), "endpoints",
            texts(entry.endpoints, entry.endpoints_n), "state",
            !said  ? "unset"
            : told ? "told"
                   : "waiting");
        e = *ret_form != NULL ? OK : ERR_MEMORY;
    }
    arena_done(&arena);
    return e;
}
