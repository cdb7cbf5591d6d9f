#include "store/home.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct scene {
    char folder[256], path[300], keys[320];
    struct home home;
};

static void scene_begin(struct scene *s) {
    temp_folder(s->folder);
    snprintf(s->path, sizeof s->path, "%.255s/a/home", s->folder);
    snprintf(s->keys, sizeof s->keys, "%.299s/keys", s->path);
    assert_ok(home_open(s->path, true, &s->home));
}

static void scene_end(struct scene *s) {
    home_close(&s->home);
    temp_remove(s->folder);
}

TEST(a_home_that_is_not_there_is_made_only_when_asked) {
    struct scene s;
    struct home other;
    char path[320];
    scene_begin(&s);
    snprintf(path, sizeof path, "%.255s/none", s.folder);
    assert_err(ERR_NOT_FOUND, home_open(path, false, &other));
    struct stat status;
    assert_int_equal(stat(s.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_null(s.home.keys);
    scene_end(&s);
}

TEST(a_home_has_one_owner_at_a_time) {
    struct scene s;
    struct home other;
    scene_begin(&s);
    assert_err(ERR_LOCKED, home_open(s.path, true, &other));
    assert_ok(home_create_keys(&s.home));
    home_close(&s.home);
    assert_ok(home_open(s.path, false, &s.home));
    scene_end(&s);
}

static bool is_there(const char *path) {
    struct stat status;
    return stat(path, &status) == 0;
}

TEST(a_home_that_was_made_and_got_no_keys_leaves_nothing_behind) {
    struct scene s;
    char above[320];
    scene_begin(&s);
    snprintf(above, sizeof above, "%.255s/a", s.folder);
    assert_true(is_there(s.path));
    home_close(&s.home);
    assert_false(is_there(above));
    assert_true(is_there(s.folder));
    /* Of one that was there only the lock goes again. */
    assert_int_equal(mkdir(above, 0700), 0);
    assert_int_equal(mkdir(s.path, 0700), 0);
    assert_ok(home_open(s.path, true, &s.home));
    home_close(&s.home);
    assert_true(is_there(s.path));
    assert_int_equal(rmdir(s.path), 0);
    scene_end(&s);
}

TEST(discarding_takes_new_keys_back_and_leaves_older_ones) {
    struct scene s;
    char replica[320];
    scene_begin(&s);
    snprintf(replica, sizeof replica, "%.299s/replica.db", s.path);
    assert_ok(home_create_keys(&s.home));
    assert_int_equal(close(open(replica, O_CREAT | O_WRONLY, 0600)), 0);
    home_discard(&s.home);
    assert_null(s.home.keys);
    assert_false(is_there(s.keys) || is_there(replica));
    assert_ok(home_create_keys(&s.home));
    home_close(&s.home);
    assert_ok(home_open(s.path, true, &s.home));
    home_discard(&s.home);
    assert_true(is_there(s.keys));
    assert_non_null(s.home.keys);
    scene_end(&s);
}

TEST(keys_are_the_same_when_the_home_is_opened_again) {
    struct scene s;
    struct stat status;
    scene_begin(&s);
    assert_ok(home_create_keys(&s.home));
    struct public_keys public = s.home.keys->public;
    assert_int_equal(stat(s.keys, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_err(ERR_EXISTS, home_create_keys(&s.home));
    home_close(&s.home);
    assert_ok(home_open(s.path, false, &s.home));
    assert_non_null(s.home.keys);
    assert_memory_equal(&public, &s.home.keys->public, sizeof public);
    scene_end(&s);
}

TEST(keys_that_lie_there_are_never_overwritten) {
    struct scene s;
    struct home copy;
    scene_begin(&s);
    copy = s.home; /* as it was before there were keys */
    assert_ok(home_create_keys(&s.home));
    assert_err(ERR_EXISTS, home_create_keys(&copy));
    assert_null(copy.keys);
    scene_end(&s);
}

static void change_byte(const char *path, off_t at) {
    char byte;
    int fd = open(path, O_RDWR);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte = byte == 'b' ? 'd' : 'b';
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

TEST(a_damaged_keys_file_is_refused) {
    struct scene s;
    scene_begin(&s);
    assert_ok(home_create_keys(&s.home));
    home_close(&s.home);
    change_byte(s.keys, 14);
    assert_err(ERR_CORRUPT, home_open(s.path, false, &s.home));
    s.home = (struct home){.lock_fd = -1};
    scene_end(&s);
}

static void append(const char *path, const char *bytes, size_t size, size_t times) {
    int fd = open(path, O_WRONLY | O_APPEND);
    for (size_t i = 0; i < times; i++)
        assert_int_equal(write(fd, bytes, size), size);
    close(fd);
}

TEST(what_lies_behind_the_words_in_a_keys_file_is_damage) {
    static const struct {
        const char *bytes;
        size_t size, times;
    } behind[] = {{"\n", 1, 300}, {"\0x", 2, 1}, {"\0", 1, 1}};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        struct scene s;
        scene_begin(&s);
        assert_ok(home_create_keys(&s.home));
        home_close(&s.home);
        append(s.keys, behind[i].bytes, behind[i].size, behind[i].times);
        assert_err(ERR_CORRUPT, home_open(s.path, false, &s.home));
        s.home = (struct home){.lock_fd = -1};
        scene_end(&s);
    }
}

TEST(keys_that_others_can_read_are_refused) {
    struct scene s;
    scene_begin(&s);
    assert_ok(home_create_keys(&s.home));
    home_close(&s.home);
    chmod(s.keys, 0640);
    assert_err(ERR_DENIED, home_open(s.path, false, &s.home));
    s.home = (struct home){.lock_fd = -1};
    scene_end(&s);
}

TEST(a_folder_that_others_may_write_to_is_refused_and_one_they_may_read_is_closed_to_them) {
    struct scene s;
    struct stat status;
    scene_begin(&s);
    assert_ok(home_create_keys(&s.home));
    home_close(&s.home);
    chmod(s.path, 0770);
    assert_err(ERR_DENIED, home_open(s.path, true, &s.home));
    chmod(s.path, 0755);
    assert_ok(home_open(s.path, true, &s.home));
    assert_int_equal(stat(s.path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    scene_end(&s);
}

static void put_file(struct scene *s, const char *name, const char *text) {
    char path[HOME_PATH_MAX];
    assert_ok(home_file(&s->home, name, path));
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

TEST(a_home_is_a_folder_with_a_name) {
    struct scene s;
    struct home other;
    char path[HOME_PATH_MAX + 2];
    scene_begin(&s);
    put_file(&s, "file", "x");
    assert_ok(home_file(&s.home, "file", path));
    assert_err(ERR_NOT_FOUND, home_open(path, false, &other));
    assert_err(ERR_LIMIT, home_open("", true, &other));
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_err(ERR_LIMIT, home_open(path, true, &other));
    scene_end(&s);
}

TEST(a_path_that_is_too_long_is_refused) {
    struct scene s;
    char path[HOME_PATH_MAX], name[HOME_PATH_MAX];
    scene_begin(&s);
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_err(ERR_LIMIT, home_file(&s.home, name, path));
    assert_ok(home_file(&s.home, "config", path));
    assert_int_equal(strncmp(path, s.path, strlen(s.path)), 0);
    scene_end(&s);
}

/* A link to itself is there, and nobody can say what it is. */
static void hide(struct scene *s, const char *name) {
    char path[HOME_PATH_MAX];
    assert_ok(home_file(&s->home, name, path));
    unlink(path);
    assert_int_equal(symlink(path, path), 0);
}

TEST(what_is_lost_is_told_from_what_can_not_be_looked_at) {
    struct scene s;
    char path[HOME_PATH_MAX];
    bool lost = true;
    scene_begin(&s);
    assert_ok(home_lost_keys(&s.home, &lost));
    assert_false(lost);
    put_file(&s, "replica.db", "x");
    assert_ok(home_lost_keys(&s.home, &lost));
    assert_true(lost);
    hide(&s, "replica.db");
    assert_err(ERR_IO, home_lost_keys(&s.home, &lost));
    assert_ok(home_create_keys(&s.home));
    assert_err(ERR_IO, home_lost_replica(&s.home, &lost));
    put_file(&s, "generation", "x");
    assert_err(ERR_IO, home_lost_replica(&s.home, &lost));
    assert_ok(home_file(&s.home, "replica.db", path));
    assert_int_equal(unlink(path), 0);
    assert_ok(home_lost_replica(&s.home, &lost));
    assert_true(lost);
    hide(&s, "generation");
    assert_err(ERR_IO, home_lost_replica(&s.home, &lost));
    scene_end(&s);
}

/* That one is another's takes a while to show: tests/e2e/test_copies.py. */
TEST(a_log_that_a_crash_left_beside_its_replica_is_its_own) {
    struct scene s;
    bool left = true;
    scene_begin(&s);
    assert_ok(home_left_log(&s.home, &left)); /* neither is there */
    assert_false(left);
    put_file(&s, "replica.db-wal", "x");
    left = true;
    assert_ok(home_left_log(&s.home, &left));
    assert_false(left);
    put_file(&s, "replica.db", "x");
    left = true;
    assert_ok(home_left_log(&s.home, &left));
    assert_false(left);
    hide(&s, "replica.db-wal");
    assert_err(ERR_IO, home_left_log(&s.home, &left));
    scene_end(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_that_a_crash_left_beside_its_replica_is_its_own),
        cmocka_unit_test(a_home_that_is_not_there_is_made_only_when_asked),
        cmocka_unit_test(a_home_has_one_owner_at_a_time),
        cmocka_unit_test(a_home_that_was_made_and_got_no_keys_leaves_nothing_behind),
        cmocka_unit_test(discarding_takes_new_keys_back_and_leaves_older_ones),
        cmocka_unit_test(keys_are_the_same_when_the_home_is_opened_again),
        cmocka_unit_test(keys_that_lie_there_are_never_overwritten),
        cmocka_unit_test(a_damaged_keys_file_is_refused),
        cmocka_unit_test(what_is_lost_is_told_from_what_can_not_be_looked_at),
        cmocka_unit_test(what_lies_behind_the_words_in_a_keys_file_is_damage),
        cmocka_unit_test(keys_that_others_can_read_are_refused),
        cmocka_unit_test(
            a_folder_that_others_may_write_to_is_refused_and_one_they_may_read_is_closed_to_them),
        cmocka_unit_test(a_home_is_a_folder_with_a_name),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
