#include "lone.h"
#include "test.h"

enum { LINK = 11, OTHER_LINK = 12, PEER = 1, OTHER = 2, SCHOOL = 3 };

static struct buffer proof_of(const struct feed_id *feed) {
    struct message m = {.kind = MESSAGE_PROOF, .proof.feed = *feed};
    struct buffer frame = {0};
    memset(m.proof.first, 1, sizeof m.proof.first);
    memset(m.proof.second, 2, sizeof m.proof.second);
    assert_ok(message_encode(&m, &frame));
    return frame;
}

static void forked(struct lone *lone, const struct feed_id *feed) {
    struct buffer frame = proof_of(feed);
    lone_step(lone, (struct event){.kind = EVENT_FORK,
                                   .fork = {.feed = *feed, .proof = buffer_view(&frame)}});
    buffer_done(&frame);
}

static void proves(struct lone *lone, uint32_t link, const struct feed_id *feed) {
    struct buffer frame = proof_of(feed);
    lone_step(lone, (struct event){
                        .kind = EVENT_RECEIVED, .link = link, .received = buffer_view(&frame)});
    buffer_done(&frame);
}

/* A relay that holds a handover between PEER and SCHOOL; OTHER has nothing to do with it. */
static struct feed_id relay(struct lone *lone) {
    struct channel handover = channel_n(CHANNEL_HANDOVER, PEER, SCHOOL);
    lone_init(lone, ROLE_RELAY);
    lone_member(lone, PEER, ROLE_KINDERGARTEN, false, true);
    lone_member(lone, OTHER, ROLE_KINDERGARTEN, false, true);
    lone_member(lone, SCHOOL, ROLE_SCHOOL, false, true);
    return lone_feed(lone, &handover, PEER, 3);
}

TEST(a_fork_is_told_at_once_to_whoever_may_hold_the_feed_and_to_nobody_else) {
    struct lone lone;
    struct message m;
    struct feed_id feed = relay(&lone);
    lone_open(&lone, LINK, SCHOOL);
    lone_open(&lone, OTHER_LINK, OTHER);
    forked(&lone, &feed);
    assert_true(lone_frame(&lone, LINK, MESSAGE_PROOF, 0, &m));
    assert_true(feed_id_equal(&m.proof.feed, &feed));
    assert_false(lone_sent(&lone, OTHER_LINK, MESSAGE_PROOF));
    lone_clear(&lone);
    forked(&lone, &feed); /* the same again */
    lone_wait(&lone, 1000000);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PROOF));
    lone_done(&lone);
}

/* The HELLO that this node sends, and the session opened with an answer that names `proofs`. */
static uint64_t open_naming(struct lone *lone, uint32_t link, unsigned member, uint64_t proofs) {
    lone_connect(lone, link, member);
    struct message hello = lone_hello(lone, link);
    uint64_t own = hello.hello.proofs;
    hello.hello.member = member_n(member);
    if (proofs != UINT64_MAX)
        hello.hello.proofs = proofs;
    lone_receive(lone, link, &hello);
    assert_int_equal(lone_peer(lone, member).state, SESSION_IDLE);
    return own;
}

TEST(between_two_who_know_the_same_forks_nothing_is_told) {
    struct lone lone;
    struct feed_id feed = relay(&lone);
    struct channel handover = channel_n(CHANNEL_HANDOVER, PEER, SCHOOL);
    assert_int_equal(open_naming(&lone, LINK, SCHOOL, 0), 0);
    lone_disconnect(&lone, LINK);
    forked(&lone, &feed);
    assert_int_not_equal(open_naming(&lone, LINK + 10, SCHOOL, UINT64_MAX), 0);
    assert_false(lone_sent(&lone, LINK + 10, MESSAGE_PROOF));
    struct feed_id more = lone_feed(&lone, &handover, SCHOOL, 1);
    (void)more;
    lone_disconnect(&lone, LINK + 10);
    open_naming(&lone, LINK + 20, SCHOOL, 0);
    assert_true(lone_sent(&lone, LINK + 20, MESSAGE_PROOF));
    lone_disconnect(&lone, LINK + 20);
    assert_int_equal(open_naming(&lone, LINK + 30, OTHER, 0), 0); /* none that concerns it */
    lone_done(&lone);
}

