/* Members that speak ZeroMQ by themselves, against the limits of a link; and who would come past
 * ZAP. */
#include "net/link.h"
#include "side.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

static void *hostile_socket(void *zmq, const struct side *client,
                            const struct transport_public *server, const char *endpoint) {
    void *dealer = zmq_socket(zmq, ZMQ_DEALER);
    int linger = 0, unlimited = 0;
    zmq_setsockopt(dealer, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt(dealer, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, server->bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, client->keys.public.transport.bytes, 32);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, client->keys.transport.bytes, 32);
    assert_int_equal(zmq_connect(dealer, endpoint), 0);
    return dealer;
}

/* A process of its own, which ends with this one: it would go on dialling a port that is another
 * test's by then. 0 in it. Before any thread is there: one could hold a lock that stays locked in
 * the new process for ever. */
static pid_t fork_hostile(void) {
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return pid;
}

struct target {
    struct transport_public key;
    char endpoint[ENDPOINT_SIZE_MAX + 1];
};

/* In a process of its own, so that its memory isn't counted: a member that waits until it reads
 * from `orders` whom to dial, sends `first`, then one message of `frames` of `size` bytes. Lives
 * until it is killed. */
static pid_t hostile_process(const struct side *client, int orders, int frames, size_t size) {
    pid_t pid = fork_hostile();
    if (pid != 0)
        return pid;
    struct target target;
    if (read(orders, &target, sizeof target) != (ssize_t)sizeof target)
        _exit(1);
    void *zmq = zmq_ctx_new();
    void *dealer = hostile_socket(zmq, client, &target.key, target.endpoint);
    uint8_t *data = calloc(1, size);
    zmq_send(dealer, "first", 5, 0);
    for (int i = 0; i < frames; i++)
        zmq_send(dealer, data, size, i + 1 < frames ? ZMQ_SNDMORE : 0);
    pause();
    _exit(0);
}

static void send_against(int orders, const struct side *server) {
    struct target target = {.key = server->keys.public.transport};
    memcpy(target.endpoint, server->bound, sizeof target.endpoint);
    assert_int_equal(write(orders, &target, sizeof target), sizeof target);
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
    side_done(&hostile); /* only its keys */
    int orders[2];
    assert_int_equal(pipe(orders), 0);
    pid_t pid = hostile_process(&hostile, orders[0], frames, size);
    side_init(&server, 1);
    side_listen(&server);
    side_admit(&server, &hostile.keys.public.transport);
    send_against(orders[1], &server);
    side_init(&honest, 2);
    side_admit(&server, &honest.keys.public.transport);
    side_dial(&honest, &server);
    UNTIL(honest.connected_n == 1, &honest, &server);
    side_send(&honest, "here"); /* who says nothing for long is cut */
    memory_peak_reset();
    long before = memory_peak_kib();
    UNTIL(server.disconnected_n == 1 && server.frames_n == 2, &honest, &server);
    for (int i = 0; i < 100; i++) {
        size_t n = server.frames_n;
        side_send(&honest, "still");
        UNTIL(server.frames_n == n + 1, &honest, &server);
    }
    long grown = memory_peak_kib() - before;
    end_process(pid);
    close(orders[0]);
    close(orders[1]);
    assert_int_equal(server.reason, ERR_LIMIT);
    assert_int_equal(server.frames_n, 102); /* "first", and the honest ones */
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
    pid_t pid = fork_hostile();
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
        side_dial(&side, &hostile);
        UNTIL(side.connected_n == 1 || side.disconnected_n > n, &side);
        assert_true(node_monotonic_ms() < give_up);
    }
    size_t failed = side.disconnected_n;
    memory_peak_reset();
    long before = memory_peak_kib();
    side_send(&side, "hello");
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
    void *dealer = hostile_socket(zmq, &hostile, &server.keys.public.transport, server.bound);
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
            side_turn(turning);
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
    void *dealer = hostile_socket(zmq, &client, &keys_of_server.keys.public.transport, endpoint);
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
    void *dealer = hostile_socket(zmq, &local, &server.keys.public.transport, endpoint);
    assert_int_equal(next_event(zmq, dealer, SHAKEN, &server), ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
    zmq_close(dealer);
    zmq_ctx_term(zmq);
    side_done(&server);
    side_done(&local);
}

int main(void) {
    const struct CMUnitTest tests[] = {
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
