/* The survey's side in the CLI: users' files are read here, asked about here, and reach the service
 * only as what it needs. */
#include "cli.h"
#include "document.h"
#include "problem.h"
#include "sides.h"
#include "survey_form.h"
#include "survey_import.h"
#include <stdlib.h>
#include <string.h>

static void print_notices(struct cli_context *cli, const struct problems *problems) {
    size_t i;
    const json_t *notice;
    if (cli_screen(cli)->quiet)
        return;
    json_array_foreach(problems->notices, i, notice)
        fprintf(stderr, "stafet: %s\n", json_string_value(notice));
}

/* The one file in which all the problems are; NULL: they are in several. */
static const char *one_file(const struct problems *problems, const char *otherwise) {
    size_t i;
    const json_t *problem;
    const char *file = NULL;
    json_array_foreach(problems->list, i, problem) {
        const char *other = text_at(problem, "file");
        if (file != NULL && strcmp(file, other) != 0)
            return NULL;
        file = other;
    }
    return file != NULL && *file != '\0' ? file : otherwise;
}

/* "wrong with FILE in 3 places", each of them, and nothing done. */
static int fail(struct cli_context *cli, enum err e, const char *path,
                const struct problems *problems) {
    const char *file = one_file(problems, path);
    if (e != ERR_ARGUMENT)
        return cli_err(cli, e);
    json_t *details = problems_details(problems);
    int code =
        problems->n == 1
            ? cli_fail(cli, "argument",
                       MEND("nothing was done; mend it and try again",
                            "intet er gjort; ret fejlen, og prøv igen"),
                       details, "there is a problem in %s", "der er en fejl i %s", file)
            : cli_fail(cli, "argument",
                       MEND("nothing was done; mend them and try again",
                            "intet er gjort; ret fejlene, og prøv igen"),
                       details, "there are %zu problems in %s", "der er %zu fejl i %s", problems->n,
                       file != NULL ? file : say(cli_screen(cli), "the two files", "de to filer"));
    json_decref(details);
    return code;
}

static const char *path_of(struct cli_context *cli, const json_t *args, const char *key) {
    const char *path = text_at(args, key);
    return *path == '\0' || strcmp(path, "-") == 0
               ? say(cli_screen(cli), "standard input", "standardinput")
               : path;
}

/* Puts the questionnaire in place of the two files. */
static int prepare_form(struct cli_context *cli, json_t *args) {
    struct problems problems;
    json_t *questionnaire = NULL;
    int code = -1;
    const char *choices = json_string_value(json_object_get(args, "choices"));
    struct survey_files files = {.survey_name = path_of(cli, args, "file_path"),
                                 .choices_name = path_of(cli, args, "choices_path"),
                                 .survey = bytes_of_text(text_at(args, "file"))};
    if (choices != NULL)
        files.choices = bytes_of_text(choices);
    enum err e = problems_init(&problems, cli_screen(cli)->language)
                     ? survey_form_read(&files, &problems, &questionnaire)
                     : ERR_MEMORY;
    if (e != OK) {
        code = fail(cli, e, files.survey_name, &problems);
        goto done;
    }
    print_notices(cli, &problems);
    char *text = json_dumps(questionnaire, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL || json_object_set_new(args, "file", json_string(text)) != 0)
        code = cli_err(cli, ERR_MEMORY);
    json_object_del(args, "choices");
    json_object_del(args, "choices_path");
    free(text);
done:
    json_decref(questionnaire);
    problems_done(&problems);
    return code;
}

/* The dry run needs no home: whoever words the questions may not have one. */
static int prepare_check(struct cli_context *cli, json_t *args) {
    struct questionnaire questionnaire;
    struct failure why = {.language = cli_screen(cli)->language};
    int code = prepare_form(cli, args);
    if (code >= 0)
        return code;
    enum err e = questionnaire_parse(text_at(args, "file"), &questionnaire, &why);
    if (e != OK)
        return e == ERR_ARGUMENT ? cli_failure(cli, e, &why) : cli_err(cli, e);
    json_t *summary = questionnaire_summary(&questionnaire);
    cli_show(cli, service_verb("survey", "check"), summary);
    json_decref(summary);
    questionnaire_done(&questionnaire);
    return EXIT_DONE;
}

static int prepare_publish(struct cli_context *cli, json_t *args) {
    char code[33];
    if (json_object_get(args, "code") == NULL && survey_form_code(text_at(args, "file_path"), code))
        json_object_set_new(args, "code", json_string(code));
    return prepare_form(cli, args);
}

