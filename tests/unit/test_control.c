/* The control socket and its asking side, against a real service in a fresh home. */
#include "control_client/client.h"
#include "net/monotonic.h"
#include "node/caller.h"
#include "test.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { GIVE_UP_MS = 20000 };

/* A node's control socket in a home without keys: "status" is refused, "federation create" would
 * work. */
struct site {
    char folder[256];
    char path[HOME_PATH_MAX];
    struct home home;
    struct watcher watcher;
    struct service *service;
    struct control *control;
};

static void site_init_in(struct site *site, const char *below) {
    assert_ok(key_library_init());
    temp_folder(site->folder);
    int n = snprintf(site->path, sizeof site->path, "%s/%s", site->folder, below);
    assert_true(n > 0 && n < (int)sizeof site->path);
    assert_ok(home_open(site->path, true, &site->home));
    assert_ok(watcher_init(&site->watcher));
    assert_ok(service_new(&site->home, NULL, &site->service));
    assert_ok(control_new(&site->watcher, site->service, site->path, &site->control));
}

static void site_init(struct site *site) {
    site_init_in(site, "home");
}

static void site_done(struct site *site) {
    control_free(site->control);
    service_free(site->service);
    watcher_done(&site->watcher);
    home_close(&site->home);
    temp_remove(site->folder);
}

static void turn(struct site *site) {
    assert_ok(watcher_turn(&site->watcher, 1));
    (void)control_turn(site->control, node_monotonic_ms());
}

#define UNTIL(site, condition)                                                                     \
    do {                                                                                           \
        time_ms give_up_ = node_monotonic_ms() + GIVE_UP_MS;                                       \
        while (!(condition)) {                                                                     \
            if (node_monotonic_ms() > give_up_)                                                    \
                fail_msg("never: %s", #condition);                                                 \
            turn(site);                                                                            \
        }                                                                                          \
    } while (0)

static int connect_raw(const struct site *site) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%.*s", (int)sizeof name.sun_path - 1,
             site->control->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&name, sizeof name), 0);
    return fd;
}

static void say(int fd, const char *text) {
    size_t size = strlen(text) + 1;
    assert_int_equal(send(fd, text, size, MSG_NOSIGNAL), size);
}

