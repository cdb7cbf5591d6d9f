#include "net/resolve.h"
#include "test.h"

#include <netinet/in.h>
#include <sched.h>
#include <string.h>

static unsigned port_of(const struct address *address) {
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (address->storage.ss_family == AF_INET) {
        memcpy(&in, &address->storage, sizeof in);
        return ntohs(in.sin_port);
    }
    assert_int_equal(address->storage.ss_family, AF_INET6);
    memcpy(&in6, &address->storage, sizeof in6);
    return ntohs(in6.sin6_port);
}

static size_t look_up(const char *endpoint, bool at_once,
                      struct address ret_addresses[static RESOLVE_ADDRESSES_MAX]) {
    struct resolve *resolve = NULL;
    size_t n = 0;
    assert_ok(resolve_new(endpoint, &resolve));
    bool done = resolve_done(resolve, ret_addresses, &n);
    assert_true(done || !at_once);
    while (!done) {
        sched_yield();
        done = resolve_done(resolve, ret_addresses, &n);
    }
    resolve_free(resolve);
    return n;
}

TEST(a_name_is_looked_up_beside_the_loop) {
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    size_t n = look_up("tcp://localhost:7450", false, addresses);
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(port_of(&addresses[i]), 7450);
}

TEST(an_address_needs_no_name_service) {
    struct address addresses[RESOLVE_ADDRESSES_MAX];
    assert_int_equal(look_up("tcp://127.0.0.1:7450", true, addresses), 1);
    assert_int_equal(addresses[0].storage.ss_family, AF_INET);
    assert_int_equal(look_up("tcp://[::1]:7450", true, addresses), 1);
    assert_int_equal(addresses[0].storage.ss_family, AF_INET6);
    assert_int_equal(port_of(&addresses[0]), 7450);
}

TEST(what_names_no_host_and_port_is_refused) {
    static const char *const wrong[] = {"",         "tcp://",       "tcp://a",        "tcp://:7",
                                        "tcp://a:", "udp://a:7450", "tcp://a:123456", "a:7450"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct resolve *resolve = NULL;
        assert_err(ERR_ARGUMENT, resolve_new(wrong[i], &resolve));
        assert_null(resolve);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_looked_up_beside_the_loop),
        cmocka_unit_test(an_address_needs_no_name_service),
        cmocka_unit_test(what_names_no_host_and_port_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
