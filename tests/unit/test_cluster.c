/* Engines among themselves: stories first, then random schedules. */
#include "cluster.h"
#include "proto/message.h"
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

TEST(a_relay_carries_a_handover_between_two_who_never_meet) {
    struct cluster *cluster = cluster_new(2);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    unsigned birk = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    unsigned school = cluster_add(cluster, ROLE_SCHOOL, false);
    unsigned stranger = cluster_add(cluster, ROLE_SCHOOL, false);
    cluster_write(cluster, birk, CHANNEL_HANDOVER, school, 5, 900);
    cluster_run(cluster, 2000);
    cluster_stop(cluster, birk);
    cluster_write(cluster, school, CHANNEL_HANDOVER, birk, 2, 900);
    assert_true(cluster_converges(cluster, 20000));
    cluster_stop(cluster, school);
    cluster_start(cluster, birk);
    assert_true(cluster_converges(cluster, 20000));
    assert_int_equal(cluster_head(cluster, birk, school, CHANNEL_HANDOVER, birk), 2);
    assert_int_equal(cluster_head(cluster, school, birk, CHANNEL_HANDOVER, school), 5);
    assert_int_equal(cluster_head(cluster, MUNICIPALITY, birk, CHANNEL_HANDOVER, school), 5);
    assert_int_equal(cluster_head(cluster, stranger, birk, CHANNEL_HANDOVER, school), 0);
    assert_int_equal(cluster_peer(cluster, birk, school).state, SESSION_NONE);
    cluster_free(cluster);
}

TEST(a_restored_author_gets_its_own_writes_back) {
    struct cluster *cluster = cluster_new(3);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    unsigned birk = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    cluster_write(cluster, birk, CHANNEL_ANSWERS, 0, 57, 300);
    assert_true(cluster_converges(cluster, 20000));
    cluster_stop(cluster, birk);
    cluster_roll_back(cluster, birk, birk, CHANNEL_ANSWERS, 0, 20);
    size_t reports = cluster_reports(cluster, birk);
    cluster_start(cluster, birk);
    assert_true(cluster_converges(cluster, 20000));
    assert_int_equal(cluster_head(cluster, birk, birk, CHANNEL_ANSWERS, 0), 57);
    assert_true(cluster_reports(cluster, birk) > reports);
    cluster_free(cluster);
}

TEST(an_expelled_member_is_sent_nothing_more) {
    struct cluster *cluster = cluster_new(4);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    unsigned birk = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    unsigned school = cluster_add(cluster, ROLE_SCHOOL, false);
    cluster_write(cluster, MUNICIPALITY, CHANNEL_NOTICE, 0, 3, 300);
    assert_true(cluster_converges(cluster, 20000));
    cluster_expel(cluster, birk);
    cluster_write(cluster, MUNICIPALITY, CHANNEL_NOTICE, 0, 3, 300);
    assert_true(cluster_converges(cluster, 20000));
    assert_int_equal(cluster_head(cluster, school, MUNICIPALITY, CHANNEL_NOTICE, 0), 6);
    assert_int_equal(cluster_head(cluster, birk, MUNICIPALITY, CHANNEL_NOTICE, 0), 3);
    cluster_free(cluster);
}

TEST(a_transfer_goes_on_where_it_was_when_the_relay_crashes) {
    struct cluster *cluster = cluster_new(5);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    unsigned birk = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    assert_true(cluster_converges(cluster, 20000));
    cluster_slow(cluster, birk, 1000);
    cluster_write(cluster, birk, CHANNEL_ANSWERS, 0, 60, 200000);
    cluster_run(cluster, 3000);
    uint64_t before = cluster_head(cluster, MUNICIPALITY, birk, CHANNEL_ANSWERS, 0);
    assert_true(before > 0 && before < 60);
    cluster_stop(cluster, MUNICIPALITY);
    cluster_count_from(cluster);
    cluster_start(cluster, MUNICIPALITY);
    assert_true(cluster_converges(cluster, 60000));
    assert_true(cluster_bytes(cluster) < (60 - before) * 210000 + 100000);
    cluster_free(cluster);
}

