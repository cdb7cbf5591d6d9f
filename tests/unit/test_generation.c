#include "scene.h"
#include "store/acks.h"
#include "store/collection.h"
#include "test.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Birk has a file that tells copies, and has written one entry that everybody has. */
static void scene_begin(struct scene *s) {
    scene_open_shared(s);
    site_watch_copies(s->birk);
    sync_all(&s->f);
    assert_ok(feed_reported(s->birk->store, &s->school->member, &s->first.feed, 1, &s->first.id8));
    site_close(s->birk);
    site_open(s->birk);
}

static bool is_confirmed(struct scene *s) {
    struct feed_info feed;
    assert_ok(feed_find(s->birk->store, &s->first.feed, &feed));
    return feed.confirmed;
}

static struct version_name write_likes(struct scene *s, const char *likes) {
    return write_field(s->birk, &s->channel, &s->record, 10, likes, NULL);
}

/* A member that lags vouches for an old head. */
static void vouch(struct scene *s) {
    assert_ok(feed_reported(s->birk->store, &s->school->member, &s->first.feed, 1, &s->first.id8));
}

static void assert_goes_on(struct scene *s) {
    struct version_name next = write_likes(s, "gynge");
    assert_memory_equal(&next.feed, &s->first.feed, sizeof next.feed);
}

static void assert_doubted(struct scene *s) {
    assert_false(is_confirmed(s));
    vouch(s);
    assert_true(is_confirmed(s));
    assert_goes_on(s);
}

static void assert_barred(struct scene *s) {
    assert_false(is_confirmed(s));
    vouch(s);
    assert_false(is_confirmed(s));
    struct version_name next = write_likes(s, "tegne");
    assert_false(feed_id_equal(&next.feed, &s->first.feed));
    sync_all(&s->f);
    for (size_t i = 0; i < s->f.sites_n; i++) {
        struct feed_info feed;
        if (feed_find(s->f.sites[i].store, &s->first.feed, &feed) == OK)
            assert_false(feed.forked);
    }
}

/* ---- Files ---- */

/* The name of one of Birk's files, or of its copy. */
static const char *path_of(const struct scene *s, const char *end, char path[static 400]) {
    snprintf(path, 400, "%s%s", s->birk->path, end);
    return path;
}

/* In place where `to` is there already, as is done by those that put back; or not at all. Its time
 * of modification goes with it. */
static void copy(const struct scene *s, const char *from_end, const char *to_end) {
    char from[400], to[400], content[65536];
    struct stat status;
    size_t size;
    path_of(s, to_end, to);
    FILE *in = fopen(path_of(s, from_end, from), "rb");
    if (in == NULL) {
        unlink(to);
        return;
    }
    FILE *out = fopen(to, "wb");
    assert_non_null(out);
    while ((size = fread(content, 1, sizeof content, in)) > 0)
        assert_int_equal(fwrite(content, 1, size, out), size);
    assert_int_equal(fstat(fileno(in), &status), 0);
    fclose(in);
    fclose(out);
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, to, times, 0), 0);
}

static void back_up(const struct scene *s, bool whole) {
    copy(s, "", "-backup");
    copy(s, "-wal", "-wal-backup");
    if (whole)
        copy(s, "-generation", "-generation-backup");
}

/* The system's clock for files has moved since. */
static void tick(void) {
    struct timespec before, now;
    clock_gettime(CLOCK_REALTIME_COARSE, &before);
    do
        clock_gettime(CLOCK_REALTIME_COARSE, &now);
    while (now.tv_sec == before.tv_sec && now.tv_nsec == before.tv_nsec);
}

static void put_back(const struct scene *s, bool whole) {
    tick();
    copy(s, "-backup", "");
    copy(s, "-wal-backup", "-wal");
    if (whole)
        copy(s, "-generation-backup", "-generation");
}

/* What Birk's node does before it is killed, in a process of its own; the municipality's store,
 * too, is that process's meanwhile. */
