/* Connections that nobody has proved a key over yet, and what they try. */
#include "hung_up.h"
#include "side.h"
#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

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

TEST(rubbish_from_a_stranger_is_cut_and_harms_nobody) {
    struct pair pair;
    pair_init(&pair);
    uint8_t rubbish[4096];
    randombytes_buf_deterministic(rubbish, sizeof rubbish, (const uint8_t[32]){42});
    int fd = tcp_to(&pair.server);
    assert_int_equal(send(fd, rubbish, sizeof rubbish, MSG_NOSIGNAL), sizeof rubbish);
    UNTIL(hung_up(fd), &pair.server, &pair.client);
    close(fd);
    side_send(&pair.client, "still here");
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
        side_turn(&server);
    }
    side_dial(&client, &server);
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
            side_turn(server);
    }
    side_turn(server);
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
    side_dial(&client, &server);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rubbish_from_a_stranger_is_cut_and_harms_nobody),
        cmocka_unit_test(a_stranger_that_says_nothing_is_cut_in_time),
        cmocka_unit_test(many_silent_strangers_do_not_keep_a_member_out),
        cmocka_unit_test(a_flood_from_one_address_replaces_its_own_connections_alone),
        cmocka_unit_test(a_flood_from_a_members_own_address_spares_who_knows_the_nodes_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
