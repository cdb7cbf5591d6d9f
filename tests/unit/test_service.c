#include "test.h"

#include "proto/key.h"
#include "service/service.h"
#include "store/roster.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct asker mette = {.name = "Mette H.", .function = "leader"};

/* A home with a service of its own. */
struct place {
    char folder[256];
    struct home home;
    struct service *service;
    struct reply reply;
    struct surroundings around;
};

static void open_place(struct place *place, const struct surroundings *around) {
    char path[300];
    snprintf(path, sizeof path, "%s/home", place->folder);
    assert_ok(home_open(path, true, &place->home));
    assert_ok(service_new(&place->home, around, &place->service));
    enum err e = service_open_store(place->service);
    assert_true(e == OK || e == ERR_NOT_FOUND);
}

static void close_place(struct place *place) {
    service_free(place->service);
    home_close(&place->home);
}

static int setup(void **state) {
    struct place *place = calloc(1, sizeof *place);
    temp_folder(place->folder);
    reply_init(&place->reply);
    open_place(place, NULL);
    *state = place;
    return 0;
}

static int teardown(void **state) {
    struct place *place = *state;
    reply_done(&place->reply);
    close_place(place);
    temp_remove(place->folder);
    free(place);
    return 0;
}

/* Calls a verb that ends at once; takes over `args`. */
static enum err call(struct place *place, const char *noun, const char *name, json_t *args) {
    struct job *job;
    reply_done(&place->reply);
    enum err e = service_call(place->service, &mette, noun, name, args, &place->reply, &job);
    json_decref(args);
    while (e == OK && job != NULL && job->step(job, &place->reply) == JOB_MORE)
        ;
    service_job_free(job);
    return e != OK ? e : place->reply.error;
}

static const char *text_of(const struct place *place, const char *path) {
    const json_t *at = place->reply.document;
    char copy[128], *rest = copy;
    snprintf(copy, sizeof copy, "%s", path);
    for (const char *key; (key = strsep(&rest, "/")) != NULL;)
        at = json_object_get(at, key);
    return json_string_value(at);
}

static void found(struct place *place) {
    assert_ok(call(place, "federation", "create",
                   json_pack("{s:s, s:s}", "name", "Nordby", "listen", "tcp://127.0.0.1:7450")));
}

TEST(a_verb_that_is_not_there_is_not_found) {
    struct place *place = *state;
    assert_err(ERR_NOT_FOUND, call(place, "member", "frobnicate", NULL));
    assert_null(place->reply.document);
}

TEST(nothing_but_founding_and_joining_works_before_there_is_a_federation) {
    struct place *place = *state;
    for (const struct verb *const *table = service_verbs; *table != NULL; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++) {
            bool needs_values = false;
            for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++)
                needs_values = needs_values || p->required;
            if (verb->access != ACCESS_FOUND && !needs_values)
                assert_err(ERR_STATE, call(place, verb->noun, verb->name, NULL));
        }
}

TEST(every_verb_is_declared_in_both_languages_and_runs_one_way) {
    (void)state;
    for (const struct verb *const *table = service_verbs; *table != NULL; table++)
        for (const struct verb *verb = *table; verb->noun != NULL; verb++) {
            assert_non_null(verb->name);
            assert_non_null(verb->summary_da);
            assert_non_null(verb->summary_en);
            assert_true((verb->run == NULL) != (verb->begin == NULL));
            assert_ptr_equal(service_verb(verb->noun, verb->name), verb);
            for (const struct param *p = verb->params; p != NULL && p->name != NULL; p++) {
                assert_non_null(p->summary_da);
                assert_non_null(p->summary_en);
            }
        }
}

