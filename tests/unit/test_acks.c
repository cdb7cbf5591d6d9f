#include "proto/limits.h"
#include "scene.h"
#include "store/acks.h"
#include "store/admit.h"
#include "store/collection.h"
#include "test.h"

#include <stdio.h>

static void scene_begin(struct scene *s) {
    scene_open(s);
    scene_write(s);
}

struct latest {
    struct member_id member;
    struct channel_id channel;
    struct buffer bytes;
    uint64_t counter;
    uint32_t waiting;
    time_ms stored;
    size_t n;
};

static enum err keep(void *context, const struct ack_info *ack) {
    struct latest *latest = context;
    if (!member_id_equal(&ack->member, &latest->member) ||
        !channel_id_equal(&ack->channel_id, &latest->channel))
        return OK;
    latest->n++;
    latest->counter = ack->counter;
    latest->waiting = ack->waiting;
    latest->stored = ack->stored;
    buffer_clear(&latest->bytes);
    return buffer_append(&latest->bytes, ack->statement.data, ack->statement.size);
}

static struct latest latest_of(struct site *at, const struct site *by,
                               const struct channel_id *channel) {
    struct latest latest = {.member = by->member, .channel = *channel};
    MUST(acks_each(at->store, keep, &latest));
    return latest;
}

TEST(a_statement_stands_until_something_changes_or_a_day_has_passed) {
    struct scene s;
    scene_begin(&s);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest first = latest_of(s.birk, s.birk, &s.channel_id);
    assert_int_equal(first.n, 1);
    s.f.now += 60000;
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest same = latest_of(s.birk, s.birk, &s.channel_id);
    assert_int_equal(same.counter, first.counter);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest changed = latest_of(s.birk, s.birk, &s.channel_id);
    assert_true(changed.counter > first.counter);
    s.f.now += 25 * 3600000;
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest daily = latest_of(s.birk, s.birk, &s.channel_id);
    assert_true(daily.counter > changed.counter);
    buffer_done(&first.bytes);
    buffer_done(&same.bytes);
    buffer_done(&changed.bytes);
    buffer_done(&daily.bytes);
    scene_end(&s);
}

TEST(the_counter_rises_even_when_the_clock_went_back) {
    struct scene s;
    scene_begin(&s);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest first = latest_of(s.birk, s.birk, &s.channel_id);
    s.f.now -= 3600000;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest second = latest_of(s.birk, s.birk, &s.channel_id);
    assert_int_equal(second.counter, first.counter + 1);
    buffer_done(&first.bytes);
    buffer_done(&second.bytes);
    scene_end(&s);
}

TEST(an_older_or_forged_statement_is_refused) {
    struct scene s;
    scene_begin(&s);
    sync_all(&s.f);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest first = latest_of(s.birk, s.birk, &s.channel_id);
    assert_ok(acks_admit(s.town->store, buffer_view(&first.bytes)));
    assert_err(ERR_STALE, acks_admit(s.town->store, buffer_view(&first.bytes)));
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest second = latest_of(s.birk, s.birk, &s.channel_id);
    second.bytes.data[second.bytes.size - 1] ^= 1; /* in the signature */
    assert_err(ERR_SIGNATURE, acks_admit(s.town->store, buffer_view(&second.bytes)));
    second.bytes.data[second.bytes.size - 1] ^= 1;
    assert_ok(acks_admit(s.town->store, buffer_view(&second.bytes)));
    struct latest kept = latest_of(s.town, s.birk, &s.channel_id);
    assert_int_equal(kept.n, 1);
    assert_int_equal(kept.counter, second.counter);
    buffer_done(&first.bytes);
    buffer_done(&second.bytes);
    buffer_done(&kept.bytes);
    scene_end(&s);
}

