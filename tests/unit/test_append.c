#include "proto/limits.h"
#include "proto/statement.h"
#include "scene.h"
#include "store/acks.h"
#include "store/acks_latest.h"
#include "store/admit.h"
#include "store/collection.h"
#include "store/record.h"
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void scene_begin(struct scene *s) {
    scene_open(s);
    scene_write(s);
    sync_all(&s->f);
}

static void assert_same(struct site *a, struct site *b) {
    struct hash here, there;
    assert_ok(store_digest(a->store, &here));
    assert_ok(store_digest(b->store, &there));
    assert_memory_equal(&here, &there, sizeof here);
}

TEST(what_is_written_is_merged_here_and_there_alike) {
    struct scene s;
    scene_begin(&s);
    struct version_name second = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge og tegne", &second);
    write_field(s.school, &s.channel, &s.record, 50, "12 August", NULL);
    write_field(s.birk, &s.channel, &s.record, 50, "13 August", NULL);
    sync_all(&s.f);
    assert_same(s.birk, s.school);
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
    scene_begin(&s);
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
    scene_begin(&s);
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
    scene_begin(&s);
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
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(a_refused_change_undoes_no_other_of_its_transaction) {
    struct scene s;
    struct version_name written;
    scene_begin(&s);
    assert_ok(store_begin(s.birk->store));
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_err(ERR_ARGUMENT, try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &s.record, 2,
                                       "1 May", NULL, &written));
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    assert_ok(store_commit(s.birk->store));
    assert_int_equal(newest_feed(s.birk->store, &s.channel, &s.birk->member).head.seq, 3);
    sync_all(&s.f);
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(what_is_rolled_back_was_never_written) {
    struct scene s;
    scene_begin(&s);
    assert_ok(store_begin(s.birk->store));
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    store_rollback(s.birk->store);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    assert_int_equal(next.seq, 2);
    sync_all(&s.f);
    assert_same(s.birk, s.school);
    scene_end(&s);
}

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
    scene_begin(&s);
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
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(in_the_same_place_a_feed_goes_on) {
    struct scene s;
    scene_begin(&s);
    site_close(s.birk);
    site_open(s.birk);
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_memory_equal(&next.feed, &s.first.feed, sizeof next.feed);
    assert_int_equal(next.seq, 2);
    scene_end(&s);
}

TEST(a_reported_head_that_equals_ours_lets_the_feed_go_on) {
    struct scene s;
    struct feed_info feed;
    scene_begin(&s);
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
    scene_begin(&s);
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

/* From the scene's record on, with a file that tells copies apart. */
static void watch_generation(struct scene *s) {
    site_close(s->birk);
    snprintf(s->birk->generation, sizeof s->birk->generation, "%.300s-generation", s->birk->path);
    site_open(s->birk);
    assert_ok(feed_reported(s->birk->store, &s->school->member, &s->first.feed, 1, &s->first.id8));
}

TEST(an_old_copy_in_the_same_place_is_noticed_and_never_continues_a_feed) {
    struct scene s;
    char backup[400];
    scene_begin(&s);
    watch_generation(&s);
    snprintf(backup, sizeof backup, "%s-backup", s.birk->path);
    site_close(s.birk);
    temp_copy(s.birk->path, backup);
    site_open(s.birk);
    struct version_name ahead = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_memory_equal(&ahead.feed, &s.first.feed, sizeof ahead.feed); /* the right one goes on */
    sync_feeds(s.birk, s.town);
    site_close(s.birk);
    temp_copy(backup, s.birk->path);
    site_open(s.birk);
    assert_ok(feed_reported(s.birk->store, &s.school->member, &s.first.feed, 1, &s.first.id8));
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 10, "tegne", NULL);
    assert_false(feed_id_equal(&next.feed, &s.first.feed));
    struct version_name more = write_field(s.birk, &s.channel, &s.record, 11, "venner", NULL);
    assert_memory_equal(&more.feed, &next.feed, sizeof more.feed);
    sync_all(&s.f);
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(a_copy_made_while_the_node_ran_is_noticed_after_it_was_closed) {
    struct scene s;
    char backup[400], wal[400];
    scene_begin(&s);
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
    scene_begin(&s);
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

TEST(a_member_that_lags_can_not_vouch_for_a_restored_copy) {
    struct scene s;
    char backup[400];
    scene_begin(&s);
    snprintf(backup, sizeof backup, "%s-backup", s.birk->path);
    site_close(s.birk);
    temp_copy(s.birk->path, backup);
    site_open(s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.town); /* the school does not get it */
    site_close(s.birk);
    temp_copy(backup, s.birk->path);
    s.birk->place.bytes[1]++;
    s.birk->disk.bytes[0]++;
    site_open(s.birk);
    sync_statements(s.school, s.birk);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    sync_all(&s.f);
    struct feed_info old;
    assert_ok(feed_find(s.school->store, &s.first.feed, &old));
    assert_int_equal(old.head.seq, 2);
    assert_false(old.forked);
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(a_lost_incarnation_that_comes_back_in_part_is_not_continued) {
    struct scene s;
    char backup[400];
    scene_begin(&s);
    snprintf(backup, sizeof backup, "%s-backup", s.birk->path);
    site_close(s.birk);
    temp_copy(s.birk->path, backup);
    site_open(s.birk);
    site_move(s.birk);
    struct version_name lost = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    sync_feeds(s.birk, s.town);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    sync_feeds(s.birk, s.school);
    site_close(s.birk);
    temp_copy(backup, s.birk->path);
    s.birk->disk.bytes[0]++;
    site_open(s.birk);
    sync_feeds(s.town, s.birk); /* one of the two */
    assert_ok(feed_reported(s.birk->store, &s.school->member, &lost.feed, 1, &lost.id8));
    struct version_name next = write_field(s.birk, &s.channel, &s.record, 12, "venner", NULL);
    assert_false(feed_id_equal(&next.feed, &lost.feed));
    sync_feeds(s.birk, s.school);
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(a_restored_copy_never_signs_a_number_again_and_gets_back_what_it_lost) {
    struct scene s;
    char backup[400];
    bool restored = true;
    scene_begin(&s);
    snprintf(backup, sizeof backup, "%s-backup", s.birk->path);
    site_close(s.birk);
    temp_copy(s.birk->path, backup);
    site_open(s.birk);
    write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    write_field(s.birk, &s.channel, &s.record, 11, "tegne", NULL);
    sync_all(&s.f);
    site_close(s.birk);
    temp_copy(backup, s.birk->path);
    s.birk->place.bytes[1]++;
    site_open(s.birk);
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
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(more_than_an_envelope_holds_is_refused) {
    struct scene s;
    struct version_name written;
    scene_begin(&s);
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
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(a_full_disk_leaves_nothing_half_written) {
    struct scene s;
    struct version_name written;
    struct hash before, after;
    struct rlimit limit, full;
    struct stat status;
    char wal[400];
    scene_begin(&s);
    snprintf(wal, sizeof wal, "%s-wal", s.birk->path);
    assert_ok(store_digest(s.birk->store, &before));
    assert_int_equal(stat(wal, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    full = limit;
    full.rlim_cur = (rlim_t)status.st_size; /* not a byte more in the log */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    enum err e =
        try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &s.record, 10, "gynge", NULL, &written);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_true(e == ERR_DISK_FULL || e == ERR_IO);
    assert_true(strlen(store_failure(s.birk->store)) > 0);
    assert_ok(store_digest(s.birk->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    written = write_field(s.birk, &s.channel, &s.record, 10, "gynge", NULL);
    assert_int_equal(written.seq, 2);
    sync_all(&s.f);
    assert_same(s.birk, s.school);
    scene_end(&s);
}

TEST(a_disk_that_fills_amid_a_transaction_takes_none_of_it) {
    struct scene s;
    struct version_name written;
    struct hash before, after;
    struct rlimit limit, full;
    struct stat status;
    char wal[400];
    scene_begin(&s);
    snprintf(wal, sizeof wal, "%s-wal", s.birk->path);
    assert_ok(store_digest(s.birk->store, &before));
    assert_int_equal(stat(wal, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    signal(SIGXFSZ, SIG_IGN);
    full = limit;
    full.rlim_cur = (rlim_t)status.st_size + 8192;
    assert_ok(store_begin(s.birk->store));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    enum err e = OK;
    for (int i = 0; e == OK && i < 20; i++) {
        struct record_id record = record_of(s.birk);
        e = try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &record, 10, "gynge", NULL,
                      &written);
    }
    assert_int_not_equal(store_commit(s.birk->store), OK);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_ok(store_digest(s.birk->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    site_close(s.birk);
    site_open(s.birk);
    assert_ok(store_digest(s.birk->store, &after));
    assert_memory_equal(&before, &after, sizeof before);
    scene_end(&s);
}

TEST(a_field_that_is_written_once_is_not_written_again) {
    struct scene s;
    struct version_name written;
    struct channel notice = {.kind = CHANNEL_NOTICE};
    scene_begin(&s);
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
    assert_same(s->birk, s->school);
}

TEST(a_whole_machine_put_back_is_noticed_when_an_own_entry_comes_back) {
    struct scene s;
    struct feed_info old;
    scene_begin(&s);
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
        scene_begin(&s);
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
        cmocka_unit_test(what_is_written_is_merged_here_and_there_alike),
        cmocka_unit_test(the_clock_rises_with_every_write_and_follows_what_has_been_seen),
        cmocka_unit_test(who_may_not_write_is_refused_and_nothing_is_left),
        cmocka_unit_test(a_change_that_would_be_void_is_refused_with_the_fields_name),
        cmocka_unit_test(a_field_that_is_written_once_is_not_written_again),
        cmocka_unit_test(a_refused_change_undoes_no_other_of_its_transaction),
        cmocka_unit_test(what_is_rolled_back_was_never_written),
        cmocka_unit_test(
            after_a_change_of_place_the_next_write_opens_an_incarnation_that_closes_the_old_tip),
        cmocka_unit_test(in_the_same_place_a_feed_goes_on),
        cmocka_unit_test(a_reported_head_that_equals_ours_lets_the_feed_go_on),
        cmocka_unit_test(on_another_disk_no_report_lets_a_feed_go_on),
        cmocka_unit_test(an_old_copy_in_the_same_place_is_noticed_and_never_continues_a_feed),
        cmocka_unit_test(a_copy_made_while_the_node_ran_is_noticed_after_it_was_closed),
        cmocka_unit_test(a_crash_while_the_generation_is_renewed_is_no_copy),
        cmocka_unit_test(a_member_that_lags_can_not_vouch_for_a_restored_copy),
        cmocka_unit_test(a_lost_incarnation_that_comes_back_in_part_is_not_continued),
        cmocka_unit_test(a_restored_copy_never_signs_a_number_again_and_gets_back_what_it_lost),
        cmocka_unit_test(more_than_an_envelope_holds_is_refused),
        cmocka_unit_test(a_full_disk_leaves_nothing_half_written),
        cmocka_unit_test(a_disk_that_fills_amid_a_transaction_takes_none_of_it),
        cmocka_unit_test(a_whole_machine_put_back_is_noticed_when_an_own_entry_comes_back),
        cmocka_unit_test(
            a_whole_machine_put_back_is_noticed_when_its_own_word_comes_back_newer_or_older),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
