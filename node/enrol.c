#include "core.h"

#include "proto/ticket.h"
#include <sodium.h>
#include <string.h>

enum { AGAIN_MS = 1000 };

static bool is_zero_key(const struct transport_public *key) {
    return sodium_is_zero(key->bytes, sizeof key->bytes) == 1;
}

/* The JOIN frame of the ticket under way. */
static enum err join_frame(struct node *node, const struct join_request *request,
                           struct buffer *out) {
    struct buffer body = {0};
    struct message message = {.kind = MESSAGE_JOIN, .join = {.request = *request}};
    enum err err = join_sign(&message.join, &node->home->keys->sign, &body);
    if (err == OK)
        err = message_encode(&message, out);
    buffer_done(&body);
    return err;
}

static enum err start_joining(struct node *node, struct engine_config *config) {
    struct arena arena;
    struct buffer frame = {0};
    struct ticket ticket;
    struct join_request request;
    arena_init(&arena, KIB(128));
    enum err err = roster_join_pending(node->store, &arena, &ticket, &request);
    if (err == OK)
        err = join_frame(node, &request, &frame);
    if (err == OK) {
        config->federation = ticket.federation;
        config->role = ticket.role;
        config->join = buffer_view(&frame);
        node->engine = engine_new(config);
        err = node->engine != NULL ? OK : ERR_MEMORY;
    }
    node->joining = err == OK;
    buffer_done(&frame);
    arena_done(&arena);
    return err == ERR_NOT_FOUND ? OK : err;
}

static void fresh(struct node *node, struct engine_config *ret_config) {
    engine_free(node->engine);
    node->engine = NULL;
    effects_clear(&node->effects);
    net_reset(node->net);
    node->joining = false;
    node->again_at = 0;
    node->address_at = INT64_MAX;
    *ret_config = (struct engine_config){0};
    randombytes_buf(&ret_config->instance, sizeof ret_config->instance);
    randombytes_buf(&ret_config->seed, sizeof ret_config->seed);
}

enum err enrol_start(struct node *node) {
    struct engine_config config;
    struct self self;
    fresh(node, &config);
    enum err err = store_self(node->store, &self);
    if (err != OK)
        return err;
    node->self = self.member;
    if (member_id_is_zero(&self.member))
        return start_joining(node, &config);
    config.federation = self.federation;
    config.self = self.member;
    config.role = self.role;
    node->engine = engine_new(&config);
    err = node->engine == NULL ? ERR_MEMORY : news_tell_all(node);
    if (err == OK)
        address_tell(node);
    return err;
}

void enrol_again(struct node *node) {
    enum err err = enrol_start(node);
    if (err == OK)
        return;
    node->again_at = node_monotonic_ms() + AGAIN_MS;
    log_warn("the synchronisation could not be started: %s", err_text(err));
}

void enrol_turn(struct node *node) {
    if (node->engine != NULL && node->again_at == 0 && engine_is_incomplete(node->engine))
        node->again_at = node_monotonic_ms() + AGAIN_MS;
    if (node->again_at != 0 && node_monotonic_ms() >= node->again_at)
        enrol_again(node);
}

/* Tells the engine of the municipality as the ticket describes it: there is no roster yet. */
static void tell_issuer(struct node *node, const struct ticket *ticket) {
    struct event event = {.kind = EVENT_MEMBER,
                          .member = {.id = ticket->municipality,
                                     .role = ROLE_MUNICIPALITY,
                                     .active = true,
                                     .has_endpoint = ticket->endpoints_n > 0}};
    node_tell(node, &event);
}

static enum err answered(struct node *node, const struct member_id *self, struct arena *arena) {
    struct ticket ticket;
    struct join_request request;
    struct engine_config config;
    enum err err = roster_join_pending(node->store, arena, &ticket, &request);
    if (err == OK)
        err = roster_join_answered(node->store);
    if (err != OK)
        return err;
    fresh(node, &config);
    config.federation = ticket.federation;
    config.self = *self;
    config.role = ticket.role;
    node->self = *self;
    node->engine = engine_new(&config);
    if (node->engine == NULL)
        return ERR_MEMORY;
    tell_issuer(node, &ticket);
    return news_tell_all(node);
}

void enrol_answered(struct node *node, const struct member_id *self) {
    struct arena arena;
    arena_init(&arena, KIB(128));
    enum err err = answered(node, self, &arena);
    arena_done(&arena);
    if (err == OK)
        log_info("admitted by the municipality; fetching the roster");
    else
        log_warn("the municipality's answer could not be kept: %s", err_text(err));
    node->last_refusal = err;
    /* What could not be stored now will hardly be stored at once. */
    if (err != OK)
        node->again_at = node_monotonic_ms() + AGAIN_MS;
}

/* The issuer, known from the ticket alone: with the ticket's key when nobody in particular dials,
 * else with the own. */
static enum err issuer_target(struct node *node, const struct member_id *member,
                              struct arena *arena, struct net_target *ret_target) {
    struct ticket ticket;
    struct join_request request;
    enum err err = roster_join_pending(node->store, arena, &ticket, &request);
    if (err != OK)
        return err;
    bool as_ticket = member_id_is_zero(member);
    if (!as_ticket && !member_id_equal(member, &ticket.municipality))
        return ERR_NOT_FOUND;
    struct net_target target = {.member = *member,
                                .endpoints = ticket.endpoints,
                                .endpoints_n = ticket.endpoints_n,
                                .server = ticket.keys.transport,
                                .client = node->home->keys->public.transport,
                                .client_secret = node->home->keys->transport};
    if (as_ticket)
        err = ticket_keys_derive(&ticket.secret, &target.client, &target.client_secret);
    if (err == OK)
        err = address_target(node, arena, &target);
    if (err == OK)
        *ret_target = target;
    return err;
}

enum err enrol_target(struct node *node, const struct member_id *member, struct arena *arena,
                      struct net_target *ret_target) {
    struct roster_entry entry;
    enum err err = member_id_is_zero(member)
                       ? ERR_NOT_FOUND
                       : roster_member(node->store, member, UINT64_MAX, arena, &entry);
    if (err == ERR_NOT_FOUND)
        return issuer_target(node, member, arena, ret_target);
    if (err != OK)
        return err;
    struct net_target target = {.member = *member,
                                .endpoints = entry.endpoints,
                                .endpoints_n = entry.endpoints_n,
                                .server = entry.keys.transport,
                                .client = node->home->keys->public.transport,
                                .client_secret = node->home->keys->transport};
    if (entry.role == ROLE_MUNICIPALITY)
        err = address_target(node, arena, &target);
    if (err == OK)
        *ret_target = target;
    return err;
}

enum err enrol_member_of(struct node *node, const struct transport_public *key,
                         struct member_id *ret_member) {
    if (is_zero_key(key))
        return ERR_NOT_FOUND;
    enum err err = roster_by_transport(node->store, key, ret_member);
    if (err != ERR_NOT_FOUND)
        return err;
    bool is_ticket = false;
    err = roster_is_ticket(node->store, key, &is_ticket);
    if (err == OK && !is_ticket)
        err = ERR_NOT_FOUND;
    if (err == OK)
        *ret_member = (struct member_id){0};
    return err;
}
