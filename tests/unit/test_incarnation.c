/* When an own feed goes on, and when the next write opens another incarnation: after a restart, a
 * restored backup, a copy, a machine put back. */
#include "proto/limits.h"
#include "proto/statement.h"
#include "scene.h"
#include "store/acks.h"
#include "store/acks_latest.h"
#include "test.h"

#include <stdio.h>
#include <unistd.h>

struct first {
    struct birth birth;
    struct version_name closes[4];
};

static enum err read_birth(void *context, const struct feed_info *feed,
                           const struct entry_info *entry) {
    struct first *first = context;
    struct arena arena;
    (void)feed;
    arena_init(&arena, KIB(64));
    if (entry->seq == 1) {
        MUST(run_peek_birth(entry->envelope, &arena, &first->birth));
        for (size_t i = 0; i < first->birth.closes_n && i < 4; i++)
            first->closes[i] = first->birth.closes[i];
    }
    arena_done(&arena);
    return OK;
}

TEST(after_a_change_of_place_the_next_write_opens_an_incarnation_that_closes_the_old_tip) {
    struct scene s;
    struct first first;
    scene_open_shared(&s);
    site_move(s.birk);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_false(feed_id_equal(&next.feed, &s.first.feed));
    assert_int_equal(next.seq, 1);
    assert_ok(feed_entries(s.birk->store, &next.feed, 1, read_birth, &first));
    assert_int_equal(first.birth.closes_n, 1);
    assert_memory_equal(&first.closes[0], &s.first, sizeof s.first);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    assert_int_equal(count_feeds(s.birk->store, &s.channel, &s.birk->member), 2);
    site_move(s.birk);
    next = write_field(s.birk, &s.channel, &s.record, 12, "venner", NULL);
    assert_ok(feed_entries(s.birk->store, &next.feed, 1, read_birth, &first));
    assert_int_equal(first.birth.closes_n, 1); /* the oldest is closed already */
    assert_int_equal(first.closes[0].seq, 2);
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(in_the_same_place_a_feed_goes_on) {
    struct scene s;
    scene_open_shared(&s);
    site_close(s.birk);
    site_open(s.birk);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_memory_equal(&next.feed, &s.first.feed, sizeof next.feed);
    assert_int_equal(next.seq, 2);
    scene_end(&s);
}

static enum err read_all_but_the_boot(void *context, const char *path, char *ret_text,
                                      size_t size_max) {
    return strstr(path, "boot_id") != NULL
               ? ERR_NOT_FOUND
               : filesystem_real.read(context, path, ret_text, size_max);
}

TEST(where_the_system_does_not_tell_the_boot_a_feed_goes_on_only_once_a_member_has_reported_it) {
    for (int tells = 0; tells < 2; tells++) {
        struct scene s;
        struct filesystem files = filesystem_real;
        scene_open(&s);
        if (!tells)
            files.read = read_all_but_the_boot;
        s.birk->files = &files;
        memset(&s.birk->place, 0, sizeof s.birk->place);
        memset(&s.birk->disk, 0, sizeof s.birk->disk);
        site_close(s.birk);
        site_open(s.birk);
        scene_write(&s);
        site_close(s.birk);
        site_open(s.birk);
        struct feed_info feed;
        assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
        assert_int_equal(feed.confirmed, tells);
        struct id8 head = envelope_id8(&feed.head.id);
        assert_ok(feed_reported(s.birk->store, &s.town->member, &feed.id, feed.head.seq, &head));
        assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
        assert_true(feed.confirmed);
        scene_end(&s);
    }
}

TEST(a_reported_head_that_equals_ours_lets_the_feed_go_on) {
    struct scene s;
    struct feed_info feed;
    scene_open_shared(&s);
    site_move(s.birk);
    assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
    assert_false(feed.confirmed);
    struct id8 other = s.first.id8;
    other.bytes[0] ^= 1;
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.first.feed, 1, &other));
    assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
    assert_false(feed.confirmed);
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.first.feed, 1, &s.first.id8));
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_memory_equal(&next.feed, &s.first.feed, sizeof next.feed);
    scene_end(&s);
}

TEST(on_another_disk_no_report_lets_a_feed_go_on) {
    struct scene s;
    struct feed_info feed;
    scene_open_shared(&s);
    site_close(s.birk);
    s.birk->disk.bytes[0]++;
    site_open(s.birk);
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.first.feed, 1, &s.first.id8));
    assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
    assert_false(feed.confirmed);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_false(feed_id_equal(&next.feed, &s.first.feed));
    scene_end(&s);
}

