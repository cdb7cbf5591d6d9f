/* A node that keeps no rules. With the keys and roster of a home that no node runs in, or with a
 * key nobody knows, it dials the municipality and misbehaves; it says on standard output what came
 * of it, and ends with 0 when it was turned away.
 *
 *     hostile HOME stranger          a key that is in no roster
 *     hostile HOME frames N SIZE     one message of N frames of SIZE bytes
 *     hostile HOME large SIZE        one frame of SIZE bytes
 *     hostile HOME noise N           N frames of random bytes; being cut is allowed, not required
 *     hostile TICKET ticket          with a ticket's key, all but JOIN: it must be told nothing */
#include "proto/limits.h"
#include "proto/message.h"
#include "store/home.h"
#include "store/roster.h"
#include "store/store.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { GIVE_UP_MS = 60000, NOISE_SIZE_MAX = 2000 };

struct target {
    char endpoint[ENDPOINT_SIZE_MAX + 1];
    struct transport_public key;
};

static void fail(const char *what) {
    fprintf(stderr, "hostile: %s\n", what);
    exit(2);
}

static enum err find_municipality(void *context, const struct roster_entry *entry) {
    struct target *target = context;
    if (entry->role != ROLE_MUNICIPALITY || entry->endpoints_n == 0)
        return OK;
    snprintf(target->endpoint, sizeof target->endpoint, "%s", entry->endpoints[0]);
    target->key = entry->keys.transport;
    return OK;
}

static void read_home(const char *path, struct node_keys *keys, struct target *target) {
    struct home home;
    struct store *store = NULL;
    char database[HOME_PATH_MAX];
    if (key_library_init() != OK || home_open(path, false, &home) != OK || home.keys == NULL ||
        home_file(&home, "replica.db", database) != OK)
        fail("the home can't be opened");
    struct store_config config = {.path = database, .keys = home.keys};
    if (store_open(&config, &store) != OK || roster_each(store, find_municipality, target) != OK ||
        *target->endpoint == '\0')
        fail("the home's roster names no municipality");
    *keys = *home.keys;
    store_close(store);
    home_close(&home);
}

static void *dial(void *zmq, const struct target *target, const struct transport_public *public,
                  const struct transport_secret *secret, void **ret_monitor) {
    void *dealer = zmq_socket(zmq, ZMQ_DEALER);
    int none = 0, never = -1;
    zmq_setsockopt(dealer, ZMQ_LINGER, &none, sizeof none);
    zmq_setsockopt(dealer, ZMQ_SNDHWM, &none, sizeof none);
    zmq_setsockopt(dealer, ZMQ_RECONNECT_IVL, &never, sizeof never);
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, target->key.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, public->bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, secret->bytes, 32);
    if (zmq_socket_monitor(dealer, "inproc://monitor", ZMQ_EVENT_ALL) != 0)
        fail("no monitor");
    *ret_monitor = zmq_socket(zmq, ZMQ_PAIR);
    int give_up_ms = GIVE_UP_MS;
    zmq_setsockopt(*ret_monitor, ZMQ_RCVTIMEO, &give_up_ms, sizeof give_up_ms);
    if (zmq_connect(*ret_monitor, "inproc://monitor") != 0 ||
        zmq_connect(dealer, target->endpoint) != 0)
        fail("the municipality can't be dialled");
    return dealer;
}

/* Waits for one of the events; 0 when none comes. */
static int wait_for(void *monitor, int events) {
    for (;;) {
        uint8_t event[6], address[256];
        uint16_t kind;
        if (zmq_recv(monitor, event, sizeof event, 0) < 0)
            return 0;
        (void)zmq_recv(monitor, address, sizeof address, 0);
        memcpy(&kind, event, sizeof kind);
        if ((kind & events) != 0)
            return kind;
    }
}

enum {
    REFUSED = ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
              ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_DISCONNECTED,
    CUT = ZMQ_EVENT_DISCONNECTED
};

static int verdict(bool turned_away, const char *word) {
    printf("%s\n", turned_away ? word : "let in");
    return turned_away ? 0 : 1;
}

