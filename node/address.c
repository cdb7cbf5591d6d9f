#include "core.h"

#include <stdlib.h>
#include <string.h>

enum { ADDRESS_AGAIN_MS = 5000 };

static void tell_engine(struct node *node, bool wanted, const char *const *list, size_t n) {
    struct event event = {.kind = EVENT_ADDRESS,
                          .address = {.wanted = wanted, .endpoints = list, .endpoints_n = n}};
    node_tell(node, &event);
}

/* The roster may have to be confirmed first: then later. */
static void write_own(struct node *node, const char *const *list, size_t n) {
    bool changed = false;
    enum err err = roster_address(node->store, &node->self, list, n, &changed);
    node->address_at = err == OK ? INT64_MAX : node_monotonic_ms() + ADDRESS_AGAIN_MS;
    if (err == OK && changed)
        log_info("the roster says anew where this node is dialled");
}

void address_tell(struct node *node) {
    const char *list[ENDPOINTS_MAX];
    struct roster_entry entry;
    struct arena arena;
    struct self self;
    size_t n = 0;
    node->address_at = INT64_MAX;
    if (node->engine == NULL || node->joining || !config_endpoints(&node->config, list, &n))
        return;
    arena_init(&arena, KIB(64));
    enum err err = store_self(node->store, &self);
    if (err == OK)
        err = roster_member(node->store, &node->self, UINT64_MAX, &arena, &entry);
    if (err == OK) {
        bool wanted = !roster_entry_dials(&entry, list, n);
        if (self.role != ROLE_MUNICIPALITY)
            tell_engine(node, wanted, list, n);
        else if (wanted)
            write_own(node, list, n);
    }
    arena_done(&arena);
}

void address_turn(struct node *node) {
    if (node_monotonic_ms() >= node->address_at)
        address_tell(node);
}

enum err address_load(struct node *node, struct failure *ret_why) {
    return config_load(node->home->path, ret_why, &node->config);
}

/* The old address again, if the new one can't be had. */
static enum err bind_again(struct node *node, const char *listen) {
    char before[ENDPOINT_SIZE_MAX + 1], now[ENDPOINT_SIZE_MAX + 1] = "";
    memcpy(before, node->bound, sizeof before);
    net_unbind(node->net);
    enum err err = *listen == '\0' ? OK : net_bind(node->net, listen, now);
    if (err == OK)
        memcpy(node->bound, now, sizeof now);
    else if (*before == '\0' || net_bind(node->net, before, node->bound) != OK)
        *node->bound = '\0';
    return err;
}

enum err address_moved(void *context, const char *listen, struct failure *ret_why) {
    struct node *node = context;
    enum err err = OK;
    if (listen != NULL && strcmp(listen, node->bound) != 0) {
        err = bind_again(node, listen);
        if (err != OK)
            return address_failed(ret_why, err, listen);
        log_info("listening on %s", *node->bound != '\0' ? node->bound : "nothing");
    }
    return OK;
}

void address_reload(void *context) {
    struct node *node = context;
    struct failure why = {0};
    enum err err = address_load(node, &why);
    if (err == OK)
        address_tell(node);
    else
        log_warn("%s", why.text);
}

enum err address_failed(struct failure *ret_why, enum err err, const char *listen) {
    const struct label mend =
        MEND("change listen in the home's file config, or give another --listen",
             "ret listen i hjemmets fil config, eller giv en anden --listen");
    struct label why = err_label(err);
    if (err == ERR_ARGUMENT)
        return failure_say(
            ret_why, err, mend, "a listening address has the form tcp://HOST:PORT, not %.100s",
            "en adresse at lytte på har formen tcp://VÆRT:PORT, ikke %.100s", listen);
    if (err == ERR_EXISTS)
        why = MEND("another program uses it", "et andet program bruger den");
    else if (err == ERR_NOT_FOUND)
        why = MEND("it is no address of this machine", "det er ikke en af maskinens adresser");
    return failure_say(ret_why, err, mend, "%.100s can't be listened on: %s",
                       "der kan ikke lyttes på %.100s: %s", listen,
                       label_text(ret_why->language, why));
}

enum err address_written(struct node *node, const struct effect *effect, struct arena *arena) {
    struct message message;
    bool changed = false;
    enum err err = message_decode(effect->bytes, arena, &message);
    if (err == OK && message.kind != MESSAGE_ADDRESS)
        err = ERR_FORMAT;
    return err == OK ? roster_address(node->store, &effect->member, message.address.endpoints,
                                      message.address.endpoints_n, &changed)
                     : err;
}

enum err address_target(const struct node *node, struct arena *arena, struct net_target *target) {
    if (*node->config.municipality == '\0')
        return OK;
    const char **list = arena_array(arena, target->endpoints_n + 1, sizeof *list);
    if (list == NULL)
        return ERR_MEMORY;
    list[0] = node->config.municipality;
    for (size_t i = 0; i < target->endpoints_n; i++)
        list[i + 1] = target->endpoints[i];
    target->endpoints = list;
    target->endpoints_n++;
    return OK;
}
