#include "side.h"

#include "test.h"

#include <string.h>

static bool admit(void *context, const struct transport_public *key) {
    struct side *side = context;
    for (size_t i = 0; i < side->admitted_n; i++) {
        if (memcmp(&side->admitted[i], key, sizeof *key) == 0)
            return true;
    }
    return false;
}

static void connected(void *context, uint32_t link, const struct transport_public *proved,
                      const struct member_id *member) {
    struct side *side = context;
    (void)member;
    side->link = link;
    side->proved = *proved;
    side->connected_n++;
}

static void disconnected(void *context, uint32_t link, const struct member_id *member,
                         enum err reason) {
    struct side *side = context;
    (void)member;
    side->disconnected_link = link;
    side->disconnected_n++;
    side->reason = reason;
}

static void received(void *context, uint32_t link, struct bytes frame) {
    struct side *side = context;
    (void)link;
    uint64_t number = frame.size >= 8 ? get_u64(frame.data) : 0;
    side->in_order = side->in_order && (frame.size < 8 || number == side->frames_n);
    side->frames_n++;
    side->bytes_n += frame.size;
    side->last_size = frame.size < sizeof side->last ? frame.size : sizeof side->last;
    memcpy(side->last, frame.data, side->last_size);
}

void side_init(struct side *side, uint8_t seed_byte) {
    struct seed seed;
    memset(&seed, seed_byte, sizeof seed);
    memset(side, 0, sizeof *side);
    side->in_order = true;
    assert_ok(key_library_init());
    assert_ok(node_keys_derive(&seed, &side->keys));
    assert_ok(watcher_init(&side->watcher));
    struct net_config config = {.watcher = &side->watcher,
                                .keys = &side->keys,
                                .admit = admit,
                                .connected = connected,
                                .disconnected = disconnected,
                                .received = received,
                                .context = side};
    assert_ok(net_new(&config, &side->net));
}

void side_done(struct side *side) {
    net_free(side->net);
    watcher_done(&side->watcher);
}

void side_listen(struct side *side) {
    assert_ok(net_bind(side->net, "tcp://127.0.0.1:0", side->bound));
}

void side_admit(struct side *side, const struct transport_public *key) {
    side->admitted[side->admitted_n++] = *key;
}

void side_turn(struct side *side) {
    assert_ok(watcher_turn(&side->watcher, 1));
    (void)net_turn(side->net, node_monotonic_ms());
}

void side_dial_as(struct side *from, const struct side *to, const struct transport_public *server) {
    const char *endpoints[] = {to->bound};
    struct net_target target = {.endpoints = endpoints,
                                .endpoints_n = 1,
                                .server = *server,
                                .client = from->keys.public.transport,
                                .client_secret = from->keys.transport};
    memset(&target.member, 7, sizeof target.member);
    assert_ok(net_dial(from->net, &target, node_monotonic_ms()));
}

void side_dial(struct side *from, const struct side *to) {
    side_dial_as(from, to, &to->keys.public.transport);
}

void pair_init(struct pair *pair) {
    side_init(&pair->server, 1);
    side_init(&pair->client, 2);
    side_listen(&pair->server);
    side_admit(&pair->server, &pair->client.keys.public.transport);
    side_dial(&pair->client, &pair->server);
    UNTIL(pair->client.connected_n == 1, &pair->client, &pair->server);
}

void pair_done(struct pair *pair) {
    side_done(&pair->client);
    side_done(&pair->server);
}

void side_send(struct side *side, const char *text) {
    assert_ok(net_send(side->net, side->link, bytes_of_text(text)));
}