static int be_stranger(void *zmq, const struct target *target) {
    struct seed seed = seed_new();
    struct node_keys keys;
    void *monitor;
    if (node_keys_derive(&seed, &keys) != OK)
        fail("no keys");
    void *dealer = dial(zmq, target, &keys.public.transport, &keys.transport, &monitor);
    int event = wait_for(monitor, REFUSED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    zmq_close(monitor);
    zmq_close(dealer);
    return verdict(event != 0 && event != ZMQ_EVENT_HANDSHAKE_SUCCEEDED, "refused");
}

static void send_frames(void *dealer, long frames, size_t size) {
    uint8_t *data = calloc(1, size + 1);
    for (long i = 0; i < frames; i++)
        (void)zmq_send(dealer, data, size, i + 1 < frames ? ZMQ_SNDMORE : 0);
    free(data);
}

static void send_noise(void *dealer, long frames) {
    uint8_t data[NOISE_SIZE_MAX];
    for (long i = 0; i < frames; i++) {
        size_t size = randombytes_uniform(sizeof data);
        randombytes_buf(data, size);
        /* Half of them begin like a frame of the protocol. */
        if (size > 0 && i % 2 == 0)
            data[0] = (uint8_t)(1 + i / 2 % 15);
        (void)zmq_send(dealer, data, size, 0);
    }
}

static void send_message(void *dealer, const struct message *message) {
    struct buffer frame = {0};
    if (message_encode(message, &frame) != OK)
        fail("a frame can't be written");
    (void)zmq_send(dealer, frame.data, frame.size, 0);
    buffer_done(&frame);
}

/* All that a member might ask for. */
static void ask_for_all(void *dealer, const struct ticket *ticket) {
    struct channel roster = {.kind = CHANNEL_ROSTER};
    struct channel_id channel = channel_id_of(&ticket->federation, &roster);
    struct feed_id feed;
    randombytes_buf(feed.bytes, sizeof feed.bytes);
    struct message hello = {.kind = MESSAGE_HELLO,
                            .hello = {.version_min = 1,
                                      .version_max = 1,
                                      .schema = 1,
                                      .federation = ticket->federation,
                                      .member = ticket->municipality,
                                      .instance = 1,
                                      .credit = CREDIT_PER_PEER_MAX}};
    struct message digest = {.kind = MESSAGE_DIGEST};
    struct message heads = {.kind = MESSAGE_HEADS, .heads = {.channel = channel}};
    struct message pull = {.kind = MESSAGE_PULL, .pull = {.feed = feed, .bytes = 1 << 20}};
    send_message(dealer, &pull);
    send_message(dealer, &hello);
    send_message(dealer, &digest);
    send_message(dealer, &heads);
    send_message(dealer, &pull);
}

/* Until it is cut; true when all that came was ERROR or BYE. */
static bool is_told_nothing(void *dealer, void *monitor) {
    zmq_pollitem_t items[] = {{dealer, 0, ZMQ_POLLIN, 0}, {monitor, 0, ZMQ_POLLIN, 0}};
    for (;;) {
        if (zmq_poll(items, 2, GIVE_UP_MS) <= 0)
            fail("the link stays open");
        if ((items[0].revents & ZMQ_POLLIN) != 0) {
            uint8_t kind = 0;
            (void)zmq_recv(dealer, &kind, 1, 0);
            fprintf(stderr, "told %s\n", message_kind_name((enum message_kind)kind));
            if (kind != MESSAGE_ERROR && kind != MESSAGE_BYE)
                return false;
        } else if ((items[1].revents & ZMQ_POLLIN) != 0 && wait_for(monitor, 0xffff) == CUT) {
            return true;
        }
    }
}

static int hold_ticket(void *zmq, const char *text) {
    struct arena arena;
    struct ticket ticket;
    struct transport_public public;
    struct transport_secret secret;
    struct target target = {0};
    void *monitor;
    arena_init(&arena, KIB(64));
    if (key_library_init() != OK || ticket_decode(text, &arena, &ticket) != OK ||
        ticket.endpoints_n == 0 || ticket_keys_derive(&ticket.secret, &public, &secret) != OK)
        fail("not a ticket");
    snprintf(target.endpoint, sizeof target.endpoint, "%s", ticket.endpoints[0]);
    target.key = ticket.keys.transport;
    void *dealer = dial(zmq, &target, &public, &secret, &monitor);
    if (wait_for(monitor, REFUSED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED) != ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        fail("a ticket's holder was not let in");
    ask_for_all(dealer, &ticket);
    int code = verdict(is_told_nothing(dealer, monitor), "told nothing");
    zmq_close(monitor);
    zmq_close(dealer);
    arena_done(&arena);
    return code;
}

int main(int argc, char **argv) {
    if (argc < 3)
        fail("usage: hostile HOME|TICKET stranger|frames|large|noise|ticket …");
    const char *mode = argv[2];
    long first = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    size_t second = argc > 4 ? strtoul(argv[4], NULL, 10) : 0;
    struct node_keys keys;
    struct target target = {0};
    void *zmq = zmq_ctx_new();
    int code = 2;
    if (strcmp(mode, "ticket") == 0) {
        code = hold_ticket(zmq, argv[1]);
        zmq_ctx_term(zmq);
        return code;
    }
    read_home(argv[1], &keys, &target);
    if (strcmp(mode, "stranger") == 0) {
        code = be_stranger(zmq, &target);
    } else {
        void *monitor;
        void *dealer = dial(zmq, &target, &keys.public.transport, &keys.transport, &monitor);
        if (wait_for(monitor, REFUSED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED) !=
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
            fail("a member was not let in");
        if (strcmp(mode, "frames") == 0)
            send_frames(dealer, first, second);
        else if (strcmp(mode, "large") == 0)
            send_frames(dealer, 1, (size_t)first);
        else
            send_noise(dealer, first);
        code = strcmp(mode, "noise") == 0 ? 0 : verdict(wait_for(monitor, CUT) != 0, "cut");
        zmq_close(monitor);
        zmq_close(dealer);
    }
    zmq_ctx_term(zmq);
    return code;
}