TEST(a_member_that_lags_can_not_vouch_for_a_restored_copy) {
    struct scene s;
    scene_open_shared(&s);
    site_backup(s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.town); /* the school does not get it */
    site_restore(s.birk, OTHER_BOOT | OTHER_DISK);
    sync_statements(s.school, s.birk);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    sync_all(&s.f);
    struct feed_info old;
    assert_ok(feed_find(s.school->store, &s.first.feed, &old));
    assert_int_equal(old.head.seq, 2);
    assert_false(old.forked);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_lost_incarnation_that_comes_back_in_part_is_not_continued) {
    struct scene s;
    scene_open_shared(&s);
    site_backup(s.birk);
    site_move(s.birk);
    struct version_name lost = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.town);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    sync_feeds(s.birk, s.school);
    site_restore(s.birk, OTHER_DISK);
    sync_feeds(s.town, s.birk); /* one of the two */
    assert_ok(feed_reported(s.birk->store, &s.school->member, &lost.feed, 1, &lost.id8));
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 12, "venner", NULL);
    assert_false(feed_id_equal(&next.feed, &lost.feed));
    sync_feeds(s.birk, s.school);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_restored_copy_never_signs_a_number_again_and_gets_back_what_it_lost) {
    struct scene s;
    bool restored = true;
    scene_open_shared(&s);
    site_backup(s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    sync_all(&s.f);
    site_restore(s.birk, OTHER_BOOT);
    assert_ok(acks_restored(s.birk->store, &restored));
    assert_false(restored);
    sync_statements(s.school, s.birk);
    assert_ok(acks_restored(s.birk->store, &restored));
    assert_true(restored);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 12, "venner", NULL);
    assert_false(feed_id_equal(&next.feed, &s.first.feed));
    sync_all(&s.f);
    assert_ok(acks_restored(s.birk->store, &restored));
    assert_false(restored);
    struct feed_info old;
    assert_ok(feed_find(s.birk->store, &s.first.feed, &old));
    assert_int_equal(old.head.seq, 3);
    assert_false(old.forked);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

/* From the scene's record on, with a file that tells copies apart. */
static void watch_generation(struct scene *s) {
    site_watch_copies(s->birk);
    assert_ok(feed_reported(s->birk->store, &s->school->member, &s->first.feed, 1, &s->first.id8));
}

TEST(an_old_copy_in_the_same_place_is_noticed_and_never_continues_a_feed) {
    struct scene s;
    scene_open_shared(&s);
    watch_generation(&s);
    site_backup(s.birk);
    struct version_name ahead = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_memory_equal(&ahead.feed, &s.first.feed, sizeof ahead.feed); /* the right one goes on */
    sync_feeds(s.birk, s.town);
    site_restore(s.birk, SAME_PLACE);
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.first.feed, 1, &s.first.id8));
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "tegne", NULL);
    assert_false(feed_id_equal(&next.feed, &s.first.feed));
    struct version_name more = write_field(s.birk, &s.channel, &s.record, 11, "venner", NULL);
    assert_memory_equal(&more.feed, &next.feed, sizeof more.feed);
    sync_all(&s.f);
    assert_alike(s.birk, s.school);
    scene_end(&s);
}

TEST(a_copy_made_while_the_node_ran_is_noticed_after_it_was_closed) {
    struct scene s;
    char backup[400], wal[400];
    scene_open_shared(&s);
    watch_generation(&s);
    snprintf(backup, sizeof backup, "%s-backup", s.birk->path);
    snprintf(wal, sizeof wal, "%s-wal", s.birk->path);
    temp_copy(s.birk->path, backup);
    struct version_name ahead = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    site_close(s.birk);
    temp_copy(backup, s.birk->path);
    unlink(wal);
    site_open(s.birk);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "tegne", NULL);
    assert_false(feed_id_equal(&next.feed, &ahead.feed));
    scene_end(&s);
}

static void write_generation(struct scene *s, const char *before, const char *after) {
    char text[400] = "";
    const size_t title = strlen("stafet generation 2\n"), token = 33;
    FILE *file = fopen(s->birk->generation, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    assert_true(strlen(text) > title + token);
    file = fopen(s->birk->generation, "w");
    assert_non_null(file);
    fprintf(file, "%.*s%s%.*s%s%s", (int)title, text, before, (int)token, text + title, after,
            text + title + token);
    fclose(file);
}

TEST(a_crash_while_the_generation_is_renewed_is_no_copy) {
    static const char other[] = "00112233445566778899aabbccddeeff\n";
    struct scene s;
    scene_open_shared(&s);
    watch_generation(&s);
    for (int after = 0; after < 2; after++) {
        site_close(s.birk); /* the file names both tokens, the database has either */
        write_generation(&s, after ? "" : other, after ? other : "");
        site_open(s.birk);
        struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
        assert_memory_equal(&next.feed, &s.first.feed, sizeof next.feed);
    }
    site_close(s.birk);
    assert_int_equal(unlink(s.birk->generation), 0);
    site_open(s.birk);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "tegne", NULL);
    assert_false(feed_id_equal(&next.feed, &s.first.feed));
    scene_end(&s);
}

