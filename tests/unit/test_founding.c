/* Founding and joining, and what is left in the home when either is cut off or repeated. */
#include "office.h"
#include "proto/key.h"
#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(founding_gives_the_roots_words_once_and_they_are_the_root) {
    struct office *office = *state;
    office_found(office);
    struct seed seed;
    assert_ok(words_to_seed(office_text(office, "root_words"), &seed));
    assert_string_equal(office_text(office, "member/role"), "municipality");
    assert_err(ERR_EXISTS,
               office_call(office, "federation", "create",
                           json_pack("{s:s, s:s}", "name", "B", "listen", "tcp://127.0.0.1:1")));
}

TEST(a_root_made_elsewhere_is_not_repeated) {
    struct office *office = *state;
    struct seed seed = seed_new();
    char words[WORDS_TEXT_MAX];
    words_of_seed(&seed, words);
    assert_err(ERR_ARGUMENT, office_call(office, "federation", "create",
                                         json_pack("{s:s, s:s, s:s}", "name", "N", "listen",
                                                   "tcp://127.0.0.1:1", "root", "babab-babab")));
    assert_ok(office_call(
        office, "federation", "create",
        json_pack("{s:s, s:s, s:s}", "name", "N", "listen", "tcp://127.0.0.1:1", "root", words)));
    assert_null(office_text(office, "root_words"));
}

TEST(an_address_for_any_host_is_listened_on_and_another_one_told) {
    struct office *office = *state;
    static const char *const anywhere[] = {"tcp://0.0.0.0:7450", "tcp://*:7450", "tcp://[::]:7450"};
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++) {
        assert_err(ERR_ARGUMENT,
                   office_call(office, "federation", "create",
                               json_pack("{s:s, s:s}", "name", "N", "listen", anywhere[i])));
        assert_non_null(strstr(office->reply.mend, "--advertise"));
        assert_null(office->home.keys);
    }
    assert_ok(
        office_call(office, "federation", "create",
                    json_pack("{s:s, s:s, s:[s]}", "name", "N", "listen", "tcp://0.0.0.0:7450",
                              "advertise", "tcp://nordby.example:7450")));
    assert_string_equal(office_text(office, "listen"), "tcp://0.0.0.0:7450");
    const json_t *told = json_object_get(office->reply.document, "endpoints");
    assert_int_equal(json_array_size(told), 1);
    assert_string_equal(json_string_value(json_array_get(told, 0)), "tcp://nordby.example:7450");
}

TEST(a_bad_address_founds_nothing) {
    struct office *office = *state;
    assert_err(ERR_ARGUMENT, office_call(office, "federation", "create",
                                         json_pack("{s:s, s:s}", "name", "N", "listen", "7450")));
    assert_err(ERR_STATE, office_call(office, "member", "list", NULL));
}

TEST(what_was_founded_is_there_after_a_restart) {
    struct office *office = *state;
    office_found(office);
    char before[64];
    snprintf(before, sizeof before, "%s", office_text(office, "federation/id"));
    office_close(office);
    office_open(office, NULL);
    assert_ok(office_call(office, "status", "", NULL));
    assert_string_equal(office_text(office, "federation/id"), before);
}

TEST(joining_makes_keys_once_and_stays_pending_without_a_network) {
    struct office *office = *state;
    char ticket[2048], first[WORDS_TEXT_MAX];
    office_found(office);
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
    snprintf(ticket, sizeof ticket, "%s", office_text(office, "ticket"));
    void *other_state;
    office_begin(&other_state);
    struct office *other = other_state;
    assert_err(ERR_ARGUMENT,
               office_call(other, "join", "", json_pack("{s:s}", "ticket", "stafet1ABC")));
    assert_null(other->home.keys);
    assert_ok(office_call(other, "join", "", json_pack("{s:s}", "ticket", ticket)));
    assert_string_equal(office_text(other, "state"), "pending");
    snprintf(first, sizeof first, "%s", office_text(other, "member/fingerprint"));
    office_close(other);
    office_open(other, NULL);
    assert_ok(office_call(other, "join", "", json_pack("{s:s}", "ticket", ticket)));
    assert_string_equal(office_text(other, "member/fingerprint"), first);
    office_end(&other_state);
}

