/* The control socket, against a real service in a fresh home: requests, jobs, callers that are slow
 * or many. */
#include "gate.h"
#include "hung_up.h"
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The linker puts these in the place of free and realloc: how many letters stood in `watched` when
 * it was given back? */
static const void *watched;
static size_t watched_size, left_n, freed_n;
static void look_at(const void *memory) {
    if (memory == NULL || memory != watched)
        return;
    for (size_t i = 0; i < watched_size; i++)
        left_n += ((const uint8_t *)memory)[i] == 'x';
    freed_n++;
    watched = NULL;
}
void __real_free(void *memory);
void __wrap_free(void *memory);
void __wrap_free(void *memory) {
    look_at(memory);
    __real_free(memory);
}
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size) {
    look_at(memory);
    return __real_realloc(memory, size);
}
static void watch(const void *memory, size_t size) {
    watched = memory;
    watched_size = size;
    left_n = freed_n = 0;
}

static void say(int fd, const char *text) {
    size_t size = strlen(text) + 1;
    assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
}

/* The next answer, whole; NULL when there is none yet. Not more than fits. */
static json_t *hear(struct gate *gate, int fd) {
    static char text[1 << 16];
    size_t n = 0;
    time_ms give_up = node_monotonic_ms() + GIVE_UP_MS;
    while (n == 0 || text[n - 1] != '\0') {
        assert_true(n < sizeof text && node_monotonic_ms() < give_up);
        gate_turn(gate);
        ssize_t size = recv(fd, text + n, 1, 0);
        if (size == 0)
            return NULL;
        n += size > 0;
    }
    json_t *object = json_loads(text, 0, NULL);
    assert_non_null(object);
    return object;
}

static void assert_error_is(json_t *answer, const char *name) {
    assert_non_null(answer);
    assert_string_equal(json_string_value(json_object_get(answer, "error")), name);
    const json_t *parameters = json_object_get(answer, "parameters");
    assert_non_null(json_string_value(json_object_get(parameters, "text")));
    assert_non_null(json_string_value(json_object_get(parameters, "mend")));
    json_decref(answer);
}

static bool is_progress(json_t *answer) {
    assert_non_null(answer);
    const json_t *continues = json_object_get(answer, "continues");
    bool progress = json_is_true(continues);
    json_decref(answer);
    return progress;
}

TEST(the_socket_is_for_its_user_alone) {
    struct gate gate;
    struct stat status;
    gate_init(&gate);
    assert_int_equal(stat(gate.control->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    gate_done(&gate);
}

TEST(what_is_no_request_gets_an_error_and_the_next_is_answered) {
    static const struct {
        const char *request, *error;
    } wrong[] = {
        {"{", "org.stafet.format"},
        {"rubbish \x01\xff", "org.stafet.format"},
        {"[]", "org.stafet.argument"},
        {"{\"method\":5}", "org.stafet.argument"},
        {"{\"method\":\"com.example.x\"}", "org.stafet.argument"},
        {"{\"method\":\"org.stafet.\"}", "org.stafet.argument"},
        {"{\"method\":\"org.stafet.status\",\"parameters\":3}", "org.stafet.argument"},
        {"{\"method\":\"org.stafet.status\",\"parameters\":{\"arguments\":[]}}",
         "org.stafet.argument"},
        {"{\"method\":\"org.stafet.no.such\"}", "org.stafet.not_found"},
        {"{\"method\":\"org.stafet.status\",\"method\":\"org.stafet.status\"}",
         "org.stafet.format"},
        {"{\"method\":\"org.stafet."
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}",
         "org.stafet.argument"},
        {"{\"method\":\"org.stafet.status\"}", "org.stafet.state"},
    };
    struct gate gate;
    gate_init(&gate);
    int fd = gate_connect(&gate);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        say(fd, wrong[i].request);
        assert_error_is(hear(&gate, fd), wrong[i].error);
    }
    close(fd);
    gate_done(&gate);
}

