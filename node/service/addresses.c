#include "addresses.h"

#include "node_config/config.h"
#include "proto/text.h"

#include <string.h>

/* "any address" or "any port" can be listened on, but nobody can dial it. */
static bool names_a_host(const char *listen) {
    static const char *const anywhere[] = {"tcp://0.0.0.0:", "tcp://*:", "tcp://[::]:"};
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++)
        if (strncmp(listen, anywhere[i], strlen(anywhere[i])) == 0)
            return false;
    const char *port = strrchr(listen, ':');
    return text_is_endpoint(listen) && port != NULL && strcmp(port, ":0") != 0;
}

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
        if (!text_is_endpoint(json_string_value(item)))
            return refuse(reply, "advertise", json_string_value(item));
        endpoints.list[endpoints.n++] = json_string_value(item);
    }
    if (advertise == NULL && endpoints.listen != NULL && names_a_host(endpoints.listen))
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
    enum err e =
        config_write_listen(home, endpoints->listen, endpoints->n > 0 ? endpoints->list[0] : NULL);
    return e == OK ? OK
                   : reply_fail(reply, e, err_mend(e), "the home's config could not be written: %s",
                                "hjemmets config kunne ikke skrives: %s", reply_err_text(reply, e));
}

json_t *addresses_form(const struct addresses *endpoints) {
    json_t *list = json_array();
    for (size_t i = 0; i < endpoints->n; i++)
        json_array_append_new(list, json_string(endpoints->list[i]));
    return list;
}
