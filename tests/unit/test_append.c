#include "full_disk.h"
#include "proto/limits.h"
#include "scene.h"
#include "store/collection.h"
#include "store/record.h"
#include "test.h"

TEST(what_is_written_is_merged_here_and_there_alike) {
    struct scene s;
    scene_open_shared(&s);
    struct version_name second = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge og tegne", &second);
    write_field(s.school, &s.channel, &s.record, 50, "12 August", NULL);
    write_field(s.birk, &s.channel, &s.record, 50, "13 August", NULL);
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    struct arena arena;
    struct record record;
    arena_init(&arena, KIB(64));
    assert_ok(record_load(s.school->store, COLLECTION_HANDOVER, &s.record, &arena, &record));
    assert_string_equal(record_text_of(&record, 10, &arena), "gynge og tegne");
    assert_true(record_field(&record, 50)->conflicted);
    arena_done(&arena);
    scene_end(&s);
}

TEST(the_clock_rises_with_every_write_and_follows_what_has_been_seen) {
    struct scene s;
    scene_open_shared(&s);
    s.f.now += 5000;
    write_field(s.school, &s.channel, &s.record, 50, "12 August", NULL);
    sync_all(&s.f);
    s.f.now -= 4000; /* Birk's wall clock lags: its write still comes after what it saw */
    write_field(s.birk, &s.channel, &s.record, 50, "13 August", NULL);
    sync_all(&s.f);
    struct arena arena;
    struct record record;
    arena_init(&arena, KIB(64));
    assert_ok(record_load(s.birk->store, COLLECTION_HANDOVER, &s.record, &arena, &record));
    const struct field_state *day = record_field(&record, 50);
    assert_int_equal(day->live_n, 2);
    uint64_t by_birk = 0, by_school = 0;
    for (size_t i = 0; i < 2; i++)
        *(member_id_equal(&day->live[i].author, &s.birk->member) ? &by_birk : &by_school) =
            day->live[i].clock;
    assert_true(by_birk > by_school);
    arena_done(&arena);
    scene_end(&s);
}

TEST(who_may_not_write_is_refused_and_nothing_is_left) {
    struct scene s;
    struct version_name written;
    struct channel notice = {.kind = CHANNEL_NOTICE};
    scene_open_shared(&s);
    assert_err(ERR_DENIED, try_write(s.birk, &notice, COLLECTION_SURVEY, &s.record, SURVEY_TITLE,
                                     "T", NULL, &written));
    assert_err(ERR_DENIED, try_write(s.town, &s.channel, COLLECTION_HANDOVER, &s.record,
                                     HANDOVER_CHILD_NAME, "A", NULL, &written));
    struct site *stranger = federation_stranger(&s.f, "Egely", ROLE_SCHOOL);
    assert_err(ERR_STATE, try_write(stranger, &notice, COLLECTION_SURVEY, &s.record, SURVEY_TITLE,
                                    "T", NULL, &written));
    scene_end(&s);
}