TEST(arguments_are_checked_against_the_declaration) {
    struct place *place = *state;
    found(place);
    static const char *const wrong[] = {
        "{}",
        "{\"name\": \"Birk\"}",
        "{\"name\": 5, \"role\": \"school\"}",
        "{\"name\": \"Birk\", \"role\": \"school\", \"expires\": \"7d\"}",
        "{\"name\": \"Birk\", \"role\": \"school\", \"expires\": -1}",
        "{\"name\": \"Birk\", \"role\": \"school\", \"colour\": \"red\"}",
        "{\"name\": \"Birk\", \"role\": \"municipality\"}",
        "{\"name\": \"\", \"role\": \"school\"}",
        "[]",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_err(ERR_ARGUMENT, call(place, "member", "invite", json_loads(wrong[i], 0, NULL)));
        assert_int_not_equal(place->reply.text[0], '\0');
    }
    assert_ok(call(place, "member", "list", NULL));
    assert_int_equal(json_array_size(json_object_get(place->reply.document, "invitations")), 0);
}

TEST(a_wrong_argument_is_named_as_it_is_typed) {
    struct place *place = *state;
    found(place);
    assert_err(ERR_ARGUMENT, call(place, "member", "invite", json_pack("{s:s}", "role", "school")));
    assert_string_equal(place->reply.text, "NAME is missing");
    static const char *const days[][2] = {
        {"2026-11-31", "--closes names a day that does not exist"},
        {"2026-13-01", "--closes names a day that does not exist"},
        {"tomorrow", "--closes must be a date like 2026-06-03"}};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        assert_err(ERR_ARGUMENT, call(place, "survey", "publish",
                                      json_pack("{s:s, s:s}", "file", "x", "closes", days[i][0])));
        assert_string_equal(place->reply.text, days[i][1]);
    }
}

TEST(founding_gives_the_roots_words_once_and_they_are_the_root) {
    struct place *place = *state;
    found(place);
    struct seed seed;
    assert_ok(words_to_seed(text_of(place, "root_words"), &seed));
    assert_string_equal(text_of(place, "member/role"), "municipality");
    assert_err(ERR_EXISTS,
               call(place, "federation", "create",
                    json_pack("{s:s, s:s}", "name", "B", "listen", "tcp://127.0.0.1:1")));
}

TEST(a_root_made_elsewhere_is_not_repeated) {
    struct place *place = *state;
    struct seed seed = seed_new();
    char words[WORDS_TEXT_MAX];
    words_of_seed(&seed, words);
    assert_err(ERR_ARGUMENT, call(place, "federation", "create",
                                  json_pack("{s:s, s:s, s:s}", "name", "N", "listen",
                                            "tcp://127.0.0.1:1", "root", "babab-babab")));
    assert_ok(call(
        place, "federation", "create",
        json_pack("{s:s, s:s, s:s}", "name", "N", "listen", "tcp://127.0.0.1:1", "root", words)));
    assert_null(text_of(place, "root_words"));
}

TEST(an_address_for_any_host_is_listened_on_and_another_one_told) {
    struct place *place = *state;
    static const char *const anywhere[] = {"tcp://0.0.0.0:7450", "tcp://*:7450", "tcp://[::]:7450"};
    for (size_t i = 0; i < sizeof anywhere / sizeof *anywhere; i++) {
        assert_err(ERR_ARGUMENT, call(place, "federation", "create",
                                      json_pack("{s:s, s:s}", "name", "N", "listen", anywhere[i])));
        assert_non_null(strstr(place->reply.mend, "--advertise"));
        assert_null(place->home.keys);
    }
    assert_ok(call(place, "federation", "create",
                   json_pack("{s:s, s:s, s:[s]}", "name", "N", "listen", "tcp://0.0.0.0:7450",
                             "advertise", "tcp://nordby.example:7450")));
    assert_string_equal(text_of(place, "listen"), "tcp://0.0.0.0:7450");
    const json_t *told = json_object_get(place->reply.document, "endpoints");
    assert_int_equal(json_array_size(told), 1);
    assert_string_equal(json_string_value(json_array_get(told, 0)), "tcp://nordby.example:7450");
}

