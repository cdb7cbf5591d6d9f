/* What of a run is taken, and what is refused whole. */
#include "full_disk.h"
#include "offer.h"

#include "proto/limits.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/epoch.h"
#include "store/quarantine.h"
#include "store/record.h"
#include "test.h"

TEST(a_handover_reaches_the_other_party_and_stays_sealed_on_the_way) {
    struct scene s;
    offer_begin(&s);
    struct arena arena;
    struct record loaded;
    arena_init(&arena, KIB(64));
    assert_err(ERR_NOT_FOUND,
               record_load(s.town->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_err(ERR_NOT_FOUND,
               record_load(s.relay->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_ok(record_load(s.school->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_string_equal(record_text_of(&loaded, HANDOVER_CHILD_NAME, &arena), "Alma");
    arena_done(&arena);
    struct feed_info at_town = newest_feed(s.town->store, &s.channel, &s.birk->member);
    assert_int_equal(at_town.waiting + at_town.voided, 0);
    scene_end(&s);
}

TEST(another_kindergarten_refuses_a_feed_that_it_may_not_hold) {
    struct scene s;
    offer_begin(&s);
    struct site *other = federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    struct admitted admitted;
    assert_ok(feed_load(s.town->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_DENIED, offer(&s, other, &admitted));
    struct feed_info info;
    assert_err(ERR_NOT_FOUND, feed_find(other->store, &s.feed.id, &info));
    struct shown shown = shown_at(other, QUARANTINE_REFUSED);
    assert_int_equal(shown.n, 1);
    assert_int_equal(shown.reason, ERR_DENIED);
    scene_end(&s);
}

TEST(a_run_that_is_here_already_changes_nothing) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    struct hash before, after;
    assert_ok(store_digest(s.school->store, &before));
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.new_n, 0);
    assert_ok(store_digest(s.school->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    scene_end(&s);
}

TEST(of_an_overlapping_run_only_what_is_new_is_stored) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    for (int i = 0; i < 3; i++)
        write_field(s.birk, &s.channel, &s.record, (uint16_t)(10 + i), "gynge", NULL);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.new_n, 3);
    assert_int_equal(admitted.applied_n, 3);
    assert_int_equal(admitted.feed.head.seq, 4);
    scene_end(&s);
}

TEST(a_run_beyond_a_gap_is_refused_and_the_head_stays) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    struct feed_info now = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    struct id8 id8;
    struct buffer second = {0};
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, (id8 = envelope_id8(&s.feed.head.id), &id8),
                        1, &second));
    struct envelope envelope;
    struct arena arena;
    size_t size;
    arena_init(&arena, KIB(64));
    assert_ok(envelope_parse(buffer_view(&second), &arena, &envelope, &size));
    id8 = envelope_id8(&envelope.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 2, &id8, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_CHAIN, offer(&s, s.school, &admitted));
    struct feed_info at_school = newest_feed(s.school->store, &s.channel, &s.birk->member);
    assert_int_equal(at_school.head.seq, 1);
    assert_int_equal(now.head.seq, 3);
    arena_done(&arena);
    buffer_done(&second);
    scene_end(&s);
}

TEST(a_forged_signature_is_refused_whole_and_quarantined) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    s.run.data[HEADER_SIZE + 5] ^= 1;
    assert_err(ERR_SIGNATURE, offer(&s, s.school, &admitted));
    assert_int_equal(newest_feed(s.school->store, &s.channel, &s.birk->member).head.seq, 1);
    struct shown shown = shown_at(s.school, QUARANTINE_REFUSED);
    assert_int_equal(shown.n, 1);
    assert_int_equal(shown.reason, ERR_SIGNATURE);
    assert_int_equal(shown.seq, 2);
    scene_end(&s);
}

TEST(a_bad_signature_in_the_middle_is_covered_by_the_chain) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    forge_next(&s.forge);
    forge_sign(&s.forge, &s.school->keys.sign, &s.run);
    forge_next(&s.forge);
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.applied_n, 2);
    scene_end(&s);
}

TEST(a_changed_body_is_refused) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    s.run.data[s.run.size - 1] ^= 1;
    assert_err(ERR_HASH, offer(&s, s.school, &admitted));
    scene_end(&s);
}

