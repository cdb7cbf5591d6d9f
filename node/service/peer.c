#include "form.h"
#include "verbs.h"

/* What the node says of each peer, with the member's name. */
static json_t *with_names(struct store *store, json_t *peers) {
    size_t i;
    json_t *peer;
    json_array_foreach(peers, i, peer) {
        struct member_id member;
        const char *text = json_string_value(json_object_get(peer, "member"));
        if (text == NULL || form_read_member(text, &member) != OK)
            continue;
        json_object_set_new(peer, "id", form_id(member.bytes, sizeof member.bytes));
        char name[FORM_NAME_MAX];
        json_object_set_new(peer, "name", json_string(form_name(store, &member, name)));
        json_object_del(peer, "member");
    }
    return peers;
}

static enum err list(struct service *service, const struct asker *asker, const json_t *args,
                     struct reply *reply) {
    (void)asker, (void)args;
    const struct surroundings *around = service_surroundings(service);
    json_t *peers = around->peers != NULL ? around->peers(around->context) : json_array();
    json_t *endpoints =
        around->endpoints != NULL ? around->endpoints(around->context) : json_array();
    return reply_give(reply,
                      json_pack("{s:b, s:o, s:o}", "running", around->running, "endpoints",
                                endpoints, "peers", with_names(service_store(service), peers)));
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
