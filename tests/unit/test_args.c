#include "test.h"

#include "cli/args.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Reads a command line given as words; the list ends with NULL. */
static enum err parse(struct args *args, const char *first, ...) {
    char *argv[32] = {(char[]){"stafet"}};
    int argc = 1;
    va_list list;
    va_start(list, first);
    for (const char *word = first; word != NULL; word = va_arg(list, const char *))
        argv[argc++] = strdup(word);
    va_end(list);
    enum err e = args_parse(args, argc, argv);
    for (int i = 1; i < argc; i++)
        free(argv[i]);
    return e;
}

static const char *text(const struct args *args, const char *name) {
    return json_string_value(json_object_get(args->values, name));
}

static void write_file(const char *folder, const char *name, const char *content,
                       char ret_path[300]) {
    snprintf(ret_path, 300, "%s/%s", folder, name);
    FILE *file = fopen(ret_path, "wb");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

TEST(global_options_may_stand_anywhere) {
    struct args args;
    assert_ok(parse(&args, "member", "--json", "invite", "--home", "/h", "Birk", "--role", "school",
                    "--as=Mette H., leader", NULL));
    assert_string_equal(args.home, "/h");
    assert_true(args.json);
    assert_string_equal(args.as_name, "Mette H.");
    assert_string_equal(args.as_function, "leader");
    assert_string_equal(args.verb->name, "invite");
    assert_string_equal(text(&args, "name"), "Birk");
    assert_string_equal(text(&args, "role"), "school");
    args_done(&args);
}

TEST(no_words_mean_what_waits_for_me) {
    struct args args;
    assert_ok(parse(&args, "--home", "/h", NULL));
    assert_null(args.noun);
    assert_null(args.verb);
    args_done(&args);
}

TEST(a_one_word_command_takes_its_values_at_once) {
    struct args args;
    assert_ok(parse(&args, "--home", "/h", "search", "Alma", NULL));
    assert_string_equal(args.verb->noun, "search");
    assert_string_equal(text(&args, "text"), "Alma");
    args_done(&args);
}

TEST(after_two_dashes_everything_is_a_value) {
    struct args args;
    assert_ok(parse(&args, "--home", "/h", "search", "--", "--json", NULL));
    assert_false(args.json);
    assert_string_equal(text(&args, "text"), "--json");
    args_done(&args);
}

TEST(a_span_is_read_in_its_unit_and_seconds_without_one) {
    static const struct {
        const char *given;
        json_int_t ms;
    } spans[] = {{"90", 90000},   {"5s", 5000},      {"2m", 120000},
                 {"1h", 3600000}, {"7d", 604800000}, {"1ms", 1}};
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        struct args args;
        assert_ok(parse(&args, "--home", "/h", "sync", "--wait", spans[i].given, NULL));
        assert_int_equal(json_integer_value(json_object_get(args.values, "wait")), spans[i].ms);
        args_done(&args);
    }
}

TEST(what_is_wrong_is_said_and_refused) {
    static const char *const wrong[][6] = {
        {"member", "invite", "Birk", NULL},                 /* --role is missing */
        {"member", "invite", "Birk", "--role", NULL},       /* no value */
        {"member", "invite", "A", "B", "--role", "school"}, /* a word too many */
        {"member", "invite", "A", "--colour", "red", NULL}, /* no such option */
        {"member", "frobnicate", NULL},
        {"member", NULL},
        {"frobnicate", NULL},
        {"sync", "--wait", "soon", NULL},
        {"sync", "--wait", "-5", NULL},
        {"log", "list", "--limit", "many", NULL},
        {"log", "list", "--limit=1", "--limit=2", NULL},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct args args;
        assert_err(
            ERR_ARGUMENT,
            parse(&args, wrong[i][0], wrong[i][1], wrong[i][1] ? wrong[i][2] : NULL,
                  wrong[i][1] && wrong[i][2] ? wrong[i][3] : NULL,
                  wrong[i][1] && wrong[i][2] && wrong[i][3] ? wrong[i][4] : NULL,
                  wrong[i][1] && wrong[i][2] && wrong[i][3] && wrong[i][4] ? wrong[i][5] : NULL,
                  NULL));
        assert_int_not_equal(args.why.text[0], '\0');
        args_done(&args);
    }
}

