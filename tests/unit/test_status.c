#include "test.h"

#include "desk.h"
#include "proto/limits.h"
#include "proto/statement.h"
#include "service/inside.h"
#include "store/acks.h"
#include "store/admit.h"
#include "store/claim.h"
#include "store/collection.h"
#include "store/replica.h"

#include <stdlib.h>

enum { MUNICIPALITY, KINDERGARTEN, SCHOOL, RELAY };

static struct federation federation;
static struct site *const sites = federation.sites;

/* What the node around a desk would say of its sessions. */
struct talk {
    const char *state;
    bool equal;
};
static struct talk talks[FEDERATION_SITES_MAX];

static json_t *peers(void *context) {
    (void)context;
    json_t *list = json_array();
    for (size_t i = 0; i < federation.sites_n; i++) {
        char member[HEX_TEXT_MAX];
        member_text(&sites[i].member, member);
        if (talks[i].state != NULL)
            json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:I, s:I, s:n, s:i, s:i}",
                                                  "member", member, "state", talks[i].state,
                                                  "equal", talks[i].equal, "since_ms",
                                                  (json_int_t)1, "last_heard_ms", (json_int_t)1,
                                                  "last_error", "sent", 0, "received", 0));
    }
    return list;
}

/* Everybody has all and has said so to everybody. */
static int setup(void **state) {
    (void)state;
    federation_found_four(&federation);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 1; i < federation.sites_n; i++)
            sync_statements(&sites[MUNICIPALITY], &sites[i]);
    memset(talks, 0, sizeof talks);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    federation_end(&federation);
    return 0;
}

static void talk_to(int site, const char *state, bool equal) {
    talks[site] = (struct talk){.state = state, .equal = equal};
}

/* The status at a site whose node runs. */
static json_t *status_at(int site) {
    struct desk desk;
    desk_open(&desk, &sites[site], "Mette H.", "leader");
    desk.service->surroundings = (struct surroundings){.running = true, .peers = peers};
    json_t *document = json_deep_copy(desk_call(&desk, "status", "", NULL));
    desk_close(&desk);
    return document;
}

static const json_t *member_in(const json_t *status, int site) {
    size_t i;
    const json_t *member;
    json_array_foreach(at(status, "members"), i, member) {
        if (strcmp(at_text(member, "name"), sites[site].name) == 0)
            return member;
    }
    fail_msg("%s is not in the status", sites[site].name);
    return NULL;
}

static void assert_in_sync(int site, bool expected) {
    json_t *status = status_at(site);
    assert_int_equal(at_flag(status, "in_sync"), expected);
    json_decref(status);
}

static void everybody_talks_to_the_municipality(void) {
    for (int i = KINDERGARTEN; i <= RELAY; i++)
        talk_to(i, "idle", true);
}

TEST(all_have_signed_for_all_and_all_sessions_are_level_is_in_sync) {
    everybody_talks_to_the_municipality();
    assert_in_sync(MUNICIPALITY, true);
}

TEST(two_sites_that_share_nothing_need_no_session) {
    talk_to(MUNICIPALITY, "idle", true);
    talk_to(RELAY, "idle", true);
    json_t *status = status_at(KINDERGARTEN);
    assert_false(at_flag(member_in(status, SCHOOL), "direct"));
    assert_true(at_flag(member_in(status, SCHOOL), "in_sync"));
    json_decref(status);
}

TEST(a_session_that_is_lost_or_stopped_is_never_in_sync) {
    static const struct talk lost[] = {{"backoff", false}, {"dialling", false}, {"none", false},
                                       {"hello", false},   {"pulling", false},  {"compare", false},
                                       {NULL, false}};
    for (size_t i = 0; i < sizeof lost / sizeof *lost; i++) {
        everybody_talks_to_the_municipality();
        talks[SCHOOL] = lost[i];
        assert_in_sync(MUNICIPALITY, false);
    }
}

TEST(without_a_node_nothing_is_in_sync) {
    struct desk desk;
    desk_open(&desk, &sites[MUNICIPALITY], "", "");
    const json_t *status = desk_call(&desk, "status", "", NULL);
    assert_false(at_flag(status, "in_sync"));
    assert_false(at_flag(status, "node.running"));
    assert_true(at_flag(member_in(status, SCHOOL), "complete"));
    desk_close(&desk);
}

/* The kindergarten and the school share a handover; the kindergarten writes two more changes, and
 * the municipality has them. */
