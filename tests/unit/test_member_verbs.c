/* What the municipality does with its members: inviting by name and role, moving, showing the
 * roster. */
#include "office.h"
#include "proto/key.h"
#include "store/roster.h"
#include "test.h"

#include <stdio.h>

TEST(a_municipality_that_nobody_can_dial_invites_nobody) {
    struct office *office = *state;
    struct seed seed = seed_new();
    struct root_keys root;
    struct federation_id federation;
    assert_ok(root_keys_derive(&seed, &root));
    assert_ok(home_create_keys(&office->home));
    assert_ok(service_make_store(office->service));
    assert_ok(roster_found(service_store(office->service), "Nordby", &root, NULL, 0, &federation));
    assert_err(ERR_STATE, office_call(office, "member", "invite",
                                      json_pack("{s:s, s:s}", "name", "Birk", "role", "school")));
    assert_non_null(strstr(office->reply.mend, "--advertise"));
    assert_ok(office_call(office, "member", "list", NULL));
    assert_int_equal(json_array_size(json_object_get(office->reply.document, "invitations")), 0);
}

TEST(an_invitation_is_listed_and_its_name_is_taken) {
    struct office *office = *state;
    office_found(office);
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Birk", "role", "kindergarten")));
    assert_int_equal(strncmp(office_text(office, "ticket"), "stafet1", 7), 0);
    assert_err(ERR_EXISTS, office_call(office, "member", "invite",
                                       json_pack("{s:s, s:s}", "name", "Birk", "role", "school")));
    assert_ok(office_call(office, "member", "list", NULL));
    const json_t *first = json_array_get(json_object_get(office->reply.document, "invitations"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "name")), "Birk");
    assert_string_equal(json_string_value(json_object_get(first, "state")), "open");
}

TEST(names_that_read_alike_are_one_name) {
    struct office *office = *state;
    office_found(office);
    static const char *const alike[] = {"solsikken", " Solsikken", "SOLSIKKEN ", "Solsikken",
                                        "s\xC3\x98LSIKKEN"};
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Solsikken", "role", "kindergarten")));
    assert_ok(
        office_call(office, "member", "invite",
                    json_pack("{s:s, s:s}", "name", "S\xC3\xB8lsikken", "role", "kindergarten")));
    for (size_t i = 0; i < sizeof alike / sizeof *alike; i++)
        assert_err(ERR_EXISTS,
                   office_call(office, "member", "invite",
                               json_pack("{s:s, s:s}", "name", alike[i], "role", "school")));
    assert_err(ERR_EXISTS,
               office_call(office, "member", "invite",
                           json_pack("{s:s, s:s}", "name", "nordby", "role", "school")));
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Sol Sikken", "role", "school")));
    assert_err(ERR_EXISTS,
               office_call(office, "member", "invite",
                           json_pack("{s:s, s:s}", "name", "sol   sikken", "role", "school")));
    assert_err(ERR_ARGUMENT,
               office_call(office, "member", "invite",
                           json_pack("{s:s, s:s}", "name", "\xE2\x80\xAEkriB", "role", "school")));
    /* Å in one piece, and an A with a ring. */
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Åby Skole", "role", "school")));
    assert_err(ERR_EXISTS, office_call(office, "member", "invite",
                                       json_pack("{s:s, s:s}", "name",
                                                 "A\xCC\x8A"
                                                 "by\xC2\xA0SKOLE",
                                                 "role", "school")));
}

TEST(names_in_disguise_are_refused) {
    struct office *office = *state;
    office_found(office);
    static const char *const disguised[] = {"\xD0\x92irk", "Bi\xE2\x80\x8Brk", "Bi\xC2\xADrk"};
    for (size_t i = 0; i < sizeof disguised / sizeof *disguised; i++)
        assert_err(ERR_ARGUMENT,
                   office_call(office, "member", "invite",
                               json_pack("{s:s, s:s}", "name", disguised[i], "role", "school")));
    static const char *const honest[] = {"\xC3\x98stre 2. B\xC3\xB8rnehus",
                                         "\xD0\x91\xD0\xB8\xD1\x80\xD0\xBA",
                                         "Sk\xC3\xB8vbr & S\xC3\xB8n (3-6)"};
    for (size_t i = 0; i < sizeof honest / sizeof *honest; i++)
        assert_ok(office_call(office, "member", "invite",
                              json_pack("{s:s, s:s}", "name", honest[i], "role", "school")));
}