TEST(a_statement_of_an_unknown_member_or_another_federation_is_refused) {
    struct scene s;
    struct federation other;
    scene_begin(&s);
    federation_found_four(&other);
    struct channel roster = {.kind = CHANNEL_ROSTER};
    struct channel_id foreign = channel_id_of(&other.id, &roster);
    assert_ok(acks_state(other.sites[1].store, &foreign));
    struct latest latest = latest_of(&other.sites[1], &other.sites[1], &foreign);
    assert_err(ERR_FEDERATION, acks_admit(s.town->store, buffer_view(&latest.bytes)));
    buffer_done(&latest.bytes);
    struct site *late = federation_join(&s.f, "Egely", ROLE_SCHOOL);
    struct channel_id ours = channel_id_of(&s.f.id, &roster);
    assert_ok(acks_state(late->store, &ours));
    latest = latest_of(late, late, &ours);
    assert_err(ERR_ROSTER, acks_admit(s.birk->store, buffer_view(&latest.bytes)));
    buffer_done(&latest.bytes);
    federation_end(&other);
    scene_end(&s);
}

TEST(a_statement_about_a_channel_that_is_none_of_its_business_is_refused) {
    struct scene s;
    scene_begin(&s);
    struct buffer bytes = {0};
    struct site *egely = federation_join(&s.f, "Egely", ROLE_SCHOOL);
    sync_all(&s.f);
    struct statement statement = {
        .federation = s.f.id, .member = egely->member, .channel = s.channel_id, .counter = 5};
    assert_ok(statement_sign(&statement, &egely->keys.sign, &bytes));
    assert_err(ERR_DENIED, acks_admit(s.town->store, buffer_view(&bytes)));
    buffer_clear(&bytes);
    statement.channel.bytes[0] ^= 1;
    assert_ok(statement_sign(&statement, &egely->keys.sign, &bytes));
    assert_err(ERR_NOT_FOUND, acks_admit(s.town->store, buffer_view(&bytes)));
    buffer_clear(&bytes);
    statement.channel = channel_id_of(&s.f.id, &(struct channel){.kind = CHANNEL_NOTICE});
    assert_ok(statement_sign(&statement, &egely->keys.sign, &bytes));
    assert_ok(acks_admit(s.town->store,
                         buffer_view(&bytes))); /* before anything has been written there */
    buffer_done(&bytes);
    scene_end(&s);
}

/* What becomes at `at` of a statement of `by` about `channel` that names one head. */
static enum err say(struct scene *s, const struct site *at, const struct site *by,
                    const struct channel *channel, const struct feed_id *feed, uint64_t seq) {
    static uint64_t counter = 1000;
    struct version_name head = {.feed = *feed, .seq = seq};
    struct statement statement = {.federation = s->f.id,
                                  .member = by->member,
                                  .channel = channel_id_of(&s->f.id, channel),
                                  .counter = ++counter,
                                  .heads = &head,
                                  .heads_n = 1};
    struct buffer bytes = {0};
    MUST(statement_sign(&statement, &by->keys.sign, &bytes));
    enum err e = acks_admit(at->store, buffer_view(&bytes));
    buffer_done(&bytes);
    return e;
}

TEST(a_statement_that_names_feeds_of_another_channel_is_refused) {
    struct scene s;
    scene_begin(&s);
    sync_all(&s.f);
    struct channel roster = {.kind = CHANNEL_ROSTER}, notice = {.kind = CHANNEL_NOTICE};
    struct feed_id invented = {{1}};
    struct feed_id members = newest_feed(s.town->store, &roster, &s.town->member).id;
    assert_err(ERR_DENIED, say(&s, s.town, s.birk, &roster, &invented, 5));
    assert_err(ERR_DENIED, say(&s, s.town, s.birk, &roster, &s.first.feed, 5));
    assert_err(ERR_DENIED, say(&s, s.town, s.birk, &notice, &s.first.feed, 5));
    assert_err(ERR_DENIED, say(&s, s.town, s.birk, &s.channel, &members, 1));
    assert_ok(say(&s, s.town, s.birk, &roster, &members, 1));
    assert_ok(say(&s, s.town, s.birk, &s.channel, &s.first.feed, 5));
    scene_end(&s);
}

TEST(a_members_statement_about_anothers_answers_is_refused) {
    struct scene s;
    struct forge forge;
    struct buffer run = {0};
    struct admitted admitted;
    struct channel answers = {.kind = CHANNEL_ANSWERS};
    scene_begin(&s);
    forge_birth(&forge, s.birk, &answers, &run);
    assert_ok(admit_run(s.town->store, &s.birk->member, &forge.feed, buffer_view(&run), &admitted));
    assert_err(ERR_DENIED, say(&s, s.town, s.school, &answers, &forge.feed, 1));
    assert_ok(say(&s, s.town, s.relay, &answers, &forge.feed, 1));
    buffer_done(&run);
    forge_end(&forge);
    scene_end(&s);
}