static void leave_two_at_the_municipality(void) {
    struct channel channel = channel_between(&sites[KINDERGARTEN], &sites[SCHOOL]);
    struct record_id record = record_of(&sites[KINDERGARTEN]);
    write_field(&sites[KINDERGARTEN], &channel, &record, 1, "Alma", NULL);
    sync_feeds(&sites[KINDERGARTEN], &sites[MUNICIPALITY]);
    sync_feeds(&sites[MUNICIPALITY], &sites[SCHOOL]);
    sync_statements(&sites[MUNICIPALITY], &sites[SCHOOL]);
    sync_statements(&sites[MUNICIPALITY], &sites[KINDERGARTEN]);
    write_field(&sites[KINDERGARTEN], &channel, &record, 10, "Trains", NULL);
    write_field(&sites[KINDERGARTEN], &channel, &record, 11, "Boats", NULL);
    sync_feeds(&sites[KINDERGARTEN], &sites[MUNICIPALITY]);
    sync_statements(&sites[KINDERGARTEN], &sites[MUNICIPALITY]);
}

TEST(a_level_session_alone_is_not_in_sync) {
    leave_two_at_the_municipality();
    everybody_talks_to_the_municipality();
    talk_to(MUNICIPALITY, "idle", true);
    assert_in_sync(MUNICIPALITY, false);
    assert_in_sync(KINDERGARTEN, false);
}

TEST(what_a_member_lacks_is_counted_with_its_place_and_time) {
    json_t *before = status_at(KINDERGARTEN);
    int64_t started = at_number(before, "now");
    json_decref(before);
    leave_two_at_the_municipality();
    json_t *status = status_at(KINDERGARTEN);
    const json_t *school = member_in(status, SCHOOL);
    assert_false(at_flag(school, "complete"));
    assert_int_equal(at_number(school, "of") - at_number(school, "has"), 2);
    assert_int_equal(at_number(school, "lacks_own"), 2);
    assert_string_equal(at_text(school, "waits_at.name"), sites[MUNICIPALITY].name);
    assert_int_equal(at_number(school, "waits_at.entries"), 2);
    assert_true(at_number(school, "lacks_since") >= started);
    assert_true(at_number(school, "lacks_since") <= at_number(status, "now"));
    assert_true(at_flag(member_in(status, MUNICIPALITY), "complete"));
    json_decref(status);
}

TEST(only_the_members_own_word_makes_it_complete) {
    leave_two_at_the_municipality();
    sync_feeds(&sites[MUNICIPALITY], &sites[SCHOOL]); /* it has them, and has not said so */
    json_t *status = status_at(KINDERGARTEN);
    assert_false(at_flag(member_in(status, SCHOOL), "complete"));
    json_decref(status);
    sync_statements(&sites[SCHOOL], &sites[MUNICIPALITY]);
    sync_statements(&sites[MUNICIPALITY], &sites[KINDERGARTEN]);
    status = status_at(KINDERGARTEN);
    assert_true(at_flag(member_in(status, SCHOOL), "complete"));
    json_decref(status);
}

TEST(what_others_have_stated_and_is_not_here_is_missing) {
    leave_two_at_the_municipality();
    sync_statements(&sites[MUNICIPALITY], &sites[SCHOOL]); /* the word, without the entries */
    json_t *status = status_at(SCHOOL);
    assert_int_equal(at_number(status, "log.missing"), 2);
    assert_false(at_flag(status, "in_sync"));
    json_decref(status);
    sync_feeds(&sites[MUNICIPALITY], &sites[SCHOOL]);
    status = status_at(SCHOOL);
    assert_int_equal(at_number(status, "log.missing"), 0);
    json_decref(status);
}

TEST(a_handover_between_others_is_nothing_that_a_site_lacks) {
    enum { EGELY = 4 };
    federation_join(&federation, "Egely", ROLE_KINDERGARTEN);
    for (int i = KINDERGARTEN; i <= EGELY; i++)
        sync_feeds(&sites[MUNICIPALITY], &sites[i]);
    for (int i = KINDERGARTEN; i <= EGELY; i++)
        sync_statements(&sites[MUNICIPALITY], &sites[i]);
    leave_two_at_the_municipality();
    json_t *status = status_at(MUNICIPALITY);
    assert_true(at_flag(member_in(status, EGELY), "complete"));
    assert_false(at_flag(member_in(status, SCHOOL), "complete"));
    json_decref(status);
    status = status_at(EGELY);
    assert_int_equal(at_number(status, "log.missing"), 0);
    json_decref(status);
}

/* Signs a statement of `by` about the roster, with one head and so much waiting, and gives it to
 * the municipality. */