/* The next answer, whole; NULL when there is none yet. Not more than fits. */
static json_t *hear(struct site *site, int fd) {
    static char text[1 << 16];
    size_t n = 0;
    time_ms give_up = node_monotonic_ms() + GIVE_UP_MS;
    while (n == 0 || text[n - 1] != '\0') {
        assert_true(n < sizeof text && node_monotonic_ms() < give_up);
        turn(site);
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

static bool hung_up(int fd) {
    char data[4096];
    ssize_t n;
    while ((n = recv(fd, data, sizeof data, MSG_DONTWAIT)) > 0)
        ;
    return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

/* ---- A verb whose job does what the test wants ---- */

static struct {
    int steps, steps_max; /* JOB_DONE after steps_max */
    size_t progress_size; /* of text in each piece */
    bool waits;           /* JOB_WAITING instead of JOB_MORE */
    int freed;
    time_ms deadline;
} plan;

static enum job_state planned_step(struct job *job, struct reply *reply) {
    plan.steps++;
    if (plan.progress_size > 0) {
        char *text = calloc(1, plan.progress_size + 1);
        memset(text, 'x', plan.progress_size);
        json_decref(reply->progress);
        reply->progress = json_pack("{s:i, s:s}", "done", plan.steps, "what", text);
        free(text);
    }
    if (plan.steps >= plan.steps_max) {
        assert_ok(reply_give(reply, json_pack("{s:i}", "steps", plan.steps)));
        return JOB_DONE;
    }
    job->deadline = plan.deadline;
    return plan.waits ? JOB_WAITING : JOB_MORE;
}

static void planned_free(struct job *job) {
    plan.freed++;
    free(job);
}

/* Puts the planned job where service_call would have put one. */
static struct caller *work_for(struct site *site, int fd, bool more) {
    (void)fd;
    struct caller *caller = NULL;
    UNTIL(site, control_callers_n(site->control) > 0);
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        caller = site->control->callers[i] != NULL ? site->control->callers[i] : caller;
    caller->job = calloc(1, sizeof *caller->job);
    *caller->job = (struct job){.step = planned_step, .free = planned_free};
    caller->more = more;
    caller->waiting = false;
    return caller;
}

TEST(the_socket_is_for_its_user_alone) {
    struct site site;
    struct stat status;
    site_init(&site);
    assert_int_equal(stat(site.control->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    site_done(&site);
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
    struct site site;
    site_init(&site);
    int fd = connect_raw(&site);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        say(fd, wrong[i].request);
        assert_error_is(hear(&site, fd), wrong[i].error);
    }
    close(fd);
    site_done(&site);
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
    struct site site;
    site_init(&site);
    int fd = connect_raw(&site);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        char request[256];
        snprintf(request, sizeof request,
                 "{\"method\":\"org.stafet.status\",\"parameters\":{\"asker\":%s}}",
                 calls[i].asker);
        say(fd, request);
        json_t *answer = hear(&site, fd);
        assert_string_equal(
            json_string_value(json_object_get(json_object_get(answer, "parameters"), "text")),
            calls[i].text);
        json_decref(answer);
    }
    close(fd);
    site_done(&site);
}

TEST(requests_sent_at_once_are_answered_in_order) {
    struct site site;
    site_init(&site);
    int fd = connect_raw(&site);
    static const char both[] =
        "{\"method\":\"org.stafet.no.such\"}\0{\"method\":\"org.stafet.status\"}";
    assert_int_equal(send(fd, both, sizeof both, 0), sizeof both);
    assert_error_is(hear(&site, fd), "org.stafet.not_found");
    assert_error_is(hear(&site, fd), "org.stafet.state");
    close(fd);
    site_done(&site);
}

TEST(a_request_without_an_end_is_refused_at_the_limit) {
    struct site site;
    site_init(&site);
    int fd = connect_raw(&site);
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
            turn(&site);
    }
    assert_true(sent > CONTROL_REQUEST_MAX && sent < CONTROL_REQUEST_MAX + KIB(1024));
    assert_error_is(hear(&site, fd), "org.stafet.limit");
    UNTIL(&site, control_callers_n(site.control) == 0);
    assert_int_equal(site.control->request_bytes, 0);
    close(fd);
    site_done(&site);
}

TEST(two_clients_are_served_while_a_job_goes_on) {
    struct site site;
    site_init(&site);
    plan = (typeof(plan)){.steps_max = 1000000};
    int working = connect_raw(&site);
    (void)work_for(&site, working, false);
    int other = connect_raw(&site);
    say(other, "{\"method\":\"org.stafet.no.such\"}");
    assert_error_is(hear(&site, other), "org.stafet.not_found");
    assert_int_equal(plan.freed, 0);
    plan.steps_max = plan.steps + 5;
    json_t *answer = hear(&site, working);
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(answer, "parameters"), "steps")),
        plan.steps_max);
    json_decref(answer);
    assert_int_equal(plan.freed, 1);
    close(working);
    close(other);
    site_done(&site);
}

TEST(hanging_up_cancels_the_job) {
    struct site site;
    site_init(&site);
    plan = (typeof(plan)){.steps_max = 1000000};
    int fd = connect_raw(&site);
    (void)work_for(&site, fd, true);
    turn(&site);
    assert_int_equal(plan.freed, 0);
    close(fd);
    UNTIL(&site, plan.freed == 1);
    assert_int_equal(control_callers_n(site.control), 0);
    site_done(&site);
}

TEST(a_waiting_job_is_stepped_at_news_only) {
    struct site site;
    site_init(&site);
    plan = (typeof(plan)){.steps_max = 2, .waits = true, .deadline = 1000000};
    int fd = connect_raw(&site);
    struct caller *caller = work_for(&site, fd, false);
    turn(&site);
    assert_int_equal(plan.steps, 1);
    caller->wake_at = INT64_MAX;
    for (int i = 0; i < 10; i++)
        turn(&site);
    assert_int_equal(plan.steps, 1);
    control_wake(site.control);
    UNTIL(&site, plan.steps == 2);
    json_decref(hear(&site, fd));
    close(fd);
    site_done(&site);
}

TEST(a_waiting_job_is_stepped_at_its_deadline) {
    struct site site;
    site_init(&site);
    plan = (typeof(plan)){.steps_max = 2, .waits = true};
    int fd = connect_raw(&site);
    (void)work_for(&site, fd, false);
    json_decref(hear(&site, fd));
    assert_int_equal(plan.steps, 2);
    close(fd);
    site_done(&site);
}

TEST(progress_comes_only_when_asked_for) {
    struct site site;
    site_init(&site);
    for (int more = 0; more < 2; more++) {
        plan = (typeof(plan)){.steps_max = 3, .progress_size = 10};
        int fd = connect_raw(&site);
        (void)work_for(&site, fd, more == 1);
        int pieces = 0;
        while (is_progress(hear(&site, fd)))
            pieces++;
        assert_int_equal(pieces, more == 1 ? 3 : 0);
        close(fd);
        UNTIL(&site, control_callers_n(site.control) == 0);
    }
    site_done(&site);
}