static void notice_dropped(struct problems *problems, const struct imported *imported) {
    if (imported->dropped_columns_n > 0)
        notice_add(problems,
                   imported->dropped_columns_n == 1
                       ? "%s: %zu column before the first question is not read"
                       : "%s: %zu columns before the first question are not read",
                   imported->dropped_columns_n == 1
                       ? "%s: %zu kolonne før det første spørgsmål læses ikke"
                       : "%s: %zu kolonner før det første spørgsmål læses ikke",
                   problems->file, (size_t)imported->dropped_columns_n);
    if (imported->empty_n > 0)
        notice_add(problems,
                   imported->empty_n == 1 ? "%s: %zu row without any answer is passed over"
                                          : "%s: %zu rows without any answer are passed over",
                   imported->empty_n == 1 ? "%s: %zu række uden svar springes over"
                                          : "%s: %zu rækker uden svar springes over",
                   problems->file, imported->empty_n);
}

static int read_answers(struct cli_context *cli, const struct questionnaire *questionnaire,
                        json_t *args) {
    struct problems problems;
    struct imported imported = {0};
    const char *path = path_of(cli, args, "file_path");
    int code = -1;
    enum err e = problems_init(&problems, cli_screen(cli)->language)
                     ? survey_import_read(questionnaire, path, bytes_of_text(text_at(args, "file")),
                                          &problems, &imported)
                     : ERR_MEMORY;
    if (e != OK) {
        code = fail(cli, e, path, &problems);
    } else {
        notice_dropped(&problems, &imported);
        print_notices(cli, &problems);
        if (json_object_set_new(args, "file", json_string((const char *)imported.text.data)) != 0)
            code = cli_err(cli, ERR_MEMORY);
    }
    imported_done(&imported);
    problems_done(&problems);
    return code;
}

/* Puts the answers, and the answers alone, in place of the file. */
static int prepare_import(struct cli_context *cli, json_t *args) {
    struct questionnaire questionnaire;
    struct failure why = {.language = cli_screen(cli)->language};
    json_t *which = json_pack("{s:s}", "survey", text_at(args, "survey"));
    json_t *shown = cli_call(cli, "survey", "show", which);
    json_decref(which);
    if (shown == NULL)
        return EXIT_FAILED;
    enum err e = questionnaire_open(json_object_get(shown, "questionnaire"), &questionnaire, &why);
    json_decref(shown);
    if (e != OK)
        return cli_fail(
            cli, err_name(e),
            MEND("install the newest version of stafet", "installér den nyeste udgave af stafet"),
            NULL, "the survey cannot be read: %s", "undersøgelsen kan ikke læses: %s",
            e == ERR_ARGUMENT ? why.text : label_text(cli_screen(cli)->language, err_label(e)));
    int code = read_answers(cli, &questionnaire, args);
    questionnaire_done(&questionnaire);
    return code;
}

/* Closing early leaves out whoever relied on the day: that is asked first. */
static int prepare_close(struct cli_context *cli, json_t *args) {
    if (!flag_at(args, "early"))
        return -1;
    json_t *which = json_pack("{s:s}", "survey", text_at(args, "survey"));
    json_t *shown = cli_call(cli, "survey", "show", which);
    json_decref(which);
    if (shown == NULL)
        return EXIT_FAILED;
    const json_t *survey = json_object_get(shown, "survey");
    char question[512], day[32];
    snprintf(question, sizeof question,
             say(cli_screen(cli),
                 "Close %s now, before %s? Answers that arrive later are never counted.",
                 "Luk %s nu, før %s? Svar, der kommer senere, tælles aldrig med."),
             text_at(survey, "code"),
             date_text(cli_screen(cli), text_at(survey, "closes_on"), day));
    bool asks = strcmp(text_at(survey, "state"), "open") == 0 && flag_at(shown, "may_close");
    bool go_on = !asks || cli_confirm(cli, question); /* what is refused anyway is not asked */
    json_decref(shown);
    return go_on ? -1 : EXIT_FAILED;
}

const struct side survey_sides[] = {
    {.noun = "survey", .verb = "check", .prepare = prepare_check},
    {.noun = "survey", .verb = "publish", .prepare = prepare_publish},
    {.noun = "survey", .verb = "import", .prepare = prepare_import},
    {.noun = "survey", .verb = "close", .prepare = prepare_close},
    {.noun = NULL},
};