TEST(a_municipality_that_nobody_can_dial_invites_nobody) {
    struct place *place = *state;
    struct seed seed = seed_new();
    struct root_keys root;
    struct federation_id federation;
    assert_ok(root_keys_derive(&seed, &root));
    assert_ok(home_create_keys(&place->home));
    assert_ok(service_make_store(place->service));
    assert_ok(roster_found(service_store(place->service), "Nordby", &root, NULL, 0, &federation));
    assert_err(ERR_STATE, call(place, "member", "invite",
                               json_pack("{s:s, s:s}", "name", "Birk", "role", "school")));
    assert_non_null(strstr(place->reply.mend, "--advertise"));
    assert_ok(call(place, "member", "list", NULL));
    assert_int_equal(json_array_size(json_object_get(place->reply.document, "invitations")), 0);
}

/* A node whose listening is seen by the test. */
struct ears {
    char listen[128];
    int reloads;
    bool deaf;
};

static enum err hear(void *context, const char *listen, struct failure *ret_why) {
    struct ears *ears = context;
    if (ears->deaf)
        return failure_say(ret_why, ERR_EXISTS, COMMAND("--listen"), "another program uses it",
                           "et andet program bruger den");
    snprintf(ears->listen, sizeof ears->listen, "%s", listen);
    return OK;
}

static void reload(void *context) {
    ((struct ears *)context)->reloads++;
}

static const char *item_of(const struct place *place, const char *list) {
    return json_string_value(json_array_get(json_object_get(place->reply.document, list), 0));
}

TEST(the_municipality_moves_and_says_which_tickets_name_the_old_address) {
    struct place *place = *state;
    found(place);
    assert_ok(call(place, "member", "address", NULL));
    assert_string_equal(text_of(place, "state"), "told");
    assert_ok(
        call(place, "member", "invite", json_pack("{s:s, s:s}", "name", "Birk", "role", "school")));
    assert_ok(call(place, "member", "address",
                   json_pack("{s:s, s:[s]}", "listen", "tcp://0.0.0.0:7451", "advertise",
                             "tcp://nordby.example:7451")));
    assert_string_equal(text_of(place, "state"), "told");
    assert_string_equal(text_of(place, "listen"), "tcp://0.0.0.0:7451");
    assert_string_equal(item_of(place, "endpoints"), "tcp://nordby.example:7451");
    assert_int_equal(json_integer_value(json_object_get(place->reply.document, "open_invitations")),
                     1);
    assert_ok(call(place, "member", "address", json_pack("{s:s}", "listen", "tcp://192.0.2.3:9")));
    assert_string_equal(item_of(place, "endpoints"), "tcp://192.0.2.3:9");
    assert_err(ERR_DENIED, call(place, "member", "address", json_pack("{s:b}", "dial_out", 1)));
    assert_err(ERR_ARGUMENT,
               call(place, "member", "address", json_pack("{s:s}", "listen", "tcp://*:9")));
    assert_non_null(strstr(place->reply.mend, "--advertise"));
    assert_err(ERR_ARGUMENT, call(place, "member", "address",
                                  json_pack("{s:[s]}", "advertise", "tcp://0.0.0.0:9")));
    assert_ok(call(place, "member", "address", NULL));
    assert_string_equal(item_of(place, "endpoints"), "tcp://192.0.2.3:9");
}