TEST(a_slow_reader_holds_its_own_job_up_and_costs_no_memory) {
    struct site site;
    site_init(&site);
    plan = (typeof(plan)){.steps_max = 1000000, .progress_size = 1 << 16};
    int fd = connect_raw(&site);
    struct caller *caller = work_for(&site, fd, true);
    int steps = -1;
    while (plan.steps != steps) {
        steps = plan.steps;
        for (int i = 0; i < 10; i++)
            turn(&site);
    }
    /* It stands still with one piece that did not fit. */
    assert_true(caller->answer_n > 0 && caller->answer_capacity < KIB(1024));
    assert_true(plan.steps < 100);
    /* And gives up in the end. */
    caller->unread_since -= CONTROL_UNREAD_MS_MAX;
    UNTIL(&site, plan.freed == 1);
    close(fd);
    site_done(&site);
}

static void fill(struct site *site, int fds[static CONTROL_CALLERS_MAX]) {
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++) {
        fds[i] = connect_raw(site);
        turn(site);
    }
    UNTIL(site, control_callers_n(site->control) == CONTROL_CALLERS_MAX);
}

TEST(who_asks_for_nothing_makes_room_for_who_does) {
    struct site site;
    site_init(&site);
    int fds[CONTROL_CALLERS_MAX];
    fill(&site, fds);
    int asking = connect_raw(&site);
    say(asking, "{\"method\":\"org.stafet.no.such\"}");
    assert_error_is(hear(&site, asking), "org.stafet.not_found");
    assert_true(hung_up(fds[0]));
    assert_false(hung_up(fds[CONTROL_CALLERS_MAX - 1]));
    close(asking);
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        close(fds[i]);
    site_done(&site);
}

TEST(more_clients_than_allowed_are_turned_away) {
    struct site site;
    site_init(&site);
    int fds[CONTROL_CALLERS_MAX + 1];
    fill(&site, fds);
    /* All are served: the answer to each is still to be read. */
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        site.control->callers[i]->answer_n = 1;
    fds[CONTROL_CALLERS_MAX] = connect_raw(&site);
    assert_ok(watcher_turn(&site.watcher, GIVE_UP_MS));
    assert_true(hung_up(fds[CONTROL_CALLERS_MAX]));
    for (size_t i = 0; i < CONTROL_CALLERS_MAX; i++)
        site.control->callers[i]->answer_n = 0;
    say(fds[0], "{\"method\":\"org.stafet.no.such\"}");
    assert_error_is(hear(&site, fds[0]), "org.stafet.not_found");
    for (size_t i = 0; i <= CONTROL_CALLERS_MAX; i++)
        close(fds[i]);
    site_done(&site);
}

/* ---- With the asking side, in a thread of its own since it waits ---- */

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

static void ask_of(struct site *site, struct asking *asking) {
    pthread_t thread;
    asking->home = site->path;
    asking->silence_ms_max = GIVE_UP_MS;
    assert_int_equal(pthread_create(&thread, NULL, ask, asking), 0);
    UNTIL(site, __atomic_load_n(&asking->over, __ATOMIC_ACQUIRE));
    assert_int_equal(pthread_join(thread, NULL), 0);
}

TEST(the_client_gets_the_error_that_the_service_gave) {
    struct site site;
    site_init(&site);
    struct asking asking = {.noun = "status", .verb = ""};
    ask_of(&site, &asking);
    assert_ok(asking.opened);
    assert_err(ERR_STATE, asking.called);
    assert_err(ERR_STATE, asking.reply.error);
    assert_true(strlen(asking.reply.text) > 0 && strlen(asking.reply.mend) > 0);
    reply_done(&asking.reply);
    asking = (struct asking){.noun = "status", .verb = "", .language = LANGUAGE_DA};
    ask_of(&site, &asking);
    assert_string_equal(asking.reply.text, "dette hjem er ikke med i en føderation endnu");
    reply_done(&asking.reply);
    site_done(&site);
}

TEST(the_client_gets_the_document_that_the_service_gave) {
    struct site site;
    site_init(&site);
    json_t *args = json_pack("{s:s, s:s}", "name", "Nordby", "listen", "tcp://127.0.0.1:7450");
    struct asking asking = {.noun = "federation", .verb = "create", .args = args};
    ask_of(&site, &asking);
    if (asking.called != OK)
        fail_msg("%s", asking.reply.text);
    assert_non_null(json_object_get(asking.reply.document, "federation"));
    reply_done(&asking.reply);
    json_decref(args);
    site_done(&site);
}

