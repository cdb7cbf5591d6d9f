/* Links between real nodes' networks, and what hostile ones try, over loopback TCP. */
#include "net/link.h"
#include "net/monotonic.h"
#include "test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

enum { GIVE_UP_MS = 30000, KEYS_MAX = 8, SERVER = 0 };

/* One node's network, and what it was told. */
struct side {
    struct watcher watcher;
    struct net *net;
    struct node_keys keys;
    struct transport_public admitted[KEYS_MAX];
    size_t admitted_n;
    char bound[ENDPOINT_SIZE_MAX + 1];
    uint32_t link; /* the newest */
    struct transport_public proved;
    size_t connected_n, disconnected_n;
    enum err reason;
    uint32_t disconnected_link;
    size_t frames_n, bytes_n;
    uint8_t last[64];
    size_t last_size;
    bool in_order;
};

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

static void side_init(struct side *side, uint8_t seed_byte) {
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

static void side_done(struct side *side) {
    net_free(side->net);
    watcher_done(&side->watcher);
}

static void side_listen(struct side *side) {
    assert_ok(net_bind(side->net, "tcp://127.0.0.1:0", side->bound));
}

static void side_admit(struct side *side, const struct transport_public *key) {
    side->admitted[side->admitted_n++] = *key;
}

static void turn(struct side *side) {
    assert_ok(watcher_turn(&side->watcher, 1));
    (void)net_turn(side->net, node_monotonic_ms());
}

/* Turns all sides until the condition holds. */
#define UNTIL(condition, ...)                                                                      \
    do {                                                                                           \
        struct side *sides_[] = {__VA_ARGS__};                                                     \
        time_ms give_up_ = node_monotonic_ms() + GIVE_UP_MS;                                       \
        while (!(condition)) {                                                                     \
            if (node_monotonic_ms() > give_up_)                                                    \
                fail_msg("never: %s", #condition);                                                 \
            for (size_t i_ = 0; i_ < sizeof sides_ / sizeof sides_[0]; i_++)                       \
                turn(sides_[i_]);                                                                  \
        }                                                                                          \
    } while (0)

static void dial_as(struct side *from, const struct side *to,
                    const struct transport_public *server) {
    const char *endpoints[] = {to->bound};
    struct net_target target = {.endpoints = endpoints,
                                .endpoints_n = 1,
                                .server = *server,
                                .client = from->keys.public.transport,
                                .client_secret = from->keys.transport};
    memset(&target.member, 7, sizeof target.member);
    assert_ok(net_dial(from->net, &target, node_monotonic_ms()));
}

static void dial(struct side *from, const struct side *to) {
    dial_as(from, to, &to->keys.public.transport);
}

/* A site that listens, and one that is admitted and has dialled it. */
struct pair {
    struct side server, client;
};

static void pair_init(struct pair *pair) {
    side_init(&pair->server, 1);
    side_init(&pair->client, 2);
    side_listen(&pair->server);
    side_admit(&pair->server, &pair->client.keys.public.transport);
    dial(&pair->client, &pair->server);
    UNTIL(pair->client.connected_n == 1, &pair->client, &pair->server);
}

static void pair_done(struct pair *pair) {
    side_done(&pair->client);
    side_done(&pair->server);
}

static void send_text(struct side *side, const char *text) {
    assert_ok(net_send(side->net, side->link, bytes_of_text(text)));
}

static bool last_is(const struct side *side, const char *text) {
    return side->last_size == strlen(text) && memcmp(side->last, text, side->last_size) == 0;
}

TEST(frames_go_both_ways_between_the_keys_that_curve_proved) {
    struct pair pair;
    pair_init(&pair);
    send_text(&pair.client, "hello");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    assert_true(last_is(&pair.server, "hello"));
    assert_memory_equal(&pair.server.proved, &pair.client.keys.public.transport, 32);
    assert_memory_equal(&pair.client.proved, &pair.server.keys.public.transport, 32);
    send_text(&pair.server, "welcome");
    UNTIL(pair.client.frames_n == 1, &pair.client, &pair.server);
    assert_true(last_is(&pair.client, "welcome"));
    pair_done(&pair);
}

TEST(many_frames_of_every_size_arrive_whole_and_in_order) {
    struct pair pair;
    pair_init(&pair);
    static uint8_t data[MESSAGE_SIZE_MAX];
    size_t sent = 0, bytes = 0;
    static const size_t sizes[] = {8, 200, 250, 255, 256, 65536, 100000, MESSAGE_SIZE_MAX};
    for (size_t i = 0; i < 400; i++) {
        put_u64(data, sent);
        struct bytes frame = {.data = data, .size = sizes[i % 8]};
        /* As the engine does: no more under way than what may wait. */
        assert_ok(net_send(pair.client.net, pair.client.link, frame));
        sent++;
        bytes += frame.size;
        if (i % 8 == 7)
            UNTIL(pair.server.frames_n == sent, &pair.client, &pair.server);
    }
    assert_int_equal(pair.server.bytes_n, bytes);
    assert_true(pair.server.in_order);
    pair_done(&pair);
}

TEST(an_unknown_key_is_refused) {
    struct pair pair;
    pair_init(&pair);
    struct side stranger;
    side_init(&stranger, 3);
    dial(&stranger, &pair.server);
    UNTIL(stranger.disconnected_n == 1, &stranger, &pair.server);
    assert_int_equal(stranger.disconnected_link, 0);
    assert_int_equal(stranger.reason, ERR_DENIED);
    assert_int_equal(stranger.connected_n, 0);
    assert_int_equal(pair.server.connected_n, 0);
    /* And the admitted one goes on. */
    send_text(&pair.client, "still here");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    side_done(&stranger);
    pair_done(&pair);
}

TEST(a_far_end_with_another_key_than_expected_is_not_talked_to) {
    struct pair pair;
    pair_init(&pair);
    struct side other;
    side_init(&other, 4);
    side_admit(&pair.server, &other.keys.public.transport);
    dial_as(&other, &pair.server, &other.keys.public.transport);
    UNTIL(other.disconnected_n == 1, &other, &pair.server);
    assert_int_equal(other.connected_n, 0);
    side_done(&other);
    pair_done(&pair);
}

/* A ZMTP 3.1 greeting of a CURVE server (RFC 37). */
static void greet(int fd) {
    uint8_t greeting[64] = {0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1, 'C', 'U', 'R', 'V', 'E'};
    greeting[32] = 1;
    assert_int_equal(send(fd, greeting, sizeof greeting, MSG_NOSIGNAL), sizeof greeting);
}

TEST(a_far_end_that_dies_within_the_handshake_has_refused_nobody) {
    struct side from, gone = {0};
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), fd = -1;
    assert_int_equal(bind(listener, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&name, &size), 0);
    snprintf(gone.bound, sizeof gone.bound, "tcp://127.0.0.1:%d", ntohs(name.sin_port));
    side_init(&from, 1);
    dial_as(&from, &gone, &from.keys.public.transport);
    UNTIL((fd = accept(listener, NULL, NULL)) >= 0, &from);
    greet(fd);
    close(fd);
    UNTIL(from.disconnected_n == 1, &from);
    assert_int_equal(from.disconnected_link, 0);
    assert_int_equal(from.reason, ERR_CLOSED);
    close(listener);
    side_done(&from);
}

TEST(dialling_where_nobody_listens_fails) {
    struct side from, gone;
    side_init(&from, 1);
    side_init(&gone, 2);
    side_listen(&gone);
    net_unbind(gone.net);
    dial(&from, &gone);
    UNTIL(from.disconnected_n == 1, &from);
    assert_int_equal(from.disconnected_link, 0);
    assert_int_equal(from.reason, ERR_CLOSED);
    side_done(&gone);
    side_done(&from);
}

TEST(only_tcp_is_ever_dialled) {
    struct side side;
    side_init(&side, 1);
    static const char *const wrong[] = {"ipc:///tmp/x", "inproc://x", "tcp://*:1",
                                        "tcp://host",   "pgm://a:1",  "tcp://a:1;tcp://b:1"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct net_target target = {.endpoints = &wrong[i], .endpoints_n = 1};
        assert_err(ERR_ARGUMENT, net_dial(side.net, &target, 0));
    }
    side_done(&side);
}

TEST(a_link_that_hangs_up_is_reported_after_all_that_it_sent) {
    struct pair pair;
    pair_init(&pair);
    for (uint64_t i = 0; i < 5; i++) {
        uint8_t frame[8];
        put_u64(frame, i);
        assert_ok(net_send(pair.client.net, pair.client.link, (struct bytes){frame, sizeof frame}));
    }
    net_close(pair.client.net, pair.client.link);
    UNTIL(pair.server.disconnected_n == 1, &pair.client, &pair.server);
    assert_int_equal(pair.server.frames_n, 5);
    assert_int_equal(pair.server.disconnected_link, pair.server.link);
    assert_int_equal(pair.client.disconnected_n, 0);
    assert_int_equal(net_links_n(pair.client.net), 0);
    pair_done(&pair);
}

TEST(a_key_that_is_admitted_no_longer_is_cut) {
    struct pair pair;
    pair_init(&pair);
    send_text(&pair.client, "hello");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    net_recheck(pair.server.net);
    turn(&pair.server);
    assert_int_equal(pair.server.disconnected_n, 0);
    pair.server.admitted_n = 0;
    net_recheck(pair.server.net);
    UNTIL(pair.client.disconnected_n == 1, &pair.client, &pair.server);
    assert_int_equal(pair.server.reason, ERR_DENIED);
    pair_done(&pair);
}

TEST(who_does_not_read_is_cut_before_much_waits_for_it) {
    struct pair pair;
    pair_init(&pair);
    send_text(&pair.client, "hello");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    static uint8_t data[MESSAGE_SIZE_MAX];
    size_t sent = 0;
    enum err err = OK;
    /* The client's loop stands still; only the server's turns. */
    while (err == OK && sent < 200) {
        err = net_send(pair.server.net, pair.server.link, (struct bytes){data, sizeof data});
        sent += err == OK;
        turn(&pair.server);
    }
    assert_int_equal(err, ERR_QUOTA);
    UNTIL(pair.server.disconnected_n == 1, &pair.server);
    assert_int_equal(pair.server.reason, ERR_QUOTA);
    pair_done(&pair);
}

static uint32_t dial_in(struct side *client, uint8_t seed_byte, struct side *server) {
    side_init(client, seed_byte);
    side_admit(server, &client->keys.public.transport);
    dial(client, server);
    UNTIL(client->connected_n == 1, client, server);
    send_text(client, "hello");
    size_t frames_n = server->frames_n;
    UNTIL(server->frames_n > frames_n, client, server);
    return server->link;
}

TEST(what_waits_for_all_is_bounded_and_who_does_not_read_makes_room) {
    enum { STUCK = 5 };
    struct side server, reader, stuck[STUCK];
    static uint8_t data[MESSAGE_SIZE_MAX];
    side_init(&server, 1);
    side_listen(&server);
    uint32_t reading = dial_in(&reader, 2, &server), links[STUCK];
    for (uint8_t i = 0; i < STUCK; i++)
        links[i] = dial_in(&stuck[i], (uint8_t)(3 + i), &server);
    size_t frames_n = 0;
    /* The network's own buffers take some; then it waits here. */
    for (int round = 0; round < 60 && server.disconnected_n == 0; round++) {
        for (int i = 0; i < STUCK; i++) {
            enum err err = net_send(server.net, links[i], (struct bytes){data, sizeof data});
            assert_true(err == OK || err == ERR_NOT_FOUND);
            assert_true(server.net->waiting_bytes <= NET_WAITING_ALL_MAX);
        }
        assert_ok(net_send(server.net, reading, (struct bytes){data, 1000}));
        frames_n++;
        turn(&server);
        turn(&reader);
    }
    UNTIL(reader.frames_n == frames_n, &server, &reader);
    assert_true(server.disconnected_n > 0);
    assert_int_equal(server.reason, ERR_QUOTA);
    assert_int_equal(reader.disconnected_n, 0);
    for (int i = 0; i < STUCK; i++)
        side_done(&stuck[i]);
    side_done(&reader);
    side_done(&server);
}

/* ---- Hostile ends, by hand ---- */

static int tcp_to(const struct side *side) {
    unsigned port = 0;
    assert_int_equal(sscanf(side->bound, "tcp://127.0.0.1:%u", &port), 1);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static bool hung_up(int fd) {
    uint8_t data[4096];
    ssize_t n;
    while ((n = recv(fd, data, sizeof data, MSG_DONTWAIT)) > 0)
        ;
    return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

TEST(rubbish_from_a_stranger_is_cut_and_harms_nobody) {
    struct pair pair;
    pair_init(&pair);
    uint8_t rubbish[4096];
    randombytes_buf_deterministic(rubbish, sizeof rubbish, (const uint8_t[32]){42});
    int fd = tcp_to(&pair.server);
    assert_int_equal(send(fd, rubbish, sizeof rubbish, MSG_NOSIGNAL), sizeof rubbish);
    UNTIL(hung_up(fd), &pair.server, &pair.client);
    close(fd);
    send_text(&pair.client, "still here");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    assert_int_equal(pair.server.connected_n, 1);
    pair_done(&pair);
}

TEST(a_stranger_that_says_nothing_is_cut_in_time) {
    struct side server;
    side_init(&server, 1);
    side_listen(&server);
    int fd = tcp_to(&server);
    UNTIL(hung_up(fd), &server);
    close(fd);
    side_done(&server);
}

TEST(many_silent_strangers_do_not_keep_a_member_out) {
    struct side server, client;
    side_init(&server, 1);
    side_init(&client, 2);
    side_listen(&server);
    side_admit(&server, &client.keys.public.transport);
    int fds[NET_STRANGERS_MAX + 20];
    size_t n = sizeof fds / sizeof fds[0];
    for (size_t i = 0; i < n; i++) {
        fds[i] = tcp_to(&server);
        turn(&server);
    }
    dial(&client, &server);
    UNTIL(client.connected_n == 1, &client, &server);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    side_done(&client);
    side_done(&server);
}

/* A connection from an address of one's own, 127.0.0.`host`. */
static int tcp_from(const struct side *server, uint8_t host) {
    unsigned port = (unsigned)strtoul(strrchr(server->bound, ':') + 1, NULL, 10);
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + host - 1u)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                             .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static struct link *stranger_of(const struct side *server) {
    for (size_t i = 0; i < server->net->links_n; i++)
        if (server->net->links[i] != NULL && server->net->links[i]->state == LINK_SHAKING)
            return server->net->links[i];
    return NULL;
}

enum { FLOOD = NET_STRANGERS_MAX + 64, FLOOD_PER_TURN = 8 };

static void flood(struct side *server, uint8_t host, const char *says, int fds[static FLOOD]) {
    for (size_t i = 0; i < FLOOD; i++) {
        fds[i] = tcp_from(server, host);
        assert_int_equal(send(fds[i], says, strlen(says), MSG_NOSIGNAL), (ssize_t)strlen(says));
        if (i % FLOOD_PER_TURN == 0)
            turn(server);
    }
    turn(server);
}

static void close_all(const int fds[static FLOOD]) {
    for (size_t i = 0; i < FLOOD; i++)
        close(fds[i]);
}

TEST(a_flood_from_one_address_replaces_its_own_connections_alone) {
    struct side server;
    static int fds[FLOOD];
    char byte;
    side_init(&server, 1);
    side_listen(&server);
    int far_away = tcp_from(&server, 9);
    UNTIL(stranger_of(&server) != NULL, &server);
    uint32_t address = stranger_of(&server)->address;
    flood(&server, 2, "", fds);
    assert_non_null(link_at_address(server.net, address));
    /* As long as it is in time, that is; and the first of the flood is gone. */
    UNTIL(recv(fds[0], &byte, 1, MSG_DONTWAIT) != -1 || errno != EAGAIN, &server);
    close_all(fds);
    close(far_away);
    side_done(&server);
}

TEST(a_flood_from_a_members_own_address_spares_who_knows_the_nodes_key) {
    struct side server, client;
    static int fds[FLOOD];
    side_init(&server, 1);
    side_init(&client, 2);
    side_listen(&server);
    side_admit(&server, &client.keys.public.transport);
    dial(&client, &server);
    /* Its HELLO has been answered; it is too far away for more, as long as it isn't turned. */
    UNTIL(stranger_of(&server) != NULL && stranger_of(&server)->valve.outwards_bytes > 64, &server,
          &client);
    uint32_t address = stranger_of(&server)->address;
    flood(&server, 1, "\xff", fds);
    assert_non_null(link_at_address(server.net, address));
    UNTIL(client.connected_n == 1, &client, &server);
    close_all(fds);
    side_done(&client);
    side_done(&server);
}

static void *hostile_socket(void *zmq, const struct side *client, const struct side *server,
                            const char *endpoint) {
    void *dealer = zmq_socket(zmq, ZMQ_DEALER);
    int linger = 0, unlimited = 0;
    zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(dealer, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, server->keys.public.transport.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, client->keys.public.transport.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, client->keys.transport.bytes, 32);
    assert_int_equal(zmq_connect(dealer, endpoint), 0);
    return dealer;
}

/* In a process of its own, so that its memory isn't counted: a member that sends `first`, then one
 * message of `frames` of `size` bytes. Lives until it is killed. */
static pid_t hostile_process(const struct side *client, const struct side *server, int frames,
                             size_t size) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    void *zmq = zmq_ctx_new();
    void *dealer = hostile_socket(zmq, client, server, server->bound);
    uint8_t *data = calloc(1, size);
    zmq_send(dealer, "first", 5, 0);
    for (int i = 0; i < frames; i++)
        zmq_send(dealer, data, size, i + 1 < frames ? ZMQ_SNDMORE : 0);
    pause();
    _exit(0);
}

static long memory_peak_kib(void) {
    char line[256];
    long kib = -1;
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "VmHWM: %ld", &kib) == 1)
            break;
    }
    fclose(file);
    return kib;
}