TEST(an_answer_is_in_the_language_of_its_call_and_in_english_without_one) {
    static const struct {
        const char *asker, *text;
    } calls[] = {
        {"{}", "this home is not a member of a federation yet"},
        {"{\"name\":\"Mette H.\",\"language\":\"da\"}",
         "dette hjem er ikke med i en føderation endnu"},
        {"{\"language\":\"en\"}", "this home is not a member of a federation yet"},
        {"{\"language\":\"tlh\"}", "this home is not a member of a federation yet"},
        {"{\"language\":7}", "this home is not a member of a federation yet"},
    };
    struct gate gate;
    gate_init(&gate);
    int fd = gate_connect(&gate);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "{\"method\":\"org.stafet.status\",\"parameters\":{\"asker\":%s}}",
                 calls[i].asker);
        say(fd, request);
        json_t *answer = hear(&gate, fd);
        assert_string_equal(
            json_string_value(json_object_get(json_object_get(answer, "parameters"), "text")),
            calls[i].text);
        json_decref(answer);
    }
    close(fd);
    gate_done(&gate);
}

TEST(requests_sent_at_once_are_answered_in_order) {
    struct gate gate;
    gate_init(&gate);
    int fd = gate_connect(&gate);
    static const char both[] =
        "{\"method\":\"org.stafet.no.such\"}\0{\"method\":\"org.stafet.status\"}";
    assert_int_equal(send(fd, both, sizeof both, 0), sizeof both);
    assert_error_is(hear(&gate, fd), "org.stafet.not_found");
    assert_error_is(hear(&gate, fd), "org.stafet.state");
    close(fd);
    gate_done(&gate);
}

TEST(a_request_without_an_end_is_refused_at_the_limit) {
    struct gate gate;
    gate_init(&gate);
    int fd = gate_connect(&gate);
    static char spaces[1 << 16];
    memset(spaces, ' ', sizeof spaces);
    size_t sent = 0;
    time_ms give_up = node_monotonic_ms() + 10 * GIVE_UP_MS;
    for (;;) {
        ssize_t n = send(fd, spaces, sizeof spaces, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN)
            break;
        sent += n > 0 ? (size_t)n : 0;
        assert_true(node_monotonic_ms() < give_up);
        if (n < 0)
            gate_turn(&gate);
    }
    assert_true(sent > CONTROL_REQUEST_MAX && sent < CONTROL_REQUEST_MAX + KIB(1024));
    assert_error_is(hear(&gate, fd), "org.stafet.limit");
    UNTIL(&gate, control_callers_n(gate.control) == 0);
    assert_int_equal(gate.control->request_bytes, 0);
    close(fd);
    gate_done(&gate);
}

TEST(nothing_of_a_request_is_left_in_memory_that_is_given_back) {
    struct gate gate;
    gate_init(&gate);
    int fd = gate_connect(&gate);
    static char text[50000];
    memset(text, 'x', sizeof text);
    assert_int_equal(send(fd, text, sizeof text, MSG_NOSIGNAL), sizeof text);
    UNTIL(&gate, control_callers_n(gate.control) == 1);
    struct caller *caller = gate.control->callers[0];
    UNTIL(&gate, caller->request_n == sizeof text);
    watch(caller->request, caller->request_capacity);
    for (size_t sent = sizeof text; freed_n == 0; sent += sizeof text) { /* until it has grown */
        assert_int_equal(send(fd, text, sizeof text, MSG_NOSIGNAL), sizeof text);
        UNTIL(&gate, caller->request_n == sent + sizeof text);
    }
    assert_int_equal(left_n, 0);
    watch(caller->request, caller->request_capacity);
    close(fd); /* half a request */
    UNTIL(&gate, control_callers_n(gate.control) == 0);
    assert_int_equal(freed_n, 1);
    assert_int_equal(left_n, 0);
    gate_done(&gate);
}