TEST(a_replica_without_its_keys_is_left_alone) {
    struct office *office = *state;
    char path[300], aside[300];
    office_found(office);
    office_close(office);
    snprintf(path, sizeof path, "%s/home/keys", office->folder);
    snprintf(aside, sizeof aside, "%s/keys", office->folder);
    assert_int_equal(rename(path, aside), 0);
    office_open(office, NULL);
    assert_err(ERR_KEY, office_call(office, "status", "", NULL));
    assert_string_equal(office->reply.text, "the keys are missing beside replica.db");
    assert_non_null(strstr(office->reply.mend, "restore the file keys of this home from a backup"));
    assert_err(ERR_KEY,
               office_call(office, "federation", "create",
                           json_pack("{s:s, s:s}", "name", "N", "listen", "tcp://127.0.0.1:1")));
    assert_err(ERR_KEY,
               office_call(office, "join", "", json_pack("{s:s}", "ticket", "stafet1ABC")));
    assert_null(office->home.keys);
    assert_int_not_equal(access(path, F_OK), 0);
    office_close(office);
    assert_int_equal(rename(aside, path), 0);
    office_open(office, NULL);
    assert_ok(office_call(office, "status", "", NULL));
}

static size_t files_in(const char *folder) {
    struct dirent **names;
    int n = scandir(folder, &names, NULL, NULL);
    assert_true(n >= 0);
    for (int i = 0; i < n; i++)
        free(names[i]);
    free(names);
    return (size_t)n;
}

/* Empty or gone, with a log beside it or not: to make another in its place would use the node's
 * keys, and its logs' numbers, a second time. */
TEST(keys_without_their_replica_make_no_other) {
    struct office *office = *state;
    char folder[300], replica[320], aside[300];
    office_found(office);
    office_close(office);
    snprintf(folder, sizeof folder, "%s/home", office->folder);
    snprintf(replica, sizeof replica, "%s/replica.db", folder);
    snprintf(aside, sizeof aside, "%s/replica", office->folder);
    assert_int_equal(rename(replica, aside), 0);
    for (int empty = 0; empty < 2; empty++) {
        if (empty)
            assert_int_equal(close(open(replica, O_CREAT | O_WRONLY, 0600)), 0);
        office_open(office, NULL);
        size_t files = files_in(folder);
        assert_err(ERR_CORRUPT, office_call(office, "status", "", NULL));
        assert_non_null(strstr(office->reply.text, "is lost or empty"));
        assert_non_null(strstr(office->reply.mend, "restore replica.db from a backup"));
        assert_err(ERR_CORRUPT, office_call(office, "waiting", "", NULL));
        assert_err(ERR_CORRUPT, office_call(office, "federation", "create",
                                            json_pack("{s:s, s:s}", "name", "N", "listen",
                                                      "tcp://127.0.0.1:1")));
        assert_err(ERR_CORRUPT,
                   office_call(office, "join", "", json_pack("{s:s}", "ticket", "stafet1A")));
        assert_int_equal(files_in(folder), files);
        office_close(office);
    }
    assert_int_equal(rename(aside, replica), 0);
    office_open(office, NULL);
    assert_ok(office_call(office, "status", "", NULL));
}

/* A link to itself is there, and nobody can say what it is. */
TEST(what_can_not_be_looked_at_is_neither_lost_nor_made_anew) {
    static const char *const names[] = {"replica.db", "generation"};
    struct office *office = *state;
    char folder[300], path[320], aside[300];
    office_found(office);
    snprintf(folder, sizeof folder, "%s/home", office->folder);
    snprintf(aside, sizeof aside, "%s/aside", office->folder);
    for (size_t i = 0; i < 2; i++) {
        office_close(office);
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        assert_int_equal(rename(path, aside), 0);
        assert_int_equal(symlink(path, path), 0);
        assert_ok(home_open(folder, false, &office->home));
        assert_ok(service_new(&office->home, NULL, &office->service));
        assert_err(ERR_IO, service_open_store(office->service));
        size_t files = files_in(folder);
        assert_err(ERR_IO, office_call(office, "status", "", NULL));
        assert_non_null(strstr(office->reply.text, "can't be"));
        assert_err(ERR_IO, office_call(office, "federation", "create",
                                       json_pack("{s:s, s:s}", "name", "N", "listen",
                                                 "tcp://127.0.0.1:1")));
        assert_int_equal(files_in(folder), files);
        assert_int_equal(rename(aside, path), 0);
        assert_ok(service_open_store(office->service));
    }
    assert_ok(office_call(office, "status", "", NULL));
}

