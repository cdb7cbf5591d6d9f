/* Answers from a CSV file, for a questionnaire of three questions: two choices and a text. All or
 * nothing; what is taken over is what the questionnaire asks for. */
#include "fuzz.h"

#include "cli/sheet.h"
#include "cli/survey_import.h"

#include <stdlib.h>
#include <string.h>

static const char text[] =
    "{\"code\":\"trivsel26\",\"questions\":["
    "{\"code\":\"q01\",\"label\":{\"da\":\"Hvor tryg?\",\"en\":\"How safe?\"},\"scale\":\"agree\"},"
    "{\"code\":\"q02\",\"label\":{\"da\":\"Med i legen?\",\"en\":\"In play?\"},\"scale\":\"yes\"},"
    "{\"code\":\"q13\",\"label\":{\"da\":\"Andet?\",\"en\":\"Else?\"},\"text\":true}],"
    "\"scales\":{\"agree\":["
    "{\"code\":\"1\",\"label\":{\"da\":\"Utilfreds\",\"en\":\"Dissatisfied\"},\"score\":1},"
    "{\"code\":\"2\",\"label\":{\"da\":\"Tilfreds\",\"en\":\"Satisfied\"},\"score\":2},"
    "{\"code\":\"dk\",\"label\":{\"da\":\"Ved ikke\",\"en\":\"Don't know\"}}],"
    "\"yes\":[{\"code\":\"y\",\"label\":{\"da\":\"Ja\",\"en\":\"Yes\"}},"
    "{\"code\":\"n\",\"label\":{\"da\":\"Nej\",\"en\":\"No\"}}]}}";

static struct questionnaire *questionnaire(void) {
    static struct questionnaire q;
    struct failure why = {0};
    if (q.json == NULL)
        HOLDS(questionnaire_parse(text, &q, &why) == OK);
    return &q;
}

static void check_answer(const struct questionnaire *q, const json_t *answer) {
    struct answer_reply replies[8];
    size_t n = 0, wrong;
    struct label why;
    HOLDS(json_array_size(answer) == q->questions_n);
    for (size_t i = 0; i < q->questions_n; i++) {
        const json_t *value = json_array_get(answer, i);
        if (json_is_integer(value) && json_integer_value(value) == 0)
            continue;
        replies[n++] = (struct answer_reply){(uint32_t)i + 1, (uint32_t)json_integer_value(value),
                                             json_string_value(value)};
    }
    HOLDS(questionnaire_check(q, replies, n, &why, &wrong) == OK);
}

static void check(const struct questionnaire *q, const struct imported *imported) {
    HOLDS(imported->text.size > 0 && imported->text.data[imported->text.size - 1] == '\0');
    json_t *json = json_loads((const char *)imported->text.data, JSON_REJECT_DUPLICATES, NULL);
    const json_t *answers = json_object_get(json, "answers");
    uint8_t digest[32];
    HOLDS(json_array_size(answers) == imported->answers_n);
    HOLDS(hex_parse(json_string_value(json_object_get(json, "digest")), digest, 32) == OK);
    for (size_t i = 0; i < imported->answers_n; i++)
        check_answer(q, json_array_get(answers, i));
    json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct problems problems;
    struct imported imported;
    fuzz_begin();
    HOLDS(problems_init(&problems, LANGUAGE_EN));
    const struct questionnaire *q = questionnaire();
    enum err e =
        survey_import_read(q, "answers.csv", (struct bytes){data, size}, &problems, &imported);
    HOLDS((e == OK) == (problems.n == 0));
    if (e == OK) {
        check(q, &imported);
        imported_done(&imported);
    } else {
        json_t *details = problems_details(&problems);
        char *dump = json_dumps(details, JSON_COMPACT);
        HOLDS(e == ERR_ARGUMENT && dump != NULL);
        free(dump);
        json_decref(details);
    }
    problems_done(&problems);
    return 0;
}