/* The school pulls from one of the two, and one of the two freezes in the middle. */
static void one_source_freezes(unsigned source) {
    struct cluster *cluster = cluster_new(6);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    cluster_add(cluster, ROLE_RELAY, true);
    cluster_write(cluster, MUNICIPALITY, CHANNEL_NOTICE, 0, 40, 100000);
    assert_true(cluster_converges(cluster, 20000));
    unsigned school = cluster_add(cluster, ROLE_SCHOOL, false);
    cluster_slow(cluster, school, 2000);
    cluster_run(cluster, 500);
    assert_int_not_equal(cluster_head(cluster, school, MUNICIPALITY, CHANNEL_NOTICE, 0), 40);
    cluster_freeze(cluster, source, true);
    cluster_run(cluster, 100000);
    assert_int_equal(cluster_head(cluster, school, MUNICIPALITY, CHANNEL_NOTICE, 0), 40);
    cluster_freeze(cluster, source, false);
    assert_true(cluster_converges(cluster, 200000));
    cluster_free(cluster);
}

TEST(a_pull_is_taken_over_from_a_peer_that_has_frozen) {
    one_source_freezes(MUNICIPALITY);
    one_source_freezes(1);
}

TEST(while_a_disk_is_full_nobody_is_called_equal_and_then_all_arrives) {
    struct cluster *cluster = cluster_new(7);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    unsigned birk = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    assert_true(cluster_converges(cluster, 20000));
    cluster_disk(cluster, MUNICIPALITY, ERR_DISK_FULL);
    cluster_write(cluster, birk, CHANNEL_ANSWERS, 0, 10, 300);
    cluster_run(cluster, 100000);
    assert_false(cluster_peer(cluster, birk, MUNICIPALITY).equal);
    assert_false(cluster_peer(cluster, MUNICIPALITY, birk).equal);
    cluster_disk(cluster, MUNICIPALITY, OK);
    assert_true(cluster_converges(cluster, 100000));
    cluster_free(cluster);
}

TEST(a_single_write_costs_a_run_an_acknowledgement_and_the_statements) {
    struct cluster *cluster = cluster_new(8);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    unsigned birk = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    cluster_write(cluster, birk, CHANNEL_ANSWERS, 0, 3, 300);
    assert_true(cluster_converges(cluster, 20000));
    cluster_run(cluster, 5000);
    cluster_count_from(cluster);
    cluster_write(cluster, birk, CHANNEL_ANSWERS, 0, 1, 300);
    assert_true(cluster_converges(cluster, 20000));
    cluster_run(cluster, 5000);
    assert_int_equal(cluster_frames(cluster, MESSAGE_RUN), 1);
    assert_int_equal(cluster_frames(cluster, MESSAGE_CREDIT), 1);
    assert_int_equal(cluster_frames(cluster, 0) - cluster_frames(cluster, MESSAGE_STATEMENT), 2);
    print_message("a write of 300 bytes: %zu bytes both ways, %zu statements among them\n",
                  cluster_bytes(cluster), cluster_frames(cluster, MESSAGE_STATEMENT));
    cluster_free(cluster);
}