TEST(a_running_node_listens_on_the_new_address_or_all_stays_as_it_was) {
    struct place *place = *state;
    struct ears ears = {0};
    found(place);
    close_place(place);
    struct surroundings around = {
        .context = &ears, .running = true, .listen = hear, .configured = reload};
    open_place(place, &around);
    ears.deaf = true;
    assert_err(ERR_EXISTS,
               call(place, "member", "address", json_pack("{s:s}", "listen", "tcp://192.0.2.3:9")));
    assert_string_equal(place->reply.text, "another program uses it");
    assert_int_equal(ears.reloads, 0);
    assert_ok(call(place, "member", "address", NULL));
    assert_string_equal(text_of(place, "listen"), "tcp://127.0.0.1:7450");
    ears.deaf = false;
    assert_ok(call(place, "member", "address", json_pack("{s:s}", "listen", "tcp://192.0.2.3:9")));
    assert_string_equal(ears.listen, "tcp://192.0.2.3:9");
    assert_int_equal(ears.reloads, 1);
    assert_string_equal(text_of(place, "state"), "waiting"); /* the node's affair now */
    assert_ok(call(place, "waiting", "", NULL));
    const json_t *item = json_array_get(json_object_get(place->reply.document, "waiting"), 0);
    assert_string_equal(json_string_value(json_object_get(item, "kind")), "address_untold");
}

TEST(the_roster_is_shown_and_needs_no_word_where_nothing_is_doubted) {
    struct place *place = *state;
    found(place);
    assert_ok(call(place, "roster", "show", NULL));
    assert_true(json_is_true(json_object_get(place->reply.document, "confirmed")));
    assert_err(ERR_STATE, call(place, "roster", "confirm", json_pack("{s:s}", "note", "sure")));
    assert_err(ERR_ARGUMENT, call(place, "roster", "confirm", json_pack("{s:s}", "note", "")));
    assert_err(ERR_ARGUMENT, call(place, "roster", "confirm", json_pack("{s:s}", "note", "a\nb")));
    assert_ok(call(place, "roster", "export", NULL));
    json_t *file = json_pack("{s:O}", "file", json_object_get(place->reply.document, "roster"));
    assert_ok(call(place, "roster", "import", file));
    assert_int_equal(json_integer_value(json_object_get(place->reply.document, "new")), 0);
    assert_err(ERR_FORMAT, call(place, "roster", "import", json_pack("{s:s}", "file", "rubbish")));
    assert_err(ERR_FORMAT,
               call(place, "roster", "import", json_pack("{s:s}", "file", "stafet-roster-1:AAAA")));
}

TEST(a_replica_without_its_keys_is_left_alone) {
    struct place *place = *state;
    char path[300], aside[300];
    found(place);
    close_place(place);
    snprintf(path, sizeof path, "%s/home/keys", place->folder);
    snprintf(aside, sizeof aside, "%s/keys", place->folder);
    assert_int_equal(rename(path, aside), 0);
    open_place(place, NULL);
    assert_err(ERR_KEY, call(place, "status", "", NULL));
    assert_string_equal(place->reply.text, "the keys are missing beside replica.db");
    assert_non_null(strstr(place->reply.mend, "restore the file keys of this home from a backup"));
    assert_err(ERR_KEY, call(place, "federation", "create",
                             json_pack("{s:s, s:s}", "name", "N", "listen", "tcp://127.0.0.1:1")));
    assert_err(ERR_KEY, call(place, "join", "", json_pack("{s:s}", "ticket", "stafet1ABC")));
    assert_null(place->home.keys);
    assert_int_not_equal(access(path, F_OK), 0);
    close_place(place);
    assert_int_equal(rename(aside, path), 0);
    open_place(place, NULL);
    assert_ok(call(place, "status", "", NULL));
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
    struct place *place = *state;
    char folder[300], replica[320], aside[300];
    found(place);
    close_place(place);
    snprintf(folder, sizeof folder, "%s/home", place->folder);
    snprintf(replica, sizeof replica, "%s/replica.db", folder);
    snprintf(aside, sizeof aside, "%s/replica", place->folder);
    assert_int_equal(rename(replica, aside), 0);
    for (int empty = 0; empty < 2; empty++) {
        if (empty)
            assert_int_equal(close(open(replica, O_CREAT | O_WRONLY, 0600)), 0);
        open_place(place, NULL);
        size_t files = files_in(folder);
        assert_err(ERR_CORRUPT, call(place, "status", "", NULL));
        assert_non_null(strstr(place->reply.text, "is lost or empty"));
        assert_non_null(strstr(place->reply.mend, "restore replica.db from a backup"));
        assert_err(ERR_CORRUPT, call(place, "waiting", "", NULL));
        assert_err(ERR_CORRUPT,
                   call(place, "federation", "create",
                        json_pack("{s:s, s:s}", "name", "N", "listen", "tcp://127.0.0.1:1")));
        assert_err(ERR_CORRUPT, call(place, "join", "", json_pack("{s:s}", "ticket", "stafet1A")));
        assert_int_equal(files_in(folder), files);
        close_place(place);
    }
    assert_int_equal(rename(aside, replica), 0);
    open_place(place, NULL);
    assert_ok(call(place, "status", "", NULL));
}

