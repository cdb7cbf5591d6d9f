/* A questionnaire from two CSV files in the manner of XLSForm: the survey, a line of "====", the
 * choices (which may be missing). What is taken over is what a survey's record may carry. */
#include "fuzz.h"

#include "cli/survey_form.h"
#include "service/questionnaire.h"

#include <stdlib.h>
#include <string.h>

static const char divider[] = "\n====\n";

static void check(json_t *json) {
    struct questionnaire once, twice;
    struct failure why = {0};
    HOLDS(questionnaire_open(json, &once, &why) == OK);
    char *text = questionnaire_text(&once);
    HOLDS(text != NULL && questionnaire_parse(text, &twice, &why) == OK);
    char *again = questionnaire_text(&twice);
    HOLDS(again != NULL && strcmp(text, again) == 0);
    json_t *summary = questionnaire_summary(&once);
    HOLDS(summary != NULL);
    json_decref(summary);
    questionnaire_done(&once);
    questionnaire_done(&twice);
    free(text);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct problems problems;
    struct survey_files files = {.survey_name = "survey.csv", .choices_name = "choices.csv"};
    json_t *json = NULL;
    char code[33];
    fuzz_begin();
    const uint8_t *at = size > 0 ? memmem(data, size, divider, sizeof divider - 1) : NULL;
    files.survey = (struct bytes){data, at != NULL ? (size_t)(at - data) : size};
    if (at != NULL) {
        at += sizeof divider - 1;
        files.choices = (struct bytes){at, size - (size_t)(at - data)};
    }
    HOLDS(problems_init(&problems, LANGUAGE_EN));
    enum err e = survey_form_read(&files, &problems, &json);
    HOLDS((e == OK) == (problems.n == 0) && (e == OK || e == ERR_ARGUMENT));
    if (e == OK)
        check(json);
    json_decref(json);
    problems_done(&problems);
    char *path = calloc(1, size + 1);
    HOLDS(path != NULL);
    if (size > 0)
        memcpy(path, data, size);
    HOLDS(!survey_form_code(path, code) || survey_code_is_valid(code));
    free(path);
    return 0;
}