TEST(a_members_statement_is_refused_while_it_is_not_active) {
    struct scene s;
    scene_begin(&s);
    sync_all(&s.f);
    federation_set_status(&s.f, s.school, MEMBER_SUSPENDED);
    assert_err(ERR_DENIED, say(&s, s.town, s.school, &s.channel, &s.first.feed, 1));
    federation_set_status(&s.f, s.school, MEMBER_ACTIVE);
    assert_ok(say(&s, s.town, s.school, &s.channel, &s.first.feed, 1));
    federation_set_status(&s.f, s.school, MEMBER_REMOVED);
    assert_err(ERR_DENIED, say(&s, s.town, s.school, &s.channel, &s.first.feed, 1));
    scene_end(&s);
}

TEST(what_a_removed_reader_has_not_stated_is_outstanding_for_ever) {
    struct scene s;
    bool read = false, covers = false;
    uint64_t outstanding = 99;
    time_ms stored = 0;
    scene_begin(&s);
    sync_all(&s.f);
    sync_statements(s.school, s.birk);
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_true(read);
    federation_set_status(&s.f, s.school, MEMBER_REMOVED);
    sync_all(&s.f);
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_true(read); /* it was delivered while it was a member, and that stands */
    assert_ok(acks_covers(s.birk->store, &s.school->member, &s.first.feed, 1, &covers, &stored));
    assert_true(covers);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_false(read);
    assert_int_equal(outstanding, 1);
    scene_end(&s);
}

TEST(delivery_shows_at_the_relay_then_at_the_reader) {
    struct scene s;
    bool covers = true, read = true;
    time_ms stored = 0;
    uint64_t outstanding = 0;
    struct standing standing;
    scene_begin(&s);
    assert_err(ERR_NOT_FOUND,
               acks_covers(s.birk->store, &s.school->member, &s.first.feed, 1, &covers, &stored));
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_false(read);
    assert_int_equal(outstanding, 1);
    sync_feeds(s.birk, s.town);
    sync_statements(s.birk, s.town);
    assert_ok(acks_covers(s.birk->store, &s.town->member, &s.first.feed, 1, &covers, &stored));
    assert_true(covers);
    assert_true(stored > 0);
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_false(read); /* the relay is no reader */
    assert_ok(acks_standing(s.birk->store, &s.town->member, &standing));
    assert_true(standing.complete);
    assert_int_equal(standing.has, standing.of);
    assert_ok(acks_standing(s.birk->store, &s.school->member, &standing));
    assert_false(standing.complete);
    assert_int_equal(standing.lacks_own, 1);
    sync_feeds(s.town, s.school);
    sync_statements(s.town, s.school);
    sync_statements(s.town, s.birk);
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_true(read);
    assert_int_equal(outstanding, 0);
    assert_ok(acks_standing(s.birk->store, &s.school->member, &standing));
    assert_true(standing.complete);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_ok(acks_covers(s.birk->store, &s.school->member, &s.first.feed, 2, &covers, &stored));
    assert_false(covers);
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_int_equal(outstanding, 1);
    scene_end(&s);
}

/* The birth and one write on each branch: the town has birk's own, the school another. */
TEST(who_holds_another_branch_covers_nothing_of_the_feed) {
    struct scene s;
    struct standing standing;
    struct forge forge;
    struct buffer run = {0};
    struct admitted admitted;
    bool covers = true, read = true;
    uint64_t outstanding = 0;
    time_ms stored = 0;
    scene_begin(&s);
    sync_all(&s.f);
    struct feed_info at = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    forge_begin(&forge, s.birk, &at);
    forge_next(&forge);
    forge_sign(&forge, NULL, &run);
    assert_ok(admit_run(s.school->store, &s.birk->member, &at.id, buffer_view(&run), &admitted));
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_to(s.birk, s.town, RUN_SIZE_MAX);
    sync_statements(s.town, s.school);
    assert_ok(acks_covers(s.town->store, &s.school->member, &at.id, at.head.seq, &covers, &stored));
    assert_false(covers);
    assert_ok(acks_standing(s.town->store, &s.school->member, &standing));
    assert_int_equal(standing.forked, 1);
    assert_false(standing.complete);
    assert_int_equal(standing.of - standing.has, at.head.seq + 1);
    sync_statements(s.town, s.birk);
    assert_ok(acks_all_read(s.birk->store, &read, &outstanding));
    assert_false(read);
    assert_int_equal(outstanding, at.head.seq + 1);
    assert_ok(acks_standing(s.birk->store, &s.town->member, &standing));
    assert_int_equal(standing.forked, 0);
    assert_true(standing.complete);
    buffer_done(&run);
    forge_end(&forge);
    scene_end(&s);
}