TEST(a_making_that_was_interrupted_after_the_keys_can_be_repeated) {
    struct place *place = *state;
    char replica[300];
    snprintf(replica, sizeof replica, "%s/home/replica.db", place->folder);
    assert_ok(home_create_keys(&place->home));
    close_place(place);
    for (int begun = 0; begun < 2; begun++) {
        if (begun)
            assert_int_equal(close(open(replica, O_CREAT | O_WRONLY, 0600)), 0);
        open_place(place, NULL);
        assert_err(ERR_STATE, call(place, "status", "", NULL));
        close_place(place);
    }
    open_place(place, NULL);
    struct public_keys keys = place->home.keys->public;
    found(place);
    assert_memory_equal(&place->home.keys->public, &keys, sizeof keys);
    assert_ok(call(place, "status", "", NULL));
}

/* Else each command would be taken for a crash, and own feeds for doubtful. */
TEST(a_home_that_is_closed_in_order_says_so) {
    struct place *place = *state;
    char path[HOME_PATH_MAX], text[256] = "";
    found(place);
    close_place(place);
    snprintf(path, sizeof path, "%s/home/generation", place->folder);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    assert_non_null(strstr(text, "\nclosed "));
    open_place(place, NULL);
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
}

TEST(names_that_read_alike_are_one_name) {
    struct place *place = *state;
    found(place);
    static const char *const alike[] = {"solsikken", " Solsikken", "SOLSIKKEN ", "Solsikken",
                                        "s\xC3\x98LSIKKEN"};
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "Solsikken", "role", "kindergarten")));
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "S\xC3\xB8lsikken", "role", "kindergarten")));
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        assert_err(ERR_EXISTS, call(place, "member", "invite",
                                    json_pack("{s:s, s:s}", "name", alike[i], "role", "school")));
    assert_err(ERR_EXISTS, call(place, "member", "invite",
                                json_pack("{s:s, s:s}", "name", "nordby", "role", "school")));
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "Sol Sikken", "role", "school")));
    assert_err(ERR_EXISTS, call(place, "member", "invite",
                                json_pack("{s:s, s:s}", "name", "sol   sikken", "role", "school")));
    assert_err(ERR_ARGUMENT,
               call(place, "member", "invite",
                    json_pack("{s:s, s:s}", "name", "\xE2\x80\xAEkriB", "role", "school")));
    /* Å in one piece, and an A with a ring. */
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "Åby Skole", "role", "school")));
    assert_err(ERR_EXISTS, call(place, "member", "invite",
                                json_pack("{s:s, s:s}", "name",
                                          "A\xCC\x8A"
                                          "by\xC2\xA0SKOLE",
                                          "role", "school")));
}