TEST(a_home_deeper_than_a_socket_path_is_reached) {
    struct site site;
    char below[200];
    memset(below, 'd', sizeof below);
    below[100] = '/';
    below[199] = '\0';
    site_init_in(&site, below);
    struct asking asking = {.noun = "status", .verb = ""};
    ask_of(&site, &asking);
    assert_ok(asking.opened);
    assert_err(ERR_STATE, asking.called);
    reply_done(&asking.reply);
    site_done(&site);
}

TEST(without_a_node_the_client_says_so) {
    struct site site;
    struct client *client = NULL;
    site_init(&site);
    char path[HOME_PATH_MAX];
    memcpy(path, site.path, sizeof path);
    control_free(site.control);
    site.control = NULL;
    assert_err(ERR_NOT_FOUND, client_open(path, GIVE_UP_MS, &client));
    assert_null(client);
    assert_ok(control_new(&site.watcher, site.service, site.path, &site.control));
    site_done(&site);
    assert_err(ERR_NOT_FOUND, client_open(path, GIVE_UP_MS, &client));
}

TEST(a_node_that_stands_still_does_not_answer_and_is_named) {
    struct site site;
    char process[32];
    site_init(&site);
    /* It listens, and nobody turns it. */
    struct asking asking = {.home = site.path, .noun = "status", .verb = "", .silence_ms_max = 20};
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
        fds[i] = connect_raw(&site);
    (void)ask(&asking);
    assert_err(ERR_BUSY, asking.opened);
    for (size_t i = 0; i < CONTROL_CALLERS_MAX - 1; i++)
        close(fds[i]);
    site_done(&site);
}

TEST(a_request_larger_than_the_socket_takes_does_not_wait_for_ever_either) {
    struct site site;
    site_init(&site);
    char *large = calloc(1, (4 << 20) + 1);
    memset(large, 'x', 4 << 20);
    json_t *args = json_pack("{s:s}", "file", large);
    struct asking asking = {
        .home = site.path, .noun = "survey", .verb = "import", .args = args, .silence_ms_max = 20};
    (void)ask(&asking);
    assert_err(ERR_BUSY, asking.called);
    reply_done(&asking.reply);
    json_decref(args);
    free(large);
    site_done(&site);
}

TEST(a_job_that_says_nothing_for_long_is_waited_for) {
    struct site site;
    pthread_t thread;
    site_init(&site);
    plan = (typeof(plan)){.steps_max = INT_MAX, .waits = true};
    struct asking asking = {.home = site.path, .noun = "status", .verb = "", .silence_ms_max = 200};
    assert_int_equal(pthread_create(&thread, NULL, ask, &asking), 0);
    /* The job comes before the request does, and so stands in its place. */
    (void)work_for(&site, -1, false);
    /* Until it has asked whether anybody lives, and a while longer. */
    UNTIL(&site, control_callers_n(site.control) == 2);
    UNTIL(&site, control_callers_n(site.control) == 1);
    UNTIL(&site, control_callers_n(site.control) == 2);
    assert_false(__atomic_load_n(&asking.over, __ATOMIC_ACQUIRE));
    plan.steps_max = 0;
    UNTIL(&site, __atomic_load_n(&asking.over, __ATOMIC_ACQUIRE));
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_ok(asking.called);
    reply_done(&asking.reply);
    site_done(&site);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_socket_is_for_its_user_alone),
        cmocka_unit_test(what_is_no_request_gets_an_error_and_the_next_is_answered),
        cmocka_unit_test(an_answer_is_in_the_language_of_its_call_and_in_english_without_one),
        cmocka_unit_test(requests_sent_at_once_are_answered_in_order),
        cmocka_unit_test(a_request_without_an_end_is_refused_at_the_limit),
        cmocka_unit_test(two_clients_are_served_while_a_job_goes_on),
        cmocka_unit_test(hanging_up_cancels_the_job),
        cmocka_unit_test(a_waiting_job_is_stepped_at_news_only),
        cmocka_unit_test(a_waiting_job_is_stepped_at_its_deadline),
        cmocka_unit_test(progress_comes_only_when_asked_for),
        cmocka_unit_test(a_slow_reader_holds_its_own_job_up_and_costs_no_memory),
        cmocka_unit_test(who_asks_for_nothing_makes_room_for_who_does),
        cmocka_unit_test(more_clients_than_allowed_are_turned_away),
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