static void state_of_roster(int by, uint64_t seq, struct id8 id8, uint32_t waiting) {
    struct channel roster = {.kind = CHANNEL_ROSTER};
    struct feed_info feed =
        newest_feed(sites[MUNICIPALITY].store, &roster, &sites[MUNICIPALITY].member);
    struct version_name head = {feed.id, seq == 0 ? feed.head.seq : seq,
                                seq == 0 ? envelope_id8(&feed.head.id) : id8};
    struct statement statement = {.federation = federation.id,
                                  .member = sites[by].member,
                                  .channel = feed.channel_id,
                                  .counter = (uint64_t)INT64_MAX - 1,
                                  .waiting = waiting,
                                  .heads = &head,
                                  .heads_n = 1};
    struct buffer bytes = {0};
    MUST(statement_sign(&statement, &sites[by].keys.sign, &bytes));
    MUST(acks_admit(sites[MUNICIPALITY].store, buffer_view(&bytes)));
    buffer_done(&bytes);
}

TEST(what_waits_at_another_is_not_in_sync) {
    everybody_talks_to_the_municipality();
    state_of_roster(SCHOOL, 0, (struct id8){{0}}, 0);
    assert_in_sync(MUNICIPALITY, true);
    state_of_roster(KINDERGARTEN, 0, (struct id8){{0}}, 3);
    json_t *status = status_at(MUNICIPALITY);
    assert_false(at_flag(status, "in_sync"));
    assert_int_equal(at_number(member_in(status, KINDERGARTEN), "waiting"), 3);
    assert_true(at_flag(member_in(status, KINDERGARTEN), "complete"));
    json_decref(status);
}

TEST(who_holds_another_branch_is_not_in_sync) {
    everybody_talks_to_the_municipality();
    state_of_roster(SCHOOL, 2, (struct id8){{1}}, 0);
    json_t *status = status_at(MUNICIPALITY);
    assert_false(at_flag(status, "in_sync"));
    assert_int_equal(at_number(member_in(status, SCHOOL), "forked"), 1);
    assert_false(at_flag(member_in(status, SCHOOL), "complete"));
    json_decref(status);
}

TEST(a_fork_or_a_waiting_entry_here_is_not_in_sync) {
    static const char *const marks[] = {"UPDATE feed SET forked = 1 WHERE author = (SELECT member"
                                        " FROM roster WHERE role = 1 LIMIT 1)",
                                        "UPDATE feed SET forked = 0, waiting = 1 WHERE author ="
                                        " (SELECT member FROM roster WHERE role = 1 LIMIT 1)"};
    everybody_talks_to_the_municipality();
    assert_in_sync(MUNICIPALITY, true);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        MUST(db_execute(sites[MUNICIPALITY].store->db, marks[i]));
        json_t *status = status_at(MUNICIPALITY);
        assert_true(at_number(status, i == 0 ? "log.forked" : "log.waiting") > 0);
        assert_false(at_flag(status, "in_sync"));
        json_decref(status);
    }
}

TEST(what_nobody_can_hold_counts_as_some_and_is_put_down_to_who_states_it) {
    everybody_talks_to_the_municipality();
    state_of_roster(SCHOOL, (uint64_t)INT64_MAX - 1, (struct id8){{1}}, 0);
    state_of_roster(RELAY, (uint64_t)INT64_MAX - 1, (struct id8){{2}}, 0);
    json_t *status = status_at(MUNICIPALITY);
    assert_int_equal(at_number(status, "log.missing"), 1);
    assert_false(at_flag(status, "in_sync"));
    assert_int_equal(at_number(member_in(status, SCHOOL), "doubted"), 1);
    assert_int_equal(at_number(member_in(status, RELAY), "doubted"), 1);
    assert_int_equal(at_number(member_in(status, KINDERGARTEN), "doubted"), 0);
    json_decref(status);
}

/* The relay alone states something of a notice feed that nobody else knows. */
static void claim_at(int at, uint8_t feed) {
    static uint64_t counter = (uint64_t)INT64_MAX / 2;
    struct channel notice = {.kind = CHANNEL_NOTICE};
    struct version_name head = {.feed = {{feed}}, .seq = 1000};
    struct statement statement = {.federation = federation.id,
                                  .member = sites[RELAY].member,
                                  .channel = channel_id_of(&federation.id, &notice),
                                  .counter = ++counter,
                                  .heads = &head,
                                  .heads_n = 1};
    struct buffer bytes = {0};
    MUST(statement_sign(&statement, &sites[RELAY].keys.sign, &bytes));
    MUST(acks_admit(sites[at].store, buffer_view(&bytes)));
    buffer_done(&bytes);
}