static enum err keep_ack(void *context, const struct ack_info *ack) {
    *(struct ack_info *)context = *ack;
    return OK;
}

TEST(one_statement_is_found_without_walking_over_the_others) {
    struct scene s;
    struct ack_info ack = {0};
    struct channel_id unknown = {{1}};
    time_ms last = -1;
    uint64_t waiting = 9;
    scene_begin(&s);
    struct channel_id id = channel_id_of(&s.f.id, &s.channel);
    assert_err(ERR_NOT_FOUND, acks_find(s.town->store, &s.birk->member, &id, keep_ack, &ack));
    assert_ok(acks_said(s.town->store, &s.birk->member, &last, &waiting));
    assert_int_equal(last + (time_ms)waiting, 0);
    sync_feeds(s.birk, s.town);
    sync_statements(s.birk, s.town);
    assert_ok(acks_find(s.town->store, &s.birk->member, &id, keep_ack, &ack));
    assert_true(member_id_equal(&ack.member, &s.birk->member));
    assert_true(channel_id_equal(&ack.channel_id, &id));
    assert_int_equal(ack.channel.kind, CHANNEL_HANDOVER);
    assert_ok(acks_said(s.town->store, &s.birk->member, &last, &waiting));
    assert_true(last >= ack.stored && ack.stored > 0);
    assert_err(ERR_NOT_FOUND, acks_find(s.town->store, &s.birk->member, &unknown, keep_ack, &ack));
    scene_end(&s);
}

TEST(standings_of_many_are_those_of_each) {
    struct scene s;
    struct standings *standings;
    scene_begin(&s);
    sync_feeds(s.birk, s.town);
    sync_statements(s.birk, s.town);
    assert_ok(standings_new(s.birk->store, &standings));
    for (size_t i = 0; i < s.f.sites_n; i++) {
        struct standing one, of_many;
        assert_ok(acks_standing(s.birk->store, &s.f.sites[i].member, &one));
        assert_ok(standings_of(standings, &s.f.sites[i].member, &of_many));
        assert_memory_equal(&one, &of_many, sizeof one);
    }
    standings_free(standings);
    scene_end(&s);
}

TEST(a_member_that_never_stated_anything_is_not_complete) {
    struct scene s;
    struct standing standing;
    scene_begin(&s);
    assert_ok(acks_standing(s.town->store, &s.relay->member, &standing));
    assert_false(standing.complete);
    assert_int_equal(standing.last_stated, 0);
    struct member_id unknown = {{1}};
    assert_err(ERR_NOT_FOUND, acks_standing(s.town->store, &unknown, &standing));
    scene_end(&s);
}

TEST(a_statement_with_the_same_head_confirms_an_own_feed) {
    struct scene s;
    struct feed_info feed;
    bool restored = true;
    scene_begin(&s);
    sync_all(&s.f);
    site_move(s.birk);
    assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
    assert_false(feed.confirmed);
    sync_statements(s.school, s.birk);
    assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
    assert_true(feed.confirmed);
    assert_ok(acks_restored(s.birk->store, &restored));
    assert_false(restored);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_int_equal(next.seq, 2);
    scene_end(&s);
}