/* As a relay could: all sections of every envelope, or all but the first `keep`, in this state. */
static void strip(struct bytes run, uint16_t keep, enum section_state state, struct buffer *out) {
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    while (run.size > 0) {
        struct envelope envelope;
        struct buffer bytes = {0};
        size_t size, n;
        MUST(envelope_parse(run, &arena, &envelope, &size));
        MUST(buffer_append(&bytes, run.data, size));
        for (uint16_t i = keep; i < envelope.header.sections_n; i++) {
            struct envelope before;
            struct buffer less = {0};
            MUST(envelope_parse(buffer_view(&bytes), &arena, &before, &n));
            MUST(envelope_without(&before, i, state, &less));
            buffer_done(&bytes);
            bytes = less;
        }
        MUST(buffer_append(out, bytes.data, bytes.size));
        buffer_done(&bytes);
        run.data += size;
        run.size -= size;
    }
    arena_done(&arena);
}

TEST(a_run_from_which_sections_were_taken_is_refused_and_the_whole_one_taken_from_another) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    struct buffer whole = {0};
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &whole));
    static const enum section_state states[] = {SECTION_ABSENT, SECTION_ERASED};
    for (size_t i = 0; i < 2; i++) {
        buffer_clear(&s.run);
        strip(buffer_view(&whole), 0, states[i], &s.run);
        assert_err(ERR_HASH, offer(&s, s.school, &admitted));
        assert_err(ERR_HASH, offer(&s, s.relay, &admitted));
    }
    assert_int_equal(newest_feed(s.school->store, &s.channel, &s.birk->member).head.seq, 1);
    struct shown shown = shown_at(s.school, QUARANTINE_REFUSED);
    assert_int_equal(shown.seq, 2);
    assert_string_equal(shown.text, "a section was taken out on its way");
    assert_ok(
        admit_run(s.school->store, &s.birk->member, &s.feed.id, buffer_view(&whole), &admitted));
    assert_int_equal(admitted.applied_n, 1);
    assert_alike(s.school, s.birk);
    buffer_done(&whole);
    scene_end(&s);
}

TEST(a_birth_whose_other_sections_were_taken_leaves_no_feed) {
    struct scene s;
    struct buffer whole = {0};
    struct admitted admitted;
    struct feed_info info;
    offer_begin(&s);
    struct site *other = federation_join(&s.f, "Skovskolen", ROLE_SCHOOL);
    s.channel = channel_between(s.birk, other);
    sync_all(&s.f);
    struct record_id record = record_of(s.birk);
    write_field(s.birk, &s.channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    s.feed = newest_feed(s.birk->store, &s.channel, &s.birk->member);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &whole));
    strip(buffer_view(&whole), 1, SECTION_ABSENT, &s.run);
    assert_err(ERR_HASH, offer(&s, s.town, &admitted));
    assert_err(ERR_NOT_FOUND, feed_find(s.town->store, &s.feed.id, &info));
    sync_all(&s.f);
    assert_ok(feed_find(other->store, &s.feed.id, &info));
    assert_int_equal(info.waiting, 0);
    buffer_done(&whole);
    scene_end(&s);
}

TEST(a_roster_from_which_sections_were_taken_does_not_stop_the_roster) {
    struct scene s;
    struct buffer whole = {0};
    struct admitted admitted;
    struct roster_tip here, there;
    offer_begin(&s);
    assert_ok(roster_tip(s.school->store, &here));
    s.feed.id = here.feed;
    federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    assert_ok(feed_load(s.town->store, &here.feed, here.seq, &here.id8, RUN_SIZE_MAX, &whole));
    strip(buffer_view(&whole), 0, SECTION_ABSENT, &s.run);
    assert_err(ERR_HASH, offer(&s, s.school, &admitted));
    sync_feeds(s.town, s.school);
    assert_ok(roster_tip(s.school->store, &here));
    assert_ok(roster_tip(s.town->store, &there));
    assert_int_equal(here.seq, there.seq);
    buffer_done(&whole);
    scene_end(&s);
}

TEST(what_is_stored_one_by_one_is_stored_as_a_run_whatever_its_sections) {
    struct scene s;
    struct admitted admitted;
    offer_begin(&s);
    struct buffer served = {0};
    for (int i = 0; i < 105; i++) {
        buffer_clear(&s.run);
        forge_next(&s.forge);
        for (int k = 0; k < SECTIONS_MAX; k++)
            forge_plain(&s.forge, SECTION_DECLARATION, (struct bytes){0});
        forge_sign(&s.forge, NULL, &s.run);
        assert_ok(offer(&s, s.town, &admitted));
    }
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.town->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &served));
    assert_ok(
        admit_run(s.school->store, &s.town->member, &s.feed.id, buffer_view(&served), &admitted));
    assert_int_equal(admitted.new_n, 105);
    buffer_done(&served);
    scene_end(&s);
}