TEST(when_nothing_moves_nothing_is_sent) {
    struct cluster *cluster = cluster_new(9);
    cluster_add(cluster, ROLE_MUNICIPALITY, true);
    for (int i = 0; i < 4; i++)
        cluster_add(cluster, ROLE_SCHOOL, false);
    cluster_write(cluster, MUNICIPALITY, CHANNEL_NOTICE, 0, 3, 300);
    assert_true(cluster_converges(cluster, 20000));
    cluster_run(cluster, 5000);
    cluster_count_from(cluster);
    cluster_run(cluster, 3600000);
    assert_int_equal(cluster_frames(cluster, 0), 0);
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

/* A kindergarten, put back to its third entry, goes on from there before it hears of the rest. */
static struct cluster *equivocated(uint64_t seed, unsigned ret_nodes[static 4]) {
    struct cluster *cluster = cluster_new(seed);
    ret_nodes[0] = cluster_add(cluster, ROLE_MUNICIPALITY, true);
    ret_nodes[1] = cluster_add(cluster, ROLE_RELAY, true);
    ret_nodes[2] = cluster_add(cluster, ROLE_KINDERGARTEN, false);
    ret_nodes[3] = cluster_add(cluster, ROLE_SCHOOL, seed % 2 == 0);
    unsigned birk = ret_nodes[2], school = ret_nodes[3];
    cluster_write(cluster, birk, CHANNEL_HANDOVER, school, 5 + (unsigned)(seed % 3), 300);
    assert_true(cluster_converges(cluster, 60000));
    cluster_stop(cluster, birk);
    cluster_run(cluster, 60000); /* until all have noticed */
    cluster_roll_back(cluster, birk, birk, CHANNEL_HANDOVER, school, 3);
    cluster_write(cluster, birk, CHANNEL_HANDOVER, school, 1 + (unsigned)(seed % 6), 300);
    cluster_start(cluster, birk);
    return cluster;
}

TEST(a_fork_becomes_known_to_all_who_may_hold_the_feed_whichever_branch_is_longer) {
    for (uint64_t seed = 1; seed <= 24; seed++) {
        unsigned nodes[4];
        struct cluster *cluster = equivocated(seed, nodes);
        unsigned other = cluster_add(cluster, ROLE_KINDERGARTEN, false);
        cluster_run(cluster, 120000);
        for (int i = 0; i < 4; i++)
            if (!cluster_knows_fork(cluster, nodes[i], nodes[2], CHANNEL_HANDOVER, nodes[3])) {
                cluster_explain(cluster);
                fail_msg("seed %llu: node %u does not know the fork", (unsigned long long)seed,
                         nodes[i]);
            }
        assert_false(cluster_knows_fork(cluster, other, nodes[2], CHANNEL_HANDOVER, nodes[3]));
        cluster_free(cluster);
    }
}

TEST(a_fork_that_all_know_is_not_told_again) {
    unsigned nodes[4];
    struct cluster *cluster = equivocated(2, nodes);
    cluster_run(cluster, 120000);
    assert_true(cluster_frames(cluster, MESSAGE_PROOF) > 0);
    assert_true(cluster_frames(cluster, MESSAGE_PROOF) <= 2 * 6 * 3); /* each way, some sessions */
    cluster_count_from(cluster);
    cluster_stop(cluster, nodes[1]);
    cluster_start(cluster, nodes[1]);
    cluster_run(cluster, 60000);
    assert_int_equal(cluster_frames(cluster, MESSAGE_PROOF), 0);
    cluster_free(cluster);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_late_joiner_gets_all),
        cmocka_unit_test(a_relay_carries_a_handover_between_two_who_never_meet),
        cmocka_unit_test(a_restored_author_gets_its_own_writes_back),
        cmocka_unit_test(an_expelled_member_is_sent_nothing_more),
        cmocka_unit_test(a_transfer_goes_on_where_it_was_when_the_relay_crashes),
        cmocka_unit_test(a_pull_is_taken_over_from_a_peer_that_has_frozen),
        cmocka_unit_test(while_a_disk_is_full_nobody_is_called_equal_and_then_all_arrives),
        cmocka_unit_test(a_single_write_costs_a_run_an_acknowledgement_and_the_statements),
        cmocka_unit_test(when_nothing_moves_nothing_is_sent),
        cmocka_unit_test(
            whatever_happens_all_entitled_replicas_converge_and_nobody_else_holds_a_thing),
        cmocka_unit_test(
            a_fork_becomes_known_to_all_who_may_hold_the_feed_whichever_branch_is_longer),
        cmocka_unit_test(a_fork_that_all_know_is_not_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
