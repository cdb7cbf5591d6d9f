#include "paper.h"

static struct channel channel_of(enum channel_kind kind) {
    struct member_id k = member_of('k'), s = member_of('s');
    struct channel channel;
    bool parties = kind == CHANNEL_HANDOVER;
    assert_ok(channel_make(kind, parties ? &k : NULL, parties ? &s : NULL, &channel));
    return channel;
}

TEST(parties_are_put_in_order) {
    struct member_id a = member_of('a'), b = member_of('b'), zero = {{0}};
    struct channel one, two;
    assert_ok(channel_make(CHANNEL_HANDOVER, &a, &b, &one));
    assert_ok(channel_make(CHANNEL_HANDOVER, &b, &a, &two));
    assert_memory_equal(&one, &two, sizeof one);
    assert_true(member_id_equal(&one.parties[0], &a));
    assert_err(ERR_ARGUMENT, channel_make(CHANNEL_HANDOVER, &a, &a, &two));
    assert_err(ERR_ARGUMENT, channel_make(CHANNEL_HANDOVER, &a, NULL, &two));
    assert_err(ERR_ARGUMENT, channel_make(CHANNEL_HANDOVER, &zero, &a, &two));
    assert_err(ERR_ARGUMENT, channel_make(CHANNEL_NOTICE, &a, NULL, &two));
    assert_err(ERR_ARGUMENT, channel_make((enum channel_kind)0, NULL, NULL, &two));
    assert_err(ERR_ARGUMENT, channel_make((enum channel_kind)5, NULL, NULL, &two));
    assert_ok(channel_make(CHANNEL_NOTICE, &zero, NULL, &two));
}

TEST(each_channel_and_feed_has_an_id_of_its_own) {
    struct federation_id f = federation_of('f'), g = federation_of('g');
    struct channel roster = channel_of(CHANNEL_ROSTER), answers = channel_of(CHANNEL_ANSWERS);
    struct channel_id a = channel_id_of(&f, &roster), b = channel_id_of(&g, &roster),
                      c = channel_id_of(&f, &answers);
    assert_false(channel_id_equal(&a, &b));
    assert_false(channel_id_equal(&a, &c));
    struct member_id k = member_of('k'), s = member_of('s');
    struct incarnation i = {{1}}, j = {{2}};
    struct feed_id x = feed_id_of(&f, &c, &k, &i), y = feed_id_of(&f, &c, &s, &i),
                   z = feed_id_of(&f, &c, &k, &j);
    assert_false(feed_id_equal(&x, &y));
    assert_false(feed_id_equal(&x, &z));
}

TEST(only_those_write_whom_the_channel_names) {
    struct member_id k = member_of('k'), other = member_of('o');
    static const bool may[4][4] = {
        /* municipality, kindergarten, school, relay */
        {true, false, false, false}, /* roster */
        {true, false, false, false}, /* notice */
        {false, true, true, false},  /* answers */
        {true, true, true, true},    /* handover: a party, whatever its role */
    };
    for (int kind = CHANNEL_ROSTER; kind <= CHANNEL_HANDOVER; kind++) {
        struct channel channel = channel_of((enum channel_kind)kind);
        for (int role = ROLE_MUNICIPALITY; role <= ROLE_RELAY; role++)
            assert_int_equal(channel_may_write(&channel, &k, (enum role)role),
                             may[kind - 1][role - 1]);
    }
    struct channel handover = channel_of(CHANNEL_HANDOVER);
    assert_false(channel_may_write(&handover, &other, ROLE_SCHOOL));
    assert_false(channel_may_write(&handover, &other, ROLE_MUNICIPALITY));
}

TEST(the_municipality_holds_a_handover_but_can_not_read_it) {
    struct channel handover = channel_of(CHANNEL_HANDOVER);
    struct member_id k = member_of('k'), m = member_of('m'), other = member_of('o');
    assert_false(channel_may_read(&handover, &m, ROLE_MUNICIPALITY));
    assert_true(channel_may_hold(&handover, &k, &m, ROLE_MUNICIPALITY));
    assert_true(channel_may_hold(&handover, &k, &other, ROLE_RELAY));
    assert_false(channel_may_hold(&handover, &k, &other, ROLE_SCHOOL));
    assert_true(channel_may_hold(&handover, &k, &k, ROLE_KINDERGARTEN));
}

TEST(a_site_holds_its_own_answers_and_no_other_sites) {
    struct channel answers = channel_of(CHANNEL_ANSWERS);
    struct member_id k = member_of('k'), other = member_of('o');
    assert_true(channel_may_hold(&answers, &k, &k, ROLE_KINDERGARTEN));
    assert_false(channel_may_hold(&answers, &other, &k, ROLE_KINDERGARTEN));
    assert_false(channel_may_read(&answers, &k, ROLE_KINDERGARTEN));
    assert_true(channel_may_read(&answers, &k, ROLE_MUNICIPALITY));
    assert_false(channel_writer_reads(CHANNEL_ANSWERS));
    assert_true(channel_writer_reads(CHANNEL_HANDOVER));
    assert_true(channel_is_sealed(CHANNEL_ANSWERS));
    assert_true(channel_is_sealed(CHANNEL_HANDOVER));
    assert_false(channel_is_sealed(CHANNEL_NOTICE));
    assert_false(channel_is_sealed(CHANNEL_ROSTER));
}

TEST(every_member_reads_roster_and_notices) {
    struct member_id k = member_of('k'), m = member_of('m');
    struct channel roster = channel_of(CHANNEL_ROSTER), notice = channel_of(CHANNEL_NOTICE);
    for (int role = ROLE_MUNICIPALITY; role <= ROLE_RELAY; role++) {
        assert_true(channel_may_read(&roster, &k, (enum role)role));
        assert_true(channel_may_hold(&notice, &m, &k, (enum role)role));
    }
}

TEST(roles_have_names) {
    enum role role;
    for (int r = ROLE_MUNICIPALITY; r <= ROLE_RELAY; r++) {
        assert_ok(role_parse(role_name((enum role)r), &role));
        assert_int_equal(role, r);
    }
    assert_err(ERR_ARGUMENT, role_parse("mayor", &role));
    assert_non_null(role_name((enum role)77));
}

RUN_TESTS(T(parties_are_put_in_order), T(each_channel_and_feed_has_an_id_of_its_own),
          T(only_those_write_whom_the_channel_names),
          T(the_municipality_holds_a_handover_but_can_not_read_it),
          T(a_site_holds_its_own_answers_and_no_other_sites),
          T(every_member_reads_roster_and_notices), T(roles_have_names))