TEST(who_holds_nothing_of_the_feed_yet_is_told_when_it_does) {
    struct lone lone;
    struct feed_id feed = relay(&lone);
    lone_open_empty(&lone, LINK, SCHOOL);
    forked(&lone, &feed);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PROOF));
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_PULL,
                                   .pull = {.feed = feed, .after = 0, .bytes = 1 << 20}});
    assert_false(lone_sent(&lone, LINK, MESSAGE_PROOF));
    lone_loaded(&lone, LINK, &feed, 0, 3, 100, 3);
    struct message run;
    assert_true(lone_frame(&lone, LINK, MESSAGE_RUN, 0, &run));
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_CREDIT,
                                   .credit = {feed, (uint32_t)run.run.envelopes.size}});
    struct version_name head = {feed, 3, id8_n(3)};
    struct channel handover = channel_n(CHANNEL_HANDOVER, PEER, SCHOOL);
    lone_heads(&lone, LINK, &handover, &head, 1);
    assert_true(lone_sent(&lone, LINK, MESSAGE_PROOF));
    lone_done(&lone);
}

TEST(a_proof_is_handed_on_and_not_sent_back) {
    struct lone lone;
    struct feed_id feed = relay(&lone);
    lone_open(&lone, LINK, SCHOOL);
    lone_open(&lone, OTHER_LINK, PEER);
    proves(&lone, LINK, &feed);
    const struct effect *effect = lone_effect(&lone, EFFECT_PROOF, LINK);
    assert_non_null(effect);
    assert_true(feed_id_equal(&effect->feed, &feed));
    forked(&lone, &feed);
    assert_true(lone_sent(&lone, OTHER_LINK, MESSAGE_PROOF));
    lone_clear(&lone);
    proves(&lone, OTHER_LINK, &feed); /* known already */
    assert_int_equal(lone_effects(&lone, EFFECT_PROOF, 0), 0);
    lone_done(&lone);
}

TEST(a_proof_about_a_feed_that_is_none_of_the_peers_business_or_unknown_is_passed_over) {
    struct lone lone;
    struct feed_id feed = relay(&lone), unknown = {{7}};
    lone_open(&lone, LINK, OTHER);
    proves(&lone, LINK, &feed);
    proves(&lone, LINK, &unknown);
    assert_int_equal(lone_effects(&lone, EFFECT_PROOF, 0), 0);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 0);
    lone_done(&lone);
}

TEST(whoever_proves_a_fork_with_a_shorter_branch_is_asked_for_it) {
    struct lone lone;
    struct message m;
    struct feed_id feed = relay(&lone);
    struct channel handover = channel_n(CHANNEL_HANDOVER, PEER, SCHOOL);
    lone_open(&lone, LINK, SCHOOL);
    struct version_name head = {feed, 2, {{0xbb}}};
    lone_heads(&lone, LINK, &handover, &head, 1);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL)); /* it seems to lag */
    proves(&lone, LINK, &feed);
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    assert_int_equal(m.pull.after, 0);
    lone_clear(&lone);
    proves(&lone, LINK, &feed);
    assert_false(lone_sent(&lone, LINK, MESSAGE_PULL));
    lone_done(&lone);
}

TEST(many_forks_are_told_in_portions) {
    struct lone lone;
    struct channel answers = channel_n(CHANNEL_ANSWERS, 0, 0);
    lone_init(&lone, ROLE_RELAY);
    lone_member(&lone, PEER, ROLE_MUNICIPALITY, false, true);
    lone_open(&lone, LINK, PEER);
    lone_disconnect(&lone, LINK);
    for (unsigned i = 20; i < 220; i++) {
        struct feed_id feed = lone_feed(&lone, &answers, i, 1);
        forked(&lone, &feed);
    }
    open_naming(&lone, LINK + 1, PEER, 0);
    size_t sent = 0;
    struct message m;
    while (lone_frame(&lone, LINK + 1, MESSAGE_PROOF, (unsigned)sent, &m))
        sent++;
    assert_true(sent > 0 && sent < 200);
    for (int i = 0; i < 10; i++)
        lone_wait(&lone, 100);
    sent = 0;
    while (lone_frame(&lone, LINK + 1, MESSAGE_PROOF, (unsigned)sent, &m))
        sent++;
    assert_int_equal(sent, 200);
    lone_done(&lone);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_is_told_at_once_to_whoever_may_hold_the_feed_and_to_nobody_else),
        cmocka_unit_test(between_two_who_know_the_same_forks_nothing_is_told),
        cmocka_unit_test(who_holds_nothing_of_the_feed_yet_is_told_when_it_does),
        cmocka_unit_test(a_proof_is_handed_on_and_not_sent_back),
        cmocka_unit_test(
            a_proof_about_a_feed_that_is_none_of_the_peers_business_or_unknown_is_passed_over),
        cmocka_unit_test(whoever_proves_a_fork_with_a_shorter_branch_is_asked_for_it),
        cmocka_unit_test(many_forks_are_told_in_portions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