TEST(a_ticket_that_expires_at_once_is_refused) {
    struct office *office = *state;
    office_found(office);
    assert_err(ERR_ARGUMENT, office_call(office, "member", "invite",
                                         json_pack("{s:s, s:s, s:i}", "name", "Birk", "role",
                                                   "school", "expires", 0)));
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

static const char *item_of(const struct office *office, const char *list) {
    return json_string_value(json_array_get(json_object_get(office->reply.document, list), 0));
}

TEST(the_municipality_moves_and_says_which_tickets_name_the_old_address) {
    struct office *office = *state;
    office_found(office);
    assert_ok(office_call(office, "member", "address", NULL));
    assert_string_equal(office_text(office, "state"), "told");
    assert_ok(office_call(office, "member", "invite",
                          json_pack("{s:s, s:s}", "name", "Birk", "role", "school")));
    assert_ok(office_call(office, "member", "address",
                          json_pack("{s:s, s:[s]}", "listen", "tcp://0.0.0.0:7451", "advertise",
                                    "tcp://nordby.example:7451")));
    assert_string_equal(office_text(office, "state"), "told");
    assert_string_equal(office_text(office, "listen"), "tcp://0.0.0.0:7451");
    assert_string_equal(item_of(office, "endpoints"), "tcp://nordby.example:7451");
    assert_int_equal(
        json_integer_value(json_object_get(office->reply.document, "open_invitations")), 1);
    assert_ok(office_call(office, "member", "address",
                          json_pack("{s:s}", "listen", "tcp://192.0.2.3:9")));
    assert_string_equal(item_of(office, "endpoints"), "tcp://192.0.2.3:9");
    assert_err(ERR_DENIED,
               office_call(office, "member", "address", json_pack("{s:b}", "dial_out", 1)));
    assert_err(ERR_ARGUMENT,
               office_call(office, "member", "address", json_pack("{s:s}", "listen", "tcp://*:9")));
    assert_non_null(strstr(office->reply.mend, "--advertise"));
    assert_err(ERR_ARGUMENT, office_call(office, "member", "address",
                                         json_pack("{s:[s]}", "advertise", "tcp://0.0.0.0:9")));
    assert_ok(office_call(office, "member", "address", NULL));
    assert_string_equal(item_of(office, "endpoints"), "tcp://192.0.2.3:9");
}

TEST(a_running_node_listens_on_the_new_address_or_all_stays_as_it_was) {
    struct office *office = *state;
    struct ears ears = {0};
    office_found(office);
    office_close(office);
    struct surroundings around = {
        .context = &ears, .running = true, .listen = hear, .configured = reload};
    office_open(office, &around);
    ears.deaf = true;
    assert_err(ERR_EXISTS, office_call(office, "member", "address",
                                       json_pack("{s:s}", "listen", "tcp://192.0.2.3:9")));
    assert_string_equal(office->reply.text, "another program uses it");
    assert_int_equal(ears.reloads, 0);
    assert_ok(office_call(office, "member", "address", NULL));
    assert_string_equal(office_text(office, "listen"), "tcp://127.0.0.1:7450");
    ears.deaf = false;
    assert_ok(office_call(office, "member", "address",
                          json_pack("{s:s}", "listen", "tcp://192.0.2.3:9")));
    assert_string_equal(ears.listen, "tcp://192.0.2.3:9");
    assert_int_equal(ears.reloads, 1);
    assert_string_equal(office_text(office, "state"), "waiting"); /* the node's affair now */
    assert_ok(office_call(office, "waiting", "", NULL));
    const json_t *item = json_array_get(json_object_get(office->reply.document, "waiting"), 0);
    assert_string_equal(json_string_value(json_object_get(item, "kind")), "address_untold");
}

TEST(the_roster_is_shown_and_needs_no_word_where_nothing_is_doubted) {
    struct office *office = *state;
    office_found(office);
    assert_ok(office_call(office, "roster", "show", NULL));
    assert_true(json_is_true(json_object_get(office->reply.document, "confirmed")));
    assert_err(ERR_STATE,
               office_call(office, "roster", "confirm", json_pack("{s:s}", "note", "sure")));
    assert_err(ERR_ARGUMENT,
               office_call(office, "roster", "confirm", json_pack("{s:s}", "note", "")));
    assert_err(ERR_ARGUMENT,
               office_call(office, "roster", "confirm", json_pack("{s:s}", "note", "a\nb")));
    assert_ok(office_call(office, "roster", "export", NULL));
    json_t *file = json_pack("{s:O}", "file", json_object_get(office->reply.document, "roster"));
    assert_ok(office_call(office, "roster", "import", file));
    assert_int_equal(json_integer_value(json_object_get(office->reply.document, "new")), 0);
    assert_err(ERR_FORMAT,
               office_call(office, "roster", "import", json_pack("{s:s}", "file", "rubbish")));
    assert_err(ERR_FORMAT, office_call(office, "roster", "import",
                                       json_pack("{s:s}", "file", "stafet-roster-1:AAAA")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_A_HOME(a_municipality_that_nobody_can_dial_invites_nobody),
        IN_A_HOME(an_invitation_is_listed_and_its_name_is_taken),
        IN_A_HOME(names_that_read_alike_are_one_name),
        IN_A_HOME(names_in_disguise_are_refused),
        IN_A_HOME(a_ticket_that_expires_at_once_is_refused),
        IN_A_HOME(the_municipality_moves_and_says_which_tickets_name_the_old_address),
        IN_A_HOME(a_running_node_listens_on_the_new_address_or_all_stays_as_it_was),
        IN_A_HOME(the_roster_is_shown_and_needs_no_word_where_nothing_is_doubted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