TEST(a_making_that_was_interrupted_after_the_keys_can_be_repeated) {
    struct office *office = *state;
    char replica[300];
    snprintf(replica, sizeof replica, "%s/home/replica.db", office->folder);
    assert_ok(home_create_keys(&office->home));
    office_close(office);
    for (int begun = 0; begun < 2; begun++) {
        if (begun)
            assert_int_equal(close(open(replica, O_CREAT | O_WRONLY, 0600)), 0);
        office_open(office, NULL);
        assert_err(ERR_STATE, office_call(office, "status", "", NULL));
        office_close(office);
    }
    office_open(office, NULL);
    struct public_keys keys = office->home.keys->public;
    office_found(office);
    assert_memory_equal(&office->home.keys->public, &keys, sizeof keys);
    assert_ok(office_call(office, "status", "", NULL));
}

/* Else each command would be taken for a crash, and own feeds for doubtful. */
TEST(a_home_that_is_closed_in_order_says_so) {
    struct office *office = *state;
    char path[HOME_PATH_MAX], text[256] = "";
    office_found(office);
    office_close(office);
    snprintf(path, sizeof path, "%s/home/generation", office->folder);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, "\nclosed "));
    office_open(office, NULL);
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
}

static bool has_file(const struct office *office, const char *name) {
    char path[HOME_PATH_MAX];
    assert_ok(home_file(&office->home, name, path));
    return access(path, F_OK) == 0;
}

static void change_config(const struct office *office, int (*change)(const char *path)) {
    char path[HOME_PATH_MAX];
    assert_ok(home_file(&office->home, "config", path));
    assert_int_equal(change(path), 0);
}

static int make_private(const char *path) {
    return mkdir(path, 0700);
}

static void assert_nothing_made(const struct office *office) {
    assert_null(office->home.keys);
    assert_null(service_store(office->service));
    assert_false(has_file(office, "keys") || has_file(office, "replica.db") ||
                 has_file(office, "generation"));
}

TEST(what_fails_after_the_keys_were_made_takes_them_back) {
    struct office *office = *state;
    char ticket[2048];
    change_config(office, make_private); /* no address can be written into it */
    assert_err(ERR_IO, office_call(office, "federation", "create",
                                   json_pack("{s:s, s:s}", "name", "Nordby", "listen",
                                             "tcp://127.0.0.1:7450")));
    assert_nothing_made(office);
    change_config(office, rmdir);
    office_found(office);
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
    snprintf(ticket, sizeof ticket, "%s", office_text(office, "ticket"));
    void *other_state;
    office_begin(&other_state);
    struct office *other = other_state;
    change_config(other, make_private);
    assert_err(ERR_IO, office_call(other, "join", "",
                                   json_pack("{s:s, s:s}", "ticket", ticket, "listen",
                                             "tcp://127.0.0.1:7451")));
    assert_nothing_made(other);
    change_config(other, rmdir);
    assert_ok(office_call(other, "join", "", json_pack("{s:s}", "ticket", ticket)));
    /* Keys that were there stay, whatever fails. */
    assert_err(ERR_ARGUMENT,
               office_call(other, "join", "", json_pack("{s:s}", "ticket", "stafet1ABC")));
    assert_non_null(other->home.keys);
    office_end(&other_state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_HOME(founding_gives_the_roots_words_once_and_they_are_the_root),
        IN_A_HOME(a_root_made_elsewhere_is_not_repeated),
        IN_A_HOME(an_address_for_any_host_is_listened_on_and_another_one_told),
        IN_A_HOME(a_bad_address_founds_nothing),
        IN_A_HOME(what_was_founded_is_there_after_a_restart),
        IN_A_HOME(joining_makes_keys_once_and_stays_pending_without_a_network),
        IN_A_HOME(a_replica_without_its_keys_is_left_alone),
        IN_A_HOME(keys_without_their_replica_make_no_other),
        IN_A_HOME(what_can_not_be_looked_at_is_neither_lost_nor_made_anew),
        IN_A_HOME(a_making_that_was_interrupted_after_the_keys_can_be_repeated),
        IN_A_HOME(a_home_that_is_closed_in_order_says_so),
        IN_A_HOME(what_fails_after_the_keys_were_made_takes_them_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