TEST(a_value_may_come_from_a_file_without_its_last_line_end) {
    char folder[256], path[300], given[320];
    temp_folder(folder);
    write_file(folder, "value", "Søren\r\nog Alma\r\n", path);
    snprintf(given, sizeof given, "@%s", path);
    struct args args;
    assert_ok(parse(&args, "--home", "/h", "search", given, NULL));
    assert_string_equal(text(&args, "text"), "Søren\nog Alma");
    args_done(&args);
    assert_ok(parse(&args, "--home", "/h", "search", "@@home", NULL));
    assert_string_equal(text(&args, "text"), "@home");
    args_done(&args);
    temp_remove(folder);
}

TEST(an_empty_file_is_no_value) {
    char folder[256], path[300], given[320];
    struct args args;
    temp_folder(folder);
    write_file(folder, "value", "\n\r\n", path);
    snprintf(given, sizeof given, "@%s", path);
    assert_err(ERR_ARGUMENT, parse(&args, "--home", "/h", "search", given, NULL));
    assert_non_null(strstr(args.why.text, path));
    args_done(&args);
    assert_ok(parse(&args, "--home", "/h", "search", "", NULL));
    args_done(&args);
    temp_remove(folder);
}

TEST(a_file_that_is_not_utf8_is_refused_with_its_line) {
    static const char *const bad[] = {"fine\nS\xF8ren\n", "fine\n\xC0\x80\n",
                                      "fine\n\xED\xA0\x80\n", "fine\ncut \xC3"};
    char folder[256], path[300], given[320];
    temp_folder(folder);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_file(folder, "value", bad[i], path);
        snprintf(given, sizeof given, "@%s", path);
        struct args args;
        assert_err(ERR_FORMAT, parse(&args, "--home", "/h", "search", given, NULL));
        assert_non_null(strstr(args.why.text, "line 2"));
        args_done(&args);
    }
    temp_remove(folder);
}

/* Reads "value" with this content; it is refused. Caller calls args_done. */
static void refuse_file(const char *folder, const char *content, struct args *args) {
    char path[300], given[320];
    write_file(folder, "value", content, path);
    snprintf(given, sizeof given, "@%s", path);
    assert_err(ERR_FORMAT, parse(args, "--home", "/h", "search", given, NULL));
    const json_t *first = json_array_get(args->problems.list, 0);
    assert_string_equal(json_string_value(json_object_get(first, "file")), path);
}

TEST(every_place_of_a_file_that_is_not_utf8_is_named_up_to_the_most_that_are_listed) {
    char folder[256], content[2 * PROBLEMS_LISTED_MAX + 16] = "fine\nS\xF8ren\n\xC6 og \xE5\n";
    struct args args;
    temp_folder(folder);
    refuse_file(folder, content, &args);
    assert_int_equal(args.problems.n, 3);
    static const struct {
        int line;
        const char *says;
    } places[] = {{2, "character 2 is the byte F8"},
                  {3, "character 1 is the byte C6"},
                  {3, "character 6 is the byte E5"}};
    for (size_t i = 0; i < 3; i++) {
        const json_t *problem = json_array_get(args.problems.list, i);
        assert_int_equal(json_integer_value(json_object_get(problem, "line")), places[i].line);
        assert_non_null(
            strstr(json_string_value(json_object_get(problem, "text")), places[i].says));
    }
    args_done(&args);
    memset(content, 0xE6, PROBLEMS_LISTED_MAX + 7);
    content[PROBLEMS_LISTED_MAX + 7] = '\0';
    refuse_file(folder, content, &args);
    assert_int_equal(args.problems.n, PROBLEMS_LISTED_MAX + 7);
    assert_int_equal(json_array_size(args.problems.list), PROBLEMS_LISTED_MAX);
    args_done(&args);
    temp_remove(folder);
}

TEST(a_file_in_another_encoding_is_refused_with_the_conversion) {
    static const struct {
        const char *content, *says;
    } files[] = {{"S\xF8ren sagde \x93hej\x94\n", "iconv -f WINDOWS-1252 -t UTF-8 /"},
                 {"\xFF\xFES", "iconv -f UTF-16 -t UTF-8 /"},
                 {"S\xC3\xB8ren og Ren\xE9\n", "where it was made"}, /* put together from two */
                 {"\x81\n", "where it was made"}};
    char folder[256];
    temp_folder(folder);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct args args;
        refuse_file(folder, files[i].content, &args);
        assert_int_equal(args.problems.n, i == 0 ? 3 : 1);
        assert_non_null(strstr(args.problems.mend, files[i].says));
        args_done(&args);
    }
    temp_remove(folder);
}

