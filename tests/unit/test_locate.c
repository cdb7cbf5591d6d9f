#include "test.h"

#include "cli/locate.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[256], home[300];
static const struct asker nobody = {.name = "", .function = ""};

static int make_folder(void **state) {
    (void)state;
    temp_folder(folder);
    snprintf(home, sizeof home, "%s/home", folder);
    return 0;
}

static int remove_folder(void **state) {
    (void)state;
    temp_remove(folder);
    return 0;
}

TEST(a_home_that_is_not_there_is_not_made_unless_asked) {
    struct locate *locate;
    assert_err(ERR_NOT_FOUND, locate_new(home, false, 0, &locate));
    assert_int_not_equal(access(home, F_OK), 0);
    assert_ok(locate_new(home, true, 0, &locate));
    assert_false(locate_is_remote(locate));
    struct stat status;
    assert_int_equal(stat(home, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    struct reply reply;
    reply_init(&reply);
    json_t *args = json_pack("{s:s, s:s}", "name", "Nordby", "listen", "nowhere");
    assert_err(ERR_ARGUMENT,
               locate_call(locate, &nobody, "federation", "create", args, NULL, NULL, &reply));
    reply_done(&reply);
    json_decref(args);
    locate_free(locate);
    assert_int_not_equal(access(home, F_OK), 0); /* nothing half done */
}

TEST(a_verb_runs_in_this_process_when_no_node_owns_the_home) {
    struct locate *locate;
    struct reply reply;
    reply_init(&reply);
    assert_ok(locate_new(home, true, 0, &locate));
    assert_err(ERR_STATE, locate_call(locate, &nobody, "status", "", NULL, NULL, NULL, &reply));
    assert_string_equal(reply.text, "this home is not a member of a federation yet");
    reply_done(&reply);
    json_t *args = json_pack("{s:s, s:s}", "name", "Nordby", "listen", "tcp://127.0.0.1:7450");
    assert_ok(locate_call(locate, &nobody, "federation", "create", args, NULL, NULL, &reply));
    assert_non_null(json_object_get(reply.document, "root_words"));
    json_decref(args);
    reply_done(&reply);
    assert_ok(locate_call(locate, &nobody, "status", "", NULL, NULL, NULL, &reply));
    assert_false(json_is_true(json_object_get(reply.document, "in_sync")));
    reply_done(&reply);
    locate_free(locate);
}

TEST(an_owner_that_serves_no_socket_is_busy) {
    struct locate *owner, *other;
    assert_ok(locate_new(home, true, 0, &owner));
    assert_err(ERR_BUSY, locate_new(home, false, 0, &other));
    locate_free(owner);
    assert_ok(locate_new(home, true, 0, &other));
    locate_free(other);
}

/* A child takes the home and lets go once this process says that it is about to ask: locate_new
 * either finds it held and tries again, or finds it free. */
TEST(another_short_command_is_waited_for) {
    int ready[2], go[2];
    char byte = 'x';
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    pid_t child = fork();
    if (child == 0) {
        struct locate *held;
        if (locate_new(home, true, 0, &held) != OK || write(ready[1], &byte, 1) != 1 ||
            read(go[0], &byte, 1) != 1)
            _exit(1);
        locate_free(held);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    struct locate *locate;
    assert_err(ERR_BUSY, locate_new(home, false, 0, &locate));
    assert_int_equal(write(go[1], &byte, 1), 1);
    assert_ok(locate_new(home, true, 60000, &locate));
    locate_free(locate);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_home_that_is_not_there_is_not_made_unless_asked,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_verb_runs_in_this_process_when_no_node_owns_the_home,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(an_owner_that_serves_no_socket_is_busy, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(another_short_command_is_waited_for, make_folder,
                                        remove_folder),
    };
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
