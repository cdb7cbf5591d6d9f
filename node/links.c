#include "core.h"

static bool admit(void *context, const struct transport_public *key) {
    struct member_id member;
    return enrol_member_of(context, key, &member) == OK;
}

static void connected(void *context, uint32_t link, const struct transport_public *proved,
                      const struct member_id *dialled) {
    struct node *node = context;
    struct member_id none = {0};
    char name[NAME_SIZE_MAX + 1];
    struct event event = {.kind = EVENT_CONNECTED,
                          .link = link,
                          .connected = {.member = dialled != NULL ? *dialled : none,
                                        .proved = *proved,
                                        .dialled = dialled != NULL}};
    if (dialled == NULL && enrol_member_of(node, proved, &event.connected.member) != OK) {
        net_close(node->net, link);
        return;
    }
    log_info("link %u with %s: %s", link, peers_name(node, &event.connected.member, name),
             dialled != NULL ? "dialled -> up" : "accepted -> up");
    node_tell(node, &event);
}

static void log_undialled(struct node *node, const struct member_id *member, enum err reason) {
    char name[NAME_SIZE_MAX + 1];
    struct arena arena;
    struct net_target target;
    arena_init(&arena, KIB(64));
    const char *who = peers_name(node, member, name);
    if ((reason == ERR_CLOSED || reason == ERR_TIMEOUT) &&
        enrol_target(node, member, &arena, &target) == OK && target.endpoints_n > 0)
        log_info("dialling %s failed: nobody answers at %s%s", who, target.endpoints[0],
                 target.endpoints_n > 1 ? " or its other addresses" : "");
    else
        log_info("dialling %s failed: %s", who, err_text(reason));
    arena_done(&arena);
}

static void disconnected(void *context, uint32_t link, const struct member_id *member,
                         enum err reason) {
    struct node *node = context;
    struct event event = {
        .kind = EVENT_DISCONNECTED, .link = link, .disconnected = {.member = *member}};
    if (link != 0)
        log_info("link %u: up -> ended: %s", link, err_text(reason));
    else
        log_undialled(node, member, reason);
    if (link == 0 && reason == ERR_DENIED)
        /* Used and expired tickets are let in for an answer; who isn't has another one. */
        node->last_refusal = node->joining ? ERR_TICKET_UNKNOWN : ERR_DENIED;
    node_tell(node, &event);
}

static void received(void *context, uint32_t link, struct bytes frame) {
    struct event event = {.kind = EVENT_RECEIVED, .link = link, .received = frame};
    node_tell(context, &event);
}

enum err links_open(struct node *node) {
    struct net_config config = {.watcher = &node->watcher,
                                .keys = node->home->keys,
                                .admit = admit,
                                .connected = connected,
                                .disconnected = disconnected,
                                .received = received,
                                .context = node};
    return net_new(&config, &node->net);
}
