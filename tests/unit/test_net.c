/* Links between real nodes' networks over loopback TCP. */
#include "side.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool last_is(const struct side *side, const char *text) {
    return side->last_size == strlen(text) && memcmp(side->last, text, side->last_size) == 0;
}

TEST(frames_go_both_ways_between_the_keys_that_curve_proved) {
    struct pair pair;
    pair_init(&pair);
    side_send(&pair.client, "hello");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    assert_true(last_is(&pair.server, "hello"));
    assert_memory_equal(&pair.server.proved, &pair.client.keys.public.transport, 32);
    assert_memory_equal(&pair.client.proved, &pair.server.keys.public.transport, 32);
    side_send(&pair.server, "welcome");
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
    side_dial(&stranger, &pair.server);
    UNTIL(stranger.disconnected_n == 1, &stranger, &pair.server);
    assert_int_equal(stranger.disconnected_link, 0);
    assert_int_equal(stranger.reason, ERR_DENIED);
    assert_int_equal(stranger.connected_n, 0);
    assert_int_equal(pair.server.connected_n, 0);
    /* And the admitted one goes on. */
    side_send(&pair.client, "still here");
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
    side_dial_as(&other, &pair.server, &other.keys.public.transport);
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
    side_dial_as(&from, &gone, &from.keys.public.transport);
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
    side_dial(&from, &gone);
    UNTIL(from.disconnected_n == 1, &from);
    assert_int_equal(from.disconnected_link, 0);
    assert_int_equal(from.reason, ERR_CLOSED);
    side_done(&gone);
    side_done(&from);
}

/* An address that took its time to answer, or to fail, leaves what comes next all of its own. */
TEST(each_step_of_dialling_has_its_own_time) {
    struct side from, to, gone;
    side_init(&from, 1);
    side_init(&to, 2);
    side_init(&gone, 3);
    side_listen(&to);
    side_listen(&gone);
    net_unbind(gone.net);
    side_admit(&to, &from.keys.public.transport);
    for (int fails = 0; fails < 2; fails++) {
        const char *const endpoints[] = {fails ? gone.bound : to.bound, to.bound};
        struct net_target target = {.endpoints = endpoints,
                                    .endpoints_n = 2,
                                    .server = to.keys.public.transport,
                                    .client = from.keys.public.transport,
                                    .client_secret = from.keys.transport};
        size_t connected_n = from.connected_n;
        time_ms start = node_monotonic_ms();
        assert_ok(net_dial(from.net, &target, start));
        struct link *link = from.net->links[0];
        UNTIL(link->state == LINK_CONNECTING, &from, &to);
        link->since -= NET_CONNECT_MS_MAX - 1000;
        UNTIL(link->state != LINK_CONNECTING, &from, &to);
        assert_true(link->since >= start);
        UNTIL(from.connected_n > connected_n, &from, &to);
        net_close(from.net, from.link);
        UNTIL(net_links_n(from.net) == 0, &from, &to);
    }
    side_done(&gone);
    side_done(&to);
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
    side_send(&pair.client, "hello");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    net_recheck(pair.server.net);
    side_turn(&pair.server);
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
    side_send(&pair.client, "hello");
    UNTIL(pair.server.frames_n == 1, &pair.client, &pair.server);
    static uint8_t data[MESSAGE_SIZE_MAX];
    size_t sent = 0;
    enum err err = OK;
    /* The client's loop stands still; only the server's turns. */
    while (err == OK && sent < 200) {
        err = net_send(pair.server.net, pair.server.link, (struct bytes){data, sizeof data});
        sent += err == OK;
        side_turn(&pair.server);
    }
    assert_int_equal(err, ERR_QUOTA);
    UNTIL(pair.server.disconnected_n == 1, &pair.server);
    assert_int_equal(pair.server.reason, ERR_QUOTA);
    pair_done(&pair);
}

static uint32_t dial_in(struct side *client, uint8_t seed_byte, struct side *server) {
    side_init(client, seed_byte);
    side_admit(server, &client->keys.public.transport);
    side_dial(client, server);
    UNTIL(client->connected_n == 1, client, server);
    side_send(client, "hello");
    size_t frames_n = server->frames_n;
    UNTIL(server->frames_n > frames_n, client, server);
    return server->link;
}

/* What sending to it gives: it is told so itself only where all that may wait does, and nobody for
 * whom something waits has taken nothing for longer. */
static enum err sending_gives(const struct side *server, uint32_t number, size_t size) {
    const struct link *link = link_numbered(server->net, number);
    if (link == NULL || link->state != LINK_UP)
        return ERR_NOT_FOUND;
    if (link->waiting_bytes == 0 || server->net->waiting_bytes + size <= NET_WAITING_ALL_MAX)
        return OK;
    const struct link *stuck = NULL;
    for (size_t i = 0; i < server->net->links_n; i++) {
        const struct link *other = server->net->links[i];
        if (other == NULL || other->state != LINK_UP || other->waiting_bytes == 0)
            continue;
        time_ms longer = stuck == NULL ? 1 : stuck->valve.outwards_at - other->valve.outwards_at;
        if (longer > 0 || (longer == 0 && other->waiting_bytes > stuck->waiting_bytes))
            stuck = other;
    }
    return stuck == link ? ERR_QUOTA : OK;
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
            enum err gives = sending_gives(&server, links[i], sizeof data);
            assert_err(gives, net_send(server.net, links[i], (struct bytes){data, sizeof data}));
            assert_true(server.net->waiting_bytes <= NET_WAITING_ALL_MAX);
        }
        assert_ok(net_send(server.net, reading, (struct bytes){data, 1000}));
        frames_n++;
        side_turn(&server);
        side_turn(&reader);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_go_both_ways_between_the_keys_that_curve_proved),
        cmocka_unit_test(many_frames_of_every_size_arrive_whole_and_in_order),
        cmocka_unit_test(an_unknown_key_is_refused),
        cmocka_unit_test(a_far_end_with_another_key_than_expected_is_not_talked_to),
        cmocka_unit_test(a_far_end_that_dies_within_the_handshake_has_refused_nobody),
        cmocka_unit_test(dialling_where_nobody_listens_fails),
        cmocka_unit_test(each_step_of_dialling_has_its_own_time),
        cmocka_unit_test(only_tcp_is_ever_dialled),
        cmocka_unit_test(a_link_that_hangs_up_is_reported_after_all_that_it_sent),
        cmocka_unit_test(a_key_that_is_admitted_no_longer_is_cut),
        cmocka_unit_test(who_does_not_read_is_cut_before_much_waits_for_it),
        cmocka_unit_test(what_waits_for_all_is_bounded_and_who_does_not_read_makes_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