static void memory_peak_reset(void) {
    FILE *file = fopen("/proc/self/clear_refs", "w");
    assert_non_null(file);
    assert_int_equal(fputs("5", file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

static void end_process(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void a_hostile_message(int frames, size_t size) {
    struct side hostile, server, honest;
    side_init(&hostile, 9);
    side_done(&hostile); /* only its keys; and no thread of ours is there when it forks */
    char bound[ENDPOINT_SIZE_MAX + 1];
    side_init(&server, 1);
    side_listen(&server);
    memcpy(bound, server.bound, sizeof bound);
    side_admit(&server, &hostile.keys.public.transport);
    pid_t pid = hostile_process(&hostile, &server, frames, size);
    side_init(&honest, 2);
    side_admit(&server, &honest.keys.public.transport);
    dial(&honest, &server);
    UNTIL(honest.connected_n == 1, &honest, &server);
    memory_peak_reset();
    long before = memory_peak_kib();
    UNTIL(server.disconnected_n == 1, &honest, &server);
    for (int i = 0; i < 100; i++) {
        size_t n = server.frames_n;
        send_text(&honest, "still");
        UNTIL(server.frames_n == n + 1, &honest, &server);
    }
    long grown = memory_peak_kib() - before;
    end_process(pid);
    assert_int_equal(server.reason, ERR_LIMIT);
    assert_int_equal(server.frames_n, 101); /* "first", and the honest ones */
    if (grown > 8 * 1024)
        fail_msg("memory grew by %ld KiB", grown);
    side_done(&honest);
    side_done(&server);
}

TEST(a_message_of_3000_large_frames_costs_little_memory_and_an_honest_peer_goes_on) {
    a_hostile_message(3000, 57000);
}

TEST(a_message_of_3000_small_frames_is_refused_too) {
    a_hostile_message(3000, 10);
}

TEST(a_message_of_two_frames_is_refused_too) {
    a_hostile_message(2, 10);
}

/* In a process of its own: a node that can be dialled, and answers the first frame with one message
 * of many. */
static pid_t hostile_listener(const struct side *hostile, uint16_t port, int frames, size_t size) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid != 0)
        return pid;
    int on = 1, unlimited = 0;
    char endpoint[64], id[256];
    void *zmq = zmq_ctx_new();
    void *router = zmq_socket(zmq, ZMQ_ROUTER);
    zmq_setsockopt(router, ZMQ_CURVE_SERVER, &on, sizeof on);
    zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, hostile->keys.transport.bytes, 32);
    zmq_setsockopt(router, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", port);
    uint8_t *data = calloc(1, size);
    int id_size = zmq_bind(router, endpoint) == 0 ? zmq_recv(router, id, sizeof id, 0) : -1;
    if (id_size < 0)
        _exit(1);
    zmq_send(router, id, (size_t)id_size, ZMQ_SNDMORE);
    for (int i = 0; i < frames; i++)
        zmq_send(router, data, size, i + 1 < frames ? ZMQ_SNDMORE : 0);
    pause();
    _exit(0);
}

/* A port that was free a moment ago. */
static uint16_t free_port(void) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    close(fd);
    return ntohs(name.sin_port);
}

TEST(a_message_of_3000_frames_from_who_was_dialled_costs_little_memory_too) {
    struct side hostile, side;
    side_init(&hostile, 9);
    side_done(&hostile);
    uint16_t port = free_port();
    snprintf(hostile.bound, sizeof hostile.bound, "tcp://127.0.0.1:%u", port);
    pid_t pid = hostile_listener(&hostile, port, 3000, 57000);
    side_init(&side, 1);
    time_ms give_up = node_monotonic_ms() + GIVE_UP_MS;
    while (side.connected_n == 0) {
        /* It may not be listening yet. */
        size_t n = side.disconnected_n;
        dial(&side, &hostile);
        UNTIL(side.connected_n == 1 || side.disconnected_n > n, &side);
        assert_true(node_monotonic_ms() < give_up);
    }
    size_t failed = side.disconnected_n;
    memory_peak_reset();
    long before = memory_peak_kib();
    send_text(&side, "hello");
    UNTIL(side.disconnected_n == failed + 1, &side);
    long grown = memory_peak_kib() - before;
    end_process(pid);
    assert_int_equal(side.reason, ERR_LIMIT);
    assert_int_equal(side.frames_n, 0);
    if (grown > 8 * 1024)
        fail_msg("memory grew by %ld KiB", grown);
    side_done(&side);
}

TEST(a_frame_beyond_the_limit_cuts_the_link) {
    struct side hostile, server;
    side_init(&hostile, 9);
    side_init(&server, 1);
    side_listen(&server);
    side_admit(&server, &hostile.keys.public.transport);
    void *zmq = zmq_ctx_new();
    void *dealer = hostile_socket(zmq, &hostile, &server, server.bound);
    static uint8_t data[MESSAGE_SIZE_MAX + 1];
    assert_int_equal(zmq_send(dealer, data, 20, 0), 20);
    UNTIL(server.frames_n == 1, &server);
    assert_int_equal(zmq_send(dealer, data, sizeof data, 0), (int)sizeof data);
    UNTIL(server.disconnected_n == 1, &server);
    assert_int_equal(server.frames_n, 1);
    zmq_close(dealer);
    zmq_ctx_term(zmq);
    side_done(&server);
    side_done(&hostile);
}

/* The next of these events of a socket's monitor. */
static uint16_t next_event(void *zmq, void *dealer, int events, struct side *turning) {
    uint8_t event[6];
    uint16_t kind;
    assert_int_equal(zmq_socket_monitor(dealer, "inproc://monitor", events), 0);
    void *monitor = zmq_socket(zmq, ZMQ_PAIR);
    assert_int_equal(zmq_connect(monitor, "inproc://monitor"), 0);
    time_ms give_up = node_monotonic_ms() + GIVE_UP_MS;
    while (zmq_recv(monitor, event, sizeof event, ZMQ_DONTWAIT) != (int)sizeof event) {
        assert_true(node_monotonic_ms() < give_up);
        if (turning != NULL)
            turn(turning);
    }
    memcpy(&kind, event, sizeof kind);
    zmq_close(monitor);
    return kind;
}

enum {
    SHAKEN = ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
             ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
             ZMQ_EVENT_DISCONNECTED
};

TEST(without_a_handler_nobody_is_let_in) {
    struct side keys_of_server, client;
    side_init(&keys_of_server, 1);
    side_init(&client, 2);
    struct net bare = {.zmq = zmq_ctx_new()};
    void *router = NULL, *zmq = zmq_ctx_new();
    char endpoint[64];
    size_t size = sizeof endpoint;
    assert_ok(socket_new(&bare, ZMQ_ROUTER, &router));
    assert_ok(socket_set_key(router, ZMQ_CURVE_SECRETKEY, keys_of_server.keys.transport.bytes));
    assert_int_equal(zmq_bind(router, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, endpoint, &size), 0);
    void *dealer = hostile_socket(zmq, &client, &keys_of_server, endpoint);
    assert_int_not_equal(next_event(zmq, dealer, SHAKEN, NULL), ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
    zmq_close(dealer);
    zmq_ctx_term(zmq);
    zmq_close(router);
    zmq_ctx_term(bare.zmq);
    side_done(&client);
    side_done(&keys_of_server);
}

TEST(who_comes_past_the_listener_is_refused_even_with_an_admitted_key) {
    struct side local, server;
    side_init(&local, 9);
    side_init(&server, 1);
    side_listen(&server);
    side_admit(&server, &local.keys.public.transport);
    char endpoint[64];
    snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", server.net->router_port);
    void *zmq = zmq_ctx_new();
    void *dealer = hostile_socket(zmq, &local, &server, endpoint);
    assert_int_equal(next_event(zmq, dealer, SHAKEN, &server), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    zmq_close(dealer);
    zmq_ctx_term(zmq);
    side_done(&server);
    side_done(&local);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_go_both_ways_between_the_keys_that_curve_proved),
        cmocka_unit_test(many_frames_of_every_size_arrive_whole_and_in_order),
        cmocka_unit_test(an_unknown_key_is_refused),
        cmocka_unit_test(a_far_end_with_another_key_than_expected_is_not_talked_to),
        cmocka_unit_test(a_far_end_that_dies_within_the_handshake_has_refused_nobody),
        cmocka_unit_test(dialling_where_nobody_listens_fails),
        cmocka_unit_test(only_tcp_is_ever_dialled),
        cmocka_unit_test(a_link_that_hangs_up_is_reported_after_all_that_it_sent),
        cmocka_unit_test(a_key_that_is_admitted_no_longer_is_cut),
        cmocka_unit_test(who_does_not_read_is_cut_before_much_waits_for_it),
        cmocka_unit_test(what_waits_for_all_is_bounded_and_who_does_not_read_makes_room),
        cmocka_unit_test(rubbish_from_a_stranger_is_cut_and_harms_nobody),
        cmocka_unit_test(a_stranger_that_says_nothing_is_cut_in_time),
        cmocka_unit_test(many_silent_strangers_do_not_keep_a_member_out),
        cmocka_unit_test(a_flood_from_one_address_replaces_its_own_connections_alone),
        cmocka_unit_test(a_flood_from_a_members_own_address_spares_who_knows_the_nodes_key),
        cmocka_unit_test(
            a_message_of_3000_large_frames_costs_little_memory_and_an_honest_peer_goes_on),
        cmocka_unit_test(a_message_of_3000_small_frames_is_refused_too),
        cmocka_unit_test(a_message_of_two_frames_is_refused_too),
        cmocka_unit_test(a_message_of_3000_frames_from_who_was_dialled_costs_little_memory_too),
        cmocka_unit_test(a_frame_beyond_the_limit_cuts_the_link),
        cmocka_unit_test(without_a_handler_nobody_is_let_in),
        cmocka_unit_test(who_comes_past_the_listener_is_refused_even_with_an_admitted_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
