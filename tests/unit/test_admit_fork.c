/* Two branches of one feed. */
#include "offer.h"

#include "proto/limits.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/epoch.h"
#include "store/quarantine.h"
#include "store/record.h"
#include "test.h"

TEST(a_fork_is_proved_and_the_branch_that_came_first_stays) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.school);
    struct feed_info before = newest_feed(s.school->store, &s.channel, &s.birk->member), after;
    forge_next(&s.forge); /* number 2 once more */
    forge_sign(&s.forge, NULL, &s.run);
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    assert_err(ERR_FORK, offer(&s, s.school, &admitted));
    assert_ok(feed_find(s.school->store, &s.feed.id, &after));
    assert_true(after.forked);
    assert_memory_equal(&before.head, &after.head, sizeof before.head);
    struct shown shown = shown_at(s.school, QUARANTINE_FORK);
    assert_int_equal(shown.n, 1);
    assert_int_equal(shown.seq, 2);
    assert_err(ERR_FORK, offer(&s, s.school, &admitted)); /* kept once */
    assert_int_equal(shown_at(s.school, QUARANTINE_FORK).n, 1);
    scene_end(&s);
}

TEST(an_own_feed_that_was_forked_is_left_for_a_new_incarnation) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    forge_next(&s.forge); /* a clone of Birk has written number 2 as well */
    forge_sign(&s.forge, NULL, &s.run);
    assert_err(ERR_FORK, offer(&s, s.birk, &admitted));
    struct version_name written = write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    assert_false(feed_id_equal(&written.feed, &s.feed.id));
    assert_int_equal(count_feeds(s.birk->store, &s.channel, &s.birk->member), 2);
    scene_end(&s);
}

TEST(a_proof_of_a_fork_is_taken_only_when_it_proves_one) {
    struct scene s;
    offer_begin(&s);
    struct buffer other = {0};
    struct feed_info info;
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    s.forge.head = s.feed.head;
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &other);
    assert_err(ERR_ARGUMENT, admit_proof(s.town->store, &s.feed.id, s.run.data, s.run.data));
    other.data[HEADER_SIZE] ^= 1;
    assert_err(ERR_SIGNATURE, admit_proof(s.town->store, &s.feed.id, s.run.data, other.data));
    assert_ok(feed_find(s.town->store, &s.feed.id, &info));
    assert_false(info.forked);
    other.data[HEADER_SIZE] ^= 1;
    assert_ok(admit_proof(s.town->store, &s.feed.id, s.run.data, other.data));
    assert_ok(feed_find(s.town->store, &s.feed.id, &info));
    assert_true(info.forked);
    buffer_done(&other);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fork_is_proved_and_the_branch_that_came_first_stays),
        cmocka_unit_test(an_own_feed_that_was_forked_is_left_for_a_new_incarnation),
        cmocka_unit_test(a_proof_of_a_fork_is_taken_only_when_it_proves_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
