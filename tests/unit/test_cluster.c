/* Engines among themselves: stories first, then random schedules. */
#include "cluster.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

enum { MUNICIPALITY = 0 };

TEST(a_late_joiner_gets_all) {
    struct cluster *cluster = cluster_new(1);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    unsigned birk = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    cluster_write(cluster, birk, CHANNEL_ANSWERS, 0, 30, 400);
    cluster_write(cluster, MUNICIPALITY, CHANNEL_NOTICE, 0, 12, 400);
    assert_true(cluster_converges(cluster, 20000));
    unsigned late = cluster_add(cluster, ROLE_SCHOOL, false);
    assert_int_equal(cluster_head(cluster, late, MUNICIPALITY, CHANNEL_NOTICE, 0), 0);
    assert_true(cluster_converges(cluster, 20000));
    assert_int_equal(cluster_head(cluster, late, MUNICIPALITY, CHANNEL_NOTICE, 0), 12);
    assert_int_equal(cluster_head(cluster, late, birk, CHANNEL_ANSWERS, 0), 0);
    cluster_free(cluster);
}

/* Municipality, relay (or not), sites; all of them known to each other. */
static struct cluster *federation(uint64_t seed, unsigned sites, bool relay) {
    struct cluster *cluster = cluster_new(seed);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    for (unsigned i = 0; i < sites; i++)
        cluster_add(cluster, i % 2 == 0 ? ROLE_KINDERGARTEN : ROLE_SCHOOL, seed % 2 == 0);
    if (relay)
        cluster_add(cluster, ROLE_RELAY, true);
    return cluster;
}

static void something_happens(struct cluster *cluster, unsigned nodes, bool *stopped) {
    unsigned a = (unsigned)(rand() % (int)nodes), b = (unsigned)(rand() % (int)nodes);
    unsigned n = 1 + (unsigned)(rand() % 40);
    size_t size = (size_t)(1 + rand() % 3000);
    switch (rand() % 12) {
    case 0:
    case 1:
    case 2:
        if (a != b && a != MUNICIPALITY && b != MUNICIPALITY && a < 5 && b < 5)
            cluster_write(cluster, a, CHANNEL_HANDOVER, b, n, size);
        break;
    case 3:
        cluster_write(cluster, MUNICIPALITY, CHANNEL_NOTICE, 0, n, size);
        break;
    case 4:
    case 5:
        if (a != MUNICIPALITY && a < 5)
            cluster_write(cluster, a, CHANNEL_ANSWERS, 0, n, size * 10);
        break;
    case 6:
        cluster_cut(cluster, a, b);
        break;
    case 7:
    case 8:
        cluster_mend(cluster, a, b);
        break;
    case 9:
        if (stopped[a])
            cluster_start(cluster, a);
        else
            cluster_stop(cluster, a);
        stopped[a] = !stopped[a];
        break;
    case 10:
        cluster_slow(cluster, a, rand() % 2 == 0 ? 0 : (size_t)(50 + rand() % 500));
        break;
    case 11:
        cluster_freeze(cluster, a, rand() % 2 == 0);
        break;
    }
}

static void all_is_mended(struct cluster *cluster, unsigned nodes, const bool *stopped) {
    for (unsigned a = 0; a < nodes; a++) {
        cluster_freeze(cluster, a, false);
        cluster_slow(cluster, a, 0);
        for (unsigned b = 0; b < nodes; b++)
            cluster_mend(cluster, a, b);
        if (stopped[a])
            cluster_start(cluster, a);
    }
}

static void random_schedule(unsigned seed) {
    bool stopped[CLUSTER_NODES_MAX] = {false};
    unsigned nodes = 6;
    struct cluster *cluster = federation(seed, 4, true);
    srand(seed);
    for (int i = 0; i < 60; i++) {
        something_happens(cluster, nodes, stopped);
        cluster_run(cluster, rand() % 3 == 0 ? rand() % 20000 : rand() % 100);
    }
    all_is_mended(cluster, nodes, stopped);
    if (!cluster_converges(cluster, 300000)) {
        print_error("seed %u does not converge\n", seed);
        cluster_explain(cluster);
        fail();
    }
    cluster_free(cluster);
}

/* STAFET_SEED=N replays one; STAFET_SCHEDULES=N runs that many. */
TEST(whatever_happens_all_entitled_replicas_converge_and_nobody_else_holds_a_thing) {
    const char *one = getenv("STAFET_SEED"), *many = getenv("STAFET_SCHEDULES");
    if (one != NULL) {
        random_schedule((unsigned)strtoul(one, NULL, 10));
        return;
    }
    unsigned n = many != NULL ? (unsigned)strtoul(many, NULL, 10) : 20;
    for (unsigned seed = 1; seed <= n; seed++)
        random_schedule(seed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_joiner_gets_all),
        cmocka_unit_test(
            whatever_happens_all_entitled_replicas_converge_and_nobody_else_holds_a_thing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