TEST(a_file_that_is_not_there_is_named) {
    struct args args;
    assert_err(ERR_NOT_FOUND, parse(&args, "--home", "/h", "search", "@/nonexistent/file", NULL));
    assert_non_null(strstr(args.why.text, "/nonexistent/file"));
    args_done(&args);
}

TEST(the_home_comes_from_the_option_then_the_environment_then_the_platform) {
    struct args args;
    setenv("STAFET_HOME", "/from/environment", 1);
    assert_ok(parse(&args, "status", NULL));
    assert_string_equal(args.home, "/from/environment");
    args_done(&args);
    assert_ok(parse(&args, "status", "--home", "/given", NULL));
    assert_string_equal(args.home, "/given");
    args_done(&args);
    unsetenv("STAFET_HOME");
    setenv("XDG_DATA_HOME", "/data", 1);
    if (geteuid() != 0 || access("/var/lib/stafet", F_OK) != 0) {
        assert_ok(parse(&args, "status", NULL));
        assert_string_equal(args.home, "/data/stafet");
        args_done(&args);
    }
}

TEST(who_writes_comes_from_the_option_then_the_environment) {
    struct args args;
    setenv("STAFET_AS", "Jonas P.", 1);
    assert_ok(parse(&args, "--home", "/h", "status", NULL));
    assert_string_equal(args.as_name, "Jonas P.");
    assert_string_equal(args.as_function, "");
    args_done(&args);
    assert_ok(parse(&args, "--home", "/h", "--as", "Ole R., teacher", "status", NULL));
    assert_string_equal(args.as_name, "Ole R.");
    assert_string_equal(args.as_function, "teacher");
    args_done(&args);
    unsetenv("STAFET_AS");
}

TEST(help_is_given_at_every_level_without_required_values) {
    struct args args;
    assert_ok(parse(&args, "--help", NULL));
    assert_true(args.help);
    args_done(&args);
    assert_ok(parse(&args, "member", "--help", NULL));
    assert_string_equal(args.noun, "member");
    assert_null(args.verb);
    args_done(&args);
    assert_ok(parse(&args, "help", "member", "invite", NULL));
    assert_string_equal(args.verb->name, "invite");
    args_done(&args);
}

static struct passwd login = {.pw_name = (char[]){"soren"}};

struct passwd *__wrap_getpwuid(uid_t user);
struct passwd *__wrap_getpwuid(uid_t user __attribute__((unused))) {
    return &login;
}

TEST(who_writes_is_what_the_system_calls_its_user_if_that_is_a_name) {
    static char latin[] = "S\xf8ren H.", room[] = "Søren H.,12,+45 12 34 56 78", none[] = ",,,";
    const struct {
        char *gecos;
        const char *name;
    } cases[] = {{room, "Søren H."}, {latin, "soren"}, {none, "soren"}, {NULL, "soren"}};
    unsetenv("STAFET_AS");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct args args;
        login.pw_gecos = cases[i].gecos;
        assert_ok(parse(&args, "member", "list", NULL));
        assert_string_equal(args.as_name, cases[i].name);
        assert_string_equal(args.as_function, "");
        args_done(&args);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(global_options_may_stand_anywhere),
        cmocka_unit_test(no_words_mean_what_waits_for_me),
        cmocka_unit_test(a_one_word_command_takes_its_values_at_once),
        cmocka_unit_test(after_two_dashes_everything_is_a_value),
        cmocka_unit_test(a_span_is_read_in_its_unit_and_seconds_without_one),
        cmocka_unit_test(what_is_wrong_is_said_and_refused),
        cmocka_unit_test(a_value_may_come_from_a_file_without_its_last_line_end),
        cmocka_unit_test(an_empty_file_is_no_value),
        cmocka_unit_test(a_file_that_is_not_utf8_is_refused_with_its_line),
        cmocka_unit_test(
            every_place_of_a_file_that_is_not_utf8_is_named_up_to_the_most_that_are_listed),
        cmocka_unit_test(a_file_in_another_encoding_is_refused_with_the_conversion),
        cmocka_unit_test(a_file_that_is_not_there_is_named),
        cmocka_unit_test(the_home_comes_from_the_option_then_the_environment_then_the_platform),
        cmocka_unit_test(who_writes_comes_from_the_option_then_the_environment),
        cmocka_unit_test(who_writes_is_what_the_system_calls_its_user_if_that_is_a_name),
        cmocka_unit_test(help_is_given_at_every_level_without_required_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