TEST(nothing_of_an_answer_is_left_in_memory_that_is_given_back) {
    struct gate gate;
    gate_init(&gate);
    for (int read = 0; read < 2; read++) {
        plan = (struct plan){.steps_max = 1000000, .progress_size = 1 << 18};
        int fd = gate_connect(&gate);
        struct caller *caller = gate_work(&gate, true);
        UNTIL(&gate, caller->answer_n > 0);
        watch(caller->answer, caller->answer_capacity);
        if (read == 1) { /* else it is given up */
            while (freed_n == 0) {
                static char text[1 << 16];
                (void)recv(fd, text, sizeof text, MSG_DONTWAIT);
                gate_turn(&gate);
            }
        }
        close(fd);
        UNTIL(&gate, control_callers_n(gate.control) == 0);
        assert_int_equal(freed_n, 1);
        assert_int_equal(left_n, 0);
    }
    gate_done(&gate);
}

TEST(a_request_for_which_others_leave_no_room_is_told_so) {
    struct gate gate;
    gate_init(&gate);
    gate.control->request_bytes = CONTROL_REQUESTS_MAX;
    int fd = gate_connect(&gate);
    say(fd, "{\"method\":\"org.stafet.no.such\"}");
    assert_error_is(hear(&gate, fd), "org.stafet.busy");
    UNTIL(&gate, control_callers_n(gate.control) == 0);
    assert_int_equal(gate.control->request_bytes, CONTROL_REQUESTS_MAX);
    gate.control->request_bytes = 0;
    close(fd);
    gate_done(&gate);
}

TEST(two_clients_are_served_while_a_job_goes_on) {
    struct gate gate;
    gate_init(&gate);
    plan = (struct plan){.steps_max = 1000000};
    int working = gate_connect(&gate);
    (void)gate_work(&gate, false);
    int other = gate_connect(&gate);
    say(other, "{\"method\":\"org.stafet.no.such\"}");
    assert_error_is(hear(&gate, other), "org.stafet.not_found");
    assert_int_equal(plan.freed, 0);
    plan.steps_max = plan.steps + 5;
    json_t *answer = hear(&gate, working);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(answer, "parameters"), "steps")),
        plan.steps_max);
    json_decref(answer);
    assert_int_equal(plan.freed, 1);
    close(working);
    close(other);
    gate_done(&gate);
}

TEST(hanging_up_cancels_the_job) {
    struct gate gate;
    gate_init(&gate);
    plan = (struct plan){.steps_max = 1000000};
    int fd = gate_connect(&gate);
    (void)gate_work(&gate, true);
    gate_turn(&gate);
    assert_int_equal(plan.freed, 0);
    close(fd);
    UNTIL(&gate, plan.freed == 1);
    assert_int_equal(control_callers_n(gate.control), 0);
    gate_done(&gate);
}

TEST(a_waiting_job_is_stepped_at_news_only) {
    struct gate gate;
    gate_init(&gate);
    plan = (struct plan){.steps_max = 2, .waits = true, .deadline = 1000000};
    int fd = gate_connect(&gate);
    struct caller *caller = gate_work(&gate, false);
    gate_turn(&gate);
    assert_int_equal(plan.steps, 1);
    caller->wake_at = INT64_MAX;
    for (int i = 0; i < 10; i++)
        gate_turn(&gate);
    assert_int_equal(plan.steps, 1);
    control_wake(gate.control);
    UNTIL(&gate, plan.steps == 2);
    json_decref(hear(&gate, fd));
    close(fd);
    gate_done(&gate);
}

TEST(a_waiting_job_is_stepped_at_its_deadline) {
    struct gate gate;
    gate_init(&gate);
    plan = (struct plan){.steps_max = 2, .waits = true};
    int fd = gate_connect(&gate);
    (void)gate_work(&gate, false);
    json_decref(hear(&gate, fd));
    assert_int_equal(plan.steps, 2);
    close(fd);
    gate_done(&gate);
}

TEST(progress_comes_only_when_asked_for) {
    struct gate gate;
    gate_init(&gate);
    for (int more = 0; more < 2; more++) {
        plan = (struct plan){.steps_max = 3, .progress_size = 10};
        int fd = gate_connect(&gate);
        (void)gate_work(&gate, more == 1);
        int pieces = 0;
        while (is_progress(hear(&gate, fd)))
            pieces++;
        assert_int_equal(pieces, more == 1 ? 3 : 0);
        close(fd);
        UNTIL(&gate, control_callers_n(gate.control) == 0);
    }
    gate_done(&gate);
}

