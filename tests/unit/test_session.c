#include "lone.h"
#include "test.h"

#include "proto/limits.h"

enum { LINK = 11, OTHER_LINK = 12, PEER = 1 };

static void school_with_a_municipality(struct lone *lone) {
    lone_init(lone, ROLE_SCHOOL);
    lone_member(lone, PEER, ROLE_MUNICIPALITY, true, true);
    lone_clear(lone);
}

static void notices(struct lone *lone, unsigned feeds) {
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    for (unsigned i = 0; i < feeds; i++) {
        struct feed_id id = lone_feed_id(lone, &notice, PEER);
        id.bytes[0] = (uint8_t)i;
        id.bytes[1] = (uint8_t)(i >> 8);
        lone_step(lone, (struct event){.kind = EVENT_FEED,
                                       .feed = {id, lone_channel_id(lone, &notice), notice,
                                                member_n(PEER), head_n(3)}});
    }
    lone_clear(lone);
}

TEST(equal_hellos_lead_to_idle_with_one_frame_each_way) {
    struct lone lone;
    school_with_a_municipality(&lone);
    notices(&lone, 3);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, LINK), 1);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_HELLO);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_clear(&lone);
    lone_receive(&lone, LINK, &hello);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, LINK), 0);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_IDLE);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

static uint64_t hello_to_equal(unsigned feeds) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_roster(&lone, 1000);
    notices(&lone, feeds);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.instance = UINT64_MAX;
    lone_receive(&lone, LINK, &hello);
    struct peer_info info = lone_peer(&lone, PEER);
    assert_true(info.equal);
    lone_done(&lone);
    return info.sent_bytes + info.received_bytes;
}

TEST(hello_to_equal_takes_at_most_600_bytes_whatever_the_number_of_feeds) {
    uint64_t few = hello_to_equal(10), many = hello_to_equal(500);
    print_message("hello to equal: %llu bytes with 10 feeds, %llu with 500\n",
                  (unsigned long long)few, (unsigned long long)many);
    assert_true(few <= 600);
    assert_int_equal(few, many);
}

/* ---- Refused ---- */

static void hello_is_refused(void (*change)(struct message_hello *), enum err reason) {
    struct lone lone;
    struct message error;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    change(&hello.hello);
    lone_receive(&lone, LINK, &hello);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ERROR, 0, &error));
    assert_int_equal(error.error.code, reason);
    assert_true(lone_sent(&lone, LINK, MESSAGE_BYE));
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, reason);
    assert_int_equal(lone_peer(&lone, PEER).last_error, reason);
    lone_done(&lone);
}

static void another_version(struct message_hello *hello) {
    hello->version_min = hello->version_max = PROTOCOL_VERSION + 1;
}

static void another_federation(struct message_hello *hello) {
    hello->federation.bytes[3] ^= 1;
}

TEST(without_a_common_version_there_is_no_session) {
    hello_is_refused(another_version, ERR_VERSION);
}

TEST(another_federation_is_refused) {
    hello_is_refused(another_federation, ERR_FEDERATION);
}

TEST(a_later_version_that_still_speaks_this_one_is_welcome) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.version_max = PROTOCOL_VERSION + 7;
    lone_receive(&lone, LINK, &hello);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_frame_before_hello_ends_the_session) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, PEER);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_DIGEST});
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_STATE);
    lone_done(&lone);
}

TEST(a_second_hello_ends_the_session) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    lone_receive(&lone, LINK, &hello);
    assert_null(lone_effect(&lone, EFFECT_CLOSE, LINK));
    lone_receive(&lone, LINK, &hello);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_STATE);
    lone_done(&lone);
}

TEST(a_missing_hello_times_out_and_is_never_equal) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, PEER);
    assert_true(engine_deadline(lone.engine) <= lone.now + 10000);
    lone_wait(&lone, 9999);
    assert_null(lone_effect(&lone, EFFECT_CLOSE, LINK));
    lone_wait(&lone, 1);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_TIMEOUT);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_BACKOFF);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(frames_of_a_later_version_are_passed_over) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_open(&lone, LINK, PEER);
    for (unsigned type = 17; type < 256; type++) {
        uint8_t frame[3] = {(uint8_t)type, 0xff, 0xff};
        lone_step(&lone, (struct event){.kind = EVENT_RECEIVED,
                                        .link = LINK,
                                        .received = {frame, sizeof frame}});
    }
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 0);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(rubbish_ends_the_session) {
    struct lone lone;
    uint8_t frame[] = {MESSAGE_PULL, 0xff, 0xff, 0xff};
    school_with_a_municipality(&lone);
    lone_open(&lone, LINK, PEER);
    lone_step(&lone, (struct event){
                         .kind = EVENT_RECEIVED, .link = LINK, .received = {frame, sizeof frame}});
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_FORMAT);
    lone_done(&lone);
}