/* What the system says of a file goes back with the machine. */
static enum err timeless_stamp(void *context, const char *path, bool durably,
                               struct file_stamp *ret_stamp) {
    enum err e = filesystem_real.stamp(context, path, durably, ret_stamp);
    if (e == OK)
        ret_stamp->modified_ns = ret_stamp->changed_ns = 0;
    return e;
}

static void watch_machine(struct scene *s) {
    static struct filesystem files;
    files = filesystem_real;
    files.stamp = timeless_stamp;
    s->birk->files = &files;
    watch_generation(s);
}

/* Database and token put back together, in the same boot: nothing tells at the start. */
static void snapshot(struct scene *s, bool back) {
    char database[400], token[400];
    snprintf(database, sizeof database, "%s-backup", s->birk->path);
    snprintf(token, sizeof token, "%s-backup", s->birk->generation);
    site_close(s->birk);
    temp_copy(back ? database : s->birk->path, back ? s->birk->path : database);
    temp_copy(back ? token : s->birk->generation, back ? s->birk->generation : token);
    site_open(s->birk);
}

static void assert_goes_on_in_a_new_incarnation(struct scene *s) {
    struct version_name next = write_field(s->birk, &s->channel, &s->record, 12, "venner", NULL);
    struct feed_info old;
    assert_false(feed_id_equal(&next.feed, &s->first.feed));
    sync_all(&s->f);
    assert_ok(feed_find(s->school->store, &s->first.feed, &old));
    assert_int_equal(old.head.seq, 2);
    assert_false(old.forked);
    assert_alike(s->birk, s->school);
}

TEST(a_whole_machine_put_back_is_noticed_when_an_own_entry_comes_back) {
    struct scene s;
    struct feed_info old;
    scene_open_shared(&s);
    watch_machine(&s);
    snapshot(&s, false);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.school);
    snapshot(&s, true);
    assert_ok(feed_find(s.birk->store, &s.first.feed, &old));
    assert_true(old.confirmed); /* nobody can tell yet */
    sync_feeds(s.school, s.birk);
    assert_ok(feed_find(s.birk->store, &s.first.feed, &old));
    assert_int_equal(old.head.seq, 2);
    assert_false(old.confirmed);
    assert_goes_on_in_a_new_incarnation(&s);
    scene_end(&s);
}

TEST(a_whole_machine_put_back_is_noticed_when_its_own_word_comes_back_newer_or_older) {
    for (int older = 0; older < 2; older++) {
        struct scene s;
        struct buffer word = {0};
        struct arena arena;
        struct statement statement;
        struct channel_id channel;
        bool restored = false;
        time_ms stored;
        scene_open_shared(&s);
        channel = channel_id_of(&s.f.id, &s.channel);
        watch_machine(&s);
        snapshot(&s, false);
        write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
        assert_ok(acks_state(s.birk->store, &channel));
        arena_init(&arena, KIB(256));
        assert_ok(
            acks_latest(s.birk->store, &s.birk->member, &channel, &arena, &statement, &stored));
        assert_ok(statement_sign(&statement, &s.birk->keys.sign, &word));
        sync_feeds(s.birk, s.school);
        snapshot(&s, true);
        s.f.now += 1000;
        if (older)
            assert_ok(acks_state(s.birk->store, &channel));
        assert_ok(acks_admit(s.birk->store, buffer_view(&word)));
        assert_ok(acks_restored(s.birk->store, &restored));
        assert_true(restored);
        assert_goes_on_in_a_new_incarnation(&s);
        arena_done(&arena);
        buffer_done(&word);
        scene_end(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            after_a_change_of_place_the_next_write_opens_an_incarnation_that_closes_the_old_tip),
        cmocka_unit_test(in_the_same_place_a_feed_goes_on),
        cmocka_unit_test(
            where_the_system_does_not_tell_the_boot_a_feed_goes_on_only_once_a_member_has_reported_it),
        cmocka_unit_test(a_reported_head_that_equals_ours_lets_the_feed_go_on),
        cmocka_unit_test(on_another_disk_no_report_lets_a_feed_go_on),
        cmocka_unit_test(a_member_that_lags_can_not_vouch_for_a_restored_copy),
        cmocka_unit_test(a_lost_incarnation_that_comes_back_in_part_is_not_continued),
        cmocka_unit_test(a_restored_copy_never_signs_a_number_again_and_gets_back_what_it_lost),
        cmocka_unit_test(an_old_copy_in_the_same_place_is_noticed_and_never_continues_a_feed),
        cmocka_unit_test(a_copy_made_while_the_node_ran_is_noticed_after_it_was_closed),
        cmocka_unit_test(a_crash_while_the_generation_is_renewed_is_no_copy),
        cmocka_unit_test(a_whole_machine_put_back_is_noticed_when_an_own_entry_comes_back),
        cmocka_unit_test(
            a_whole_machine_put_back_is_noticed_when_its_own_word_comes_back_newer_or_older),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
