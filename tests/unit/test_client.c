/* The asking side of the control socket, in a thread of its own since it waits. */
#include "control_client/client.h"
#include "gate.h"
#include "test.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct asking {
    const char *home, *noun, *verb;
    const json_t *args;
    int silence_ms_max;
    enum language language;
    struct reply reply;
    enum err opened, called;
    bool over;
};

static void *ask(void *context) {
    struct asking *asking = context;
    struct client *client = NULL;
    struct asker asker = {.name = "", .function = "", .language = asking->language};
    reply_init(&asking->reply);
    asking->opened = client_open(asking->home, asking->silence_ms_max, &client);
    if (asking->opened == OK)
        asking->called = client_call(client, &asker, asking->noun, asking->verb, asking->args, NULL,
                                     NULL, &asking->reply);
    client_close(client);
    __atomic_store_n(&asking->over, true, __ATOMIC_RELEASE);
    return NULL;
}

static void ask_of(struct gate *gate, struct asking *asking) {
    pthread_t thread;
    asking->home = gate->path;
    asking->silence_ms_max = GIVE_UP_MS;
    assert_int_equal(pthread_create(&thread, NULL, ask, asking), 0);
    UNTIL(gate, __atomic_load_n(&asking->over, __ATOMIC_ACQUIRE));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

TEST(the_client_gets_the_error_that_the_service_gave) {
    struct gate gate;
    gate_init(&gate);
    struct asking asking = {.noun = "status", .verb = ""};
    ask_of(&gate, &asking);
    assert_ok(asking.opened);
    assert_err(ERR_STATE, asking.called);
    assert_err(ERR_STATE, asking.reply.error);
    assert_true(strlen(asking.reply.text) > 0 && strlen(asking.reply.mend) > 0);
    reply_done(&asking.reply);
    asking = (struct asking){.noun = "status", .verb = "", .language = LANGUAGE_DA};
    ask_of(&gate, &asking);
    assert_string_equal(asking.reply.text, "dette hjem er ikke med i en føderation endnu");
    reply_done(&asking.reply);
    gate_done(&gate);
}

TEST(the_client_gets_the_document_that_the_service_gave) {
    struct gate gate;
    gate_init(&gate);
    json_t *args = json_pack("{s:s, s:s}", "name", "Nordby", "listen", "tcp://127.0.0.1:7450");
    struct asking asking = {.noun = "federation", .verb = "create", .args = args};
    ask_of(&gate, &asking);
    if (asking.called != OK)
        fail_msg("%s", asking.reply.text);
    assert_non_null(json_object_get(asking.reply.document, "federation"));
    reply_done(&asking.reply);
    json_decref(args);
    gate_done(&gate);
}

TEST(a_home_deeper_than_a_socket_path_is_reached) {
    struct gate gate;
    char below[200];
    memset(below, 'd', sizeof below);
    below[100] = '/';
    below[199] = '\0';
    gate_init_in(&gate, below);
    struct asking asking = {.noun = "status", .verb = ""};
    ask_of(&gate, &asking);
    assert_ok(asking.opened);
    assert_err(ERR_STATE, asking.called);
    reply_done(&asking.reply);
    gate_done(&gate);
}

TEST(without_a_node_the_client_says_so) {
    struct gate gate;
    struct client *client = NULL;
    gate_init(&gate);
    char path[HOME_PATH_MAX];
    memcpy(path, gate.path, sizeof path);
    control_free(gate.control);
    gate.control = NULL;
    assert_err(ERR_NOT_FOUND, client_open(path, GIVE_UP_MS, &client));
    assert_null(client);
    assert_ok(control_new(&gate.watcher, gate.service, gate.path, &gate.control));
    gate_done(&gate);
    assert_err(ERR_NOT_FOUND, client_open(path, GIVE_UP_MS, &client));
}

TEST(a_node_that_stands_still_does_not_answer_and_is_named) {
    struct gate gate;
    char process[32];
    gate_init(&gate);
    /* It listens, and nobody turns it. */
    struct asking asking = {.home = gate.path, .noun = "status", .verb = "", .silence_ms_max = 20};
    (void)ask(&asking);
    assert_ok(asking.opened);
    assert_err(ERR_BUSY, asking.called);
    snprintf(process, sizeof process, "process %d,", (int)getpid());
    assert_non_null(strstr(asking.reply.text, process));
    assert_non_null(strstr(asking.reply.mend, "kill -CONT"));
    reply_done(&asking.reply);
    /* Nor does one that takes nobody in any more. */
    int fds[CONTROL_CALLERS_MAX + 1];
    for (size_t i = 0; i < CONTROL_CALLERS_MAX - 1; i++)
        fds[i] = gate_connect(&gate);
    (void)ask(&asking);
    assert_err(ERR_BUSY, asking.opened);
    for (size_t i = 0; i < CONTROL_CALLERS_MAX - 1; i++)
        close(fds[i]);
    gate_done(&gate);
}

TEST(a_request_larger_than_the_socket_takes_does_not_wait_for_ever_either) {
    struct gate gate;
    gate_init(&gate);
    char *large = calloc(1, (4 << 20) + 1);
    memset(large, 'x', 4 << 20);
    json_t *args = json_pack("{s:s}", "file", large);
    struct asking asking = {
        .home = gate.path, .noun = "survey", .verb = "import", .args = args, .silence_ms_max = 20};
    (void)ask(&asking);
    assert_err(ERR_BUSY, asking.called);
    reply_done(&asking.reply);
    json_decref(args);
    free(large);
    gate_done(&gate);
}

TEST(a_job_that_says_nothing_for_long_is_waited_for) {
    struct gate gate;
    pthread_t thread;
    gate_init(&gate);
    plan = (struct plan){.steps_max = INT_MAX, .waits = true};
    struct asking asking = {.home = gate.path, .noun = "status", .verb = "", .silence_ms_max = 200};
    assert_int_equal(pthread_create(&thread, NULL, ask, &asking), 0);
    /* The job comes before the request does, and so stands in its place. */
    (void)gate_work(&gate, false);
    /* Until it has asked whether anybody lives, and a while longer. */
    UNTIL(&gate, control_callers_n(gate.control) == 2);
    UNTIL(&gate, control_callers_n(gate.control) == 1);
    UNTIL(&gate, control_callers_n(gate.control) == 2);
    assert_false(__atomic_load_n(&asking.over, __ATOMIC_ACQUIRE));
    plan.steps_max = 0;
    UNTIL(&gate, __atomic_load_n(&asking.over, __ATOMIC_ACQUIRE));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ok(asking.called);
    reply_done(&asking.reply);
    gate_done(&gate);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_gets_the_error_that_the_service_gave),
        cmocka_unit_test(the_client_gets_the_document_that_the_service_gave),
        cmocka_unit_test(a_home_deeper_than_a_socket_path_is_reached),
        cmocka_unit_test(without_a_node_the_client_says_so),
        cmocka_unit_test(a_node_that_stands_still_does_not_answer_and_is_named),
        cmocka_unit_test(a_request_larger_than_the_socket_takes_does_not_wait_for_ever_either),
        cmocka_unit_test(a_job_that_says_nothing_for_long_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
