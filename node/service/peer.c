#include "form.h"
#include "verbs.h"

/* What the node says of each peer, with the member's id and name. */
static json_t *with_names(struct store *store, const json_t *peers) {
    json_t *list = json_array();
    size_t i;
    const json_t *peer;
    json_array_foreach(peers, i, peer) {
        struct member_id member;
        const char *text = json_string_value(json_object_get(peer, "member"));
        if (text == NULL || form_read_member(text, &member) != OK)
            continue;
        json_t *form = form_member(store, &member), *session = form_session(peer);
        json_object_update(form, session);
        json_decref(session);
        json_array_append_new(list, form);
    }
    return list;
}

static enum err list(struct service *service, const struct asker *asker, const json_t *args,
                     struct reply *reply) {
    (void)asker, (void)args;
    const struct surroundings *around = service_surroundings(service);
    json_t *peers = around->peers != NULL ? around->peers(around->context) : json_array();
    json_t *endpoints =
        around->endpoints != NULL ? around->endpoints(around->context) : json_array();
    json_t *named = with_names(service_store(service), peers);
    json_decref(peers);
    return reply_give(reply, json_pack("{s:b, s:o, s:o}", "running", around->running, "endpoints",
                                       endpoints, "peers", named));
}

const struct verb peer_verbs[] = {
    {.noun = "peer",
     .name = "list",
     .summary_da = "hvem noden taler med lige nu",
     .summary_en = "whom the node talks to right now",
     .access = ACCESS_READ,
     .run = list},
    {.noun = NULL},
};