TEST(names_in_disguise_are_refused) {
    struct place *place = *state;
    found(place);
    static const char *const disguised[] = {"\xD0\x92irk", "Bi\xE2\x80\x8Brk", "Bi\xC2\xADrk"};
    for (size_t i = 0; i < sizeof disguised / sizeof *disguised; i++)
        assert_err(ERR_ARGUMENT,
                   call(place, "member", "invite",
                        json_pack("{s:s, s:s}", "name", disguised[i], "role", "school")));
    static const char *const honest[] = {"\xC3\x98stre 2. B\xC3\xB8rnehus",
                                         "\xD0\x91\xD0\xB8\xD1\x80\xD0\xBA",
                                         "Sk\xC3\xB8vbr & S\xC3\xB8n (3-6)"};
    for (size_t i = 0; i < sizeof honest / sizeof *honest; i++)
        assert_ok(call(place, "member", "invite",
                       json_pack("{s:s, s:s}", "name", honest[i], "role", "school")));
}

TEST(a_ticket_that_expires_at_once_is_refused) {
    struct place *place = *state;
    found(place);
    assert_err(ERR_ARGUMENT,
               call(place, "member", "invite",
                    json_pack("{s:s, s:s, s:i}", "name", "Birk", "role", "school", "expires", 0)));
}

static bool has_file(const struct place *place, const char *name) {
    char path[HOME_PATH_MAX];
    assert_ok(home_file(&place->home, name, path));
    return access(path, F_OK) == 0;
}

static void change_config(const struct place *place, int (*change)(const char *path)) {
    char path[HOME_PATH_MAX];
    assert_ok(home_file(&place->home, "config", path));
    assert_int_equal(change(path), 0);
}

static int make_private(const char *path) {
    return mkdir(path, 0700);
}

static void assert_nothing_made(const struct place *place) {
    assert_null(place->home.keys);
    assert_null(service_store(place->service));
    assert_false(has_file(place, "keys") || has_file(place, "replica.db") ||
                 has_file(place, "generation"));
}

TEST(what_fails_after_the_keys_were_made_takes_them_back) {
    struct place *place = *state;
    char ticket[2048];
    change_config(place, make_private); /* no address can be written into it */
    assert_err(ERR_IO,
               call(place, "federation", "create",
                    json_pack("{s:s, s:s}", "name", "Nordby", "listen", "tcp://127.0.0.1:7450")));
    assert_nothing_made(place);
    change_config(place, rmdir);
    found(place);
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
    snprintf(ticket, sizeof ticket, "%s", text_of(place, "ticket"));
    void *other_state;
    setup(&other_state);
    struct place *other = other_state;
    change_config(other, make_private);
    assert_err(ERR_IO,
               call(other, "join", "",
                    json_pack("{s:s, s:s}", "ticket", ticket, "listen", "tcp://127.0.0.1:7451")));
    assert_nothing_made(other);
    change_config(other, rmdir);
    assert_ok(call(other, "join", "", json_pack("{s:s}", "ticket", ticket)));
    /* Keys that were there stay, whatever fails. */
    assert_err(ERR_ARGUMENT, call(other, "join", "", json_pack("{s:s}", "ticket", "stafet1ABC")));
    assert_non_null(other->home.keys);
    teardown(&other_state);
}

TEST(a_bad_address_founds_nothing) {
    struct place *place = *state;
    assert_err(ERR_ARGUMENT, call(place, "federation", "create",
                                  json_pack("{s:s, s:s}", "name", "N", "listen", "7450")));
    assert_err(ERR_STATE, call(place, "member", "list", NULL));
}

TEST(what_was_founded_is_there_after_a_restart) {
    struct place *place = *state;
    found(place);
    char before[64];
    snprintf(before, sizeof before, "%s", text_of(place, "federation/id"));
    close_place(place);
    open_place(place, NULL);
    assert_ok(call(place, "status", "", NULL));
    assert_string_equal(text_of(place, "federation/id"), before);
}

