/* Entries that wait: for the roster, a schema or a key. */
#include "offer.h"

#include "proto/limits.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/epoch.h"
#include "store/quarantine.h"
#include "store/record.h"
#include "store/replica.h"
#include "test.h"

TEST(an_author_that_the_roster_does_not_name_yet_is_asked_for_again) {
    struct scene s;
    offer_begin(&s);
    struct site *late = federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    struct channel channel = channel_between(late, s.school);
    struct record_id record = record_of(late);
    write_field(late, &channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    s.feed = newest_feed(late->store, &channel, &late->member);
    struct admitted admitted;
    assert_ok(feed_load(late->store, &s.feed.id, 0, NULL, RUN_SIZE_MAX, &s.run));
    assert_err(ERR_ROSTER, offer(&s, s.school, &admitted));
    sync_feeds(s.town, s.school);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.applied_n, 1);
    scene_end(&s);
}

TEST(an_entry_that_names_a_newer_roster_waits_until_the_roster_has_come) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    sync_feeds(s.town, s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    struct id8 id8 = envelope_id8(&s.feed.head.id);
    assert_ok(feed_load(s.birk->store, &s.feed.id, 1, &id8, RUN_SIZE_MAX, &s.run));
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_ROSTER);
    sync_feeds(s.town, s.school);
    struct feed_info info;
    assert_ok(feed_find(s.school->store, &s.feed.id, &info));
    assert_int_equal(info.waiting, 0);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).n, 0);
    sync_all(&s.f);
    assert_alike(s.school, s.birk);
    scene_end(&s);
}

TEST(an_entry_of_a_newer_schema_waits_and_is_passed_on) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    forge_next(&s.forge);
    s.forge.draft.header.schema = 2;
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.town, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    assert_int_equal(sync_feeds(s.town, s.school), 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_SCHEMA);
    site_close(s.school); /* judged again when opened, by a program that may know more */
    site_open(s.school);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).n, 1);
    scene_end(&s);
}

TEST(a_handover_with_somebody_that_the_roster_does_not_name_is_asked_for_again) {
    struct scene s;
    struct channel channel;
    struct member_id nobody = {{7}};
    struct admitted admitted;
    offer_begin(&s);
    forge_end(&s.forge);
    MUST(channel_make(CHANNEL_HANDOVER, &s.birk->member, &nobody, &channel));
    forge_birth(&s.forge, s.birk, &channel, &s.run);
    assert_err(ERR_ROSTER, admit_run(s.town->store, &s.birk->member, &s.forge.feed,
                                     buffer_view(&s.run), &admitted));
    assert_int_equal(shown_at(s.town, QUARANTINE_REFUSED).n, 0);
    assert_int_equal(count_feeds(s.town->store, &channel, &s.birk->member), 0);
    scene_end(&s);
}

/* As if others had written so many feeds. */
static void use_up_feeds(struct site *site) {
    MUST(db_execute(site->store->db,
                    "INSERT INTO feed (row, id, channel, author, incarnation, head_id)"
                    " SELECT 262143, randomblob(32), row, randomblob(16), randomblob(16),"
                    " zeroblob(32) FROM channel LIMIT 1"));
}

TEST(what_there_is_no_number_for_waits_and_is_passed_on) {
    struct scene s;
    offer_begin(&s);
    use_up_feeds(s.school);
    struct site *late = federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    struct channel channel = channel_between(late, s.school);
    struct record_id record = record_of(late);
    struct version_name written =
        write_field(late, &channel, &record, HANDOVER_CHILD_NAME, "Bo", NULL);
    struct feed_info info;
    sync_all(&s.f);
    assert_ok(feed_find(s.school->store, &written.feed, &info));
    assert_int_equal(info.head.seq, written.seq);
    assert_int_equal(info.waiting, 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_LIMIT);
    assert_int_equal(shown_at(s.school, QUARANTINE_REFUSED).n, 0);
    scene_end(&s);
}

