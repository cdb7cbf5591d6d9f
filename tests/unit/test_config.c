#include "node_config/config.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static char home[256];

static void write_config(const char *text) {
    char path[300];
    snprintf(path, sizeof path, "%s/config", home);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

static void assert_config_is(const char *text) {
    char path[300], found[4096] = "";
    snprintf(path, sizeof path, "%s/config", home);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    found[n] = '\0';
    assert_string_equal(found, text);
}

TEST(a_home_without_config_has_an_empty_one) {
    struct config config;
    struct failure why = {0};
    assert_ok(config_load(home, &why, &config));
    assert_string_equal(config.listen, "");
    assert_int_equal(config.advertise_n, 0);
    assert_false(config.advertise_none);
    assert_string_equal(config.municipality, "");
}

TEST(settings_are_read) {
    struct config config;
    struct failure why = {0};
    write_config("# this machine\nlisten = tcp://*:7450\nadvertise=tcp://nordby.example:7450\n"
                 "advertise = tcp://[2001:db8::1]:7450\nmunicipality = tcp://192.0.2.9:1\n");
    assert_ok(config_load(home, &why, &config));
    assert_string_equal(config.listen, "tcp://*:7450");
    assert_int_equal(config.advertise_n, 2);
    assert_string_equal(config.advertise[0], "tcp://nordby.example:7450");
    assert_string_equal(config.advertise[1], "tcp://[2001:db8::1]:7450");
    assert_string_equal(config.municipality, "tcp://192.0.2.9:1");
}

static void refused_at(const char *text, const char *place) {
    struct config config = {.listen = "untouched"};
    struct failure why = {0};
    write_config(text);
    assert_err(ERR_ARGUMENT, config_load(home, &why, &config));
    if (strstr(why.text, place) == NULL)
        fail_msg("\"%s\" does not name %s", why.text, place);
    assert_string_equal(config.listen, "untouched");
}

TEST(mistakes_are_refused_with_file_and_line) {
    refused_at("listen = tcp://*:7450\n\nlistn = tcp://*:1\n",
               "/config:3: this setting is not known");
    refused_at("listen = 0.0.0.0:7450\n", "/config:1: it must have the form");
    refused_at("listen = tcp://*:70000\n", "/config:1:");
    refused_at("listen = tcp://:7450\n", "/config:1:");
    refused_at("listen = tcp://a b:7450\n", "/config:1:");
    refused_at("listen = ipc://somewhere\n", "/config:1:");
    refused_at("listen = tcp://*:1\nlisten = tcp://*:2\n", "/config:2: it is set twice");
    refused_at("advertise = tcp://*:1\n", "/config:1: nobody can dial");
    refused_at("municipality = tcp://0.0.0.0:1\n", "/config:1: nobody can dial");
    refused_at("advertise = tcp://a:1\nadvertise = none\n", "/config:2: none stands alone");
    refused_at("advertise = none\nadvertise = tcp://a:1\n", "/config:2: none stands alone");
    refused_at("[node]\nlisten = tcp://*:1\n", "/config:2: there are no sections");
    refused_at("\nlisten\n", "/config:2: not of the form");
}

TEST(a_long_line_is_refused_rather_than_cut) {
    char text[600] = "listen = tcp://";
    memset(text + strlen(text), 'a', 300);
    refused_at(text, "/config:1: the line is too long");
}

TEST(writing_keeps_the_other_lines) {
    write_config("# mine\nlisten = tcp://*:1\n; and this\n");
    static const char *const one[] = {"tcp://[::1]:7450"};
    static const char *const two[] = {"tcp://a.example:1", "tcp://b.example:2"};
    assert_ok(config_write_listen(home, "tcp://10.0.0.1:7450", NULL, CONFIG_LEAVE));
    assert_config_is("# mine\nlisten = tcp://10.0.0.1:7450\n; and this\n");
    assert_ok(config_write_listen(home, NULL, one, 1));
    assert_config_is(
        "# mine\nlisten = tcp://10.0.0.1:7450\n; and this\nadvertise = tcp://[::1]:7450\n");
    assert_ok(config_write_listen(home, "", NULL, CONFIG_LEAVE));
    assert_config_is("# mine\n; and this\nadvertise = tcp://[::1]:7450\n");
    assert_ok(config_write_listen(home, NULL, two, 2));
    assert_config_is(
        "# mine\n; and this\nadvertise = tcp://a.example:1\nadvertise = tcp://b.example:2\n");
    assert_ok(config_write_listen(home, NULL, NULL, 0));
    assert_config_is("# mine\n; and this\nadvertise = none\n");
}

TEST(writing_a_wrong_address_changes_nothing) {
    write_config("listen = tcp://*:1\n");
    static const char *const anywhere[] = {"tcp://*:2"};
    assert_err(ERR_ARGUMENT, config_write_listen(home, "http://x:1", NULL, CONFIG_LEAVE));
    assert_err(ERR_ARGUMENT, config_write_listen(home, NULL, anywhere, 1));
    assert_config_is("listen = tcp://*:1\n");
}

static size_t told(const char *text, bool *ret_said) {
    struct config config;
    const char *list[ENDPOINTS_MAX];
    struct failure why = {0};
    size_t n = 0;
    write_config(text);
    assert_ok(config_load(home, &why, &config));
    *ret_said = config_endpoints(&config, list, &n);
    return n;
}

TEST(what_others_are_told_is_advertise_or_a_listen_that_names_a_host) {
    bool said = true;
    assert_int_equal(told("", &said), 0);
    assert_false(said);
    assert_int_equal(told("listen = tcp://*:7450\n", &said), 0);
    assert_false(said);
    assert_int_equal(told("listen = tcp://192.0.2.1:0\n", &said), 0);
    assert_false(said);
    assert_int_equal(told("listen = tcp://192.0.2.1:7450\n", &said), 1);
    assert_true(said);
    assert_int_equal(told("listen = tcp://192.0.2.1:7450\nadvertise = none\n", &said), 0);
    assert_true(said);
    assert_int_equal(
        told("listen = tcp://*:1\nadvertise = tcp://a:1\nadvertise = tcp://b:1\n", &said), 2);
    assert_true(said);
}

static int make_home(void **state) {
    (void)state;
    temp_folder(home);
    return 0;
}

static int remove_home(void **state) {
    (void)state;
    temp_remove(home);
    return 0;
}

#define IN_HOME(test) cmocka_unit_test_setup_teardown(test, make_home, remove_home)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_HOME(a_home_without_config_has_an_empty_one),
        IN_HOME(settings_are_read),
        IN_HOME(mistakes_are_refused_with_file_and_line),
        IN_HOME(a_long_line_is_refused_rather_than_cut),
        IN_HOME(writing_keeps_the_other_lines),
        IN_HOME(writing_a_wrong_address_changes_nothing),
        IN_HOME(what_others_are_told_is_advertise_or_a_listen_that_names_a_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