TEST(an_invitation_is_listed_and_its_name_is_taken) {
    struct place *place = *state;
    found(place);
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
    assert_int_equal(strncmp(text_of(place, "ticket"), "stafet1", 7), 0);
    assert_err(ERR_EXISTS, call(place, "member", "invite",
                                json_pack("{s:s, s:s}", "name", "Birk", "role", "school")));
    assert_ok(call(place, "member", "list", NULL));
    const json_t *first = json_array_get(json_object_get(place->reply.document, "invitations"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "Birk");
    assert_string_equal(json_string_value(json_object_get(first, "state")), "open");
}

TEST(status_never_says_in_sync_alone_or_without_a_node) {
    struct place *place = *state;
    found(place);
    assert_ok(call(place, "status", "", NULL));
    assert_false(json_is_true(json_object_get(place->reply.document, "in_sync")));
    assert_false(
        json_is_true(json_object_get(json_object_get(place->reply.document, "node"), "running")));
}

static json_t *no_peers(void *context) {
    (void)context;
    return json_array();
}

TEST(status_never_says_in_sync_with_nobody_to_be_in_sync_with) {
    struct place *place = *state;
    found(place);
    close_place(place);
    struct surroundings around = {.running = true, .peers = no_peers};
    open_place(place, &around);
    assert_ok(call(place, "status", "", NULL));
    assert_false(json_is_true(json_object_get(place->reply.document, "in_sync")));
}

TEST(sync_needs_a_network_and_is_done_at_once_when_there_is_nobody) {
    struct place *place = *state;
    found(place);
    assert_err(ERR_STATE, call(place, "sync", "", NULL));
    close_place(place);
    struct surroundings around = {.running = true, .peers = no_peers};
    open_place(place, &around);
    assert_ok(call(place, "sync", "", NULL));
}

TEST(joining_makes_keys_once_and_stays_pending_without_a_network) {
    struct place *place = *state;
    char ticket[2048], first[WORDS_TEXT_MAX];
    found(place);
    assert_ok(call(place, "member", "invite",
                   json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
    snprintf(ticket, sizeof ticket, "%s", text_of(place, "ticket"));
    void *other_state;
    setup(&other_state);
    struct place *other = other_state;
    assert_err(ERR_ARGUMENT, call(other, "join", "", json_pack("{s:s}", "ticket", "stafet1ABC")));
    assert_null(other->home.keys);
    assert_ok(call(other, "join", "", json_pack("{s:s}", "ticket", ticket)));
    assert_string_equal(text_of(other, "state"), "pending");
    snprintf(first, sizeof first, "%s", text_of(other, "member/fingerprint"));
    close_place(other);
    open_place(other, NULL);
    assert_ok(call(other, "join", "", json_pack("{s:s}", "ticket", ticket)));
    assert_string_equal(text_of(other, "member/fingerprint"), first);
    teardown(&other_state);
}

TEST(a_refusal_quotes_what_was_typed_without_what_is_no_text) {
    (void)state;
    struct reply reply;
    reply_init(&reply);
    assert_err(ERR_ARGUMENT, reply_fail(&reply, ERR_ARGUMENT, COMMAND("stafet"), "no \"%.3s\", %s",
                                        "ingen \"%.3s\", %s", "S\xC3\xB8\xC3\xB8", "\033[2J"));
    assert_string_equal(reply.text, "no \"S\xC3\xB8\", ?[2J");
    char cut[] = "S\xC3\xB8\xC3";
    reply_tidy(cut);
    assert_string_equal(cut, "S\xC3\xB8?");
    reply_done(&reply);
}

TEST(search_counts_a_text_in_every_file_of_the_home) {
    struct place *place = *state;
    found(place);
    char path[400];
    snprintf(path, sizeof path, "%s/home/left-behind", place->folder);
    FILE *file = fopen(path, "wb");
    for (int i = 0; i < 65536 - 3; i++)
        fputc('.', file);
    fputs("canary", file); /* across the border of two chunks */
    fputs("cancanary", file);
    fclose(file);
    assert_ok(call(place, "search", "", json_pack("{s:s}", "text", "canary")));
    assert_int_equal(json_integer_value(json_object_get(place->reply.document, "hits")), 2);
    assert_ok(call(place, "search", "", json_pack("{s:s}", "text", "not-there-at-all")));
    assert_int_equal(json_integer_value(json_object_get(place->reply.document, "hits")), 0);
    assert_ok(call(place, "search", "", json_pack("{s:s}", "text", "Nordby")));
    assert_true(json_integer_value(json_object_get(place->reply.document, "hits")) > 0);
}

TEST(verify_finds_a_fresh_replica_sound) {
    struct place *place = *state;
    found(place);
    assert_ok(call(place, "verify", "", NULL));
    assert_true(json_is_true(json_object_get(place->reply.document, "sound")));
    assert_int_equal(json_integer_value(json_object_get(place->reply.document, "envelopes")), 1);
}

TEST(the_log_lists_the_newest_entries) {
    struct place *place = *state;
    found(place);
    assert_ok(call(place, "log", "list", NULL));
    const json_t *entry = json_array_get(json_object_get(place->reply.document, "entries"), 0);
    assert_string_equal(json_string_value(json_object_get(entry, "channel")), "roster");
    assert_string_equal(json_string_value(json_object_get(entry, "status")), "applied");
    assert_err(ERR_NOT_FOUND, call(place, "log", "list", json_pack("{s:s}", "record", "ZZZZ")));
    assert_err(ERR_ARGUMENT, call(place, "log", "list", json_pack("{s:i}", "limit", 0)));
}

#define IN_A_HOME(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_HOME(a_verb_that_is_not_there_is_not_found),
        IN_A_HOME(nothing_but_founding_and_joining_works_before_there_is_a_federation),
        cmocka_unit_test(every_verb_is_declared_in_both_languages_and_runs_one_way),
        IN_A_HOME(arguments_are_checked_against_the_declaration),
        IN_A_HOME(a_wrong_argument_is_named_as_it_is_typed),
        IN_A_HOME(founding_gives_the_roots_words_once_and_they_are_the_root),
        IN_A_HOME(a_root_made_elsewhere_is_not_repeated),
        IN_A_HOME(an_address_for_any_host_is_listened_on_and_another_one_told),
        IN_A_HOME(a_municipality_that_nobody_can_dial_invites_nobody),
        IN_A_HOME(the_municipality_moves_and_says_which_tickets_name_the_old_address),
        IN_A_HOME(a_running_node_listens_on_the_new_address_or_all_stays_as_it_was),
        IN_A_HOME(the_roster_is_shown_and_needs_no_word_where_nothing_is_doubted),
        IN_A_HOME(a_replica_without_its_keys_is_left_alone),
        IN_A_HOME(keys_without_their_replica_make_no_other),
        IN_A_HOME(a_making_that_was_interrupted_after_the_keys_can_be_repeated),
        IN_A_HOME(a_home_that_is_closed_in_order_says_so),
        IN_A_HOME(names_that_read_alike_are_one_name),
        IN_A_HOME(names_in_disguise_are_refused),
        IN_A_HOME(what_fails_after_the_keys_were_made_takes_them_back),
        IN_A_HOME(a_ticket_that_expires_at_once_is_refused),
        IN_A_HOME(a_bad_address_founds_nothing),
        IN_A_HOME(what_was_founded_is_there_after_a_restart),
        IN_A_HOME(an_invitation_is_listed_and_its_name_is_taken),
        IN_A_HOME(status_never_says_in_sync_alone_or_without_a_node),
        IN_A_HOME(status_never_says_in_sync_with_nobody_to_be_in_sync_with),
        IN_A_HOME(sync_needs_a_network_and_is_done_at_once_when_there_is_nobody),
        IN_A_HOME(joining_makes_keys_once_and_stays_pending_without_a_network),
        cmocka_unit_test(a_refusal_quotes_what_was_typed_without_what_is_no_text),
        IN_A_HOME(search_counts_a_text_in_every_file_of_the_home),
        IN_A_HOME(verify_finds_a_fresh_replica_sound),
        IN_A_HOME(the_log_lists_the_newest_entries),
    };
    if (key_library_init() != OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