TEST(an_empty_frame_ends_the_session) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_open(&lone, LINK, PEER);
    lone_step(&lone, (struct event){.kind = EVENT_RECEIVED, .link = LINK});
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_FORMAT);
    lone_done(&lone);
}

/* ---- Links and members ---- */

TEST(of_two_links_of_one_member_the_newest_stays) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_open(&lone, LINK, PEER);
    lone_connect(&lone, OTHER_LINK, PEER);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 1);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, OTHER_LINK), 0);
    struct message hello = lone_hello(&lone, OTHER_LINK);
    lone_receive(&lone, OTHER_LINK, &hello);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_clear(&lone);
    lone_disconnect(&lone, LINK);
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_removed_member_is_closed_and_sent_nothing) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_member(&lone, 2, ROLE_RELAY, true, true);
    lone_open(&lone, LINK, 2);
    lone_member(&lone, 2, ROLE_RELAY, true, false);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 1);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, LINK), 0);
    lone_clear(&lone);
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    lone_feed(&lone, &notice, PEER, 4);
    assert_int_equal(lone_effects(&lone, EFFECT_LOAD, 0), 0);
    lone_connect(&lone, OTHER_LINK, 2);
    assert_int_equal(lone_effects(&lone, EFFECT_SEND, OTHER_LINK), 0);
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, OTHER_LINK), 1);
    lone_done(&lone);
}

TEST(a_member_that_the_roster_does_not_know_is_closed) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, 5);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_DENIED);
    lone_connect(&lone, OTHER_LINK, 0);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, OTHER_LINK)->reason, ERR_DENIED);
    lone_done(&lone);
}

TEST(bye_ends_the_session_and_it_is_dialled_again) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_open(&lone, LINK, PEER);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_BYE, .text = ""});
    assert_int_equal(lone_effects(&lone, EFFECT_CLOSE, LINK), 1);
    lone_clear(&lone);
    lone_wait(&lone, 500);
    assert_int_equal(lone_effects(&lone, EFFECT_DIAL, 0), 1);
    lone_done(&lone);
}

/* ---- The roster first ---- */

TEST(who_is_behind_in_the_roster_pulls_nothing_else_before_it_has_it) {
    struct lone lone;
    struct message m;
    struct channel roster = channel_n(CHANNEL_ROSTER, 0, 0);
    school_with_a_municipality(&lone);
    struct feed_id feed = lone_feed_id(&lone, &roster, 9);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.roster_seq = 7;
    hello.hello.roster_id8 = id8_n(7);
    lone_receive(&lone, LINK, &hello);
    assert_int_equal(lone_peer(&lone, PEER).state, SESSION_ROSTER);
    assert_false(lone_sent(&lone, LINK, MESSAGE_DIGEST));
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_DIGEST});
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_ROSTER, .roster = {feed, 7, id8_n(7)}});
    assert_true(lone_frame(&lone, LINK, MESSAGE_PULL, 0, &m));
    assert_true(feed_id_equal(&m.pull.feed, &feed));
    assert_int_equal(m.pull.after, 5);
    assert_false(lone_sent(&lone, LINK, MESSAGE_DIGEST));

    struct bytes run = lone_run(&lone, &feed, 5, 2, 10);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_RUN, .run = {feed, 5, 7, run}});
    assert_int_equal(lone_effects(&lone, EFFECT_ADMIT, LINK), 1);
    lone_admitted(&lone, LINK, &feed, run.size, OK, 7);
    assert_false(lone_sent(&lone, LINK, MESSAGE_DIGEST));
    lone_roster(&lone, 7);
    assert_true(lone_sent(&lone, LINK, MESSAGE_DIGEST));
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_municipality_is_told_where_a_peer_stands_in_its_roster) {
    static const uint64_t theirs[] = {9, 5, 3}; /* it may have been put back itself */
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++) {
        struct lone lone;
        struct channel roster = channel_n(CHANNEL_ROSTER, 0, 0);
        lone_init(&lone, ROLE_MUNICIPALITY);
        lone_member(&lone, PEER, ROLE_SCHOOL, false, true);
        struct feed_id feed = lone_feed(&lone, &roster, 0, 5);
        lone_step(&lone, (struct event){.kind = EVENT_ROSTER, .roster = {feed, 5, id8_n(5)}});
        lone_connect(&lone, LINK, PEER);
        struct message hello = lone_hello(&lone, LINK);
        hello.hello.roster_seq = theirs[i];
        hello.hello.roster_id8 = id8_n(theirs[i]);
        lone_receive(&lone, LINK, &hello);
        const struct effect *reported = lone_effect(&lone, EFFECT_REPORTED, LINK);
        assert_non_null(reported);
        assert_true(feed_id_equal(&reported->feed, &feed));
        assert_int_equal(reported->after, theirs[i]);
        lone_done(&lone);
    }
}