TEST(an_own_later_statement_that_comes_back_closes_the_feed_for_good) {
    struct scene s;
    bool restored = false;
    scene_begin(&s);
    sync_all(&s.f);
    site_backup(s.birk);
    struct version_name lost = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest word = latest_of(s.birk, s.birk, &s.channel_id);
    site_restore(s.birk, OTHER_BOOT);
    s.f.now += 1000;
    assert_ok(acks_state(s.birk->store, &s.channel_id)); /* newer, yet it doesn't hide the other */
    assert_ok(acks_admit(s.birk->store, buffer_view(&word.bytes)));
    assert_ok(acks_restored(s.birk->store, &restored));
    assert_true(restored);
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.first.feed, 1, &s.first.id8));
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "tegne", NULL);
    assert_false(feed_id_equal(&next.feed, &lost.feed));
    buffer_done(&word.bytes);
    scene_end(&s);
}

/* Else the others would go by what it held before, as long as its clock is behind. */
TEST(an_own_statement_about_a_channel_that_a_restore_lost_is_outnumbered) {
    struct scene s;
    scene_open(&s);
    sync_all(&s.f);
    site_backup(s.birk);
    scene_write(&s);
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest before = latest_of(s.birk, s.birk, &s.channel_id);
    sync_all(&s.f);
    site_restore(s.birk, OTHER_BOOT | OTHER_DISK);
    s.f.now -= 3600000;
    assert_err(ERR_NOT_FOUND, acks_admit(s.birk->store, buffer_view(&before.bytes)));
    sync_all(&s.f); /* the channel is back */
    assert_ok(acks_state(s.birk->store, &s.channel_id));
    struct latest after = latest_of(s.birk, s.birk, &s.channel_id);
    assert_int_equal(after.counter, before.counter + 1);
    assert_ok(acks_admit(s.school->store, buffer_view(&after.bytes)));
    buffer_done(&before.bytes);
    buffer_done(&after.bytes);
    scene_end(&s);
}

TEST(what_waits_is_counted_in_the_statement) {
    struct scene s;
    scene_begin(&s);
    sync_all(&s.f);
    federation_join(&s.f, "Egely", ROLE_SCHOOL);
    sync_feeds(s.town, s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct buffer run = {0};
    struct feed_info at_school = newest_feed(s.school->store, &s.channel, &s.birk->member);
    struct id8 id8 = envelope_id8(&at_school.head.id);
    struct admitted admitted;
    assert_ok(feed_load(s.birk->store, &at_school.id, 1, &id8, RUN_SIZE_MAX, &run));
    assert_ok(
        admit_run(s.school->store, &s.birk->member, &at_school.id, buffer_view(&run), &admitted));
    assert_ok(acks_state(s.school->store, &s.channel_id));
    struct latest latest = latest_of(s.school, s.school, &s.channel_id);
    assert_int_equal(latest.waiting, 1);
    buffer_done(&latest.bytes);
    buffer_done(&run);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_statement_stands_until_something_changes_or_a_day_has_passed),
        cmocka_unit_test(the_counter_rises_even_when_the_clock_went_back),
        cmocka_unit_test(an_older_or_forged_statement_is_refused),
        cmocka_unit_test(a_statement_of_an_unknown_member_or_another_federation_is_refused),
        cmocka_unit_test(a_statement_about_a_channel_that_is_none_of_its_business_is_refused),
        cmocka_unit_test(a_statement_that_names_feeds_of_another_channel_is_refused),
        cmocka_unit_test(a_members_statement_about_anothers_answers_is_refused),
        cmocka_unit_test(a_members_statement_is_refused_while_it_is_not_active),
        cmocka_unit_test(what_a_removed_reader_has_not_stated_is_outstanding_for_ever),
        cmocka_unit_test(delivery_shows_at_the_relay_then_at_the_reader),
        cmocka_unit_test(who_holds_another_branch_covers_nothing_of_the_feed),
        cmocka_unit_test(one_statement_is_found_without_walking_over_the_others),
        cmocka_unit_test(standings_of_many_are_those_of_each),
        cmocka_unit_test(a_member_that_never_stated_anything_is_not_complete),
        cmocka_unit_test(a_statement_with_the_same_head_confirms_an_own_feed),
        cmocka_unit_test(an_own_later_statement_that_comes_back_closes_the_feed_for_good),
        cmocka_unit_test(an_own_statement_about_a_channel_that_a_restore_lost_is_outnumbered),
        cmocka_unit_test(what_waits_is_counted_in_the_statement),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