TEST(a_feed_of_another_federation_is_refused) {
    struct scene s;
    struct federation other;
    offer_begin(&s);
    federation_found_four(&other);
    struct admitted admitted;
    struct channel channel = channel_between(&other.sites[1], &other.sites[2]);
    struct record_id record = record_of(&other.sites[1]);
    write_field(&other.sites[1], &channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    s.feed = newest_feed(other.sites[1].store, &channel, &other.sites[1].member);
    assert_ok(feed_load(other.sites[1].store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_FEDERATION, offer(&s, s.town, &admitted));
    assert_int_equal(shown_at(s.town, QUARANTINE_REFUSED).reason, ERR_FEDERATION);
    federation_end(&other);
    scene_end(&s);
}

TEST(a_birth_that_does_not_yield_the_feed_is_refused) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    assert_ok(feed_load(s.birk->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    s.feed.id.bytes[0] ^= 1;
    assert_err(ERR_HASH, offer(&s, s.town, &admitted));
    scene_end(&s);
}

TEST(one_bad_run_of_a_transaction_does_not_undo_the_others) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    struct buffer bad = {0};
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    assert_ok(store_begin(s.school->store));
    assert_ok(offer(&s, s.school, &admitted));
    forge_begin(&s.forge, s.birk, &admitted.feed);
    forge_next(&s.forge);
    forge_sign(&s.forge, &s.school->keys.sign, &bad);
    assert_err(ERR_SIGNATURE, admit_run(s.school->store, &s.town->member, &s.feed.id,
                                        buffer_view(&bad), &admitted));
    assert_ok(store_commit(s.school->store));
    assert_int_equal(newest_feed(s.school->store, &s.channel, &s.birk->member).head.seq, 2);
    assert_int_equal(shown_at(s.school, QUARANTINE_REFUSED).n, 1);
    buffer_done(&bad);
    scene_end(&s);
}

TEST(a_disk_that_is_full_stores_nothing_of_a_run_and_takes_it_later) {
    struct scene s;
    struct admitted admitted;
    struct hash before, after;
    offer_begin(&s);
    for (int i = 0; i < 30; i++) {
        struct record_id record = record_of(s.birk);
        write_field(s.birk, &s.channel, &record, 10, "gynge", NULL);
    }
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    assert_ok(store_digest(s.school->store, &before));
    full_disk_begin_log(s.school->path, 8192);
    enum err e = offer(&s, s.school, &admitted);
    full_disk_end();
    assert_true(e == ERR_DISK_FULL || e == ERR_IO);
    assert_ok(store_digest(s.school->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.applied_n, 30);
    scene_end(&s);
}

TEST(rubbish_is_refused) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    uint8_t *start;
    assert_ok(buffer_extend(&s.run, 4000, &start));
    memset(start, 0xa5, 4000);
    assert_int_not_equal(offer(&s, s.school, &admitted), OK);
    s.run.size = 0;
    assert_ok(offer(&s, s.school, &admitted)); /* nothing new */
    assert_int_equal(admitted.new_n, 0);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handover_reaches_the_other_party_and_stays_sealed_on_the_way),
        cmocka_unit_test(another_kindergarten_refuses_a_feed_that_it_may_not_hold),
        cmocka_unit_test(a_run_that_is_here_already_changes_nothing),
        cmocka_unit_test(of_an_overlapping_run_only_what_is_new_is_stored),
        cmocka_unit_test(a_run_beyond_a_gap_is_refused_and_the_head_stays),
        cmocka_unit_test(a_forged_signature_is_refused_whole_and_quarantined),
        cmocka_unit_test(a_bad_signature_in_the_middle_is_covered_by_the_chain),
        cmocka_unit_test(a_changed_body_is_refused),
        cmocka_unit_test(
            a_run_from_which_sections_were_taken_is_refused_and_the_whole_one_taken_from_another),
        cmocka_unit_test(a_birth_whose_other_sections_were_taken_leaves_no_feed),
        cmocka_unit_test(a_roster_from_which_sections_were_taken_does_not_stop_the_roster),
        cmocka_unit_test(what_is_stored_one_by_one_is_stored_as_a_run_whatever_its_sections),
        cmocka_unit_test(a_feed_of_another_federation_is_refused),
        cmocka_unit_test(a_birth_that_does_not_yield_the_feed_is_refused),
        cmocka_unit_test(one_bad_run_of_a_transaction_does_not_undo_the_others),
        cmocka_unit_test(a_disk_that_is_full_stores_nothing_of_a_run_and_takes_it_later),
        cmocka_unit_test(rubbish_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