TEST(a_change_that_would_be_void_is_refused_with_the_fields_name) {
    struct scene s;
    struct version_name written;
    struct hash before, after;
    scene_open_shared(&s);
    assert_ok(store_digest(s.birk->store, &before));
    assert_err(ERR_ARGUMENT, try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &s.record, 2,
                                       "1 May", NULL, &written));
    assert_non_null(strstr(store_failure(s.birk->store), "born"));
    assert_err(ERR_DENIED, try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &s.record, 40, "Ole",
                                     NULL, &written));
    assert_non_null(strstr(store_failure(s.birk->store), "teacher"));
    assert_ok(store_digest(s.birk->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    write_field(s.birk, &s.channel, &s.record, 2, "2019-05-01", NULL);
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_field_that_is_written_once_is_not_written_again) {
    struct scene s;
    struct version_name written;
    struct channel notice = {.kind = CHANNEL_NOTICE};
    scene_open_shared(&s);
    struct record_id survey = record_of(s.town), other = record_of(s.town);
    assert_ok(try_write(s.town, &notice, COLLECTION_SURVEY, &survey, SURVEY_TITLE, "Trivsel", NULL,
                        &written));
    assert_err(ERR_ARGUMENT, try_write(s.town, &notice, COLLECTION_SURVEY, &survey, SURVEY_TITLE,
                                       "Another", NULL, &written));
    assert_non_null(strstr(store_failure(s.town->store), "title"));
    assert_ok(try_write(s.town, &notice, COLLECTION_SURVEY, &survey, SURVEY_CLOSES_ON, "2026-06-30",
                        NULL, &written));
    assert_ok(try_write(s.town, &notice, COLLECTION_SURVEY, &other, SURVEY_TITLE, "Another", NULL,
                        &written));
    scene_end(&s);
}

TEST(a_refused_change_undoes_no_other_of_its_transaction) {
    struct scene s;
    struct version_name written;
    scene_open_shared(&s);
    assert_ok(store_begin(s.birk->store));
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_err(ERR_ARGUMENT, try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &s.record, 2,
                                       "1 May", NULL, &written));
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    assert_ok(store_commit(s.birk->store));
    assert_int_equal(newest_feed(s.birk->store, &s.channel, &s.birk->member).head.seq, 3);
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(what_is_rolled_back_was_never_written) {
    struct scene s;
    scene_open_shared(&s);
    assert_ok(store_begin(s.birk->store));
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    store_rollback(s.birk->store);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    assert_int_equal(next.seq, 2);
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(more_than_an_envelope_holds_is_refused) {
    struct scene s;
    struct version_name written;
    scene_open_shared(&s);
    static char text[7000];
    memset(text, 'a', sizeof text - 1);
    static struct write writes[200];
    for (size_t i = 0; i < 200; i++)
        writes[i] = (struct write){.record = record_of(s.birk),
                                   .collection = COLLECTION_HANDOVER,
                                   .field = 10,
                                   .value = bytes_of_text(text)};
    struct change_set sets[6];
    for (size_t i = 0; i < 6; i++)
        sets[i] = (struct change_set){
            .actor_name = "X", .actor_function = "", .writes = writes + i * 33, .writes_n = 33};
    struct change change = {.channel = s.channel, .sets = sets, .sets_n = 6};
    assert_err(ERR_LIMIT, append_change(s.birk->store, &change, &written));
    assert_int_equal(newest_feed(s.birk->store, &s.channel, &s.birk->member).head.seq, 1);
    change.sets_n = 1;
    assert_ok(append_change(s.birk->store, &change, &written));
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_full_disk_leaves_nothing_half_written) {
    struct scene s;
    struct version_name written;
    struct hash before, after;
    scene_open_shared(&s);
    assert_ok(store_digest(s.birk->store, &before));
    full_disk_begin_log(s.birk->path, 0);
    enum err e =
        try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &s.record, 10, "gynge", NULL, &written);
    full_disk_end();
    assert_true(e == ERR_DISK_FULL || e == ERR_IO);
    assert_true(strlen(store_failure(s.birk->store)) > 0);
    assert_ok(store_digest(s.birk->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    written = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_int_equal(written.seq, e == ERR_DISK_FULL ? 2 : 1); /* store/burnt.h */
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_disk_that_fills_amid_a_transaction_takes_none_of_it) {
    struct scene s;
    struct version_name written;
    struct hash before, after;
    scene_open_shared(&s);
    assert_ok(store_digest(s.birk->store, &before));
    assert_ok(store_begin(s.birk->store));
    full_disk_begin_log(s.birk->path, 8192);
    enum err e = OK;
    for (int i = 0; e == OK && i < 20; i++) {
        struct record_id record = record_of(s.birk);
        e = try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &record, 10, "gynge", NULL,
                      &written);
    }
    assert_int_not_equal(store_commit(s.birk->store), OK);
    full_disk_end();
    assert_ok(store_digest(s.birk->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    site_close(s.birk);
    site_open(s.birk);
    assert_ok(store_digest(s.birk->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_merged_here_and_there_alike),
        cmocka_unit_test(the_clock_rises_with_every_write_and_follows_what_has_been_seen),
        cmocka_unit_test(who_may_not_write_is_refused_and_nothing_is_left),
        cmocka_unit_test(a_change_that_would_be_void_is_refused_with_the_fields_name),
        cmocka_unit_test(a_field_that_is_written_once_is_not_written_again),
        cmocka_unit_test(a_refused_change_undoes_no_other_of_its_transaction),
        cmocka_unit_test(what_is_rolled_back_was_never_written),
        cmocka_unit_test(more_than_an_envelope_holds_is_refused),
        cmocka_unit_test(a_full_disk_leaves_nothing_half_written),
        cmocka_unit_test(a_disk_that_fills_amid_a_transaction_takes_none_of_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
