#include "core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The engine's times are monotonic; people's are not. */
static json_t *unix_time(time_ms at) {
    struct timespec wall;
    if (at == 0)
        return json_integer(0);
    clock_gettime(CLOCK_REALTIME, &wall);
    time_ms wall_ms = (time_ms)wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
    return json_integer(wall_ms - (node_monotonic_ms() - at));
}

static json_t *peer_form(const struct peer_info *peer) {
    char member[HEX_TEXT_MAX];
    member_text(&peer->member, member);
    return json_pack("{s:s, s:s, s:b, s:o, s:o, s:s?, s:I, s:I}", "member", member, "state",
                     session_state_name(peer->state), "equal", (int)peer->equal, "since_ms",
                     unix_time(peer->since), "last_heard_ms", unix_time(peer->last_heard),
                     "last_error", peer->last_error == OK ? NULL : err_name(peer->last_error),
                     "sent", (json_int_t)peer->sent_bytes, "received",
                     (json_int_t)peer->received_bytes);
}

static json_t *peers(void *context) {
    struct node *node = context;
    json_t *list = json_array();
    struct peer_info peer;
    size_t cursor = 0;
    while (node->engine != NULL && engine_peer_next(node->engine, &cursor, &peer))
        /* While joining, the issuer has no name yet. */
        if (!member_id_is_zero(&peer.member))
            json_array_append_new(list, peer_form(&peer));
    return list;
}

static json_t *endpoints(void *context) {
    const struct node *node = context;
    json_t *list = json_array();
    if (node->bound[0] != '\0')
        json_array_append_new(list, json_string(node->bound));
    return list;
}

static void hurry(void *context) {
    struct node *node = context;
    struct self self = {0};
    if (node->store == NULL)
        return;
    /* A join has begun, or goes on with another ticket. */
    if (node->engine == NULL ||
        (store_self(node->store, &self) == OK && member_id_is_zero(&self.member))) {
        node->last_refusal = OK;
        enrol_again(node);
    } else {
        engine_hurry(node->engine);
    }
}

static enum err refused(void *context) {
    const struct node *node = context;
    enum err e = node->last_refusal;
    bool is_of_ticket = e == ERR_TICKET_UNKNOWN || e == ERR_TICKET_USED || e == ERR_TICKET_EXPIRED;
    return node->joining && is_of_ticket ? e : OK;
}

static enum err unkept(void *context, time_ms *ret_since) {
    const struct node *node = context;
    *ret_since = node->unkept.since;
    return node->unkept.err;
}

void peers_surround(struct node *node) {
    node->surroundings = (struct surroundings){.context = node,
                                               .running = true,
                                               .peers = peers,
                                               .endpoints = endpoints,
                                               .hurry = hurry,
                                               .refused = refused,
                                               .unkept = unkept,
                                               .listen = address_moved,
                                               .configured = address_reload};
}

/* As it was last looked at: members in order of id, as the engine lists them. */
struct peers_seen {
    size_t n;
    struct {
        struct member_id member;
        enum session_state state;
    } list[];
};

static enum session_state state_seen(const struct peers_seen *seen, const struct member_id *member,
                                     size_t *at) {
    while (seen != NULL && *at < seen->n && member_id_compare(&seen->list[*at].member, member) < 0)
        (*at)++;
    return seen != NULL && *at < seen->n && member_id_equal(&seen->list[*at].member, member)
               ? seen->list[*at].state
               : SESSION_NONE;
}

void peers_log(struct node *node, time_ms now) {
    if (node->engine == NULL || now - node->peers_logged < PEERS_LOG_MS)
        return;
    node->peers_logged = now;
    size_t n = engine_peers_n(node->engine), at = 0, cursor = 0;
    struct peers_seen *seen = calloc(1, sizeof *seen + n * sizeof seen->list[0]);
    if (seen == NULL)
        return;
    struct peer_info peer;
    while (engine_peer_next(node->engine, &cursor, &peer)) {
        char name[NAME_SIZE_MAX + 1];
        enum session_state before = state_seen(node->peers_seen, &peer.member, &at);
        seen->list[seen->n].member = peer.member;
        seen->list[seen->n++].state = peer.state;
        if (before != peer.state)
            log_info("%s: %s -> %s%s%s", peers_name(node, &peer.member, name),
                     session_state_name(before), session_state_name(peer.state),
                     peer.last_error != OK ? ": " : "",
                     peer.last_error != OK ? err_text(peer.last_error) : "");
    }
    free(node->peers_seen);
    node->peers_seen = seen;
}

const char *peers_name(struct node *node, const struct member_id *member,
                       char ret_name[static NAME_SIZE_MAX + 1]) {
    struct arena arena;
    struct roster_entry entry;
    char id[ID_TEXT_MAX];
    arena_init(&arena, KIB(64));
    if (member_id_is_zero(member)) {
        snprintf(ret_name, NAME_SIZE_MAX + 1, "a ticket's issuer or holder");
    } else if (node->store != NULL &&
               roster_member(node->store, member, UINT64_MAX, &arena, &entry) == OK) {
        snprintf(ret_name, NAME_SIZE_MAX + 1, "%s", entry.name);
    } else {
        id_text(member->bytes, sizeof member->bytes, id);
        snprintf(ret_name, NAME_SIZE_MAX + 1, "member %.8s", id);
    }
    arena_done(&arena);
    return ret_name;
}