static void die_after(struct scene *s, void (*work)(struct scene *)) {
    site_close(s->birk);
    site_close(s->town);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        site_open(s->birk);
        site_open(s->town);
        work(s);
        site_close(s->town);
        _exit(0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    site_open(s->town);
}

static void nothing(struct scene *s) {
    (void)s;
}

/* A backup of the running node's database; then an edit that reaches the municipality. */
static void back_up_and_edit(struct scene *s) {
    back_up(s, false);
    write_likes(s, "gynge");
    sync_feeds(s->birk, s->town);
}

static void back_up_whole_and_edit(struct scene *s) {
    back_up(s, true);
    write_likes(s, "gynge");
    sync_feeds(s->birk, s->town);
}

static void edit(struct scene *s) {
    s->first = write_likes(s, "gynge");
    sync_feeds(s->birk, s->town);
}

/* ---- What is the same database, and what may not be ---- */

TEST(after_an_orderly_close_a_feed_goes_on_though_somebody_has_looked_into_the_database) {
    struct scene s;
    sqlite3 *db = NULL;
    scene_begin(&s);
    site_close(s.birk);
    tick();
    assert_int_equal(sqlite3_open(s.birk->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM entry", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    site_open(s.birk);
    assert_true(is_confirmed(&s));
    assert_goes_on(&s);
    scene_end(&s);
}

TEST(after_a_kill_a_feed_goes_on_once_a_member_has_reported_its_head) {
    struct scene s;
    scene_begin(&s);
    die_after(&s, nothing);
    site_open(s.birk);
    assert_doubted(&s);
    scene_end(&s);
}

TEST(after_a_kill_what_was_written_is_counted_and_no_copy) {
    struct scene s;
    scene_begin(&s);
    die_after(&s, edit); /* `first` is what it was: the child's is its own */
    site_open(s.birk);
    struct feed_info feed;
    assert_ok(feed_find(s.birk->store, &s.first.feed, &feed));
    assert_int_equal(feed.head.seq, 2);
    assert_false(feed.confirmed);
    struct id8 head = envelope_id8(&feed.head.id);
    assert_ok(feed_reported(s.birk->store, &s.town->member, &s.first.feed, 2, &head));
    assert_true(is_confirmed(&s));
    scene_end(&s);
}

TEST(a_copy_of_a_running_nodes_database_put_back_after_a_kill_never_goes_on) {
    struct scene s;
    scene_begin(&s);
    die_after(&s, back_up_and_edit);
    put_back(&s, false);
    site_open(s.birk);
    assert_barred(&s);
    scene_end(&s);
}

TEST(a_whole_home_put_back_after_an_orderly_stop_never_goes_on) {
    struct scene s;
    scene_begin(&s);
    site_close(s.birk);
    back_up(&s, true);
    site_open(s.birk);
    write_likes(&s, "gynge");
    sync_feeds(s.birk, s.town);
    site_close(s.birk);
    put_back(&s, true);
    site_open(s.birk);
    assert_barred(&s);
    scene_end(&s);
}

TEST(a_whole_home_put_back_unchanged_never_goes_on_for_it_can_not_be_told) {
    struct scene s;
    scene_begin(&s);
    site_close(s.birk);
    back_up(&s, true);
    put_back(&s, true);
    site_open(s.birk);
    assert_barred(&s);
    scene_end(&s);
}

/* As a field of the file's last line, from 0. */
static void change_number(struct scene *s, int field, long long by) {
    char text[400] = "", number[21];
    FILE *file = fopen(s->birk->generation, "r+");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    char *line = strstr(text, "open ");
    assert_non_null(line);
    char *at = line + 7 + field * 21;
    memcpy(number, at, 20);
    number[20] = '\0';
    snprintf(number, sizeof number, "%020lld", atoll(number) + by);
    assert_int_equal(fseek(file, at - text, SEEK_SET), 0);
    assert_int_equal(fwrite(number, 1, 20, file), 20);
    fclose(file);
}

TEST(a_whole_running_home_put_back_after_a_kill_never_goes_on) {
    struct scene s;
    scene_begin(&s);
    die_after(&s, back_up_whole_and_edit);
    put_back(&s, true);
    change_number(&s, 1, -6000000000); /* the backup is six seconds old */
    change_number(&s, 4, -6000000000);
    site_open(s.birk);
    assert_barred(&s);
    scene_end(&s);
}

TEST(after_a_loss_of_power_a_file_that_is_some_minutes_older_than_its_stamp_is_no_copy) {
    struct scene s;
    scene_begin(&s);
    die_after(&s, nothing);
    change_number(&s, 1, -600000000000);
    change_number(&s, 4, -600000000000);
    s.birk->place.bytes[1]++;
    site_open(s.birk);
    assert_doubted(&s);
    scene_end(&s);
}

TEST(fewer_own_entries_than_were_counted_are_a_copy_whatever_the_boot) {
    struct scene s;
    scene_begin(&s);
    die_after(&s, nothing);
    change_number(&s, 0, 1);
    change_number(&s, 2, 1);
    s.birk->place.bytes[1]++;
    site_open(s.birk);
    assert_barred(&s);
    scene_end(&s);
}

TEST(a_line_that_was_torn_is_no_copys) {
    for (int field = 0; field < 2; field++) {
        struct scene s;
        scene_begin(&s);
        die_after(&s, nothing);
        change_number(&s, field, field == 0 ? 1 : -6000000000);
        site_open(s.birk);
        assert_doubted(&s);
        scene_end(&s);
    }
}

TEST(a_log_put_beside_a_closed_database_is_a_copys) {
    struct scene s;
    char path[400];
    scene_begin(&s);
    site_close(s.birk);
    FILE *log = fopen(path_of(&s, "-wal", path), "w");
    assert_non_null(log);
    fputs("not a log", log);
    fclose(log);
    site_open(s.birk);
    assert_barred(&s);
    scene_end(&s);
}

TEST(a_file_of_the_earlier_form_leaves_feeds_in_doubt) {
    struct scene s;
    char text[400] = "";
    scene_begin(&s);
    site_close(s.birk);
    FILE *file = fopen(s.birk->generation, "r+");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    file = fopen(s.birk->generation, "w");
    assert_non_null(file);
    fprintf(file, "stafet generation 1\n%.33s", strchr(text, '\n') + 1);
    fclose(file);
    site_open(s.birk);
    assert_doubted(&s);
    scene_end(&s);
}

TEST(a_missing_or_damaged_file_bars_feeds) {
    for (int damaged = 0; damaged < 2; damaged++) {
        struct scene s;
        scene_begin(&s);
        site_close(s.birk);
        assert_int_equal(truncate(s.birk->generation, 30), 0);
        if (!damaged)
            assert_int_equal(unlink(s.birk->generation), 0);
        site_open(s.birk);
        assert_barred(&s);
        scene_end(&s);
    }
}

static enum err try_to_open(struct site *site) {
    struct store_config config = {.path = site->path,
                                  .keys = &site->keys,
                                  .place = site->place,
                                  .disk = site->disk,
                                  .generation = site->generation};
    struct store *store = NULL;
    enum err e = store_open(&config, &store);
    store_close(store);
    return e;
}

TEST(a_file_that_is_there_and_can_not_be_read_is_no_missing_one) {
    struct scene s;
    char aside[400];
    scene_begin(&s);
    const char *path = s.birk->generation;
    site_close(s.birk);
    path_of(&s, "-aside", aside);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_err(ERR_IO, try_to_open(s.birk));
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(symlink(path, path), 0);
    assert_err(ERR_IO, try_to_open(s.birk));
    assert_int_equal(rename(aside, path), 0);
    site_open(s.birk);
    assert_true(is_confirmed(&s));
    assert_goes_on(&s);
    scene_end(&s);
}

/* ---- Full disks ---- */

static bool no_room, no_patch;

static enum err scant_replace(void *context, const char *path, const char *text) {
    return no_room ? ERR_DISK_FULL : filesystem_real.replace(context, path, text);
}

static enum err scant_patch(void *context, const char *path, const char *text, size_t at) {
    return no_patch ? ERR_DISK_FULL : filesystem_real.patch(context, path, text, at);
}

static const struct filesystem *scant(void) {
    static struct filesystem files;
    files = filesystem_real;
    files.replace = scant_replace;
    files.patch = scant_patch;
    return &files;
}

TEST(
    where_the_disk_has_no_room_for_another_file_it_is_said_in_the_old_one_that_the_database_is_open) {
    struct scene s;
    scene_begin(&s);
    s.birk->files = scant();
    no_room = true;
    site_close(s.birk);
    site_open(s.birk);
    assert_true(is_confirmed(&s));
    die_after(&s, back_up_and_edit);
    put_back(&s, false);
    site_open(s.birk);
    assert_barred(&s);
    no_room = false;
    scene_end(&s);
}

TEST(nothing_is_signed_while_it_can_not_be_said_that_the_database_is_open) {
    struct scene s;
    struct version_name written;
    scene_begin(&s);
    site_close(s.birk);
    s.birk->files = scant();
    no_room = no_patch = true;
    site_open(s.birk);
    assert_err(ERR_DISK_FULL, try_write(s.birk, &s.channel, COLLECTION_HANDOVER, &s.record, 10,
                                        "gynge", NULL, &written));
    assert_non_null(strstr(store_failure(s.birk->store), "full"));
    write_field(s.school, &s.channel, &s.record, 50, "12 August", NULL);
    sync_all(&s.f); /* what others write is taken */
    no_room = no_patch = false;
    assert_goes_on(&s);
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            after_an_orderly_close_a_feed_goes_on_though_somebody_has_looked_into_the_database),
        cmocka_unit_test(after_a_kill_a_feed_goes_on_once_a_member_has_reported_its_head),
        cmocka_unit_test(after_a_kill_what_was_written_is_counted_and_no_copy),
        cmocka_unit_test(a_copy_of_a_running_nodes_database_put_back_after_a_kill_never_goes_on),
        cmocka_unit_test(a_whole_home_put_back_after_an_orderly_stop_never_goes_on),
        cmocka_unit_test(a_whole_home_put_back_unchanged_never_goes_on_for_it_can_not_be_told),
        cmocka_unit_test(a_whole_running_home_put_back_after_a_kill_never_goes_on),
        cmocka_unit_test(
            after_a_loss_of_power_a_file_that_is_some_minutes_older_than_its_stamp_is_no_copy),
        cmocka_unit_test(fewer_own_entries_than_were_counted_are_a_copy_whatever_the_boot),
        cmocka_unit_test(a_line_that_was_torn_is_no_copys),
        cmocka_unit_test(a_log_put_beside_a_closed_database_is_a_copys),
        cmocka_unit_test(a_file_of_the_earlier_form_leaves_feeds_in_doubt),
        cmocka_unit_test(a_missing_or_damaged_file_bars_feeds),
        cmocka_unit_test(a_file_that_is_there_and_can_not_be_read_is_no_missing_one),
        cmocka_unit_test(
            where_the_disk_has_no_room_for_another_file_it_is_said_in_the_old_one_that_the_database_is_open),
        cmocka_unit_test(nothing_is_signed_while_it_can_not_be_said_that_the_database_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