TEST(who_is_ahead_in_the_roster_says_so) {
    struct lone lone;
    struct message m;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.roster_seq = 3;
    hello.hello.roster_id8 = id8_n(3);
    lone_receive(&lone, LINK, &hello);
    assert_true(lone_frame(&lone, LINK, MESSAGE_ROSTER, 0, &m));
    assert_int_equal(m.roster.seq, 5);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

TEST(a_roster_that_can_not_be_pulled_ends_the_session) {
    struct lone lone;
    struct channel roster = channel_n(CHANNEL_ROSTER, 0, 0);
    school_with_a_municipality(&lone);
    struct feed_id feed = lone_feed_id(&lone, &roster, 9);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.roster_seq = 7;
    hello.hello.roster_id8 = id8_n(7);
    lone_receive(&lone, LINK, &hello);
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_ROSTER, .roster = {feed, 7, id8_n(7)}});
    lone_receive(&lone, LINK,
                 &(struct message){.kind = MESSAGE_NOT_HERE, .not_here = {feed, 5, ERR_NOT_FOUND}});
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_NOT_FOUND);
    lone_done(&lone);
}

TEST(a_peer_that_never_brings_its_newer_roster_times_out) {
    struct lone lone;
    school_with_a_municipality(&lone);
    lone_connect(&lone, LINK, PEER);
    struct message hello = lone_hello(&lone, LINK);
    hello.hello.roster_seq = 7;
    hello.hello.roster_id8 = id8_n(7);
    lone_receive(&lone, LINK, &hello);
    lone_wait(&lone, 60000);
    assert_int_equal(lone_effect(&lone, EFFECT_CLOSE, LINK)->reason, ERR_TIMEOUT);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

/* ---- Equal is said only when it is known ---- */

TEST(equal_is_dropped_when_something_moves_and_comes_back_when_the_peer_has_it) {
    struct lone lone;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    school_with_a_municipality(&lone);
    struct feed_id feed = lone_feed(&lone, &notice, PEER, 3);
    lone_open(&lone, LINK, PEER);
    lone_feed(&lone, &notice, PEER, 4);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_loaded(&lone, LINK, &feed, 3, 1, 100, 4);
    assert_false(lone_peer(&lone, PEER).equal);
    lone_receive(&lone, LINK, &(struct message){.kind = MESSAGE_CREDIT, .credit = {feed, 313}});
    assert_true(lone_peer(&lone, PEER).equal);
    lone_done(&lone);
}

/* ---- Every kind of frame in every state ---- */

static void reach(struct lone *lone, enum session_state state) {
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    school_with_a_municipality(lone);
    lone_feed(lone, &notice, PEER, 3);
    lone_connect(lone, LINK, PEER);
    struct message hello = lone_hello(lone, LINK);
    struct feed_id feed = lone_feed_id(lone, &notice, PEER);
    if (state == SESSION_ROSTER) {
        hello.hello.roster_seq = 9;
        hello.hello.roster_id8 = id8_n(9);
    }
    if (state == SESSION_COMPARE || state == SESSION_PULLING)
        hello.hello.digest.bytes[0] ^= 1;
    if (state != SESSION_HELLO)
        lone_receive(lone, LINK, &hello);
    if (state == SESSION_PULLING) {
        struct channel_digest one = {lone_channel_id(lone, &notice), {{1}}};
        struct version_name head = {feed, 900, id8_n(900)};
        lone_receive(lone, LINK,
                     &(struct message){.kind = MESSAGE_DIGEST, .digest = {&one, 1, false}});
        lone_receive(
            lone, LINK,
            &(struct message){.kind = MESSAGE_HEADS, .heads = {one.channel, &head, 1, false}});
    }
    assert_int_equal(lone_peer(lone, PEER).state, state);
    lone_clear(lone);
}

static struct message any_message(struct lone *lone, enum message_kind kind, unsigned variant) {
    static struct version_name head;
    static struct channel_digest digest;
    struct channel notice = channel_n(CHANNEL_NOTICE, 0, 0);
    struct feed_id feed =
        variant % 2 == 0 ? lone_feed_id(lone, &notice, PEER) : (struct feed_id){{9}};
    struct channel_id channel =
        variant % 2 == 0 ? lone_channel_id(lone, &notice) : (struct channel_id){{9}};
    uint64_t seq = (uint64_t[]){0, 3, 4, 900, INT64_MAX}[variant % 5];
    struct message m = {.kind = kind};
    head = (struct version_name){feed, seq == 0 ? 1 : seq, id8_n(variant % 3 == 0 ? seq + 1 : 1)};
    digest = (struct channel_digest){channel, {{(uint8_t)variant}}};
    switch (kind) {
    case MESSAGE_HELLO:
        m.hello = (struct message_hello){
            1, 1, 1, lone->federation, member_n(PEER), 3, seq, head.id8, {{1}}, 0, 0, variant};
        break;
    case MESSAGE_ROSTER:
        m.roster = (struct message_roster){feed, seq, head.id8};
        break;
    case MESSAGE_DIGEST:
        m.digest = (struct message_digest){&digest, variant % 2, variant % 3 == 0};
        break;
    case MESSAGE_HEADS:
        m.heads = (struct message_heads){channel, &head, variant % 2, variant % 3 == 0};
        break;
    case MESSAGE_PULL:
        m.pull =
            (struct message_pull){feed, seq, head.id8, variant % 4 == 0 ? UINT32_MAX : variant};
        break;
    case MESSAGE_RUN:
        m.run = (struct message_run){feed, seq, variant % 4 == 0 ? INT64_MAX : seq + 2,
                                     lone_run(lone, &feed, seq % 1000, variant % 3, 10)};
        break;
    case MESSAGE_NOT_HERE:
        m.not_here =
            (struct message_not_here){feed, seq, variant % 2 == 0 ? ERR_CHAIN : ERR_NOT_FOUND};
        break;
    case MESSAGE_CREDIT:
        m.credit =
            (struct message_credit){.feed = feed, .bytes = variant % 2 == 0 ? UINT32_MAX : 0};
        break;
    case MESSAGE_STATEMENT:
        m.statement = bytes_of_text("");
        break;
    case MESSAGE_PROOF:
        m.proof.feed = feed;
        break;
    case MESSAGE_JOIN:
        m.join.body = bytes_of_text("x");
        break;
    case MESSAGE_JOINED:
        m.joined = (struct message_joined){member_n(2), seq, head.id8};
        break;
    case MESSAGE_PENDING:
    case MESSAGE_BYE:
        m.text = "text";
        break;
    case MESSAGE_ERROR:
        m.error = (struct message_error){ERR_BUSY, "busy", feed};
        break;
    case MESSAGE_ADDRESS: {
        static const char *const endpoints[] = {"tcp://a.example:1"};
        m.address = (struct message_address){endpoints, variant % 2};
        break;
    }
    }
    return m;
}

/* What holds whatever a peer sends. */
static void nothing_is_broken(struct lone *lone) {
    struct peer_info info = lone_peer(lone, PEER);
    bool closed = lone_effect(lone, EFFECT_CLOSE, LINK) != NULL;
    assert_true(!info.equal || info.state == SESSION_IDLE);
    assert_int_equal(closed, info.state == SESSION_BACKOFF || info.state == SESSION_DIALLING);
    for (size_t i = 0; i < lone->effects.n; i++)
        assert_true(lone->effects.list[i].bytes.size <= MESSAGE_SIZE_MAX);
    lone_wait(lone, 100);
    lone_wait(lone, 100000);
    assert_true(engine_deadline(lone->engine) > lone->now);
}

TEST(any_frame_in_any_state_breaks_nothing) {
    const enum session_state states[] = {SESSION_HELLO, SESSION_ROSTER, SESSION_COMPARE,
                                         SESSION_PULLING, SESSION_IDLE};
    for (size_t s = 0; s < sizeof states / sizeof states[0]; s++)
        for (unsigned kind = MESSAGE_HELLO; kind <= MESSAGE_ADDRESS; kind++) {
            size_t received_n = 0;
            for (unsigned variant = 0; variant < 30; variant++) {
                struct lone lone;
                reach(&lone, states[s]);
                struct message message = any_message(&lone, (enum message_kind)kind, variant);
                struct buffer frame = {0};
                bool made = message_encode(&message, &frame) == OK;
                received_n += made;
                if (made)
                    lone_step(&lone, (struct event){.kind = EVENT_RECEIVED,
                                                    .link = LINK,
                                                    .received = buffer_view(&frame)});
                buffer_done(&frame);
                nothing_is_broken(&lone);
                lone_done(&lone);
            }
            assert_true(received_n > 0);
        }
}

TEST(many_random_frames_break_nothing) {
    uint64_t random = 5;
    for (unsigned round = 0; round < 300; round++) {
        struct lone lone;
        reach(&lone, round % 2 == 0 ? SESSION_IDLE : SESSION_PULLING);
        for (unsigned i = 0; i < 30; i++) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            unsigned kind = 2 + (unsigned)(random >> 33) % 9,
                     variant = (unsigned)(random >> 40) % 64;
            struct message message = any_message(&lone, (enum message_kind)kind, variant);
            struct buffer frame = {0};
            if (kind != MESSAGE_STATEMENT && message_encode(&message, &frame) == OK)
                lone_step(&lone, (struct event){.kind = EVENT_RECEIVED,
                                                .link = LINK,
                                                .received = buffer_view(&frame)});
            buffer_done(&frame);
        }
        nothing_is_broken(&lone);
        lone_done(&lone);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_hellos_lead_to_idle_with_one_frame_each_way),
        cmocka_unit_test(hello_to_equal_takes_at_most_600_bytes_whatever_the_number_of_feeds),
        cmocka_unit_test(without_a_common_version_there_is_no_session),
        cmocka_unit_test(another_federation_is_refused),
        cmocka_unit_test(a_later_version_that_still_speaks_this_one_is_welcome),
        cmocka_unit_test(a_frame_before_hello_ends_the_session),
        cmocka_unit_test(a_second_hello_ends_the_session),
        cmocka_unit_test(a_missing_hello_times_out_and_is_never_equal),
        cmocka_unit_test(frames_of_a_later_version_are_passed_over),
        cmocka_unit_test(rubbish_ends_the_session),
        cmocka_unit_test(an_empty_frame_ends_the_session),
        cmocka_unit_test(of_two_links_of_one_member_the_newest_stays),
        cmocka_unit_test(a_removed_member_is_closed_and_sent_nothing),
        cmocka_unit_test(a_member_that_the_roster_does_not_know_is_closed),
        cmocka_unit_test(bye_ends_the_session_and_it_is_dialled_again),
        cmocka_unit_test(who_is_behind_in_the_roster_pulls_nothing_else_before_it_has_it),
        cmocka_unit_test(a_municipality_is_told_where_a_peer_stands_in_its_roster),
        cmocka_unit_test(who_is_ahead_in_the_roster_says_so),
        cmocka_unit_test(a_roster_that_can_not_be_pulled_ends_the_session),
        cmocka_unit_test(a_peer_that_never_brings_its_newer_roster_times_out),
        cmocka_unit_test(equal_is_dropped_when_something_moves_and_comes_back_when_the_peer_has_it),
        cmocka_unit_test(any_frame_in_any_state_breaks_nothing),
        cmocka_unit_test(many_random_frames_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