TEST(a_waiting_entry_that_fails_keeps_nobody_else_from_being_admitted) {
    struct scene s;
    struct admitted admitted;
    offer_begin(&s);
    forge_next(&s.forge);
    s.forge.draft.header.schema = 2;
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    MUST(db_execute(s.school->store->db, "UPDATE entry SET bytes = x'01' WHERE status = 2"));
    site_close(s.school);
    site_open(s.school); /* everything that waits is judged again */
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_FORMAT);
    federation_join(&s.f, "Solsikken", ROLE_KINDERGARTEN);
    assert_true(sync_to(s.town, s.school, RUN_SIZE_MAX) > 0);
    bool more = true;
    assert_ok(admit_waiting(s.school->store, 1000, &more));
    assert_false(more);
    scene_end(&s);
}

TEST(a_late_key_lets_waiting_entries_apply_and_none_stops_those_behind_it) {
    struct scene s;
    offer_begin(&s);
    struct admitted admitted;
    struct declaration declaration;
    struct epoch_public old = forge_epoch(s.birk->store, &s.feed.id);
    struct epoch_secret secret;
    struct epoch_public fresh;
    struct grant grants[2] = {{.member = s.birk->member}, {.member = s.school->member}};
    struct buffer plain = {0};
    assert_ok(epoch_new(&fresh, &secret));
    assert_ok(grant_seal(&secret, &s.birk->keys.public.seal, grants[0].sealed));
    assert_ok(grant_seal(&secret, &s.school->keys.public.seal, grants[1].sealed));
    forge_set(&s.record, 10, "gynge", &plain);
    forge_next(&s.forge);
    forge_seal(&s.forge, &fresh);
    forge_sealed(&s.forge, buffer_view(&plain));
    forge_sign(&s.forge, NULL, &s.run);
    buffer_clear(&plain);
    forge_set(&s.record, 11, "tegne", &plain);
    forge_next(&s.forge);
    forge_seal(&s.forge, &old);
    forge_sealed(&s.forge, buffer_view(&plain));
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.waiting_n, 1);
    assert_int_equal(admitted.applied_n, 1);
    assert_int_equal(shown_at(s.school, QUARANTINE_WAITING).reason, ERR_KEY);
    declaration.kind = DECLARATION_EPOCH;
    declaration.epoch = (struct epoch_declaration){.channel = s.feed.channel_id,
                                                   .number = 2,
                                                   .public_key = fresh,
                                                   .grants = grants,
                                                   .grants_n = 2};
    buffer_clear(&s.run);
    forge_next(&s.forge);
    forge_declaration(&s.forge, &declaration);
    forge_sign(&s.forge, NULL, &s.run);
    assert_ok(offer(&s, s.school, &admitted));
    assert_int_equal(admitted.feed.waiting, 0);
    struct arena arena;
    struct record loaded;
    arena_init(&arena, KIB(64));
    assert_ok(record_load(s.school->store, COLLECTION_HANDOVER, &s.record, &arena, &loaded));
    assert_string_equal(record_text_of(&loaded, 10, &arena), "gynge");
    assert_string_equal(record_text_of(&loaded, 11, &arena), "tegne");
    arena_done(&arena);
    buffer_done(&plain);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_author_that_the_roster_does_not_name_yet_is_asked_for_again),
        cmocka_unit_test(an_entry_that_names_a_newer_roster_waits_until_the_roster_has_come),
        cmocka_unit_test(an_entry_of_a_newer_schema_waits_and_is_passed_on),
        cmocka_unit_test(a_handover_with_somebody_that_the_roster_does_not_name_is_asked_for_again),
        cmocka_unit_test(what_there_is_no_number_for_waits_and_is_passed_on),
        cmocka_unit_test(a_waiting_entry_that_fails_keeps_nobody_else_from_being_admitted),
        cmocka_unit_test(a_late_key_lets_waiting_entries_apply_and_none_stops_those_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