static void assert_log(int at, json_int_t missing, json_int_t incidents) {
    json_t *status = status_at(at);
    assert_int_equal(at_number(status, "log.missing"), missing);
    assert_int_equal(at_number(status, "log.incidents"), incidents);
    json_decref(status);
}

TEST(what_one_member_alone_states_is_missing_for_some_minutes_and_then_an_incident) {
    everybody_talks_to_the_municipality();
    claim_at(KINDERGARTEN, 1);
    assert_log(KINDERGARTEN, 1000, 0);
    federation.now += CLAIM_WAIT_MS / 2;
    claim_at(KINDERGARTEN, 2); /* another tale is no new start */
    assert_log(KINDERGARTEN, 1000, 0);
    federation.now += CLAIM_WAIT_MS / 2;
    json_t *status = status_at(KINDERGARTEN);
    assert_int_equal(at_number(status, "log.missing"), 0);
    assert_int_equal(at_number(status, "log.incidents"), 1);
    assert_int_equal(at_number(member_in(status, RELAY), "doubted"), 1);
    assert_int_equal(at_number(member_in(status, SCHOOL), "doubted"), 0);
    json_decref(status);
    federation.now += CLAIM_WAIT_MS;
    claim_at(KINDERGARTEN, 3);
    assert_log(KINDERGARTEN, 0, 1); /* told once */
}

TEST(whoever_delivers_is_given_time_again) {
    struct channel notice = {.kind = CHANNEL_NOTICE};
    struct record_id survey = record_of(&sites[MUNICIPALITY]);
    struct version_name written;
    struct buffer run = {0};
    struct admitted admitted;
    claim_at(SCHOOL, 1);
    assert_log(SCHOOL, 1000, 0);
    federation.now += CLAIM_WAIT_MS - 60000;
    MUST(try_write(&sites[MUNICIPALITY], &notice, COLLECTION_SURVEY, &survey, SURVEY_TITLE,
                   "Trivsel", NULL, &written));
    MUST(feed_load(sites[MUNICIPALITY].store, &written.feed, 0, NULL, RUN_SIZE_MAX, &run));
    MUST(admit_run(sites[SCHOOL].store, &sites[RELAY].member, &written.feed, buffer_view(&run),
                   &admitted));
    federation.now += 120000;
    assert_log(SCHOOL, 1000, 0);
    federation.now += CLAIM_WAIT_MS;
    assert_log(SCHOOL, 0, 1);
    buffer_done(&run);
}

TEST(what_several_state_is_missing_until_it_comes) {
    leave_two_at_the_municipality();
    sync_statements(&sites[MUNICIPALITY], &sites[SCHOOL]);
    assert_log(SCHOOL, 2, 0);
    federation.now += CLAIM_WAIT_MS_MAX;
    assert_log(SCHOOL, 2, 0);
    sync_feeds(&sites[MUNICIPALITY], &sites[SCHOOL]);
    assert_log(SCHOOL, 0, 0);
}

TEST(what_a_removed_member_has_stated_is_missing_nowhere) {
    everybody_talks_to_the_municipality();
    claim_at(KINDERGARTEN, 1);
    assert_log(KINDERGARTEN, 1000, 0);
    federation_set_status(&federation, &sites[RELAY], MEMBER_REMOVED);
    sync_feeds(&sites[MUNICIPALITY], &sites[KINDERGARTEN]);
    assert_log(KINDERGARTEN, 0, 0);
}

#define FOUR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        FOUR(all_have_signed_for_all_and_all_sessions_are_level_is_in_sync),
        FOUR(two_sites_that_share_nothing_need_no_session),
        FOUR(a_session_that_is_lost_or_stopped_is_never_in_sync),
        FOUR(what_waits_at_another_is_not_in_sync),
        FOUR(who_holds_another_branch_is_not_in_sync),
        FOUR(a_fork_or_a_waiting_entry_here_is_not_in_sync),
        FOUR(what_nobody_can_hold_counts_as_some_and_is_put_down_to_who_states_it),
        FOUR(what_one_member_alone_states_is_missing_for_some_minutes_and_then_an_incident),
        FOUR(whoever_delivers_is_given_time_again),
        FOUR(what_several_state_is_missing_until_it_comes),
        FOUR(what_a_removed_member_has_stated_is_missing_nowhere),
        FOUR(without_a_node_nothing_is_in_sync),
        FOUR(a_level_session_alone_is_not_in_sync),
        FOUR(what_a_member_lacks_is_counted_with_its_place_and_time),
        FOUR(only_the_members_own_word_makes_it_complete),
        FOUR(what_others_have_stated_and_is_not_here_is_missing),
        FOUR(a_handover_between_others_is_nothing_that_a_site_lacks),
    };
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