TEST(a_slow_reader_holds_its_own_job_up_and_costs_no_memory) {
    struct gate gate;
    gate_init(&gate);
    plan = (struct plan){.steps_max = 1000000, .progress_size = 1 << 16};
    int fd = gate_connect(&gate);
    struct caller *caller = gate_work(&gate, true);
    int steps = -1;
    while (plan.steps != steps) {
        steps = plan.steps;
        for (int i = 0; i < 10; i++)
            gate_turn(&gate);
    }
    /* It stands still with one piece that did not fit. */
    assert_true(caller->answer_n > 0 && caller->answer_capacity < KIB(1024));
    assert_true(plan.steps < 100);
    /* And gives up in the end. */
    caller->unread_since -= CONTROL_UNREAD_MS_MAX;
    UNTIL(&gate, plan.freed == 1);
    close(fd);
    gate_done(&gate);
}

static void fill(struct gate *gate, int fds[static CONTROL_CALLERS_MAX]) {
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        fds[i] = gate_connect(gate);
        gate_turn(gate);
    }
    UNTIL(gate, control_callers_n(gate->control) == CONTROL_CALLERS_MAX);
}

TEST(who_asks_for_nothing_makes_room_for_who_does) {
    struct gate gate;
    gate_init(&gate);
    int fds[CONTROL_CALLERS_MAX];
    fill(&gate, fds);
    int asking = gate_connect(&gate);
    say(asking, "{\"method\":\"org.stafet.no.such\"}");
    assert_error_is(hear(&gate, asking), "org.stafet.not_found");
    assert_true(hung_up(fds[0]));
    assert_false(hung_up(fds[CONTROL_CALLERS_MAX - 1]));
    close(asking);
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        close(fds[i]);
    gate_done(&gate);
}

TEST(more_clients_than_allowed_are_turned_away) {
    struct gate gate;
    gate_init(&gate);
    int fds[CONTROL_CALLERS_MAX + 1];
    fill(&gate, fds);
    /* All are served: the answer to each is still to be read. */
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        gate.control->callers[i]->answer_n = 1;
    fds[CONTROL_CALLERS_MAX] = gate_connect(&gate);
    assert_ok(watcher_turn(&gate.watcher, GIVE_UP_MS));
    assert_true(hung_up(fds[CONTROL_CALLERS_MAX]));
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        gate.control->callers[i]->answer_n = 0;
    say(fds[0], "{\"method\":\"org.stafet.no.such\"}");
    assert_error_is(hear(&gate, fds[0]), "org.stafet.not_found");
    for (size_t i = 0; i <= CONTROL_CALLERS_MAX; i++)
        close(fds[i]);
    gate_done(&gate);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_is_for_its_user_alone),
        cmocka_unit_test(what_is_no_request_gets_an_error_and_the_next_is_answered),
        cmocka_unit_test(an_answer_is_in_the_language_of_its_call_and_in_english_without_one),
        cmocka_unit_test(requests_sent_at_once_are_answered_in_order),
        cmocka_unit_test(a_request_without_an_end_is_refused_at_the_limit),
        cmocka_unit_test(nothing_of_a_request_is_left_in_memory_that_is_given_back),
        cmocka_unit_test(nothing_of_an_answer_is_left_in_memory_that_is_given_back),
        cmocka_unit_test(a_request_for_which_others_leave_no_room_is_told_so),
        cmocka_unit_test(two_clients_are_served_while_a_job_goes_on),
        cmocka_unit_test(hanging_up_cancels_the_job),
        cmocka_unit_test(a_waiting_job_is_stepped_at_news_only),
        cmocka_unit_test(a_waiting_job_is_stepped_at_its_deadline),
        cmocka_unit_test(progress_comes_only_when_asked_for),
        cmocka_unit_test(a_slow_reader_holds_its_own_job_up_and_costs_no_memory),
        cmocka_unit_test(who_asks_for_nothing_makes_room_for_who_does),
        cmocka_unit_test(more_clients_than_allowed_are_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
